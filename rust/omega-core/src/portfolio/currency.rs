//! Conversion of money into the account currency (CUR).
//!
//! An `Exchange` follows the moments of a run: bookings of step i at `time[i]`, marks at `close_time[i]`. At each
//! it takes the last close of every pair on a route whose `close_time` is not later. A credit takes the side of
//! the quote that yields less, a debit the side that costs more. A rate that is missing or too old ends the
//! run; it is never silently 1. Which route a currency takes is decided above the seam.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::execution::commission::{CommissionRates, commission_rates};
use crate::market::Market;
use crate::numerics::quotient;
use crate::plan::{Fraction, Plan, SymbolPlan};
use crate::plan_money::{PairPlan, RatesPlan};
use crate::portfolio::margin::margin_rate;
use crate::portfolio::money::{ONE, Rate, Rates, converted, minor_rate, product};

/// Account currency per unit of another currency: what a credit yields, and what a debit costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factors {
    /// What a credit yields.
    pub credit: Fraction,
    /// What a debit costs.
    pub debit: Fraction,
}

/// Nothing is converted.
pub const SAME: Factors = Factors { credit: ONE, debit: ONE };

/// The same as the floats that `fills` shows. twin: none — made there at each fill, which is a division.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// What a credit yields.
    pub credit: f64,
    /// What a debit costs.
    pub debit: f64,
}

/// What money of a symbol is worth at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Worth {
    /// Account currency per unit of quote currency.
    pub factors: Factors,
    /// How results show them.
    pub shown: Shown,
    /// Minor units per point and step.
    pub rates: Rates,
    /// Margin of a point and step, in minor units; `None` where none is held.
    pub margin: Option<Rate>,
}

/// Rates of one run's symbol as time goes on.
#[derive(Clone, Debug)]
pub struct Exchange {
    market: Arc<Market>,
    rates: RatesPlan,
    symbol: SymbolPlan,
    digits: u32,
    /// One past the last known close of each pair.
    known: Vec<usize>,
    now_us: i64,
    value: Rate,
    commission: CommissionRates,
    found: Worth,
    found_rows: [usize; 2],
    /// Whether nothing can change the worth any more: all of its rates hold for the whole run.
    is_fixed: bool,
}

impl Exchange {
    /// Returns the rates of a run at no moment yet.
    ///
    /// # Errors
    /// `config.plan` or `engine.overflow` if a rate is beyond what money can be, or names no series.
    pub fn new(plan: &Plan, market: &Arc<Market>) -> Result<Self> {
        let symbol = plan.symbols[0].clone();
        let rates = plan.rates.clone().unwrap_or_else(no_pairs);
        if rates.pairs.iter().filter_map(|pair| pair.series).any(|idx| idx >= market.series.len()) {
            return Err(Error::Plan {
                reason: "rates.pairs.series is not a series of the market".to_owned(),
            });
        }
        let value = minor_rate(symbol.value, ONE, plan.account_digits, 1)?;
        let mut exchange = Self {
            market: Arc::clone(market),
            digits: plan.account_digits,
            known: vec![0; rates.pairs.len()],
            now_us: 0,
            value,
            commission: commission_rates(&symbol, plan.account_digits, ONE, ONE)?,
            found: Worth {
                factors: SAME,
                shown: shown(SAME),
                rates: Rates { credit: value, debit: value },
                margin: None,
            },
            found_rows: [usize::MAX; 2],
            is_fixed: false,
            symbol,
            rates,
        };
        let route = exchange.rates.quote[0];
        let legs = route.map_or(&[][..], |route| &exchange.rates.routes[route]);
        let holds_throughout = legs.iter().all(|leg| exchange.rates.pairs[leg.0].rate.is_some());
        // What overflows is told when it is asked for, as by rates that move.
        if holds_throughout
            && let Ok(found) = exchange.factors(route).and_then(|factors| exchange.worth_of(factors))
        {
            (exchange.found, exchange.is_fixed) = (found, true);
        }
        Ok(exchange)
    }

    /// Converts at this moment from now on.
    #[inline]
    pub fn move_to(&mut self, time_us: i64) {
        self.now_us = time_us;
    }

    /// Returns what money of the symbol is worth now.
    ///
    /// # Errors
    /// `rates.missing` or `rates.stale` with pair and moment, `engine.overflow` for a rate of too many digits.
    #[inline]
    pub fn worth(&mut self) -> Result<&Worth> {
        if !self.is_fixed {
            self.find_worth()?;
        }
        Ok(&self.found)
    }

    /// What money was worth when it was last asked; at first without conversion. twin: none — a field there.
    #[must_use]
    pub fn found(&self) -> Worth {
        self.found
    }

    /// What money is worth for the whole run, where one rate holds throughout. twin: none — for strides.
    #[must_use]
    pub fn fixed_worth(&self) -> Option<Worth> {
        self.is_fixed.then_some(self.found)
    }

    /// Returns the commission of the symbol; it is a debit.
    ///
    /// # Errors
    /// As `worth`.
    #[inline]
    pub fn commission(&mut self) -> Result<&CommissionRates> {
        let (own, quote) = (self.rates.commission[0], self.rates.quote[0]);
        if own.is_some() || quote.is_some() {
            self.find_commission(own, quote)?;
        }
        Ok(&self.commission)
    }

