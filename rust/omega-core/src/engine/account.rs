//! The account at a moment: equity, margin held, and what a new order may be (MRG, SIZ).
//!
//! Marks and conversion rates are those of the moment asked about; nothing here changes the run.

use crate::engine::closing::closing_side;
use crate::engine::simulation::Simulation;
use crate::error::Result;
use crate::execution::sizing::Stake;
use crate::plan_money::{Sizing, SymbolMargin};
use crate::portfolio::margin::{Held, entry_margin, symbol_margin};
use crate::portfolio::money::check_balance;
use crate::portfolio::position::{Position, open_profit};
use crate::schema::Moment;

/// A fill that is about to happen: where, in which direction, at which raw price, how much.
#[derive(Clone, Copy, Debug)]
pub struct Entering {
    /// Bar it is named after.
    pub bar_idx: usize,
    /// Where in the bar.
    pub moment: Moment,
    /// +1 for long, -1 for short.
    pub direction: i64,
    /// Price before slippage.
    pub raw_price: i64,
    /// Volume.
    pub steps: i64,
}

/// Returns balance, accrued swap and open profit at these marks, at the rates of now (LED-2).
///
/// # Errors
/// `engine.overflow` if money leaves its range; those of the exchange.
pub fn equity_at(simulation: &mut Simulation, bid: i64, ask: i64) -> Result<i128> {
    let mut equity = i128::from(simulation.books.balance);
    if simulation.positions.is_empty() {
        return Ok(equity);
    }
    let rates = simulation.exchange.worth()?.rates;
    for position in &simulation.positions {
        let mark = if position.direction > 0 { bid } else { ask };
        equity += i128::from(open_profit(position, mark, rates)?) + i128::from(position.accrued_swap);
    }
    Ok(equity)
}

/// Returns the margin of all open positions.
///
/// # Errors
/// `engine.overflow` if it leaves the range of money.
pub fn margin_held(simulation: &Simulation) -> Result<i64> {
    margin_of(simulation.symbol().margin.as_ref(), simulation.positions.iter(), 0, Held::default())
}

/// Returns the margin of positions, and of a fill of a direction that is added to them.
///
/// # Errors
/// `engine.overflow` if it leaves the range of money.
pub fn margin_of<'a>(
    terms: Option<&SymbolMargin>,
    positions: impl Iterator<Item = &'a Position>,
    direction: i64,
    added: Held,
) -> Result<i64> {
    let Some(terms) = terms else { return Ok(0) };
    let (mut long, mut short) = (Held::default(), Held::default());
    for position in positions {
        let held = if position.direction > 0 { &mut long } else { &mut short };
        held.steps += position.steps;
        held.margin += position.margin;
    }
    let held = if direction > 0 { &mut long } else { &mut short };
    held.steps += added.steps;
    held.margin += added.margin;
    symbol_margin(long, short, terms.hedged)
}

/// Returns whether equity covers the margin of the book and of a fill at a raw price.
///
/// Marks are the opens of the bar; its closes where the fill is at the close (LOOP-2).
///
/// # Errors
/// `engine.overflow` if money leaves its range; those of the exchange.
#[inline]
pub fn has_free_margin(simulation: &mut Simulation, entering: Entering) -> Result<bool> {
    if simulation.plan.margin.is_none() {
        return Ok(true);
    }
    covers_margin(simulation, entering)
}

/// twin: none — the rest of `has_free_margin`, for those who have to keep one.
fn covers_margin(simulation: &mut Simulation, entering: Entering) -> Result<bool> {
    let Some(rate) = simulation.exchange.worth()?.margin else { return Ok(true) };
    let (series, bar_idx) = (simulation.series(), entering.bar_idx);
    let (bid, ask) = if entering.moment == Moment::Close {
        (series.bid.close[bar_idx], series.ask.close[bar_idx])
    } else {
        (series.bid.open[bar_idx], series.ask.open[bar_idx])
    };
    let equity = equity_at(simulation, i64::from(bid), i64::from(ask))?;
    let margin = entry_margin(entering.raw_price, entering.steps, rate)?;
    let added = Held { steps: entering.steps, margin };
    let terms = simulation.symbol().margin.as_ref();
    let held = margin_of(terms, simulation.positions.iter(), entering.direction, added)?;
    Ok(i128::from(held) <= equity)
}

/// Returns what the size of an order accepted in step `bar_idx` follows from.
///
/// # Errors
/// `engine.overflow` if money leaves its range; those of the exchange.
pub fn stake_of(
    simulation: &mut Simulation,
    entry: i64,
    stop_distance: Option<i64>,
    bar_idx: usize,
) -> Result<Stake> {
    let by_equity = matches!(simulation.plan.sizing, Sizing::RiskPercent { .. });
    let equity = if by_equity { equity_for_sizing(simulation, bar_idx)? } else { 0 };
    let cost = simulation.exchange.worth()?.rates.debit;
    Ok(Stake { entry, stop_distance, cost, digits: simulation.plan.account_digits, equity })
}

/// Returns equity as the last step left it, with what was booked since (SIZ).
///
/// What is still open counts at its last mark; what was opened since has none, only its costs were booked.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn equity_for_sizing(simulation: &Simulation, bar_idx: usize) -> Result<i64> {
    let mut equity = i128::from(simulation.books.balance);
    for position in &simulation.positions {
        equity += i128::from(position.accrued_swap);
        if position.entry_row < simulation.books.equity.len() {
            let mark = i64::from(closing_side(simulation.series(), position).close[bar_idx - 1]);
            equity += i128::from(open_profit(position, mark, simulation.marked.rates)?);
        }
    }
    check_balance(equity, "equity")
}
