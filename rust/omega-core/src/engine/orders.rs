//! Opening orders from acceptance to their end: accepted once, worked bar by bar, modified, cancelled, expired.
//!
//! An accepted order has passed every check and has a size. Market orders fill at once (`opening`); limit,
//! stop and stop-limit orders work until a pass over a bar fills them (`passes`). Every accepted order is
//! one row of `orders`. Rules SIG-2, SIZ, FIL-11 and FIL-15 in `docs/spec/engine.md`.

use crate::engine::account::{self, Entering};
use crate::engine::fill_bar::{FillBar, known_at};
use crate::engine::filters::{self, Happened};
use crate::engine::records::{DiagnosticRow, OrderRow, RejectionRow, direction_code};
use crate::engine::signals::{Request, Signal};
use crate::engine::simulation::Simulation;
use crate::engine::slipping::lacks_atr;
use crate::error::Result;
use crate::execution::commission::Charge;
use crate::execution::fills::Trigger;
use crate::execution::levels::{self, Level};
use crate::execution::sizing::{Size, size_order, steps_of_lots};
use crate::market::as_i64;
use crate::schema::number::{
    COST_NO_ATR, MARGIN_STOP_OUT, ORDER_INVALID_STOPS, ORDER_NO_MARGIN, ORDER_NO_MORE_BARS, ORDER_NOT_FILLED,
    ORDER_NOT_FOUND, ORDER_POSITION_CLOSED, ORDER_STOP_TOO_CLOSE, SIZE_CAPPED,
};
use crate::schema::{OrderStatus, OrderType, Tif};

/// An accepted opening order. Prices are points; `steps` is what is left to fill.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Signal number.
    pub number: i64,
    /// +1 for long, -1 for short.
    pub direction: i64,
    /// Index of the symbol.
    pub symbol: i16,
    /// Strategy tag.
    pub magic: i64,
    /// Order type.
    pub order_type: OrderType,
    /// P of a pending order.
    pub price: Option<i64>,
    /// L of a stop-limit.
    pub limit: Option<i64>,
    /// `Tif` code.
    pub tif: i8,
    /// It works in bars that open before this.
    pub expiry_us: Option<i64>,
    /// It works up to this bar.
    pub last_bar_idx: Option<i64>,
    /// One-cancels-other group.
    pub oco: Option<i64>,
    /// Stop loss of the position it opens.
    pub stop: Option<Level>,
    /// Take profit of the position it opens.
    pub target: Option<Level>,
    /// Volume left to fill.
    pub steps: i64,
    /// Its row in `orders`.
    pub row: usize,
    /// Whether a stop or stop-limit has reached P; what is left of a stop is a market order.
    pub is_triggered: bool,
    /// Fills so far.
    pub fills: i32,
    /// Commission so far (CST-3).
    pub charged: Charge,
}

/// What levels are measured from: the entry price, and what stop and target must be beyond (SIG-2).
#[derive(Clone, Copy)]
struct Terms {
    entry: i64,
    stop_reference: i64,
    target_reference: i64,
}

/// Returns the order a signal asks for, or `None` after writing down why it was refused.
///
/// `fill_bar` is where market orders fill now; its step is the first in which the order works.
///
/// # Errors
/// `engine.overflow` if money leaves its range; those of the exchange.
#[inline]
pub fn accept(simulation: &mut Simulation, fill_bar: &FillBar, request: &Request) -> Result<Option<Order>> {
    match checked(simulation, fill_bar, request)? {
        Ok(order) => {
            write(simulation, fill_bar, &order);
            simulation.accepted.push(order.number);
            Ok(Some(order))
        }
        Err(code) => {
            simulation.reject(fill_bar, code, request.number);
            Ok(None)
        }
    }
}

/// The order, or the error number of its refusal.
type Checked = std::result::Result<Order, i16>;

