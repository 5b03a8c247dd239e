//! Everything that closes a position, whole or in part: levels, requests and the end of the data.
//!
//! Rules FIL-5 to FIL-9, POS-1, LOOP step 3 and LOOP-3 in `docs/spec/engine.md`.

use std::hint::select_unpredictable;

use crate::engine::fill_bar::FillBar;
use crate::engine::filters::Happened;
use crate::engine::orders;
use crate::engine::pass_bar::PassBar;
use crate::engine::records::{FillRow, TradeRow, direction_code};
use crate::engine::signals::{Request, Signal};
use crate::engine::simulation::Simulation;
use crate::engine::slipping::slip_of;
use crate::engine::sweep::extremes_of;
use crate::error::Result;
use crate::execution::commission::{Charge, charge};
use crate::execution::exits::Exit;
use crate::execution::sizing::whole_steps;
use crate::execution::slippage::{NO_SLIP, Slip};
use crate::market::{Prices, Series, as_i64};
use crate::numerics::quotient;
use crate::portfolio::position::{DealPrices, Position, close_part, excursions, see_price, settle_swap};
use crate::schema::number::POSITION_NOT_FOUND;
use crate::schema::{ExitReason, LedgerKind, Moment, Rule, Side};

/// A closing deal before slippage: where, at which raw price, why.
#[derive(Clone, Copy, Debug)]
pub struct Deal {
    /// Bar it is named after.
    pub bar_idx: usize,
    /// Its time.
    pub time_us: i64,
    /// Price before slippage.
    pub raw_price: i64,
    /// Stop or target that was reached.
    pub level: Option<i64>,
    /// Spread paid.
    pub spread_points: i64,
    /// Rule that priced it.
    pub rule: Rule,
    /// Where in the bar.
    pub moment: Moment,
    /// Leg of the bar's path.
    pub path_step: Option<i8>,
    /// Why it closes.
    pub reason: ExitReason,
    /// 1 for levels and the end, 2+j for the j-th requested close.
    pub leg: i32,
}

/// What a deal cost beside its price, and what converted it.
#[derive(Clone, Copy)]
struct Paid {
    commission: i64,
    conversion_rate: f64,
}

/// Closes at a level that was reached; of the bar only the open was seen, if it was open then (MGT-2).
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn close_at_level(
    simulation: &mut Simulation,
    idx: usize,
    bar: &PassBar,
    found: Exit,
    saw_open: bool,
) -> Result<()> {
    let position = &mut simulation.positions[idx];
    if saw_open {
        see_price(position, bar.closing_side(position.direction).open);
    }
    let deal = Deal {
        bar_idx: bar.bar_idx,
        time_us: bar.time_us,
        raw_price: found.raw_price,
        level: if found.is_stop { position.sl } else { position.tp },
        spread_points: if position.direction > 0 { 0 } else { bar.opening_spread() },
        rule: if found.is_stop { Rule::Fil5 } else { Rule::Fil6 },
        moment: if bar.is_later { Moment::Inside } else { found.moment },
        path_step: found.path_step,
        reason: if found.is_stop { position.stop_reason } else { ExitReason::TakeProfit },
        leg: 1,
    };
    let steps = position.steps;
    close(simulation, idx, &deal, steps)
}

/// Closes the position a signal names, or every one its filters match, in order of id (POS-1).
///
/// A named position that never was an order is counted and dropped; a request that finds nothing open is
/// `position.not_found`.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn close_on_request(simulation: &mut Simulation, fill_bar: &FillBar, request: &Request) -> Result<()> {
    let signal = simulation.signal_of(request);
    if signal.target.is_some_and(|target| !simulation.is_accepted(target)) {
        simulation.target_never_opened_count += 1;
        return Ok(());
    }
    let mut has_matched = false;
    let mut idx = 0;
    while idx < simulation.positions.len() {
        let position = &simulation.positions[idx];
        if !matches(position, &signal) {
            idx += 1;
            continue;
        }
        has_matched = true;
        let steps = part_of(simulation, position, signal.share);
        let is_part = steps < position.steps;
        close_at_market(simulation, fill_bar, idx, steps, (Rule::Close, ExitReason::Signal))?;
        idx += usize::from(is_part);
    }
    if !has_matched {
        simulation.reject(fill_bar, POSITION_NOT_FOUND, request.number);
    }
    Ok(())
}

