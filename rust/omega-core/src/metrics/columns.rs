//! What metrics and rating read: borrowed columns of the result tables, and their part of the plan.
//!
//! Plain slices, so that neither knows Arrow. All columns of one group have one length. Times are
//! microseconds, money minor units, volumes steps.

use serde::Deserialize;

use crate::error::{Error, Result};

/// Values looked at together.
const LANES: usize = 64;
const BOOTSTRAPS: [&str; 5] = ["auto", "iid", "day", "week", "stationary"];

/// Columns of the `trades` table, in closing order. `r_multiple` is `None` where a trade has no R.
#[derive(Clone, Copy, Debug)]
pub struct Trades<'a> {
    /// Traded symbol.
    pub symbol: &'a [i16],
    /// Bar the entry is named after.
    pub entry_bar_idx: &'a [i64],
    /// Time of the entry.
    pub entry_time: &'a [i64],
    /// Bar the last close is named after.
    pub exit_bar_idx: &'a [i64],
    /// Time of the last close.
    pub exit_time: &'a [i64],
    /// Volume.
    pub steps: &'a [i64],
    /// Profit had there been no spread and no slippage.
    pub gross_cost_free: &'a [i64],
    /// Slippage, costs negative.
    pub slippage: &'a [i64],
    /// Spread, costs negative.
    pub spread: &'a [i64],
    /// Commission, costs negative.
    pub commission: &'a [i64],
    /// Swap.
    pub swap: &'a [i64],
    /// Profit after all costs.
    pub net: &'a [i64],
    /// Net over booked risk.
    pub r_multiple: &'a [Option<f64>],
    /// Exit bar minus entry bar.
    pub bars_held: &'a [i64],
    /// Code of the exit reason.
    pub reason: &'a [i8],
    /// Whether the intrabar rule decided something (FIL-9).
    pub ambiguous: &'a [bool],
}

impl Trades<'_> {
    /// Refuses a symbol the plan does not have.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn check(&self, plan: &Plan) -> Result<()> {
        let known = 0..count_int(plan.volume_steps.len());
        for (row, symbol) in self.symbol.iter().enumerate() {
            if !known.contains(&i64::from(*symbol)) {
                let reason = format!("symbol is {symbol} in row {row}");
                return Err(Error::Shape { place: "trades".to_owned(), reason });
            }
        }
        Ok(())
    }
}

/// Marked equity: row 0 is the initial balance, one row per step, one after the end (LED-5).
#[derive(Clone, Copy, Debug)]
pub struct Equity<'a> {
    /// Close time of the row.
    pub time: &'a [i64],
    /// Marked equity.
    pub value: &'a [i64],
    /// A price of the same moments, above 0, or nothing.
    pub benchmark: Option<&'a [i64]>,
}

impl Equity<'_> {
    /// Refuses equity that no run writes: no rows, or no money to begin with.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn check(&self) -> Result<()> {
        let reason = match self.value.first() {
            None => "there are no rows",
            Some(initial) if *initial <= 0 => "row 0, the initial balance, is not above 0",
            Some(_) if self.benchmark.is_some_and(|prices| prices.iter().any(|price| *price <= 0)) => {
                "a benchmark is not above 0"
            }
            Some(_) => return Ok(()),
        };
        Err(Error::Shape { place: "equity".to_owned(), reason: reason.to_owned() })
    }

    /// Returns microseconds from the first to the last row.
    #[must_use]
    pub fn elapsed_us(&self) -> i64 {
        self.time[self.time.len() - 1] - self.time[0]
    }

    /// Returns whether equity was ever at or below 0 (MET-1).
    #[must_use]
    pub fn is_ruined(&self) -> bool {
        // One below 1 lends its sign to the lot; without a branch a value, whole vectors are taken at once.
        self.value.chunks(LANES).any(|values| values.iter().fold(0, |signs, value| signs | (value - 1)) < 0)
    }
}

/// FX days, ascending: when each ends and its weekday, 0 = Monday (TIM-3).
#[derive(Clone, Copy, Debug)]
pub struct Calendar<'a> {
    /// The 17:00 New York that ends the day.
    pub rollover_time: &'a [i64],
    /// Weekday of the day.
    pub weekday: &'a [i8],
}

impl Calendar<'_> {
    /// Returns the rollovers that end a row of statistics: Monday to Friday, or all seven (MET-1).
    #[must_use]
    pub fn boundaries(&self, days: i64) -> Vec<i64> {
        let pairs = self.rollover_time.iter().zip(self.weekday);
        pairs.filter(|(_, day)| days == 7 || **day < 5).map(|(time, _)| *time).collect()
    }
}

/// The part of the plan that statistics need.
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(Deserialize))]
pub struct Plan {
    /// Lots in one volume step per symbol, as fractions.
    pub volume_steps: Vec<(i64, i64)>,
    /// Annual risk-free rate, as a fraction of fractions (1/50 is two percent).
    pub risk_free: (i64, i64),
    /// 5 or 7 statistics rows in a full week.
    pub days: i64,
    /// Seed of all resampling, below 2^63.
    pub seed: u64,
    /// What Monte Carlo draws: `auto`, `iid`, `day`, `week` or `stationary`.
    pub bootstrap: String,
    /// Monte Carlo resamples, >= 1.
    pub samples: u64,
    /// Samples per dropout fraction, >= 1.
    pub dropout_samples: u64,
}

#[derive(Deserialize)]
struct PlanText {
    symbols: Vec<SymbolText>,
    metrics: MetricsText,
    rating: RatingText,
}

#[derive(Deserialize)]
struct SymbolText {
    volume_step: (i64, i64),
}

#[derive(Deserialize)]
struct MetricsText {
    risk_free: (i64, i64),
    days: i64,
}