/// The order, or the error number of its refusal. twin: none — the first half of `accept`.
#[inline]
fn checked(simulation: &mut Simulation, fill_bar: &FillBar, request: &Request) -> Result<Checked> {
    let signal = simulation.signal_of(request);
    let now = Happened { bar_idx: fill_bar.bar_idx, time_us: fill_bar.time_us };
    if let Some(code) = filters::find_refusal(simulation, now, signal.symbol) {
        return Ok(Err(code));
    }
    let symbol = &simulation.plan.symbols[0];
    let order_type = OrderType::from_code(signal.order_type).unwrap_or(OrderType::Market);
    let direction = i64::from(signal.direction);
    let points = |price: Option<f64>| price.map(|price| levels::price_points(price, symbol));
    let price = if order_type == OrderType::Market { None } else { points(signal.entry) };
    let limit = if order_type == OrderType::StopLimit { points(signal.limit) } else { None };
    let terms = terms(simulation, fill_bar, direction, limit.or(price));
    let atr = atr_of(simulation, &signal, direction, fill_bar.step);
    if atr.is_nan() {
        return Ok(Err(COST_NO_ATR));
    }
    let stop = levels::stop_level(&signal, symbol, atr);
    let target = levels::target_level(&signal, symbol);
    if let Err(code) = find_refusal(simulation, direction, terms, stop, target) {
        return Ok(Err(code));
    }
    let stop_distance = stop.map(|stop| levels::distance_from(stop, terms.entry));
    if lacks_atr(simulation, direction, fill_bar.bar_idx) {
        return Ok(Err(COST_NO_ATR));
    }
    let wanted = signal.size.map(|lots| steps_of_lots(lots, symbol.volume_step).0);
    let stake = account::stake_of(simulation, terms.entry, stop_distance, fill_bar.step)?;
    let (steps, is_capped) = match size_order(&simulation.plan.sizing, simulation.symbol(), wanted, &stake) {
        Size::Steps(steps) => (steps, false),
        Size::Capped(steps) => (steps, true),
        Size::Refused(code) => return Ok(Err(code)),
    };
    let moment = fill_bar.moment;
    let entering = Entering { bar_idx: fill_bar.bar_idx, moment, direction, raw_price: terms.entry, steps };
    if order_type == OrderType::Market && !account::has_free_margin(simulation, entering)? {
        return Ok(Err(ORDER_NO_MARGIN));
    }
    if is_capped {
        let bar_idx = Some(as_i64(fill_bar.bar_idx));
        let row = DiagnosticRow { code: SIZE_CAPPED, bar_idx, signal: Some(request.number), count: 1 };
        simulation.records.diagnostics.push(row);
    }
    let (expiry_us, last_bar_idx) = expiry_of(simulation, &signal, fill_bar);
    Ok(Ok(Order {
        number: request.number,
        direction,
        symbol: signal.symbol,
        magic: signal.magic.unwrap_or(0),
        order_type,
        price,
        limit,
        tif: signal.tif,
        expiry_us,
        last_bar_idx,
        oco: signal.oco,
        stop,
        target,
        steps,
        row: simulation.records.orders.len(),
        is_triggered: false,
        fills: 0,
        charged: Charge::default(),
    }))
}

/// Returns the ATR a signal measures its stop by: 0 if it does not, NaN if it is not known yet.
#[must_use]
#[allow(clippy::inline_always, reason = "of a signal only the cells are read that are looked at")]
#[inline(always)]
pub fn atr_of(simulation: &Simulation, signal: &Signal, direction: i64, bar_idx: usize) -> f64 {
    if signal.sl_atr.is_none() {
        return 0.0;
    }
    simulation.volatility.atr_before(simulation.series(), direction, bar_idx)
}

/// Returns whether an order takes any price: a market order, or what is left of a stop that was triggered.
#[must_use]
pub fn is_at_market(order: &Order) -> bool {
    order.order_type == OrderType::Market || (order.order_type == OrderType::Stop && order.is_triggered)
}

/// Returns what a working order waits for.
#[must_use]
pub fn trigger_of(simulation: &Simulation, order: &Order) -> Trigger {
    Trigger {
        order_type: order.order_type,
        direction: order.direction,
        price: order.price.unwrap_or(0),
        limit: order.limit,
        is_triggered: order.is_triggered,
        through: simulation.plan.limit_through_points,
    }
}

