//! Paths of single trades, several samples side by side.
//!
//! twin: none — `path_of` gives the same. Within a path every draw waits for the one before; side by side the
//! paths fill vector registers, which takes half the time (PRF-7). Money is held in floats, as whole numbers
//! below 2^53 and so exact: plain x86-64 finds the larger of two floats in vectors, not of two 64-bit integers.

use super::monte_carlo::{FAN_POINTS, Path};
use super::units::{Unit, furthest};

/// Paths made together: more of them than registers hold would be slower.
pub(super) const LANES: usize = 4;
const EXACT: i128 = 1 << 53;

/// One value per path.
type Lanes = [f64; LANES];

/// Units of one trade each, small enough for exact floats.
pub(super) struct SingleTrades {
    net: Vec<f64>,
    /// R of the trades, if any has one.
    r: Option<Vec<f64>>,
}

impl SingleTrades {
    /// Returns the trades of `units`; `None` where a unit is more than a trade or a sum could leave 53 bits.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    pub(super) fn of(units: &[Unit], balance: i64) -> Option<Self> {
        let are_single = units.iter().all(|unit| unit.high == unit.net && unit.low == unit.net);
        let (largest, count) = (i128::from(furthest(units)), units.len() as i128);
        let fit =
            largest * largest * count < EXACT && 2 * largest * count + i128::from(balance).abs() < EXACT;
        let r: Vec<f64> = units.iter().map(|unit| unit.r_sum).collect();
        (are_single && fit).then(|| Self {
            net: units.iter().map(|unit| unit.net as f64).collect(),
            r: r.iter().any(|value| *value != 0.0).then_some(r),
        })
    }

    /// Returns what happens when trades follow each other in these orders; a fan is read at `ends`.
    pub(super) fn paths_of(
        &self,
        orders: &[Vec<u32>; LANES],
        balance: i64,
        ends: &[usize; FAN_POINTS],
    ) -> [Path; LANES] {
        let mut state = State::new(balance);
        let mut fan = [[0.0; LANES]; FAN_POINTS];
        let mut start = 0;
        for (end, reached) in ends.iter().zip(&mut fan) {
            each_draw(orders, start..*end, |draws| state.take(draws.map(|idx| self.net[idx as usize])));
            *reached = state.running;
            start = *end;
        }
        let mut r_sum = [0.0; LANES];
        if let Some(r) = &self.r {
            each_draw(orders, 0..start, |draws| add(&mut r_sum, draws.map(|idx| r[idx as usize])));
        }
        std::array::from_fn(|lane| state.path(lane, balance, r_sum[lane], &fan))
    }
}

/// Calls `take` with the draws of all orders, place after place.
#[inline]
fn each_draw(orders: &[Vec<u32>; LANES], places: std::ops::Range<usize>, mut take: impl FnMut([u32; LANES])) {
    let [first, second, third, fourth] = orders.each_ref().map(|order| &order[places.clone()]);
    for (((a, b), c), d) in first.iter().zip(second).zip(third).zip(fourth) {
        take([*a, *b, *c, *d]);
    }
}

#[inline]
fn add(sums: &mut Lanes, values: Lanes) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// What `path_of` keeps while it walks, per path.
struct State {
    running: Lanes,
    peak: Lanes,
    lowest: Lanes,
    drawdown: Lanes,
    squares: Lanes,
}

impl State {
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    fn new(balance: i64) -> Self {
        let [balance, zero] = [[balance as f64; LANES], [0.0; LANES]];
        Self { running: balance, peak: balance, lowest: balance, drawdown: zero, squares: zero }
    }

    /// Takes one trade per path.
    #[inline]
    fn take(&mut self, net: Lanes) {
        add(&mut self.running, net);
        add(&mut self.squares, net.map(|net| net * net));
        for lane in 0..LANES {
            let running = self.running[lane];
            self.peak[lane] = if running > self.peak[lane] { running } else { self.peak[lane] };
            self.lowest[lane] = if running < self.lowest[lane] { running } else { self.lowest[lane] };
            let fall = self.peak[lane] - running;
            self.drawdown[lane] = if fall > self.drawdown[lane] { fall } else { self.drawdown[lane] };
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2^53")]
    fn path(&self, lane: usize, balance: i64, r_sum: f64, fan: &[Lanes; FAN_POINTS]) -> Path {
        Path {
            net: self.running[lane] as i64 - balance,
            drawdown: self.drawdown[lane] as i64,
            lowest: self.lowest[lane] as i64,
            squares: self.squares[lane] as i128,
            r_sum,
            fan: fan.map(|reached| reached[lane] as i64 - balance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::monte_carlo::path_of;
    use super::*;
    use crate::rng;

    fn unit(net: i64, r_sum: f64) -> Unit {
        Unit { net, high: net, low: net, drawdown: 0, r_sum }
    }

    fn draws(seed: u64, count: usize) -> Vec<u32> {
        let place = |draw| u32::try_from(rng::uniform_int(rng::word(seed, 0, [draw, 0, 0, 0]), 36)).unwrap();
        (0..count as u64).map(place).collect()
    }

    #[test]
    fn paths_side_by_side_are_those_of_one_after_the_other() {
        let units: Vec<Unit> = draws(9, 37)
            .iter()
            .map(|draw| unit(i64::from(*draw) * 500_003 - 8_500_000, f64::from(*draw) / 7.0 - 2.0))
            .collect();
        let ends: [usize; FAN_POINTS] = std::array::from_fn(|point| ((point + 1) * 37).div_ceil(FAN_POINTS));
        let orders: [Vec<u32>; LANES] = std::array::from_fn(|lane| draws(lane as u64, 37));
        let paths = SingleTrades::of(&units, 100_000).unwrap().paths_of(&orders, 100_000, &ends);
        for (path, order) in paths.iter().zip(&orders) {
            assert_eq!(*path, path_of(&units, order, 100_000, &ends));
        }
    }

    #[test]
    fn units_that_are_more_than_a_trade_or_too_large_for_floats_are_left_to_others() {
        let joined = Unit { net: 5, high: 9, low: 0, drawdown: 4, r_sum: 0.0 };
        assert!(SingleTrades::of(&[unit(1, 0.0), joined], 0).is_none());
        assert!(SingleTrades::of(&[unit(1 << 26, 0.0)], 0).is_some());
        assert!(SingleTrades::of(&[unit(1 << 27, 0.0)], 0).is_none());
        assert!(SingleTrades::of(&[unit(1, 0.0)], 1 << 53).is_none());
    }
}
