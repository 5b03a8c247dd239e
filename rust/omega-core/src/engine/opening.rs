//! Fills of opening orders, and the positions they open or enlarge.
//!
//! A market order fills at the open of the bar after its decision (`next_open`), at the close of the bar it was
//! decided on (`signal_close`), or where it arrives inside a bar (`arriving`); pending orders fill where `passes` finds
//! them. What a bar's volume does not cover waits for the next bar. Rules FIL-1, FIL-12, CST-3 and API-8.

use crate::engine::account::{self, Entering};
use crate::engine::clock_rules;
use crate::engine::fill_bar::FillBar;
use crate::engine::filters::Happened;
use crate::engine::orders::{self, Order};
use crate::engine::records::{FillRow, direction_code};
use crate::engine::signals::Request;
use crate::engine::simulation::Simulation;
use crate::engine::slipping::slip_of;
use crate::error::Result;
use crate::execution::commission::charge;
use crate::execution::levels;
use crate::execution::slippage::{NO_SLIP, Slip};
use crate::market::as_i64;
use crate::portfolio::margin::entry_margin;
use crate::portfolio::position::{BLANK, DealPrices, Position, add_fill, add_margin, booked_risk, see_price};
use crate::schema::{LedgerKind, Moment, OrderStatus, OrderType, Rule, Side, Tif};

/// A fill of an opening order before slippage.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    /// Bar it is named after.
    pub bar_idx: usize,
    /// Its time.
    pub time_us: i64,
    /// Price before slippage.
    pub raw_price: i64,
    /// P or L of a pending order.
    pub level: Option<i64>,
    /// Spread paid.
    pub spread_points: i64,
    /// Rule that priced it.
    pub rule: Rule,
    /// Where in the bar.
    pub moment: Moment,
    /// Leg of the bar's path.
    pub path_step: Option<i8>,
    /// Closing-side price at that moment; `None` inside a bar, where nobody knows it.
    pub closing_price: Option<i64>,
    /// The pass in which a position it opens counts as new.
    pub entry_pass: u64,
}

/// Accepts or refuses an order; a market order fills at once, others work from now on.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn open_order(simulation: &mut Simulation, fill_bar: &FillBar, request: &Request) -> Result<()> {
    let Some(mut order) = orders::accept(simulation, fill_bar, request)? else { return Ok(()) };
    if orders::is_expired(&order, fill_bar.quoted_us) {
        orders::end_order(simulation, &order, OrderStatus::Expired, fill_bar.time_us);
        return Ok(());
    }
    if order.order_type == OrderType::Market {
        return fill_at_market(simulation, fill_bar, &mut order);
    }
    orders::store(simulation, &order);
    Ok(())
}

/// Goes on filling market orders, and triggered stops, that wait for volume (FIL-12).
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn fill_waiting(simulation: &mut Simulation, fill_bar: &FillBar) -> Result<()> {
    let now = Happened { bar_idx: fill_bar.bar_idx, time_us: fill_bar.time_us };
    let mut after = 0;
    while let Some(mut order) = orders::next_working(simulation, after) {
        after = order.number;
        if orders::is_at_market(&order) && !orders::cancel_refused(simulation, &order, now) {
            fill_at_market(simulation, fill_bar, &mut order)?;
        }
    }
    Ok(())
}

/// Fills an order at the price of the moment (FIL-1).
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn fill_at_market(simulation: &mut Simulation, fill_bar: &FillBar, order: &mut Order) -> Result<()> {
    let is_long = order.direction > 0;
    let fill = Fill {
        bar_idx: fill_bar.bar_idx,
        time_us: fill_bar.time_us,
        raw_price: if is_long { fill_bar.ask } else { fill_bar.bid },
        level: None,
        spread_points: if is_long { fill_bar.spread_points } else { 0 },
        rule: Rule::Fil1,
        moment: fill_bar.moment,
        path_step: None,
        closing_price: Some(if is_long { fill_bar.bid } else { fill_bar.ask }),
        entry_pass: simulation.pass_number + u64::from(fill_bar.moment != Moment::Close),
    };
    fill_order(simulation, order, &fill)?;
    if order.steps > 0 && takes_the_open_only(order) {
        orders::cancel_unfilled(simulation, order, fill.bar_idx, fill.time_us);
    } else if order.steps > 0 {
        orders::store(simulation, order);
    }
    Ok(())
}

/// Whether an order is ioc or fok. twin: none — written out there.
pub(crate) fn takes_the_open_only(order: &Order) -> bool {
    order.tif == Tif::Ioc.code() || order.tif == Tif::Fok.code()
}

