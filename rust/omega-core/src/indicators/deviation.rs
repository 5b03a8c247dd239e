//! Mean and sum of squared distances from it, over the last `period` values.
//!
//! Sum and squares are moved along with the window. They are made anew whenever the ring has turned once or
//! most of the squares have left it, so that no error grows; where all values are equal the squares are
//! exactly 0.

use crate::indicators::window::Window;

pub(crate) const MOST: f64 = 100.0;

/// Rows that are worked at together.
const BLOCK: usize = 80;

/// The state of one window; center and sum of squared distances are NaN while there are fewer values.
///
/// The center is the mean as a product, from which distances are taken: a quotient per row costs more than the
/// rest, and the last digit of a center does not show in the squares.
#[derive(Clone, Debug)]
pub(crate) struct Deviation {
    period: f64,
    pub(super) inverse: f64,
    window: Window,
    pub(super) total: f64,
    fresh: f64,
    newest: f64,
    equal_count: usize,
    pub(super) center: f64,
    pub(crate) squares: f64,
}

impl Deviation {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self {
            period: f64::from(period),
            inverse: 1.0 / f64::from(period),
            window: Window::new(period),
            total: 0.0,
            fresh: 0.0,
            newest: 0.0,
            equal_count: 0,
            center: f64::NAN,
            squares: f64::NAN,
        }
    }

    /// Takes the next value.
    #[inline]
    #[expect(clippy::float_cmp, reason = "equal means the same value, not a near one")]
    pub(crate) fn update(&mut self, value: f64) {
        self.equal_count = if value == self.newest { self.equal_count + 1 } else { 1 };
        self.newest = value;
        let oldest = self.window.push(value);
        self.total += value - oldest;
        self.fresh += value;
        if self.window.next_idx == 0 {
            (self.total, self.fresh) = (self.fresh, 0.0);
            self.center = self.total * self.inverse;
            self.squares = squares_about(&self.window.values, self.center);
        } else if self.window.is_full() {
            let before = self.center;
            self.center = self.total * self.inverse;
            let moved = self.squares + (value - oldest) * ((value - self.center) + (oldest - before));
            let is_lost = moved * MOST < self.squares;
            self.squares = if is_lost { squares_about(&self.window.values, self.center) } else { moved };
        }
        if self.equal_count >= self.window.values.len() {
            self.squares = 0.0;
        }
    }

    /// Returns the mean, NaN while there are fewer values.
    #[inline]
    pub(crate) fn mean(&self) -> f64 {
        self.full_total() / self.period
    }

    /// The sum of the values, NaN while there are fewer. twin: none — part of `mean`.
    #[inline]
    fn full_total(&self) -> f64 {
        if self.window.is_full() { self.total } else { f64::NAN }
    }

    /// Returns the deviation with n, NaN while there are fewer values.
    #[inline]
    pub(crate) fn population(&self) -> f64 {
        (self.squares * self.inverse).sqrt()
    }
}

/// Gives sums and squares of values without NaN, some rows at a time; the window is the input itself.
///
/// The second slice may be overwritten. twin: none — the step says the same, with a ring.
pub(crate) fn moments_of(values: &[f64], period: u32, give: impl FnMut(&[f64], &mut [f64])) {
    let mut give = give;
    let mut step = Deviation::new(period);
    let count = period as usize;
    let first = &values[..count.min(values.len())];
    let moments = |value: &f64| {
        step.update(*value);
        (step.full_total(), step.squares)
    };
    let (totals, mut squares): (Vec<f64>, Vec<f64>) = first.iter().map(moments).unzip();
    give(&totals, &mut squares);
    let len = count * (BLOCK / count).max(1);
    let mut moves = vec![0.0; len.min(values.len())];
    let [mut before, mut block, mut after] = [(); 3].map(|()| [moves.clone(), moves.clone()]);
    let (mut before_count, mut is_ahead) = (0, false);
    for begin in (count..values.len()).step_by(len) {
        let rows = begin..values.len().min(begin + len);
        let [totals, squares] = block.each_mut().map(|place| &mut place[..rows.len()]);
        let moves = &mut moves[..rows.len()];
        let oldest = &values[begin - count..rows.end - count];
        let newest = &values[rows.clone()];
        if !is_ahead {
            step.fill_totals(newest, oldest, totals);
        }
        step.fill_moves(newest, oldest, totals, moves);
        // Who is given a block takes roots; these and the sums of the next block wait at the same time.
        let [totals_before, squares_before] = &mut before;
        give(&totals_before[..before_count], &mut squares_before[..before_count]);
        let next = values.get(rows.end..rows.end + len).map(|newest| {
            let oldest = &values[rows.end - count..];
            Next { newest, oldest, totals: &mut after[0] }
        });
        is_ahead = next.is_some();
        step.fill_squares(&values[begin - count..rows.end], totals, moves, squares, next);
        before_count = rows.len();
        (before, block, after) = (block, after, before);
    }
    let [totals, squares] = &mut before;
    give(&totals[..before_count], &mut squares[..before_count]);
}

