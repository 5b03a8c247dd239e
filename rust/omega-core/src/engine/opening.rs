//! Market orders: acceptance, size, fill, and the position they open.
//!
//! A market order fills at the open of the bar after its decision (`next_open`), or at the close of the
//! bar it was decided on (`signal_close`). Rules FIL-1, SIG-2, SIZ, API-8 and LOOP-2.

use crate::engine::records::{DiagnosticRow, FillRow, OrderRow, direction_code};
use crate::engine::signals::Signal;
use crate::engine::simulation::Simulation;
use crate::engine::slipping::{lacks_atr, slip_of};
use crate::error::Result;
use crate::execution::commission::charge;
use crate::execution::levels::{self, Level};
use crate::execution::sizing::{Size, size_order, steps_of_lots};
use crate::market::as_i64;
use crate::portfolio::position::{Position, booked_risk, see_price};
use crate::schema::number::{COST_NO_ATR, ORDER_INVALID_STOPS, ORDER_STOP_TOO_CLOSE, SIZE_CAPPED};
use crate::schema::{LedgerKind, Moment, Rule, Side};

/// Where requests of a step fill: the bar the fill is named after, its time and both quotes.
#[derive(Clone, Copy, Debug)]
pub struct FillBar {
    /// Bar the fill is named after.
    pub bar_idx: usize,
    /// Time of the fill.
    pub time_us: i64,
    /// Bid, in points.
    pub bid: i64,
    /// Ask, in points.
    pub ask: i64,
    /// Spread memo of ask-side fills.
    pub spread_points: i64,
    /// Open or close of the bar.
    pub moment: Moment,
}

/// An accepted market order: it has passed every check and has a size.
struct Order {
    number: i64,
    direction: i64,
    symbol: i16,
    magic: i64,
    steps: i64,
    stop: Option<Level>,
    target: Option<Level>,
}

/// Returns where requests working in step `bar_idx` fill (LOOP-2).
#[must_use]
pub fn fill_bar(simulation: &Simulation, bar_idx: usize) -> FillBar {
    let series = simulation.series();
    if simulation.plan.signal_close {
        let before = bar_idx - 1;
        return FillBar {
            bar_idx: before,
            time_us: series.close_time_us[before],
            bid: i64::from(series.bid.close[before]),
            ask: i64::from(series.ask.close[before]),
            spread_points: i64::from(series.ask.open[before]) - i64::from(series.bid.open[before]),
            moment: Moment::Close,
        };
    }
    let (bid, ask) = (i64::from(series.bid.open[bar_idx]), i64::from(series.ask.open[bar_idx]));
    let time_us = series.time_us[bar_idx];
    FillBar { bar_idx, time_us, bid, ask, spread_points: ask - bid, moment: Moment::Open }
}

/// Accepts or rejects a market order; an accepted one fills at once (FIL-1).
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn open_market_order(
    simulation: &mut Simulation,
    fill_bar: &FillBar,
    number: i64,
    signal: &Signal,
) -> Result<()> {
    match accept(simulation, fill_bar, number, signal) {
        Ok(order) => fill(simulation, fill_bar, &order),
        Err(code) => {
            simulation.reject(fill_bar, code, number);
            Ok(())
        }
    }
}

/// Returns the order, or the error number of its refusal.
fn accept(
    simulation: &mut Simulation,
    fill_bar: &FillBar,
    number: i64,
    signal: &Signal,
) -> std::result::Result<Order, i16> {
    let symbol = simulation.symbol();
    let direction = i64::from(signal.direction);
    let is_long = direction > 0;
    let (entry, closing_price) =
        if is_long { (fill_bar.ask, fill_bar.bid) } else { (fill_bar.bid, fill_bar.ask) };
    let stop = levels::stop_level(signal, symbol);
    let target = levels::target_level(signal, symbol);
    if !levels::is_valid(stop, target, direction, closing_price) {
        return Err(ORDER_INVALID_STOPS);
    }
    let stop_distance = stop.map(|stop| levels::distance_from(stop, entry));
    if stop_distance.is_some_and(|distance| distance < symbol.min_stop_points) {
        return Err(ORDER_STOP_TOO_CLOSE);
    }
    if lacks_atr(simulation, direction, fill_bar.bar_idx) {
        return Err(COST_NO_ATR);
    }
    let wanted = signal.size.map(|size| steps_of_lots(size, symbol.volume_step).0);
    let (steps, is_capped) = match size_order(&simulation.plan.sizing, symbol, wanted, stop_distance) {
        Size::Steps(steps) => (steps, false),
        Size::Capped(steps) => (steps, true),
        Size::Refused(code) => return Err(code),
    };
    if is_capped {
        let bar_idx = Some(as_i64(fill_bar.bar_idx));
        let row = DiagnosticRow { code: SIZE_CAPPED, bar_idx, signal: Some(number), count: 1 };
        simulation.records.diagnostics.push(row);
    }
    let magic = signal.magic.unwrap_or(0);
    Ok(Order { number, direction, symbol: signal.symbol, magic, steps, stop, target })
}

/// Fills an accepted order and opens its position.
fn fill(simulation: &mut Simulation, fill_bar: &FillBar, order: &Order) -> Result<()> {
    let is_long = order.direction > 0;
    let raw_price = if is_long { fill_bar.ask } else { fill_bar.bid };
    let spread_points = if is_long { fill_bar.spread_points } else { 0 };
    let slipped = slip_of(simulation, order.direction, (order.number, 0, 0), order.steps, fill_bar.bar_idx);
    let price = raw_price + order.direction * slipped.points;
    let commission = charge(&simulation.commissions, price, order.steps, true)?;
    let mut position = Position {
        id: order.number,
        symbol: order.symbol,
        direction: order.direction,
        magic: order.magic,
        entry_bar_idx: fill_bar.bar_idx,
        entry_time_us: fill_bar.time_us,
        steps: order.steps,
        k: price * order.steps,
        k_raw: raw_price * order.steps,
        k_cost_free: (raw_price - spread_points) * order.steps,
        sl: levels::price_of(order.stop, price, -order.direction),
        tp: levels::price_of(order.target, price, order.direction),
        risk: None,
        commission,
        lowest: i64::MAX,
        highest: i64::MIN,
        ambiguous: false,
        requested_closes: 0,
        accrued_swap: 0,
    };
    position.risk = booked_risk(&position, simulation.rate)?;
    see_price(&mut position, if is_long { fill_bar.bid } else { fill_bar.ask });
    let bar_idx = as_i64(fill_bar.bar_idx);
    simulation.records.orders.push(OrderRow {
        id: order.number,
        bar_idx,
        time_us: fill_bar.time_us,
        symbol: order.symbol,
        direction: direction_code(order.direction),
        magic: order.magic,
        steps: order.steps,
        sl: position.sl,
        tp: position.tp,
    });
    simulation.records.fills.push(FillRow {
        position_id: order.number,
        leg: 0,
        bar_idx,
        time_us: fill_bar.time_us,
        symbol: order.symbol,
        direction: direction_code(order.direction),
        side: if is_long { Side::Ask } else { Side::Bid }.code(),
        rule: Rule::Fil1.code(),
        moment: fill_bar.moment.code(),
        level: None,
        raw_price,
        price,
        steps: order.steps,
        slippage_points: slipped.points,
        slippage_random_points: slipped.random_points,
        spread_points,
        commission,
    });
    simulation.positions.push(position);
    simulation.opened.push(order.number);
    simulation.books.write(LedgerKind::Commission, commission, fill_bar.time_us, order.symbol, order.number)
}
