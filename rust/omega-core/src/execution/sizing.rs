//! How large an order is (SIZ): integer steps, never more than the risk allows.
//!
//! Fixed on acceptance from the raw entry price and the stop; slippage, commission and gaps come on top.

use crate::numerics::round_half_even;
use crate::plan::{Fraction, Sizing, SymbolPlan};
use crate::schema::number::{SIZE_BELOW_MINIMUM, SIZE_NO_STOP};

/// More steps than any order has.
pub const MAX_SIZE_STEPS: i64 = 1_000_000_000_000;
const MAX_SIZE_FLOAT: f64 = 1e12;
const GRID_TOLERANCE: f64 = 1e-6;

/// Steps of an order, or why it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Steps as asked for.
    Steps(i64),
    /// `volume_max`, because more was asked for.
    Capped(i64),
    /// Error number of the refusal.
    Refused(i16),
}

/// Returns lots as steps, and whether they lie on the volume grid within 1e-6 step.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "terms are below 2^53")]
#[expect(clippy::cast_possible_truncation, reason = "whole and below 10^12")]
pub fn steps_of_lots(lots: f64, volume_step: Fraction) -> (i64, bool) {
    let exact = lots * volume_step.1 as f64 / volume_step.0 as f64;
    if exact >= MAX_SIZE_FLOAT {
        return (MAX_SIZE_STEPS, true);
    }
    let nearest = round_half_even(exact);
    (nearest as i64, (exact - nearest).abs() <= GRID_TOLERANCE)
}

/// Returns a product of floats as whole steps: rounded down, but up where a whole step is within 1e-6.
///
/// 0.29 · 100 is 28.999999999999996 as a float and gives 29.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "whole and below 10^12")]
pub fn whole_steps(steps: f64) -> i64 {
    if steps >= MAX_SIZE_FLOAT {
        return MAX_SIZE_STEPS;
    }
    let mut nearest = round_half_even(steps);
    if nearest > steps && nearest - steps > GRID_TOLERANCE {
        nearest -= 1.0;
    }
    nearest as i64
}

/// Returns the size of an order.
///
/// `wanted` are the steps the signal asked for, or `None` to size by the plan; `stop_distance` are the
/// points between the raw entry and the stop, or `None` without a stop.
#[must_use]
pub fn size_order(
    sizing: &Sizing,
    symbol: &SymbolPlan,
    wanted: Option<i64>,
    stop_distance: Option<i64>,
) -> Size {
    let mut steps = match (wanted, sizing, stop_distance) {
        (Some(wanted), _, _) => wanted,
        (None, Sizing::FixedLots { steps, .. }, _) => *steps,
        (None, Sizing::RiskAmount { .. }, None) => return Size::Refused(SIZE_NO_STOP),
        (None, Sizing::RiskAmount { amount, .. }, Some(distance)) => {
            steps_at_risk(*amount, symbol.value, distance)
        }
    };
    if steps < symbol.volume_min_steps {
        if !sizing.rounds_up() {
            return Size::Refused(SIZE_BELOW_MINIMUM);
        }
        steps = symbol.volume_min_steps;
    }
    if steps > symbol.volume_max_steps { Size::Capped(symbol.volume_max_steps) } else { Size::Steps(steps) }
}

/// Returns floor(amount / (distance · value)); a distance of 0 risks nothing that can be divided.
fn steps_at_risk(amount: Fraction, value: Fraction, stop_distance: i64) -> i64 {
    if stop_distance == 0 {
        return 0;
    }
    let available = i128::from(amount.0) * i128::from(value.1);
    let per_step = i128::from(amount.1) * i128::from(stop_distance);
    // A divisor beyond 128 bits is far above any dividend: nothing fits into the amount.
    per_step
        .checked_mul(i128::from(value.0))
        .map_or(0, |per_step| i64::try_from(available / per_step).unwrap_or(i64::MAX))
}