/// The block after one whose squares are filled, if it is a whole one too. twin: none — see below.
struct Next<'a> {
    newest: &'a [f64],
    oldest: &'a [f64],
    totals: &'a mut [f64],
}

/// Blocks of rows from a turn of the ring on. twin: none — parts of `update`, one after the other.
impl Deviation {
    fn fill_totals(&mut self, newest: &[f64], oldest: &[f64], totals: &mut [f64]) {
        let count = self.window.values.len();
        let turns = newest.chunks(count).zip(oldest.chunks(count)).zip(totals.chunks_mut(count));
        for ((newest, oldest), totals) in turns {
            let mut fresh = 0.0;
            let mut level = self.total;
            for ((value, oldest), total) in newest.iter().zip(oldest).zip(totals.iter_mut()) {
                level += value - oldest;
                fresh += value;
                *total = level;
            }
            if totals.len() == count {
                totals[count - 1] = fresh;
            }
            self.total = fresh;
        }
    }

    /// Makes of totals what each row moves the squares by.
    fn fill_moves(&mut self, newest: &[f64], oldest: &[f64], totals: &[f64], moves: &mut [f64]) {
        let (inverse, mut before) = (self.inverse, self.center);
        for (((value, oldest), total), moved) in newest.iter().zip(oldest).zip(totals).zip(moves) {
            let center = total * inverse;
            *moved = (value - oldest) * ((value - center) + (oldest - before));
            before = center;
        }
        self.center = before;
    }

    /// Moves the squares along and adds up the totals of the next block; `values` begin a turn before the rows.
    fn fill_squares(
        &mut self,
        values: &[f64],
        totals: &[f64],
        moves: &[f64],
        squares: &mut [f64],
        next: Option<Next<'_>>,
    ) {
        let count = self.window.values.len();
        let begun = self.squares;
        // What a turn ends with is made anew and waits for no other square.
        let turns = values[count..].chunks_exact(count).zip(totals.chunks_exact(count));
        for ((values, totals), squares) in turns.zip(squares.chunks_exact_mut(count)) {
            squares[count - 1] = squares_about(values, totals[count - 1] * self.inverse);
        }
        match next {
            None => self.add_moves(moves, squares),
            Some(next) => self.add_moves_and_values(moves, squares, next),
        }
        let is_lost = |before: f64, square: f64| square * MOST < before;
        let pairs = squares.iter().zip(&squares[1..]);
        let some_lost = pairs
            .fold(is_lost(begun, squares[0]), |found, (before, square)| found | is_lost(*before, *square));
        if some_lost || has_constant_window(values, count) {
            self.squares = begun;
            self.squares = self.fill_squares_with_care(values, totals, moves, squares);
        }
    }

    /// Adds up the moves of every turn to squares, all but those it ends with.
    fn add_moves(&mut self, moves: &[f64], squares: &mut [f64]) {
        let count = self.window.values.len();
        for (moves, squares) in moves.chunks(count).zip(squares.chunks_mut(count)) {
            for (square, moved) in squares.iter_mut().take(count - 1).zip(moves) {
                self.squares += moved;
                *square = self.squares;
            }
            self.squares = squares[squares.len() - 1];
        }
    }

