//! Buy when the fast EMA crosses above the slow one, sell on the opposite cross.
//!
//! Bid closes of the step timeframe; stop and target as pip distances from the fill. The same rules as
//! `examples/ema_cross.py`. Crossing as in IND-6: a[-2] <= b[-2] and a[-1] > b[-1], mirrored below.

use std::cmp::Ordering;
use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;

use crate::engine::signals::SignalRows;
use crate::error::{Error, Result};
use crate::growing::OptionalColumn;
use crate::indicators::two_emas_of_closes;
use crate::market::{Market, as_i64};
use crate::plan::{NativeStrategy, Plan};
use crate::schema::{Direction, OrderType, SignalKind, Tif};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    fast: u32,
    slow: u32,
    stop_pips: f64,
    target_pips: f64,
}

/// Bars looked at together: most of them leave the averages as they lie.
const LANES: usize = 16;

/// Returns one order per crossing, from the last warm-up bar to the last bar but one.
///
/// # Errors
/// `config.plan` for parameters it does not take.
pub fn signals(market: &Market, plan: &Plan, strategy: &NativeStrategy) -> Result<SignalRows> {
    let parameters = parameters(strategy)?;
    let mut crossings = Crossings::default();
    two_emas_of_closes(&market.series[0], [parameters.fast, parameters.slow], |fast, slow| {
        for (fast, slow) in fast.chunks(LANES).zip(slow.chunks(LANES)) {
            crossings.see(fast, slow);
        }
    });
    Ok(crossings.orders(plan.first_step.saturating_sub(1)..market.bar_count() - 1, &parameters))
}

/// Where two averages crossed, and how they lie. twin: none — the loop of `signals`.
#[derive(Default)]
struct Crossings {
    bar_count: usize,
    /// How fast lay to slow at the bar before; `None` before both are there.
    before: Option<Ordering>,
    /// Bars and directions.
    found: Vec<(usize, Direction)>,
}

impl Crossings {
    #[expect(clippy::needless_bitwise_bool, reason = "no branch inside a vector of comparisons")]
    #[inline]
    fn see(&mut self, fast: &[f64], slow: &[f64]) {
        let pairs = || fast.iter().zip(slow);
        let stay = match self.before {
            Some(Ordering::Greater) => pairs().fold(true, |stay, (fast, slow)| stay & (fast > slow)),
            Some(Ordering::Less) => pairs().fold(true, |stay, (fast, slow)| stay & (fast < slow)),
            _ => false,
        };
        if !stay {
            pairs()
                .zip(self.bar_count..)
                .for_each(|((fast, slow), bar_idx)| self.see_bar(bar_idx, *fast, *slow));
        }
        self.bar_count += fast.len();
    }

    fn see_bar(&mut self, bar_idx: usize, fast: f64, slow: f64) {
        let now = fast.partial_cmp(&slow);
        match (self.before, now) {
            (Some(Ordering::Less | Ordering::Equal), Some(Ordering::Greater)) => {
                self.found.push((bar_idx, Direction::Long));
            }
            (Some(Ordering::Greater | Ordering::Equal), Some(Ordering::Less)) => {
                self.found.push((bar_idx, Direction::Short));
            }
            _ => {}
        }
        self.before = now;
    }

    /// The orders of the crossings at some bars, column by column.
    fn orders(&self, bars: Range<usize>, parameters: &Parameters) -> SignalRows {
        let found = || self.found.iter().filter(|(bar_idx, _)| bars.contains(bar_idx));
        let bar_idx: Vec<i64> = found().map(|(bar_idx, _)| as_i64(*bar_idx)).collect();
        let count = bar_idx.len();
        let pips = |pips| OptionalColumn::new(count, vec![pips; count], None);
        let mut orders = SignalRows::of_defaults(count);
        orders.bar_idx = bar_idx;
        orders.kind = vec![SignalKind::Order.code(); count];
        orders.direction = found().map(|(_, direction)| direction.code()).collect();
        orders.order_type = vec![OrderType::Market.code(); count];
        orders.tif = vec![Tif::Gtc.code(); count];
        orders.sl_pips = pips(parameters.stop_pips);
        orders.tp_pips = pips(parameters.target_pips);
        orders
    }
}

fn parameters(strategy: &NativeStrategy) -> Result<Parameters> {
    let misfit = |reason: &str| Error::Plan { reason: reason.to_owned() };
    let parameters: Parameters = serde_json::from_value(Value::Object(strategy.parameters.clone()))
        .map_err(|_| misfit("ema_cross takes fast, slow, stop_pips, target_pips"))?;
    let periods = 1..=100_000;
    if !periods.contains(&parameters.fast) || !periods.contains(&parameters.slow) {
        return Err(misfit("ema_cross periods must be integers from 1 to 100000"));
    }
    if !(parameters.stop_pips > 0.0 && parameters.target_pips > 0.0) {
        return Err(misfit("ema_cross distances must be numbers above 0"));
    }
    Ok(parameters)
}
