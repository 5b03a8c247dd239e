//! Commodity channel index: the typical price against its mean, in mean absolute distances.
//!
//! Mean and distances are summed over the ring of the last `period` typical prices, in the order in which
//! they lie there. 0 where the price is the mean or nothing deviates, roundings left aside. Rule IND-3.

use crate::indicators::window::Window;
use crate::numerics::{is_rounding, sum_left};

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Cci {
    period: f64,
    window: Window,
}

impl Cci {
    /// Starts without any bar. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self { period: f64::from(period), window: Window::new(period) }
    }

    /// Takes the next bar and returns the index, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        let price = (high + low + close) / 3.0;
        self.window.push(price);
        if !self.window.is_full() {
            return f64::NAN;
        }
        let mean = sum_left(&self.window.values) / self.period;
        let distance = distances_from(&self.window.values, mean) / self.period;
        index(price - mean, distance, mean)
    }
}

/// Returns offset / (0.015 * distance), 0 where either is only rounding.
#[inline]
fn index(offset: f64, distance: f64, mean: f64) -> f64 {
    if is_rounding(offset, mean) || is_rounding(distance, mean) {
        return 0.0;
    }
    offset / (0.015 * distance)
}

/// Bars that are summed side by side.
const LANES: usize = 8;

/// Returns the column of typical prices without NaN: the sums of some bars at a time, each over its own ring.
///
/// The rings of neighbours differ in few places, so they lie side by side: a cell has the value that each bar
/// sees in that place. twin: none — the step says the same.
#[inline(never)]
pub(crate) fn cci(prices: &[f64], period: u32) -> Vec<f64> {
    let (count, divisor) = (period as usize, f64::from(period));
    let (warm_up, rest) = prices.split_at(prices.len().min(count - 1));
    let mut column = Vec::with_capacity(prices.len());
    column.resize(warm_up.len(), f64::NAN);
    let mut ring: Vec<[f64; LANES]> = warm_up.iter().map(|&price| [price; LANES]).collect();
    ring.resize(count, [0.0; LANES]);
    let mut slot = count - 1;
    for bars in rest.chunks(LANES) {
        let slots: [usize; LANES] = std::array::from_fn(|_| {
            let taken = slot;
            slot = if slot + 1 == count { 0 } else { slot + 1 };
            taken
        });
        for (lane, (&price, &slot)) in bars.iter().zip(&slots).enumerate() {
            // Bars before this one do not see it.
            ring[slot][lane..].fill(price);
        }
        let means = add_up(&ring, |cell| cell).map(|total| total / divisor);
        let offsets = |cell: [f64; LANES]| std::array::from_fn(|lane| (cell[lane] - means[lane]).abs());
        let distances = add_up(&ring, offsets).map(|total| total / divisor);
        let lanes = bars.iter().zip(means).zip(distances);
        column.extend(lanes.map(|((price, mean), distance)| index(price - mean, distance, mean)));
        for slot in slots {
            ring[slot] = [ring[slot][LANES - 1]; LANES];
        }
    }
    column
}

/// Adds up what is made of each cell, lane by lane, from left to right. twin: none — part of `cci`.
#[inline]
fn add_up(ring: &[[f64; LANES]], of: impl Fn([f64; LANES]) -> [f64; LANES]) -> [f64; LANES] {
    let mut totals = [0.0; LANES];
    for &cell in ring {
        for (total, value) in totals.iter_mut().zip(of(cell)) {
            *total += value;
        }
    }
    totals
}

/// Returns the sum of the absolute distances, from left to right.
#[inline]
fn distances_from(values: &[f64], center: f64) -> f64 {
    let mut total = 0.0;
    for value in values {
        total += (value - center).abs();
    }
    total
}
