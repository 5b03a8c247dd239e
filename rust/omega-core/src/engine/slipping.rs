//! Slippage of a fill of this run: the symbol's model, the volume, and the volatility known before the bar (CST-2).

use crate::engine::simulation::Simulation;
use crate::execution::slippage::{Slip, points_without_chance, slip};

/// Returns the slippage of a fill in bar `bar_idx`.
///
/// `direction` is the position's, whose closing side gives the volatility; `key` is the opening signal
/// number, the leg, and the number of the fill within the leg; `steps` is the volume of the fill.
#[must_use]
pub fn slip_of(
    simulation: &Simulation,
    direction: i64,
    key: (i64, i32, i32),
    steps: i64,
    bar_idx: usize,
) -> Slip {
    let atr_points = atr_before(simulation, direction, bar_idx);
    slip(&simulation.symbol().slippage, &simulation.chance, key, steps, atr_points)
}

/// Returns the slippage of a fill whose random part is left out, in points.
#[must_use]
pub fn sure_slip(simulation: &Simulation, direction: i64, steps: i64, bar_idx: usize) -> i64 {
    points_without_chance(&simulation.symbol().slippage, steps, atr_before(simulation, direction, bar_idx))
}

/// Returns whether slippage needs a volatility that is not known yet.
#[must_use]
pub fn lacks_atr(simulation: &Simulation, direction: i64, bar_idx: usize) -> bool {
    let atr_points = atr_before(simulation, direction, bar_idx);
    simulation.symbol().slippage.volatility.is_some() && atr_points.is_nan()
}

/// Returns ATR(14) of the closing side when the bar opened; NaN if slippage does not need it, or it is not there.
#[must_use]
pub fn atr_before(simulation: &Simulation, direction: i64, bar_idx: usize) -> f64 {
    if simulation.symbol().slippage.volatility.is_none() {
        return f64::NAN;
    }
    simulation.volatility.atr_before(simulation.series(), direction, bar_idx)
}