/// Closes `steps` of a position at the price of the moment: the j-th requested close has leg 2+j.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn close_at_market(
    simulation: &mut Simulation,
    fill_bar: &FillBar,
    idx: usize,
    steps: i64,
    (rule, reason): (Rule, ExitReason),
) -> Result<()> {
    let position = &mut simulation.positions[idx];
    let is_long = position.direction > 0;
    let deal = Deal {
        bar_idx: fill_bar.bar_idx,
        time_us: fill_bar.time_us,
        raw_price: if is_long { fill_bar.bid } else { fill_bar.ask },
        level: None,
        spread_points: if is_long { 0 } else { fill_bar.spread_points },
        rule,
        moment: fill_bar.moment,
        path_step: None,
        reason,
        leg: 2 + position.requested_closes,
    };
    position.requested_closes += 1;
    see_price(position, deal.raw_price);
    close(simulation, idx, &deal, steps)
}

/// Closes what is still open at the last closing-side close, in order of id (LOOP-3).
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn close_at_end(simulation: &mut Simulation) -> Result<()> {
    while let Some(position) = simulation.positions.first() {
        let series = simulation.series();
        let last = series.time_us.len() - 1;
        let deal = Deal {
            bar_idx: last,
            time_us: series.close_time_us[last],
            raw_price: i64::from(closing_side(series, position).close[last]),
            level: None,
            spread_points: if position.direction > 0 { 0 } else { opening_spread(series, last) },
            rule: Rule::EndOfData,
            moment: Moment::Close,
            path_step: None,
            reason: ExitReason::EndOfData,
            leg: 1,
        };
        let steps = position.steps;
        close(simulation, 0, &deal, steps)?;
    }
    Ok(())
}

/// Returns the steps a share of the first volume closes; a part or a rest below `volume_min` closes all (POS-1).
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "steps are below 2^53")]
pub fn part_of(simulation: &Simulation, position: &Position, share: Option<f64>) -> i64 {
    let Some(share) = share else { return position.steps };
    let steps = whole_steps(share * position.entered.steps as f64);
    let minimum = simulation.symbol().volume_min_steps;
    if steps < minimum || position.steps - steps < minimum { position.steps } else { steps }
}

/// Returns a steps-weighted mean of points as a price: one correctly rounded quotient.
#[must_use]
pub fn price_of_sum(digits: u32, points_steps: i64, steps: i64) -> f64 {
    let scale = 10_i64.pow(digits);
    quotient(i128::from(points_steps), i128::from(steps) * i128::from(scale))
}

/// The quote side a position closes on.
pub(crate) fn closing_side<'a>(series: &'a Series, position: &Position) -> &'a Prices {
    select_unpredictable(position.direction > 0, &series.bid, &series.ask)
}

pub(crate) fn opening_spread(series: &Series, bar_idx: usize) -> i64 {
    i64::from(series.ask.open[bar_idx]) - i64::from(series.bid.open[bar_idx])
}

/// Books one close: fill, profit, commission, swap, and the trade once the position is flat.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn close(simulation: &mut Simulation, idx: usize, deal: &Deal, steps: i64) -> Result<()> {
    let worth = *simulation.exchange.worth()?;
    let (id, direction) = (simulation.positions[idx].id, simulation.positions[idx].direction);
    let slipped = match deal.rule {
        Rule::Fil6 => NO_SLIP,
        _ => slip_of(simulation, direction, (id, deal.leg, 0), steps, deal.bar_idx),
    };
    let position = &mut simulation.positions[idx];
    let price = deal.raw_price - position.direction * slipped.points;
    see_price(position, price);
    let commission = charge(simulation.exchange.commission()?, &mut Charge::default(), price, steps, false)?;
    let swap = settle_swap(position, steps, position.steps);
    let prices = DealPrices { price, raw_price: deal.raw_price, spread_points: deal.spread_points };
    let gross = close_part(position, steps, prices, worth.rates)?;
    let conversion_rate = if gross.booked >= 0 { worth.shown.credit } else { worth.shown.debit };
    position.commission += commission;
    let (symbol, is_flat) = (position.symbol, position.steps == 0);
    simulation.liquidity.see_exit(deal.bar_idx, steps);
    simulation
        .records
        .fills
        .push_with(|| fill_row(position, deal, slipped, steps, Paid { commission, conversion_rate }));
    simulation.books.write(LedgerKind::Profit, gross.booked, deal.time_us, symbol, id)?;
    simulation.books.write(LedgerKind::Commission, commission, deal.time_us, symbol, id)?;
    simulation.books.write(LedgerKind::Swap, swap, deal.time_us, symbol, id)?;
    if is_flat {
        simulation.last_exit = Some(Happened { bar_idx: deal.bar_idx, time_us: deal.time_us });
        let sees_late = simulation.sees_late();
        let Simulation { market, records, plan, positions, .. } = simulation;
        let position = &mut positions[idx];
        if sees_late && !records.trades.is_muted() {
            see_lived_bars(&market.series[0], position, deal);
        }
        let net = position.settled.gross + position.commission + position.settled.swap;
        records.closed.trades += 1;
        records.closed.net += net;
        records.trades.push_with(|| trade_row(plan.symbols[0].digits, position, deal, net));
        positions.drain(idx..=idx);
        orders::cancel_rest(simulation, id, deal.bar_idx, deal.time_us);
    }
    Ok(())
}

