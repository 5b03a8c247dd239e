//! Buy when the fast EMA crosses above the slow one, sell on the opposite cross.
//!
//! Bid closes of the step timeframe; stop and target as pip distances from the fill. The same rules as
//! `examples/ema_cross.py`. Crossing as in IND-6: a[-2] <= b[-2] and a[-1] > b[-1], mirrored below.

use serde::Deserialize;
use serde_json::Value;

use crate::engine::signals::{Signal, SignalRows};
use crate::error::{Error, Result};
use crate::indicators::Ema;
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
#[expect(clippy::cast_precision_loss, reason = "powers of ten up to 10^8 are exact floats")]
pub fn signals(market: &Market, plan: &Plan, strategy: &NativeStrategy) -> Result<SignalRows> {
    let parameters = parameters(strategy)?;
    let (mut fast, mut slow) = (Ema::new(parameters.fast), Ema::new(parameters.slow));
    let scale = 10_i64.pow(market.series[0].digits) as f64;
    let closes = &market.series[0].bid.close[..market.bar_count() - 1];
    let mut found = SignalRows::default();
    let (mut fast_before, mut slow_before) = (f64::NAN, f64::NAN);
    for (bar_idx, close) in closes.iter().enumerate() {
        let price = f64::from(*close) / scale;
        let (fast_now, slow_now) = (fast.update(price), slow.update(price));
        if bar_idx + 1 >= plan.first_step {
            if fast_before <= slow_before && fast_now > slow_now {
                found.push(order(bar_idx, Direction::Long, &parameters));
            } else if fast_before >= slow_before && fast_now < slow_now {
                found.push(order(bar_idx, Direction::Short, &parameters));
            }
        }
        (fast_before, slow_before) = (fast_now, slow_now);
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
