//! Means of a window by a running sum: four stretches of the rows at a time, equal to the bit.
//!
//! A sum waits for itself, twice a row. But as long as it stays between two powers of two it moves on a grid of even
//! spacing, and a value moves it by as many points wherever it stands; only from the middle between two points it goes
//! to the even one. So two sums whose last bits agree keep their distance. A stretch begun with any sum of the same
//! size therefore tells how one begun with the true sum ends, and the next stretch need not wait for it. That is
//! checked, not believed: where a stretch did not end with the sum the next one began with, the rest goes row by row.
//!
//! twin: none — an order of work; the numbers are those of the step.

use wide::f64x2;

use crate::indicators::stretches::grow;

/// Rows of a stretch. Four of them stay in the nearest cache.
const LEN: usize = 512;
const STRETCHES: usize = 4;

/// Two rows each: a division of two costs as much as one.
type Pairs<'a> = &'a [[f64; 2]];

/// Appends the mean of each value and those before it that are in its window; `total` is the sum of these.
///
/// `oldest` are the values that leave the windows, row by row.
#[inline(never)]
pub(crate) fn append_means(column: &mut Vec<f64>, newest: &[f64], oldest: &[f64], total: f64, period: f64) {
    let mut total = total;
    for (newest, oldest) in newest.chunks(STRETCHES * LEN).zip(oldest.chunks(STRETCHES * LEN)) {
        let rows = Rows { newest, oldest, period };
        let means = grow(column, newest.len());
        let is_on_one_grid = exponent(total) == exponent(total + newest[0]);
        total = if is_on_one_grid && newest.len() == STRETCHES * LEN {
            rows.fill_stretches(means, total)
        } else {
            rows.fill_in_turn(means, total, 0)
        };
    }
}

/// Returns the mean of a full window and the sum that stays once `oldest` has left it.
#[inline]
pub(crate) fn slide(total: f64, newest: f64, oldest: f64, period: f64) -> (f64, f64) {
    let full = total + newest;
    (full / period, full - oldest)
}

/// The same for two rows.
#[inline]
fn slide_twice(total: f64, newest: [f64; 2], oldest: [f64; 2], period: f64) -> ([f64; 2], f64) {
    let first = total + newest[0];
    let second = first - oldest[0] + newest[1];
    ((f64x2::from([first, second]) / f64x2::splat(period)).to_array(), second - oldest[1])
}

fn exponent(value: f64) -> u64 {
    value.to_bits() >> 52
}

/// The rows of a block.
struct Rows<'a> {
    newest: &'a [f64],
    oldest: &'a [f64],
    period: f64,
}