#[derive(Deserialize)]
struct RatingText {
    seed: u64,
    bootstrap: String,
    samples: u64,
    dropout_samples: u64,
}

impl Plan {
    /// Reads the fields needed here from plan JSON; others are the engine's to check.
    ///
    /// # Errors
    /// [`Error::Plan`] where one of them is missing, ill-typed or out of range.
    pub fn parse(text: &str) -> Result<Self> {
        let plan: PlanText =
            serde_json::from_str(text).map_err(|error| Error::Plan { reason: error.to_string() })?;
        let plan = Self {
            volume_steps: plan.symbols.iter().map(|symbol| symbol.volume_step).collect(),
            risk_free: plan.metrics.risk_free,
            days: plan.metrics.days,
            seed: plan.rating.seed,
            bootstrap: plan.rating.bootstrap,
            samples: plan.rating.samples,
            dropout_samples: plan.rating.dropout_samples,
        };
        plan.check()?;
        Ok(plan)
    }

    /// Refuses values the arithmetic cannot take.
    fn check(&self) -> Result<()> {
        let limits = [
            ("volume_step", self.volume_steps.iter().all(|(_, den)| *den > 0)),
            ("metrics.risk_free", self.risk_free.1 > 0),
            ("metrics.days", [5, 7].contains(&self.days)),
            ("rating.seed", self.seed < 1 << 63),
            ("rating.bootstrap", BOOTSTRAPS.contains(&self.bootstrap.as_str())),
            ("rating.samples", self.samples >= 1),
            ("rating.dropout_samples", self.dropout_samples >= 1),
        ];
        match limits.iter().find(|(_, holds)| !holds) {
            Some((field, _)) => Err(Error::Plan { reason: format!("{field} is out of range") }),
            None => Ok(()),
        }
    }
}

/// Why a metric has no value: a short code.
pub type Undefined = &'static str;

/// A number of a metric or raw rating value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Money, count, time, flag.
    Int(i64),
    /// Ratio, mean.
    Float(f64),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

/// A named value, or why there is none.
pub type Row = (&'static str, std::result::Result<Value, Undefined>);

/// Makes a row of a number. twin: none — Python's numbers need no wrapping.
pub(crate) fn known(name: &'static str, value: impl Into<Value>) -> Row {
    (name, Ok(value.into()))
}

/// Makes a row of a number that may be undefined. twin: none — see `known`.
pub(crate) fn maybe(name: &'static str, value: std::result::Result<f64, Undefined>) -> Row {
    (name, value.map(Value::Float))
}

/// A count as a value. twin: none — Python has one kind of integer.
#[expect(clippy::cast_possible_wrap, reason = "no table has 2^63 rows")]
pub(crate) fn count_int(count: usize) -> i64 {
    count as i64
}

#[cfg(test)]
pub(crate) mod tests {
    //! Owned columns, as the vectors write them.

    use super::{Calendar, Equity, Plan, Trades};
    use serde::Deserialize;

    #[derive(Deserialize)]
    pub(crate) struct TradesText {
        symbol: Vec<i16>,
        entry_bar_idx: Vec<i64>,
        entry_time: Vec<i64>,
        exit_bar_idx: Vec<i64>,
        exit_time: Vec<i64>,
        steps: Vec<i64>,
        gross_cost_free: Vec<i64>,
        slippage: Vec<i64>,
        spread: Vec<i64>,
        commission: Vec<i64>,
        swap: Vec<i64>,
        net: Vec<i64>,
        r_multiple: Vec<Option<f64>>,
        bars_held: Vec<i64>,
        reason: Vec<i8>,
        ambiguous: Vec<bool>,
    }

    impl TradesText {
        pub(crate) fn borrow(&self) -> Trades<'_> {
            Trades {
                symbol: &self.symbol,
                entry_bar_idx: &self.entry_bar_idx,
                entry_time: &self.entry_time,
                exit_bar_idx: &self.exit_bar_idx,
                exit_time: &self.exit_time,
                steps: &self.steps,
                gross_cost_free: &self.gross_cost_free,
                slippage: &self.slippage,
                spread: &self.spread,
                commission: &self.commission,
                swap: &self.swap,
                net: &self.net,
                r_multiple: &self.r_multiple,
                bars_held: &self.bars_held,
                reason: &self.reason,
                ambiguous: &self.ambiguous,
            }
        }
    }

    #[derive(Deserialize)]
    pub(crate) struct EquityText {
        time: Vec<i64>,
        value: Vec<i64>,
    }

    impl EquityText {
        pub(crate) fn borrow(&self) -> Equity<'_> {
            Equity { time: &self.time, value: &self.value, benchmark: None }
        }
    }

    #[derive(Deserialize)]
    pub(crate) struct CalendarText {
        rollover_time: Vec<i64>,
        weekday: Vec<i8>,
    }

    impl CalendarText {
        pub(crate) fn borrow(&self) -> Calendar<'_> {
            Calendar { rollover_time: &self.rollover_time, weekday: &self.weekday }
        }
    }

    #[test]
    fn plan_takes_its_fields_and_leaves_the_rest() {
        let text = r#"{"version": 1, "symbols": [{"name": "EURUSD", "volume_step": [1, 100]}],
            "metrics": {"risk_free": [1, 50], "days": 5},
            "rating": {"seed": 3, "bootstrap": "day", "samples": 10, "dropout_samples": 5}}"#;
        let plan = Plan::parse(text).unwrap();
        assert_eq!((plan.volume_steps, plan.risk_free, plan.days), (vec![(1, 100)], (1, 50), 5));
        assert_eq!((plan.seed, plan.samples, plan.dropout_samples), (3, 10, 5));
        assert!(Plan::parse("{}").is_err());
    }
}