/// Returns whether an order does not work in a bar that opens at `time_us` (FIL-15).
#[must_use]
pub fn is_expired(order: &Order, time_us: i64) -> bool {
    order.expiry_us.is_some_and(|expiry_us| time_us >= expiry_us)
}

/// Ends the orders that do not work in this bar any more (LOOP step 2, FIL-15).
pub fn expire(simulation: &mut Simulation, bar_idx: usize) {
    let time_us = simulation.series().time_us[bar_idx];
    let mut after = 0;
    while let Some(order) = next_working(simulation, after) {
        after = order.number;
        let is_over = order.last_bar_idx.is_some_and(|last| as_i64(bar_idx) > last);
        if is_over || is_expired(&order, time_us) {
            end_order(simulation, &order, OrderStatus::Expired, time_us);
        }
    }
}

/// Cancels the working order a signal names, or every one its filters match.
pub fn cancel(simulation: &mut Simulation, fill_bar: &FillBar, request: &Request) {
    let signal = simulation.signal_of(request);
    if signal.target.is_some_and(|target| !simulation.is_accepted(target)) {
        simulation.target_never_opened_count += 1;
        return;
    }
    let mut has_matched = false;
    let mut after = 0;
    while let Some(order) = next_working(simulation, after) {
        after = order.number;
        if matches(&order, &signal) {
            has_matched = true;
            end_order(simulation, &order, OrderStatus::Cancelled, fill_bar.time_us);
        }
    }
    if !has_matched {
        simulation.reject(fill_bar, ORDER_NOT_FOUND, request.number);
    }
}

/// Changes what a working order waits for; nothing changes where the new levels are refused (SIG-2).
pub fn modify(simulation: &mut Simulation, fill_bar: &FillBar, request: &Request, mut order: Order) {
    let signal = simulation.signal_of(request);
    let symbol = simulation.symbol();
    let points = |price: Option<f64>| price.map(|price| levels::price_points(price, symbol));
    let price = points(signal.entry).or(order.price);
    let limit = order.limit.map(|limit| points(signal.limit).unwrap_or(limit));
    let atr = atr_of(simulation, &signal, order.direction, fill_bar.step);
    if atr.is_nan() {
        simulation.reject(fill_bar, COST_NO_ATR, request.number);
        return;
    }
    let stop = changed_level(order.stop, signal.sl, levels::stop_level(&signal, symbol, atr));
    let target = changed_level(order.target, signal.tp, levels::target_level(&signal, symbol));
    let terms = terms(simulation, fill_bar, order.direction, limit.or(price));
    if let Err(code) = find_refusal(simulation, order.direction, terms, stop, target) {
        simulation.reject(fill_bar, code, request.number);
        return;
    }
    (order.price, order.limit, order.stop, order.target) = (price, limit, stop, target);
    let is_dated = signal.expiry.is_some() || signal.expiry_bars.is_some();
    if is_dated {
        (order.expiry_us, order.last_bar_idx) = expiry_of(simulation, &signal, fill_bar);
    }
    store(simulation, &order);
    simulation.records.orders.update(order.row, |row| {
        (row.entry, row.limit, row.expiry_us) = (price, limit, order.expiry_us);
        if order.fills == 0 {
            (row.sl, row.tp) = (levels::absolute(stop), levels::absolute(target));
        }
    });
    if is_dated && is_expired(&order, fill_bar.quoted_us) {
        end_order(simulation, &order, OrderStatus::Expired, fill_bar.time_us);
    }
}

/// Returns a level after a modification: a price of 0 removes it, no value leaves it.
#[must_use]
pub fn changed_level(standing: Option<Level>, price: Option<f64>, given: Option<Level>) -> Option<Level> {
    if price == Some(0.0) { None } else { given.or(standing) }
}

