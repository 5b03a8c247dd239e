//! How much of an order one bar can fill (FIL-12): a share of its volume, or of a fixed number of lots.
//!
//! Opening fills of a bar share what it offers, in the order in which they happen; exits fill whole.

use arrow_array::Array;

use crate::execution::sizing::{MAX_SIZE_STEPS, whole_steps};
use crate::frame::OptionalFloats;
use crate::numerics::quotient;
use crate::plan::{Fraction, Liquidity as LiquidityPlan, SymbolPlan};

/// What a bar offers.
#[derive(Clone, Copy, Debug)]
enum Offer {
    /// Everything.
    Unlimited,
    /// The same steps in every bar.
    Steps(i64),
    /// Steps per unit of the bar's volume.
    PerVolumeUnit(f64),
}

/// What is left of the volume of the bar in which orders are filled now.
#[derive(Clone, Debug)]
pub struct Liquidity {
    volumes: OptionalFloats,
    offer: Offer,
    bar_idx: Option<usize>,
    left: i64,
    /// Bars without volume in which something was filled; they count as unlimited.
    pub unknown_bars: i64,
    /// Exits larger than the bar's limit.
    pub exceeded_exits: i64,
}

impl Liquidity {
    /// Liquidity of a symbol; unlimited without `participation` or a model.
    #[must_use]
    pub fn new(participation: Option<Fraction>, symbol: &SymbolPlan, volumes: OptionalFloats) -> Self {
        let offer = match (participation, symbol.liquidity) {
            (Some(share), Some(LiquidityPlan::Lots { lots })) => {
                let (num, den) = steps_of(share, lots, symbol.volume_step);
                Offer::Steps(i64::try_from(num / den).unwrap_or(MAX_SIZE_STEPS).min(MAX_SIZE_STEPS))
            }
            (Some(share), Some(LiquidityPlan::PerVolumeUnit { lots_per_volume_unit })) => {
                let (num, den) = steps_of(share, lots_per_volume_unit, symbol.volume_step);
                Offer::PerVolumeUnit(quotient(num, den))
            }
            _ => Offer::Unlimited,
        };
        Self { volumes, offer, bar_idx: None, left: 0, unknown_bars: 0, exceeded_exits: 0 }
    }

    /// Goes on with the volumes of more bars.
    pub fn follow(&mut self, volumes: OptionalFloats) {
        self.volumes = volumes;
    }

    /// Returns how many of `steps` the bar fills now, and takes them from it; all or none if `whole`.
    pub fn take(&mut self, bar_idx: usize, steps: i64, whole: bool) -> i64 {
        if matches!(self.offer, Offer::Unlimited) {
            return steps;
        }
        self.look_at(bar_idx);
        let taken = if steps <= self.left {
            steps
        } else if whole {
            0
        } else {
            self.left
        };
        self.left -= taken;
        taken
    }

    /// Counts an exit that is larger than what the bar offers; it is filled all the same.
    pub fn see_exit(&mut self, bar_idx: usize, steps: i64) {
        if !matches!(self.offer, Offer::Unlimited) && steps > self.limit(bar_idx) {
            self.exceeded_exits += 1;
        }
    }

    fn look_at(&mut self, bar_idx: usize) {
        if self.bar_idx == Some(bar_idx) {
            return;
        }
        self.bar_idx = Some(bar_idx);
        self.left = self.limit(bar_idx);
        if self.left == MAX_SIZE_STEPS {
            self.unknown_bars += 1;
        }
    }

    /// The steps a bar offers; without volume, more than any order has.
    fn limit(&self, bar_idx: usize) -> i64 {
        match self.offer {
            Offer::Unlimited => MAX_SIZE_STEPS,
            Offer::Steps(steps) => steps,
            Offer::PerVolumeUnit(steps_per_unit) => {
                let volume = if self.volumes.is_valid(bar_idx) { self.volumes.value(bar_idx) } else { 0.0 };
                if volume > 0.0 { whole_steps(volume * steps_per_unit) } else { MAX_SIZE_STEPS }
            }
        }
    }
}

/// Participation · lots / `volume_step`. twin: none — the twin's integers need no widening.
fn steps_of(share: Fraction, lots: Fraction, step: Fraction) -> (i128, i128) {
    let wide = |value: i64| i128::from(value);
    (wide(share.0) * wide(lots.0) * wide(step.1), wide(share.1) * wide(lots.1) * wide(step.0))
}
