//! Everything that closes a position: levels, requests and the end of the data.
//!
//! Rules FIL-5 to FIL-9, POS-1, LOOP step 3 and LOOP-3 in `docs/spec/engine.md`.

use crate::engine::opening::FillBar;
use crate::engine::records::{FillRow, TradeRow, direction_code};
use crate::engine::signals::Signal;
use crate::engine::simulation::Simulation;
use crate::engine::slipping::slip_of;
use crate::error::Result;
use crate::execution::commission::charge;
use crate::execution::fills::{Exit, exit_at_open, exit_inside};
use crate::execution::slippage::NO_SLIP;
use crate::market::{Prices, Series, as_i64};
use crate::numerics::quotient;
use crate::portfolio::position::{Position, close_gross, excursions, see_price};
use crate::schema::number::POSITION_NOT_FOUND;
use crate::schema::{ExitReason, LedgerKind, Moment, Rule, Side};

/// A closing deal before slippage: where, at which raw price, why.
struct Deal {
    bar_idx: usize,
    time_us: i64,
    raw_price: i64,
    level: Option<i64>,
    spread_points: i64,
    rule: Rule,
    moment: Moment,
    reason: ExitReason,
    leg: i32,
}

/// Closes every position whose stop or target this bar reaches (LOOP step 3).
///
/// Pass (a) first: exits that the open decides, for positions that were open before the bar. Then
/// pass (b): all other exits, positions opened at the open included. Both in order of id.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn close_at_levels(simulation: &mut Simulation, bar_idx: usize) -> Result<()> {
    if see_quiet_bar(simulation, bar_idx) {
        return Ok(());
    }
    let mut idx = 0;
    while idx < simulation.positions.len() {
        let is_older = simulation.positions[idx].entry_bar_idx < bar_idx;
        match decided_at_open(simulation, idx, bar_idx) {
            Some(exit) if is_older => close_at(simulation, idx, bar_idx, exit)?,
            _ => idx += 1,
        }
    }
    let mut idx = 0;
    while idx < simulation.positions.len() {
        let found =
            decided_at_open(simulation, idx, bar_idx).or_else(|| decided_inside(simulation, idx, bar_idx));
        if let Some(exit) = found {
            close_at(simulation, idx, bar_idx, exit)?;
        } else {
            see_whole_bar(simulation, idx, bar_idx);
            idx += 1;
        }
    }
    Ok(())
}

/// Sees a whole bar with every position if it reaches no level of any; returns whether that was so.
///
/// twin: none — the same as both passes finding nothing, at two comparisons a position.
fn see_quiet_bar(simulation: &mut Simulation, bar_idx: usize) -> bool {
    let series = &simulation.market.series[0];
    let is_reached = |position: &Position| {
        let side = closing_side(series, position);
        let (low, high) = (i64::from(side.low[bar_idx]), i64::from(side.high[bar_idx]));
        let (lower, upper) =
            if position.direction > 0 { (position.sl, position.tp) } else { (position.tp, position.sl) };
        lower.is_some_and(|level| low <= level) || upper.is_some_and(|level| high >= level)
    };
    if simulation.positions.iter().any(is_reached) {
        return false;
    }
    for position in &mut simulation.positions {
        let side = closing_side(series, position);
        see_price(position, i64::from(side.low[bar_idx]));
        see_price(position, i64::from(side.high[bar_idx]));
    }
    true
}

/// Closes the position a signal names, or every one its filters match, in order of id (POS-1).
///
/// A named position that never opened is counted and dropped; a request that finds nothing open is
/// `position.not_found`.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn close_on_request(
    simulation: &mut Simulation,
    fill_bar: &FillBar,
    number: i64,
    signal: &Signal,
) -> Result<()> {
    if signal.target.is_some_and(|target| simulation.opened.binary_search(&target).is_err()) {
        simulation.target_never_opened_count += 1;
        return Ok(());
    }
    let mut has_matched = false;
    let mut idx = 0;
    while idx < simulation.positions.len() {
        if !matches(&simulation.positions[idx], signal) {
            idx += 1;
            continue;
        }
        has_matched = true;
        let deal = requested_deal(&mut simulation.positions[idx], fill_bar);
        close(simulation, idx, &deal)?;
    }
    if !has_matched {
        simulation.reject(fill_bar, POSITION_NOT_FOUND, number);
    }
    Ok(())
}

