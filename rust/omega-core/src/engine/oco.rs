//! Which order of a one-cancels-other group fills when one bar reaches several of them inside (FIL-11).

use crate::engine::orders::{self, Order};
use crate::engine::pass_bar::PassBar;
use crate::engine::passes::{find_entry, find_exit, path_of};
use crate::engine::simulation::Simulation;
use crate::engine::slipping::sure_slip;
use crate::error::Result;
use crate::execution::commission::{Charge, charge};
use crate::execution::exits::Bracket;
use crate::execution::fills::Entry;
use crate::execution::levels;
use crate::plan::Intrabar;
use crate::portfolio::money::{book, rate_for};
use crate::schema::Rule;

type Candidate = (Order, Entry);

/// Returns whether the bar reaches another order of the group inside (FIL-9).
#[must_use]
pub fn has_rival(simulation: &Simulation, order: &Order, bar: &PassBar) -> bool {
    order.oco.is_some()
        && simulation.working.iter().any(|other| {
            other.oco == order.oco
                && other.number != order.number
                && !orders::is_at_market(other)
                && find_entry(&orders::trigger_of(simulation, other), bar).is_some()
        })
}

/// Returns the order of the group that fills, and its entry.
///
/// `order` is the first of its group that the bar reaches inside. On a path the first one on the path fills;
/// else each is tried alone, and `stop_first` takes the worst, `target_first` the best; ties go to the
/// lower id.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn choose(
    simulation: &mut Simulation,
    order: &Order,
    bar: &PassBar,
    entry: Entry,
) -> Result<(Order, Entry)> {
    let mut chosen = (*order, entry);
    for other_idx in 0..simulation.working.len() {
        let other = simulation.working[other_idx];
        let is_rival = order.oco.is_some() && other.oco == order.oco && other.number > order.number;
        if !is_rival || orders::is_at_market(&other) {
            continue;
        }
        if let Some(reached) = find_entry(&orders::trigger_of(simulation, &other), bar) {
            let candidate = (other, reached);
            if is_before(simulation, bar, &candidate, &chosen)? {
                chosen = candidate;
            }
        }
    }
    Ok(chosen)
}

/// Whether a candidate of a higher id takes the place of the one chosen so far.
fn is_before(
    simulation: &mut Simulation,
    bar: &PassBar,
    candidate: &Candidate,
    chosen: &Candidate,
) -> Result<bool> {
    if candidate.1.path_step.is_some() && chosen.1.path_step.is_some() {
        return Ok(comes_first(bar, candidate, chosen));
    }
    let result = result_alone(simulation, bar, candidate)?;
    let standing = result_alone(simulation, bar, chosen)?;
    Ok(if bar.intrabar == Intrabar::TargetFirst { result > standing } else { result < standing })
}

/// Whether the path reaches the candidate first: on an earlier leg, or after less of the same leg.
fn comes_first(bar: &PassBar, candidate: &Candidate, chosen: &Candidate) -> bool {
    let (step, standing) = (candidate.1.path_step.unwrap_or(1), chosen.1.path_step.unwrap_or(1));
    if step != standing {
        return step < standing;
    }
    let (gone, length) = part_of_leg(bar, candidate, step);
    let (gone_of_chosen, length_of_chosen) = part_of_leg(bar, chosen, standing);
    i128::from(gone) * i128::from(length_of_chosen) < i128::from(gone_of_chosen) * i128::from(length)
}

/// How far along a leg of its own side an entry lies, and the length of that leg, in points.
fn part_of_leg(bar: &PassBar, candidate: &Candidate, step: i8) -> (i64, i64) {
    let side = bar.order_side(candidate.0.direction);
    let ends = path_of(bar, side).unwrap_or([side.open; 3]);
    let idx = usize::from(step.unsigned_abs()) - 1;
    let start = if idx == 0 { side.open } else { ends[idx - 1] };
    ((candidate.1.raw_price - start).abs(), (ends[idx] - start).abs())
}

/// What an order would have earned by the end of the bar, without random costs.
fn result_alone(simulation: &mut Simulation, bar: &PassBar, candidate: &Candidate) -> Result<i64> {
    let (order, entry) = candidate;
    let (worth, commissions) = (*simulation.exchange.worth()?, *simulation.exchange.commission()?);
    let direction = order.direction;
    let slipped = direction * sure_slip(simulation, direction, order.steps, bar.bar_idx);
    let price = entry.raw_price + if entry.rule == Rule::Fil3 { slipped } else { 0 };
    let bracket = Bracket {
        direction,
        sl: levels::price_of(order.stop, price, -direction),
        tp: levels::price_of(order.target, price, direction),
        through: simulation.plan.limit_through_points,
    };
    let rates = &commissions;
    let mut commission = charge(rates, &mut Charge::default(), price, order.steps, true)?;
    let exit_price = match find_exit(&bracket, bar, Some(entry)) {
        None => bar.closing_side(direction).close,
        Some(found) => {
            let exit_price = found.raw_price - if found.is_stop { slipped } else { 0 };
            commission += charge(rates, &mut Charge::default(), exit_price, order.steps, false)?;
            exit_price
        }
    };
    let profit = i128::from(direction * (exit_price - price) * order.steps);
    Ok(book(profit, rate_for(profit, worth.rates))? + commission)
}