impl Rows<'_> {
    /// Fills the means from the sum before the first row on and returns the one after the last.
    fn fill_stretches(&self, means: &mut [f64], total: f64) -> f64 {
        let (first, others) = means.split_at_mut(LEN);
        let tried = self.fill_first(first, total);
        let begun = self.begin(total, tried);
        let ended = self.fill_others(others, begun);
        match (1..STRETCHES - 1).find(|&place| ended[place - 1].to_bits() != begun[place].to_bits()) {
            None => ended[STRETCHES - 2],
            Some(place) => self.fill_in_turn(means, ended[place - 1], (place + 1) * LEN),
        }
    }

    /// Fills the first stretch; returns the sums with which it and the next two end if all begin with `total`.
    fn fill_first(&self, means: &mut [f64], total: f64) -> [f64; STRETCHES - 1] {
        let [(newest, oldest), (newest_1, oldest_1), (newest_2, oldest_2)] =
            [0, 1, 2].map(|place| self.pairs(place));
        let mut totals = [total; STRETCHES - 1];
        for (idx, mean) in means.as_chunks_mut().0.iter_mut().enumerate() {
            (*mean, totals[0]) = slide_twice(totals[0], newest[idx], oldest[idx], self.period);
            (_, totals[1]) = slide_twice(totals[1], newest_1[idx], oldest_1[idx], self.period);
            (_, totals[2]) = slide_twice(totals[2], newest_2[idx], oldest_2[idx], self.period);
        }
        totals
    }

    /// Returns the sums with which all stretches but the first begin, from those with which they end after a guess.
    fn begin(&self, guess: f64, tried: [f64; STRETCHES - 1]) -> [f64; STRETCHES - 1] {
        let mut begun = tried;
        for place in 1..STRETCHES - 1 {
            begun[place] = tried[place] + self.distance(place, begun[place - 1], guess);
        }
        begun
    }

    /// Returns how far two sums that begin a stretch are apart once they keep their distance.
    fn distance(&self, place: usize, total: f64, guess: f64) -> f64 {
        let (mut total, mut guess) = (total, guess);
        for idx in place * LEN..(place + 1) * LEN {
            if (total.to_bits() ^ guess.to_bits()) & 1 == 0 {
                break;
            }
            [total, guess] = [total, guess].map(|sum| sum + self.newest[idx] - self.oldest[idx]);
        }
        total - guess
    }

    /// Fills all stretches but the first and returns the sums they end with.
    fn fill_others(&self, means: &mut [f64], begun: [f64; STRETCHES - 1]) -> [f64; STRETCHES - 1] {
        let [(newest_1, oldest_1), (newest_2, oldest_2), (newest_3, oldest_3)] =
            [1, 2, 3].map(|place| self.pairs(place));
        let (means_1, rest) = means.as_chunks_mut().0.split_at_mut(LEN / 2);
        let (means_2, means_3) = rest.split_at_mut(LEN / 2);
        let mut totals = begun;
        for idx in 0..LEN / 2 {
            (means_1[idx], totals[0]) = slide_twice(totals[0], newest_1[idx], oldest_1[idx], self.period);
            (means_2[idx], totals[1]) = slide_twice(totals[1], newest_2[idx], oldest_2[idx], self.period);
            (means_3[idx], totals[2]) = slide_twice(totals[2], newest_3[idx], oldest_3[idx], self.period);
        }
        totals
    }

    /// Fills the means from an index on, row by row, and returns the sum after the last.
    fn fill_in_turn(&self, means: &mut [f64], total: f64, begin: usize) -> f64 {
        let mut total = total;
        let rows = self.newest.iter().zip(self.oldest).zip(means).skip(begin);
        for ((newest, oldest), mean) in rows {
            (*mean, total) = slide(total, *newest, *oldest, self.period);
        }
        total
    }

    /// The rows of a stretch, two by two.
    fn pairs(&self, place: usize) -> (Pairs<'_>, Pairs<'_>) {
        let rows = place * LEN..(place + 1) * LEN;
        (self.newest[rows.clone()].as_chunks().0, self.oldest[rows].as_chunks().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::sum_left;

    /// What makes the stretches worth while: that none of them is filled twice.
    #[test]
    fn stretches_begin_with_the_sums_that_the_ones_before_end_with() {
        let period = 20;
        let mut point = 110_000;
        let walk = (0..STRETCHES * LEN + period).map(|i| {
            point += if i * i % 7 < 3 { 3 } else { -2 };
            f64::from(point) / 1e5
        });
        let values: Vec<f64> = walk.collect();
        let (newest, oldest) = (&values[period..], &values[1..]);
        let rows = Rows { newest, oldest: &oldest[..newest.len()], period: 20.0 };
        let total = sum_left(&values[1..period]);
        let mut means = vec![0.0; STRETCHES * LEN];
        let (first, others) = means.split_at_mut(LEN);
        let begun = rows.begin(total, rows.fill_first(first, total));
        let ended = rows.fill_others(others, begun);
        assert_eq!([ended[0], ended[1]].map(f64::to_bits), [begun[1], begun[2]].map(f64::to_bits));
        assert_eq!(ended[2].to_bits(), rows.fill_in_turn(&mut means, total, 0).to_bits());
    }
}