    /// The same, and the totals of the next block: each sum waits for itself, and neither for the other.
    fn add_moves_and_values(&mut self, moves: &[f64], squares: &mut [f64], next: Next<'_>) {
        let Next { newest, oldest, totals } = next;
        let count = self.window.values.len();
        let turns = moves.chunks_exact(count).zip(squares.chunks_exact_mut(count));
        let next_turns = newest.chunks_exact(count).zip(oldest.chunks_exact(count));
        let next_turns = next_turns.zip(totals.chunks_exact_mut(count));
        for ((moves, squares), ((newest, oldest), totals)) in turns.zip(next_turns) {
            let (mut square, mut total, mut fresh) = (self.squares, self.total, 0.0);
            let rows = newest.iter().zip(oldest).zip(totals.iter_mut()).zip(moves).zip(squares.iter_mut());
            for ((((value, oldest), total_shown), moved), square_shown) in rows.take(count - 1) {
                total += value - oldest;
                fresh += value;
                *total_shown = total;
                square += moved;
                *square_shown = square;
            }
            totals[count - 1] = fresh + newest[count - 1];
            (self.total, self.squares) = (totals[count - 1], squares[count - 1]);
        }
    }

    /// The same where squares are lost or windows are constant; returns the last.
    #[expect(clippy::float_cmp, reason = "equal totals the same value, not a near one")]
    fn fill_squares_with_care(
        &self,
        values: &[f64],
        totals: &[f64],
        moves: &[f64],
        squares: &mut [f64],
    ) -> f64 {
        let count = self.window.values.len();
        let mut level = self.squares;
        let mut equal_count =
            values[..count].iter().rev().take_while(|value| **value == values[count - 1]).count();
        for (idx, square) in squares.iter_mut().enumerate() {
            let turn = idx - idx % count + count;
            equal_count = if values[idx + count] == values[idx + count - 1] { equal_count + 1 } else { 1 };
            let moved = level + moves[idx];
            level = if (idx + 1) % count == 0 || moved * MOST < level {
                squares_about(&ring_of(&values[..=idx + count], turn, count), totals[idx] * self.inverse)
            } else {
                moved
            };
            if equal_count >= count {
                level = 0.0;
            }
            *square = level;
        }
        level
    }
}

/// Whether `count` values in a row are equal after the first turn: around the first value of one of the others.
#[expect(clippy::float_cmp, reason = "equal means the same value, not a near one")]
pub(super) fn has_constant_window(values: &[f64], count: usize) -> bool {
    (count..values.len()).step_by(count).any(|turn| {
        let (before, after) = values.split_at(turn);
        let is_equal = |value: &&f64| **value == values[turn];
        let equal_count = after.iter().take(count).take_while(is_equal).count();
        equal_count + before.iter().rev().take(count).take_while(is_equal).count() >= count
    })
}

/// Returns the sum of the squared distances: of even and of odd places, then of both.
// Seldom called: without it the rest is small enough to be inlined.
#[inline(never)]
fn squares_about(values: &[f64], center: f64) -> f64 {
    let mut totals = [0.0; 2];
    let (pairs, last) = values.as_chunks::<2>();
    for pair in pairs {
        let offsets = pair.map(|value| value - center);
        totals = [totals[0] + offsets[0] * offsets[0], totals[1] + offsets[1] * offsets[1]];
    }
    if let [last] = last {
        let offset = last - center;
        totals[0] += offset * offset;
    }
    totals[0] + totals[1]
}

/// Returns the window as it stands in the ring, whose turn began at row `turn`; `values` end with it.
///
/// twin: none — the ring itself.
pub(super) fn ring_of(values: &[f64], turn: usize, count: usize) -> Vec<f64> {
    [&values[turn..], &values[values.len() - count..turn]].concat()
}