/// Fills what the bar's volume covers of an order; returns whether it opened a position.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn fill_order(simulation: &mut Simulation, order: &mut Order, fill: &Fill) -> Result<bool> {
    let steps = simulation.liquidity.take(fill.bar_idx, order.steps, order.tif == Tif::Fok.code());
    if steps == 0 {
        return Ok(false);
    }
    let worth = *simulation.exchange.worth()?;
    let (bar_idx, direction) = (fill.bar_idx, order.direction);
    let entering = Entering { bar_idx, moment: fill.moment, direction, raw_price: fill.raw_price, steps };
    if !account::has_free_margin(simulation, entering)? {
        orders::cancel_without_margin(simulation, order, fill.bar_idx, fill.time_us);
        return Ok(false);
    }
    let slipped = match fill.rule {
        Rule::Fil1 | Rule::Fil3 => {
            slip_of(simulation, order.direction, (order.number, 0, order.fills), steps, fill.bar_idx)
        }
        _ => NO_SLIP,
    };
    let price = fill.raw_price + order.direction * slipped.points;
    let place = match simulation.positions.last() {
        Some(last) if last.id >= order.number => {
            simulation.positions.binary_search_by_key(&order.number, |position| position.id)
        }
        _ => Err(simulation.positions.len()),
    };
    let idx = place.unwrap_or_else(|idx| {
        let position = open_position(simulation, order, fill, price);
        if idx == simulation.positions.len() {
            simulation.positions.push(position);
        } else {
            simulation.positions.insert(idx, position);
        }
        idx
    });
    let position = &mut simulation.positions[idx];
    let deal = DealPrices { price, raw_price: fill.raw_price, spread_points: fill.spread_points };
    add_fill(position, deal, steps);
    if let Some(rate) = worth.margin {
        add_margin(position, entry_margin(price, steps, rate)?);
    }
    position.risk = booked_risk(position, worth.rates.debit)?;
    if let Some(closing_price) = fill.closing_price {
        see_price(position, closing_price);
    }
    if place.is_err() {
        clock_rules::begin(simulation, idx, fill.moment);
    }
    book(simulation, order, idx, fill, slipped, steps)?;
    orders::cancel_group(simulation, order, fill.time_us);
    Ok(place.is_err())
}

#[inline]
fn open_position(simulation: &Simulation, order: &Order, fill: &Fill, price: i64) -> Position {
    let sl = levels::price_of(order.stop, price, -order.direction);
    Position {
        id: order.number,
        symbol: order.symbol,
        direction: order.direction,
        order_type: order.order_type,
        magic: order.magic,
        entry_bar_idx: fill.bar_idx,
        entry_time_us: fill.time_us,
        entry_points: price,
        entry_pass: fill.entry_pass,
        entry_row: simulation.books.equity.len(),
        is_inside: fill.moment == Moment::Inside,
        sl,
        tp: levels::price_of(order.target, price, order.direction),
        first_sl: sl,
        ..BLANK
    }
}

/// Writes the fill down, charges it, and ends the order where nothing is left of it.
fn book(
    simulation: &mut Simulation,
    order: &mut Order,
    position_idx: usize,
    fill: &Fill,
    slipped: Slip,
    steps: i64,
) -> Result<()> {
    let is_long = order.direction > 0;
    let price = fill.raw_price + order.direction * slipped.points;
    let conversion_rate = simulation.exchange.worth()?.shown.debit;
    let commissions = simulation.exchange.commission()?;
    let commission = charge(commissions, &mut order.charged, price, steps, true)?;
    let position = &mut simulation.positions[position_idx];
    position.commission += commission;
    simulation.records.fills.push_with(|| FillRow {
        position_id: order.number,
        leg: 0,
        fill_number: order.fills,
        bar_idx: as_i64(fill.bar_idx),
        time_us: fill.time_us,
        symbol: order.symbol,
        direction: direction_code(order.direction),
        side: if is_long { Side::Ask } else { Side::Bid }.code(),
        rule: fill.rule.code(),
        reason: None,
        moment: fill.moment.code(),
        path_step: fill.path_step,
        level: fill.level,
        raw_price: fill.raw_price,
        price,
        steps,
        slippage_points: slipped.points,
        slippage_random_points: slipped.random_points,
        slippage_impact_points: slipped.impact_points,
        slippage_volatility_points: slipped.volatility_points,
        spread_points: fill.spread_points,
        commission,
        conversion_rate,
    });
    let filled = (position.entered.steps, position.sl, position.tp);
    simulation.records.orders.update(order.row, |row| (row.filled_steps, row.sl, row.tp) = filled);
    simulation.books.write(LedgerKind::Commission, commission, fill.time_us, order.symbol, order.number)?;
    order.steps -= steps;
    order.fills += 1;
    if order.steps == 0 {
        orders::end_order(simulation, order, OrderStatus::Filled, fill.time_us);
    }
    Ok(())
}
