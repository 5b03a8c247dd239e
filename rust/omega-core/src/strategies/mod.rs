//! Native strategies: decisions made from indicators alone, without Python callbacks (API-1).
//!
//! A native strategy yields the signal table that the same rules would give from `on_bar`.

pub mod ema_cross;

use crate::engine::signals::SignalRows;
use crate::error::{Error, Result};
use crate::market::Market;
use crate::plan::Plan;

/// Returns the signals of the plan's native strategy.
///
/// # Errors
/// `config.plan` for a plan without strategy, or one this engine does not know.
pub fn native_signals(market: &Market, plan: &Plan) -> Result<SignalRows> {
    let Some(strategy) = &plan.strategy else {
        return Err(Error::Plan { reason: "neither signals nor a native strategy are given".to_owned() });
    };
    if strategy.native != "ema_cross" {
        return Err(Error::Plan { reason: "there is no such native strategy".to_owned() });
    }
    ema_cross::signals(market, plan, strategy)
}