/// Writes down how an order ended, and works it no longer.
pub fn end_order(simulation: &mut Simulation, order: &Order, status: OrderStatus, time_us: i64) {
    let ended = (status.code(), time_us);
    simulation.records.orders.update(order.row, |row| (row.status, row.done_time_us) = ended);
    if let Some(idx) = working_idx(simulation, order.number) {
        simulation.working.remove(idx);
    }
}

/// Cancels the working orders of the group of an order that was just filled (FIL-11).
pub fn cancel_group(simulation: &mut Simulation, filled: &Order, time_us: i64) {
    if filled.oco.is_none() {
        return;
    }
    let mut after = 0;
    while let Some(order) = next_working(simulation, after) {
        after = order.number;
        if order.oco == filled.oco && order.number != filled.number {
            end_order(simulation, &order, OrderStatus::CancelledByOco, time_us);
        }
    }
}

/// Cancels an order whose first fill a filter refuses now; returns whether it did (MGT-4).
pub fn cancel_refused(simulation: &mut Simulation, order: &Order, now: Happened) -> bool {
    if order.fills > 0 {
        return false;
    }
    let Some(code) = filters::find_refusal(simulation, now, order.symbol) else { return false };
    refuse(simulation, order.number, code, now.bar_idx, now.time_us);
    end_order(simulation, order, OrderStatus::Cancelled, now.time_us);
    true
}

/// Cancels what the open did not fill of an ioc or fok order (FIL-12).
pub fn cancel_unfilled(simulation: &mut Simulation, order: &Order, bar_idx: usize, time_us: i64) {
    refuse(simulation, order.number, ORDER_NOT_FILLED, bar_idx, time_us);
    end_order(simulation, order, OrderStatus::Cancelled, time_us);
}

/// Cancels an order that free margin does not cover when it is about to fill (MRG).
pub fn cancel_without_margin(simulation: &mut Simulation, order: &mut Order, bar_idx: usize, time_us: i64) {
    let row = RejectionRow { time_us, bar_idx: as_i64(bar_idx), code: ORDER_NO_MARGIN, signal: order.number };
    simulation.records.rejections.push(row);
    order.steps = 0;
    end_order(simulation, order, OrderStatus::Cancelled, time_us);
}

/// Cancels every working order because of a stop-out (MRG).
pub fn cancel_all(simulation: &mut Simulation, bar_idx: usize, time_us: i64) {
    let mut after = 0;
    while let Some(order) = next_working(simulation, after) {
        after = order.number;
        let row =
            RejectionRow { time_us, bar_idx: as_i64(bar_idx), code: MARGIN_STOP_OUT, signal: order.number };
        simulation.records.rejections.push(row);
        end_order(simulation, &order, OrderStatus::Cancelled, time_us);
    }
}

/// Cancels what is left of the order whose position is flat (FIL-12).
pub fn cancel_rest(simulation: &mut Simulation, number: i64, bar_idx: usize, time_us: i64) {
    if let Some(idx) = working_idx(simulation, number) {
        let order = simulation.working[idx];
        refuse(simulation, number, ORDER_POSITION_CLOSED, bar_idx, time_us);
        end_order(simulation, &order, OrderStatus::Cancelled, time_us);
    }
}

/// Ends what still works after the last bar; market orders that wait for volume are refused (LOOP-3).
pub fn end_all(simulation: &mut Simulation, time_us: i64) {
    let last = simulation.market.bar_count() - 1;
    let mut after = 0;
    while let Some(order) = next_working(simulation, after) {
        after = order.number;
        if order.order_type == OrderType::Market {
            refuse(simulation, order.number, ORDER_NO_MORE_BARS, last, time_us);
            end_order(simulation, &order, OrderStatus::Cancelled, time_us);
        } else {
            end_order(simulation, &order, OrderStatus::ExpiredAtEnd, time_us);
        }
    }
}

/// The working order with the least number above `after`. twin: none — the twin walks over a copy.
pub(crate) fn next_working(simulation: &Simulation, after: i64) -> Option<Order> {
    let idx = simulation.working.partition_point(|order| order.number <= after);
    simulation.working.get(idx).copied()
}