/// Lets every bar that the position lived through count, at once. twin: none — each counts when it passes there.
fn see_lived_bars(series: &Series, position: &mut Position, deal: &Deal) {
    let first = position.entry_bar_idx + usize::from(position.is_inside);
    let end = deal.bar_idx + usize::from(deal.moment == Moment::Close);
    if first < end {
        let (lowest, highest) = extremes_of(closing_side(series, position), first..end);
        see_price(position, i64::from(lowest));
        see_price(position, i64::from(highest));
    }
}

fn matches(position: &Position, signal: &Signal) -> bool {
    signal.target.is_none_or(|target| target == position.id)
        && signal.symbol == position.symbol
        && signal.magic.is_none_or(|magic| magic == position.magic)
        && (signal.direction == 0 || i64::from(signal.direction) == position.direction)
}

#[inline]
fn trade_row(digits: u32, position: &Position, deal: &Deal, net: i64) -> TradeRow {
    let (entered, settled) = (&position.entered, &position.settled);
    let (mae_points, mfe_points) = excursions(position);
    let risk = position.risk.filter(|risk| *risk != 0);
    TradeRow {
        id: position.id,
        symbol: position.symbol,
        direction: direction_code(position.direction),
        order_type: position.order_type.code(),
        magic: position.magic,
        entry_bar_idx: as_i64(position.entry_bar_idx),
        entry_time_us: position.entry_time_us,
        entry_price: price_of_sum(digits, entered.points, entered.steps),
        exit_bar_idx: as_i64(deal.bar_idx),
        exit_time_us: deal.time_us,
        exit_price: price_of_sum(digits, settled.points, settled.steps),
        steps: entered.steps,
        margin: entered.margin,
        gross_cost_free: settled.cost_free,
        slippage: settled.slippage,
        spread: settled.spread,
        gross: settled.gross,
        commission: position.commission,
        swap: settled.swap,
        net,
        risk: position.risk,
        r_multiple: risk.map(|risk| quotient(i128::from(net), i128::from(risk))),
        mae_points,
        mfe_points,
        reason: deal.reason.code(),
        closes: settled.closes,
        ambiguous: position.ambiguous,
    }
}

#[inline]
fn fill_row(position: &Position, deal: &Deal, slipped: Slip, steps: i64, paid: Paid) -> FillRow {
    let is_long = position.direction > 0;
    FillRow {
        position_id: position.id,
        leg: deal.leg,
        fill_number: 0,
        bar_idx: as_i64(deal.bar_idx),
        time_us: deal.time_us,
        symbol: position.symbol,
        direction: direction_code(-position.direction),
        side: if is_long { Side::Bid } else { Side::Ask }.code(),
        rule: deal.rule.code(),
        reason: Some(deal.reason.code()),
        moment: deal.moment.code(),
        path_step: deal.path_step,
        level: deal.level,
        raw_price: deal.raw_price,
        price: deal.raw_price - position.direction * slipped.points,
        steps,
        slippage_points: slipped.points,
        slippage_random_points: slipped.random_points,
        slippage_impact_points: slipped.impact_points,
        slippage_volatility_points: slipped.volatility_points,
        spread_points: deal.spread_points,
        commission: paid.commission,
        conversion_rate: paid.conversion_rate,
    }
}