/// Closes what is still open at the last closing-side close, in order of id (LOOP-3).
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn close_at_end(simulation: &mut Simulation) -> Result<()> {
    while let Some(position) = simulation.positions.first() {
        let is_long = position.direction > 0;
        let series = simulation.series();
        let last = series.time_us.len() - 1;
        let deal = Deal {
            bar_idx: last,
            time_us: series.close_time_us[last],
            raw_price: i64::from(closing_side(series, position).close[last]),
            level: None,
            spread_points: if is_long { 0 } else { opening_spread(series, last) },
            rule: Rule::EndOfData,
            moment: Moment::Close,
            reason: ExitReason::EndOfData,
            leg: 1,
        };
        close(simulation, 0, &deal)?;
    }
    Ok(())
}

/// Returns a steps-weighted mean of points as a price: one correctly rounded quotient.
#[must_use]
pub fn price_of_sum(simulation: &Simulation, points_steps: i64, steps: i64) -> f64 {
    let scale = 10_i128.pow(simulation.symbol().digits);
    quotient(i128::from(points_steps), i128::from(steps) * scale)
}

/// The quote side a position closes on.
pub(crate) fn closing_side<'a>(series: &'a Series, position: &Position) -> &'a Prices {
    if position.direction > 0 { &series.bid } else { &series.ask }
}

fn opening_spread(series: &Series, bar_idx: usize) -> i64 {
    i64::from(series.ask.open[bar_idx]) - i64::from(series.bid.open[bar_idx])
}

fn requested_deal(position: &mut Position, fill_bar: &FillBar) -> Deal {
    let is_long = position.direction > 0;
    let deal = Deal {
        bar_idx: fill_bar.bar_idx,
        time_us: fill_bar.time_us,
        raw_price: if is_long { fill_bar.bid } else { fill_bar.ask },
        level: None,
        spread_points: if is_long { 0 } else { fill_bar.spread_points },
        rule: Rule::Close,
        moment: fill_bar.moment,
        reason: ExitReason::Signal,
        leg: 2 + position.requested_closes,
    };
    position.requested_closes += 1;
    see_price(position, deal.raw_price);
    deal
}

fn matches(position: &Position, signal: &Signal) -> bool {
    signal.target.is_none_or(|target| target == position.id)
        && signal.symbol == position.symbol
        && signal.magic.is_none_or(|magic| magic == position.magic)
        && (signal.direction == 0 || i64::from(signal.direction) == position.direction)
}

fn decided_at_open(simulation: &Simulation, idx: usize, bar_idx: usize) -> Option<Exit> {
    let position = &simulation.positions[idx];
    let open = i64::from(closing_side(simulation.series(), position).open[bar_idx]);
    exit_at_open(position.direction, position.sl, position.tp, open)
}

fn decided_inside(simulation: &mut Simulation, idx: usize, bar_idx: usize) -> Option<Exit> {
    let position = &simulation.positions[idx];
    let side = closing_side(simulation.series(), position);
    let range = (i64::from(side.low[bar_idx]), i64::from(side.high[bar_idx]));
    let (found, is_ambiguous) =
        exit_inside(position.direction, position.sl, position.tp, range, simulation.plan.target_first);
    simulation.positions[idx].ambiguous |= is_ambiguous;
    found
}

fn see_whole_bar(simulation: &mut Simulation, idx: usize, bar_idx: usize) {
    let side = closing_side(simulation.series(), &simulation.positions[idx]);
    let (low, high) = (i64::from(side.low[bar_idx]), i64::from(side.high[bar_idx]));
    let position = &mut simulation.positions[idx];
    see_price(position, low);
    see_price(position, high);
}