    fn find_commission(&mut self, own: Option<usize>, quote: Option<usize>) -> Result<()> {
        let mut factors = [ONE; 2];
        for (factor, route) in factors.iter_mut().zip([own, quote]) {
            self.rows_of(route)?;
            *factor = self.factors(route)?.debit;
        }
        self.commission = commission_rates(&self.symbol, self.digits, factors[0], factors[1])?;
        Ok(())
    }

    fn find_worth(&mut self) -> Result<()> {
        let route = self.rates.quote[0];
        let rows = self.rows_of(route)?;
        if rows != self.found_rows {
            self.found = self.worth_of(self.factors(route)?)?;
            self.found_rows = rows;
        }
        Ok(())
    }

    fn worth_of(&self, factors: Factors) -> Result<Worth> {
        let debit = converted(self.value, factors.debit)?;
        let rates = Rates { credit: converted(self.value, factors.credit)?, debit };
        let margin = self.symbol.margin.as_ref().map(|terms| margin_rate(debit, terms)).transpose()?;
        Ok(Worth { factors, shown: shown(factors), rates, margin })
    }

    /// The known closes of a route's pairs.
    fn rows_of(&mut self, route: Option<usize>) -> Result<[usize; 2]> {
        let mut rows = [0; 2];
        let Some(route) = route else { return Ok(rows) };
        for (leg_idx, row) in rows.iter_mut().enumerate().take(self.rates.routes[route].len()) {
            let pair_idx = self.rates.routes[route][leg_idx].0;
            *row = self.row_of(pair_idx)?;
        }
        Ok(rows)
    }

    /// Moves the cursor of a pair behind its last close that is known now.
    fn row_of(&mut self, pair_idx: usize) -> Result<usize> {
        let pair = &self.rates.pairs[pair_idx];
        let Some(series) = pair.series else { return Ok(0) };
        let closes_us = &self.market.series[series].close_time_us;
        let known = &mut self.known[pair_idx];
        while *known < closes_us.len() && closes_us[*known] <= self.now_us {
            *known += 1;
        }
        while *known > 0 && closes_us[*known - 1] > self.now_us {
            *known -= 1;
        }
        let (name, time_us) = (|| pair.name.clone(), self.now_us);
        if *known == 0 {
            return Err(Error::RateMissing { pair: name(), time_us });
        }
        if is_stale(pair, time_us) {
            return Err(Error::RateStale { pair: name(), time_us, close_us: closes_us[*known - 1] });
        }
        Ok(*known)
    }

    /// The factors of a route whose closes are known.
    fn factors(&self, route: Option<usize>) -> Result<Factors> {
        let Some(route) = route else { return Ok(SAME) };
        let mut all = SAME;
        for (pair_idx, is_inverse) in &self.rates.routes[route] {
            let (bid, ask) = self.quote_of(*pair_idx);
            let leg = leg_factors(bid, ask, *is_inverse);
            all.credit = product(all.credit, leg.credit)?;
            all.debit = product(all.debit, leg.debit)?;
        }
        Ok(all)
    }

    /// Bid and ask of a pair as fractions.
    fn quote_of(&self, pair_idx: usize) -> (Fraction, Fraction) {
        let pair = &self.rates.pairs[pair_idx];
        match (pair.rate, pair.series) {
            (None, Some(series)) => {
                let series = &self.market.series[series];
                let row = self.known[pair_idx].saturating_sub(1);
                let scale = 10_i64.pow(series.digits);
                ((i64::from(series.bid.close[row]), scale), (i64::from(series.ask.close[row]), scale))
            }
            (rate, _) => (rate.unwrap_or(ONE), rate.unwrap_or(ONE)),
        }
    }
}

/// Returns what one pair makes of a unit: base into quote currency, or with `is_inverse` quote into base.
///
/// Example: 1 EUR sold at bid 1.1000 yields 1.1000 USD, and costs ask 1.1002 to get. 1 USD yields 1/1.1002 EUR and
/// costs 1/1.1000.
#[must_use]
pub fn leg_factors(bid: Fraction, ask: Fraction, is_inverse: bool) -> Factors {
    if is_inverse {
        return Factors { credit: (ask.1, ask.0), debit: (bid.1, bid.0) };
    }
    Factors { credit: bid, debit: ask }
}

/// Returns whether the last close of a pair is too old at a moment.
#[must_use]
pub fn is_stale(pair: &PairPlan, time_us: i64) -> bool {
    let idx = pair.stale.partition_point(|span| span.0 <= time_us);
    idx > 0 && time_us < pair.stale[idx - 1].1
}

/// Returns a factor as the float that `fills` shows.
#[must_use]
pub fn rate_shown(factor: Fraction) -> f64 {
    quotient(i128::from(factor.0), i128::from(factor.1))
}

/// twin: none — see `Shown`.
fn shown(factors: Factors) -> Shown {
    Shown { credit: rate_shown(factors.credit), debit: rate_shown(factors.debit) }
}

/// twin: none — a constant there.
fn no_pairs() -> RatesPlan {
    RatesPlan { quote: vec![None], commission: vec![None], ..RatesPlan::default() }
}
