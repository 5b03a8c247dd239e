//! How large an order is (SIZ): integer steps, never more than the risk allows.
//!
//! Fixed on acceptance from the raw entry price and the stop; slippage, commission and gaps come on top.

use crate::numerics::round_half_even;
use crate::plan::{Fraction, SymbolPlan};
use crate::plan_money::Sizing;
use crate::portfolio::money::Rate;
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

/// What a size by the plan follows from.
#[derive(Clone, Copy, Debug)]
pub struct Stake {
    /// Raw entry price, points.
    pub entry: i64,
    /// Points between it and the stop, `None` without a stop.
    pub stop_distance: Option<i64>,
    /// What a point and step costs in minor units: the debit side, as the risk is one (CUR).
    pub cost: Rate,
    /// Digits of the account currency.
    pub digits: u32,
    /// Equity in minor units; read by `RiskPercent` only.
    pub equity: i64,
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

/// Returns the size of an order; `wanted` are the steps the signal asked for, or `None` to size by the plan.
#[must_use]
pub fn size_order(sizing: &Sizing, symbol: &SymbolPlan, wanted: Option<i64>, stake: &Stake) -> Size {
    let mut steps = match (wanted, sizing, stake.stop_distance) {
        (Some(wanted), _, _) => wanted,
        (None, Sizing::FixedLots { steps, .. }, _) => *steps,
        (None, Sizing::Notional { .. }, _) => steps_within(amount_of(sizing, stake), stake.entry, stake.cost),
        (None, _, None) => return Size::Refused(SIZE_NO_STOP),
        (None, _, Some(distance)) => steps_within(amount_of(sizing, stake), distance, stake.cost),
    };
    if steps < symbol.volume_min_steps {
        if !sizing.rounds_up() {
            return Size::Refused(SIZE_BELOW_MINIMUM);
        }
        steps = symbol.volume_min_steps;
    }
    if steps > symbol.volume_max_steps { Size::Capped(symbol.volume_max_steps) } else { Size::Steps(steps) }
}

/// Returns the amount a size must stay within, in minor units; a share of equity is rounded down to one.
fn amount_of(sizing: &Sizing, stake: &Stake) -> (i128, i128) {
    match sizing {
        Sizing::FixedLots { .. } => (0, 1),
        Sizing::RiskAmount { amount, .. } | Sizing::Notional { amount, .. } => {
            (i128::from(amount.0) * 10_i128.pow(stake.digits), i128::from(amount.1))
        }
        Sizing::RiskPercent { percent, .. } => {
            let equity = i128::from(stake.equity.max(0));
            (equity * i128::from(percent.0) / (i128::from(percent.1) * 100), 1)
        }
    }
}

/// Returns floor(amount / (points · cost)); points of 0 cost nothing that can be divided.
fn steps_within(amount: (i128, i128), points: i64, cost: Rate) -> i64 {
    if points == 0 {
        return 0;
    }
    let available = amount.0 * i128::from(cost.denominator);
    let per_step = amount.1 * i128::from(points);
    // A divisor beyond 128 bits is far above any dividend: nothing fits into the amount.
    per_step
        .checked_mul(cost.numerator.into())
        .map_or(0, |per_step| i64::try_from(available / per_step).unwrap_or(i64::MAX))
}