/// Closes at a level that was reached; the open was seen, the rest of the bar was not (MGT-2).
fn close_at(simulation: &mut Simulation, idx: usize, bar_idx: usize, exit: Exit) -> Result<()> {
    let series = simulation.series();
    let position = &simulation.positions[idx];
    let open = i64::from(closing_side(series, position).open[bar_idx]);
    let deal = Deal {
        bar_idx,
        time_us: series.time_us[bar_idx],
        raw_price: exit.raw_price,
        level: if exit.is_stop { position.sl } else { position.tp },
        spread_points: if position.direction > 0 { 0 } else { opening_spread(series, bar_idx) },
        rule: if exit.is_stop { Rule::Fil5 } else { Rule::Fil6 },
        moment: exit.moment,
        reason: if exit.is_stop { ExitReason::StopLoss } else { ExitReason::TakeProfit },
        leg: 1,
    };
    see_price(&mut simulation.positions[idx], open);
    close(simulation, idx, &deal)
}

/// Books one whole close: fill, profit, commission, trade.
fn close(simulation: &mut Simulation, idx: usize, deal: &Deal) -> Result<()> {
    let mut position = simulation.positions.remove(idx);
    let slipped = match deal.rule {
        Rule::Fil6 => NO_SLIP,
        _ => {
            slip_of(simulation, position.direction, (position.id, deal.leg, 0), position.steps, deal.bar_idx)
        }
    };
    let price = deal.raw_price - position.direction * slipped.points;
    see_price(&mut position, price);
    let commission = charge(&simulation.commissions, price, position.steps, false)?;
    let gross = close_gross(&position, price, deal.raw_price, deal.spread_points, simulation.rate)?;
    let is_long = position.direction > 0;
    simulation.records.fills.push(FillRow {
        position_id: position.id,
        leg: deal.leg,
        bar_idx: as_i64(deal.bar_idx),
        time_us: deal.time_us,
        symbol: position.symbol,
        direction: direction_code(-position.direction),
        side: if is_long { Side::Bid } else { Side::Ask }.code(),
        rule: deal.rule.code(),
        moment: deal.moment.code(),
        level: deal.level,
        raw_price: deal.raw_price,
        price,
        steps: position.steps,
        slippage_points: slipped.points,
        slippage_random_points: slipped.random_points,
        spread_points: deal.spread_points,
        commission,
    });
    simulation.books.write(LedgerKind::Profit, gross.booked, deal.time_us, position.symbol, position.id)?;
    simulation.books.write(LedgerKind::Commission, commission, deal.time_us, position.symbol, position.id)?;
    let swap = position.accrued_swap;
    simulation.books.write(LedgerKind::Swap, swap, deal.time_us, position.symbol, position.id)?;
    let commission = commission + position.commission;
    let net = gross.booked + commission + swap;
    let (mae_points, mfe_points) = excursions(&position);
    let risk = position.risk.filter(|risk| *risk != 0);
    let trade = TradeRow {
        id: position.id,
        symbol: position.symbol,
        direction: direction_code(position.direction),
        magic: position.magic,
        entry_bar_idx: as_i64(position.entry_bar_idx),
        entry_time_us: position.entry_time_us,
        entry_price: price_of_sum(simulation, position.k, position.steps),
        exit_bar_idx: as_i64(deal.bar_idx),
        exit_time_us: deal.time_us,
        exit_price: price_of_sum(simulation, price * position.steps, position.steps),
        steps: position.steps,
        gross_cost_free: gross.cost_free,
        slippage: gross.slippage,
        spread: gross.spread,
        gross: gross.booked,
        commission,
        swap,
        net,
        risk: position.risk,
        r_multiple: risk.map(|risk| quotient(i128::from(net), i128::from(risk))),
        mae_points,
        mfe_points,
        reason: deal.reason.code(),
        ambiguous: position.ambiguous,
    };
    simulation.records.trades.push(trade);
    Ok(())
}