/// Puts an order back among the working ones. twin: none — the twin changes it in place.
pub(crate) fn store(simulation: &mut Simulation, order: &Order) {
    match simulation.working.binary_search_by_key(&order.number, |working| working.number) {
        Ok(idx) => simulation.working[idx] = *order,
        Err(idx) => simulation.working.insert(idx, *order),
    }
}

/// Where an order works. twin: none — part of `end_order`.
pub(crate) fn working_idx(simulation: &Simulation, number: i64) -> Option<usize> {
    simulation.working.binary_search_by_key(&number, |working| working.number).ok()
}

fn refuse(simulation: &mut Simulation, number: i64, code: i16, bar_idx: usize, time_us: i64) {
    let row = RejectionRow { time_us, bar_idx: as_i64(bar_idx), code, signal: number };
    simulation.records.rejections.push(row);
}

/// What the levels of an order are measured from; `price` is `None` for market orders.
fn terms(simulation: &Simulation, fill_bar: &FillBar, direction: i64, price: Option<i64>) -> Terms {
    let Some(price) = price else {
        let (entry, closing) =
            if direction > 0 { (fill_bar.ask, fill_bar.bid) } else { (fill_bar.bid, fill_bar.ask) };
        return Terms { entry, stop_reference: closing, target_reference: closing };
    };
    let spread = known_at(simulation, fill_bar).spread();
    Terms { entry: price, stop_reference: price - direction * spread, target_reference: price }
}

/// The error number of levels that cannot be.
fn find_refusal(
    simulation: &Simulation,
    direction: i64,
    terms: Terms,
    stop: Option<Level>,
    target: Option<Level>,
) -> std::result::Result<(), i16> {
    if !levels::is_valid(stop, target, direction, (terms.stop_reference, terms.target_reference)) {
        return Err(ORDER_INVALID_STOPS);
    }
    let minimum = simulation.symbol().min_stop_points;
    if stop.is_some_and(|stop| levels::distance_from(stop, terms.entry) < minimum) {
        return Err(ORDER_STOP_TOO_CLOSE);
    }
    Ok(())
}

/// The time and the last bar that end an order which works from a moment on (FIL-15).
#[allow(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn expiry_of(simulation: &Simulation, signal: &Signal, fill_bar: &FillBar) -> (Option<i64>, Option<i64>) {
    let mut expiry_us = signal.expiry;
    if signal.tif == Tif::Day.code() {
        let rollovers = &simulation.market.calendar.rollover_time_us;
        let row = rollovers.partition_point(|rollover_us| *rollover_us <= fill_bar.quoted_us);
        let end_us = rollovers.get(row).copied();
        expiry_us = match (expiry_us, end_us) {
            (Some(expiry_us), Some(end_us)) => Some(expiry_us.min(end_us)),
            (given, end_us) => given.or(end_us),
        };
    }
    let last_bar_idx = signal.expiry_bars.map(|count| as_i64(fill_bar.step).saturating_add(count) - 1);
    (expiry_us, last_bar_idx)
}

fn matches(order: &Order, signal: &Signal) -> bool {
    signal.target.is_none_or(|target| target == order.number)
        && signal.symbol == order.symbol
        && signal.magic.is_none_or(|magic| magic == order.magic)
        && (signal.direction == 0 || i64::from(signal.direction) == order.direction)
}

#[inline]
fn write(simulation: &mut Simulation, fill_bar: &FillBar, order: &Order) {
    simulation.records.orders.push_with(|| OrderRow {
        id: order.number,
        bar_idx: as_i64(fill_bar.bar_idx),
        time_us: fill_bar.time_us,
        symbol: order.symbol,
        direction: direction_code(order.direction),
        order_type: order.order_type.code(),
        magic: order.magic,
        entry: order.price,
        limit: order.limit,
        tif: order.tif,
        expiry_us: order.expiry_us,
        oco: order.oco,
        steps: order.steps,
        filled_steps: 0,
        sl: levels::absolute(order.stop),
        tp: levels::absolute(order.target),
        status: OrderStatus::Filled.code(),
        done_time_us: fill_bar.time_us,
    });
}
