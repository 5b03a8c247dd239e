//! Greatest or least of the last `period` values.
//!
//! The bars are cut into blocks of `period`: a window is the end of one block and the beginning of the next,
//! so its extreme is that of a suffix and of a prefix, and no value is compared more than three times.

use std::ops::Range;

/// The state of one window.
#[derive(Clone, Debug)]
pub(crate) struct Extreme {
    sign: f64,
    block: Vec<f64>,
    next_idx: usize,
    prefix: f64,
    is_full: bool,
}

impl Extreme {
    /// Starts without any value. `period` is at least 1; `sign` 1 is the greatest, -1 the least.
    pub(crate) fn new(period: u32, sign: f64) -> Self {
        let block = vec![f64::NEG_INFINITY; period as usize];
        Self { sign, block, next_idx: 0, prefix: f64::NEG_INFINITY, is_full: false }
    }

    /// Takes the next value and returns the extreme of the last `period`, NaN while there are fewer.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let signed = value * self.sign;
        // Written as a choice: a branch would be guessed wrong half of the time.
        self.prefix = if self.prefix > signed { self.prefix } else { signed };
        self.block[self.next_idx] = signed;
        self.next_idx += 1;
        if self.next_idx < self.block.len() {
            if !self.is_full {
                return f64::NAN;
            }
            let suffix = self.block[self.next_idx];
            return if suffix > self.prefix { suffix } else { self.prefix } * self.sign;
        }
        let whole = self.prefix;
        self.close_block();
        whole * self.sign
    }

    /// Turns the block into the extremes of its suffixes, and begins the next.
    #[inline]
    fn close_block(&mut self) {
        let mut best = f64::NEG_INFINITY;
        for value in self.block.iter_mut().rev() {
            if *value > best {
                best = *value;
            }
            *value = best;
        }
        self.next_idx = 0;
        self.prefix = f64::NEG_INFINITY;
        self.is_full = true;
    }
}

/// Values that are worked at together, so that they stay in the nearest cache while memory fetches the next.
const BLOCK_BYTES: usize = 4096;

/// Gives the rows at which full windows end, a block at a time, with the best of the older and the newer part of each.
///
/// Windows of one row are joined to wider ones, four to one where they are needed, else two; the last two may
/// overlap. `values` are those of some rows, `best` is the better of a newer and an older one. twin: none — the
/// step says the same; here no row waits for the one before.
#[inline]
pub(crate) fn sliding<T: Copy, V: Iterator<Item = T>>(
    (count, period): (usize, usize),
    values: impl Fn(Range<usize>) -> V,
    best: impl Fn(T, T) -> T,
    give: impl FnMut(Range<usize>, &[T], &[T]),
) {
    let mut give = give;
    let of_two = |(older, newer): (T, T)| best(newer, older);
    let of_four = |(older, newer): ((T, T), (T, T))| best(of_two(newer), of_two(older));
    let (mut joined, mut wider) = (Vec::new(), Vec::new());
    let (lag, len) = (period - 1, (BLOCK_BYTES / size_of::<T>()).max(4 * period));
    for begin in (lag..count).step_by(len) {
        let rows = begin..count.min(begin + len);
        let from = |row: usize| values(begin - lag + row..rows.end);
        joined.clear();
        let mut width = match period {
            0..=2 => {
                joined.extend(from(0));
                1
            }
            3..=4 => {
                joined.extend(from(0).zip(from(1)).map(of_two));
                2
            }
            _ => {
                joined.extend(from(0).zip(from(1)).zip(from(2).zip(from(3))).map(of_four));
                4
            }
        };
        while 2 * width < period {
            let at = |windows: usize| joined[windows * width..].iter().copied();
            wider.clear();
            if 4 * width < period {
                wider.extend(at(0).zip(at(1)).zip(at(2).zip(at(3))).map(of_four));
                width *= 4;
            } else {
                wider.extend(at(0).zip(at(1)).map(of_two));
                width *= 2;
            }
            std::mem::swap(&mut joined, &mut wider);
        }
        give(rows.clone(), &joined[..rows.len()], &joined[period - width..]);
    }
}

/// Returns the column of the best of the last `period` values. twin: none — as `sliding`.
#[inline(never)]
pub(crate) fn extremes(values: &[f64], period: u32, best: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut column = Vec::with_capacity(values.len());
    column.resize(values.len().min(period as usize - 1), f64::NAN);
    let size = (values.len(), period as usize);
    sliding(
        size,
        |rows| values[rows].iter().copied(),
        &best,
        |_, older, newer| {
            column.extend(older.iter().zip(newer).map(|(older, newer)| best(*newer, *older)));
        },
    );
    column
}

/// The greater of two values, the newer of equal ones. twin: none — a condition.
#[inline]
pub(crate) fn greater(newer: f64, older: f64) -> f64 {
    if older > newer { older } else { newer }
}

/// The lesser of two values, the newer of equal ones. twin: none — a condition.
#[inline]
pub(crate) fn lesser(newer: f64, older: f64) -> f64 {
    if older < newer { older } else { newer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_values_the_newest_counts_in_columns_as_in_steps() {
        let values: Vec<f64> = (0..900).map(|i| if i * i % 7 < 3 { 0.0 } else { -0.0 }).collect();
        for period in [1, 2, 3, 4, 5, 8, 14, 300] {
            for (sign, best) in [(1.0, greater as fn(f64, f64) -> f64), (-1.0, lesser)] {
                let mut step = Extreme::new(period, sign);
                let stepped: Vec<u64> = values.iter().map(|value| step.update(*value).to_bits()).collect();
                let column: Vec<u64> =
                    extremes(&values, period, best).iter().map(|one| one.to_bits()).collect();
                assert_eq!(stepped, column, "{period} {sign}");
            }
        }
    }
}
