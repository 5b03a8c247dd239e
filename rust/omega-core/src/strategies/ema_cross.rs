//! Buy when the fast EMA crosses above the slow one, sell on the opposite cross.
//!
//! Bid closes of the step timeframe; stop and target as pip distances from the fill. The same rules as
//! `examples/ema_cross.py`. Crossing as in IND-6: a[-2] <= b[-2] and a[-1] > b[-1], mirrored below.

use serde::Deserialize;
use serde_json::Value;

use crate::engine::signals::{Signal, SignalRows};
use crate::error::{Error, Result};
use crate::indicators::ema_of_closes;
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

/// Returns one order per crossing, from the last warm-up bar to the last bar but one.
///
/// # Errors
/// `config.plan` for parameters it does not take.
pub fn signals(market: &Market, plan: &Plan, strategy: &NativeStrategy) -> Result<SignalRows> {
    let parameters = parameters(strategy)?;
    let series = &market.series[0];
    let (fast, slow) = (ema_of_closes(series, parameters.fast), ema_of_closes(series, parameters.slow));
    let mut found = SignalRows::default();
    // Before the second bar nothing can have crossed.
    let first = plan.first_step.saturating_sub(1).max(1);
    for bar_idx in first..market.bar_count() - 1 {
        let (fast_before, slow_before) = (fast[bar_idx - 1], slow[bar_idx - 1]);
        let (fast_now, slow_now) = (fast[bar_idx], slow[bar_idx]);
        if fast_before <= slow_before && fast_now > slow_now {
            found.push(order(bar_idx, Direction::Long, &parameters));
        } else if fast_before >= slow_before && fast_now < slow_now {
            found.push(order(bar_idx, Direction::Short, &parameters));
        }
    }
    Ok(found)
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

fn order(bar_idx: usize, direction: Direction, parameters: &Parameters) -> Signal {
    Signal {
        bar_idx: as_i64(bar_idx),
        kind: SignalKind::Order.code(),
        direction: direction.code(),
        order_type: OrderType::Market.code(),
        tif: Tif::Gtc.code(),
        sl_pips: Some(parameters.stop_pips),
        tp_pips: Some(parameters.target_pips),
        ..Signal::default()
    }
}
