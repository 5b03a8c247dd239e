//! Sum of the products of two series' distances from their means, over the last `period` pairs.
//!
//! Moved along with the window and made anew whenever the ring has turned once or most of either series'
//! squares have left it, as in `deviation`. Shared by correlation and beta.

use std::ops::Range;

use crate::indicators::deviation::{Deviation, MOST, has_constant_window, ring_of};
use crate::indicators::window::Window;

/// The state of one window of pairs; the sum of products is NaN while there are fewer.
#[derive(Clone, Debug)]
pub(crate) struct Covariance {
    firsts: Window,
    seconds: Window,
    pub(crate) first: Deviation,
    pub(crate) second: Deviation,
    pub(crate) products: f64,
}

impl Covariance {
    /// Starts without any pair. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self {
            firsts: Window::new(period),
            seconds: Window::new(period),
            first: Deviation::new(period),
            second: Deviation::new(period),
            products: f64::NAN,
        }
    }

    /// Takes the next pair.
    #[inline]
    pub(crate) fn update(&mut self, x: f64, y: f64) {
        let (before, squares, others) = (self.first.center, self.first.squares, self.second.squares);
        self.first.update(x);
        self.second.update(y);
        let oldest_x = self.firsts.push(x);
        let oldest_y = self.seconds.push(y);
        if !self.firsts.is_full() {
            return;
        }
        let is_lost = self.first.squares * MOST < squares || self.second.squares * MOST < others;
        if self.firsts.next_idx == 0 || is_lost {
            let (xs, ys) = (&self.firsts.values, &self.seconds.values);
            self.products = products_about(xs, ys, self.first.center, self.second.center);
        } else {
            self.products += (x - oldest_x) * (y - self.second.center) + (y - oldest_y) * (oldest_x - before);
        }
    }
}

/// Returns the sum of the products of the distances: of even and of odd places, then of both.
#[inline(never)]
fn products_about(xs: &[f64], ys: &[f64], x_center: f64, y_center: f64) -> f64 {
    let mut totals = [0.0; 2];
    for (place, (x, y)) in xs.iter().zip(ys).enumerate() {
        totals[place % 2] += (x - x_center) * (y - y_center);
    }
    totals[0] + totals[1]
}

/// Returns what is made of products and squares at each row of two columns without NaN.
///
/// The windows are the columns themselves. twin: none — the step says the same.
#[inline(never)]
pub(crate) fn covariances(columns: [&[f64]; 2], period: u32, of: impl Fn(f64, [f64; 2]) -> f64) -> Vec<f64> {
    let (len, count) = (columns[0].len(), (period as usize).min(columns[0].len()));
    let mut step = Covariance::new(period);
    let mut column = Vec::with_capacity(len);
    column.extend(columns[0][..count].iter().zip(columns[1]).map(|(x, y)| {
        step.update(*x, *y);
        of(step.products, [step.first.squares, step.second.squares])
    }));
    if count == len {
        return column;
    }
    let mut moments = Moments::of(&step, columns, count);
    let mut made = [(); 3].map(|()| vec![0.0; count]);
    let mut begin = count;
    while begin < len {
        let end = len.min(begin + count);
        moments.fill(begin..end, made.each_mut().map(|place| &mut place[..end - begin]));
        let [products, firsts, seconds] = made.each_ref().map(|place| &place[..end - begin]);
        let rows = products.iter().zip(firsts).zip(seconds);
        column.extend(rows.map(|((products, first), second)| of(*products, [*first, *second])));
        begin = end;
    }
    column
}

/// What a step knows between two rows, and the columns it is given. twin: none — the fields of the step.
struct Moments<'a> {
    columns: [&'a [f64]; 2],
    count: usize,
    inverse: f64,
    totals: [f64; 2],
    fresh: [f64; 2],
    centers: [f64; 2],
    squares: [f64; 2],
    products: f64,
}

impl<'a> Moments<'a> {
    fn of(step: &Covariance, columns: [&'a [f64]; 2], count: usize) -> Self {
        let (first, second) = (&step.first, &step.second);
        Self {
            columns,
            count,
            inverse: first.inverse,
            totals: [first.total, second.total],
            fresh: [0.0; 2],
            centers: [first.center, second.center],
            squares: [first.squares, second.squares],
            products: step.products,
        }
    }

    /// Fills products and squares of a turn of the rings, or of its beginning.
    fn fill(&mut self, turn: Range<usize>, places: [&mut [f64]; 3]) {
        let is_calm =
            |column: &[f64]| has_constant_window(&column[turn.start - self.count..turn.end], self.count);
        if self.columns.iter().any(|column| is_calm(column)) {
            return self.fill_with_care(turn, places);
        }
        let [products, firsts, seconds] = places;
        let mut begin = turn.start;
        while begin < turn.end {
            let rest = begin - turn.start..turn.len().min(self.count - 1);
            let moved_count = self
                .slide(begin, [&mut products[rest.clone()], &mut firsts[rest.clone()], &mut seconds[rest]]);
            begin += moved_count;
            if begin < turn.end {
                self.renew(turn.start, begin, [false; 2]);
                let idx = begin - turn.start;
                (products[idx], [firsts[idx], seconds[idx]]) = (self.products, self.squares);
                begin += 1;
            }
        }
    }

    /// The same where windows are constant, row by row.
    #[expect(clippy::float_cmp, reason = "equal means the same value, not a near one")]
    fn fill_with_care(&mut self, turn: Range<usize>, [products, firsts, seconds]: [&mut [f64]; 3]) {
        let mut equal_counts = self.columns.map(|column| {
            let (before, newest) = (&column[turn.start - self.count..turn.start], column[turn.start - 1]);
            before.iter().rev().take_while(|value| **value == newest).count()
        });
        for (idx, row) in turn.clone().enumerate() {
            let is_repeated = self.columns.map(|column| column[row] == column[row - 1]);
            equal_counts = both(|lane| if is_repeated[lane] { equal_counts[lane] + 1 } else { 1 });
            self.renew(turn.start, row, equal_counts.map(|equal_count| equal_count >= self.count));
            (products[idx], [firsts[idx], seconds[idx]]) = (self.products, self.squares);
        }
    }

    /// Moves the window row by row up to one that is to be made anew, and returns how many rows that were.
    #[inline(never)]
    fn slide(&mut self, begin: usize, places: [&mut [f64]; 3]) -> usize {
        let len = places[0].len();
        let [products, firsts, seconds] = places.map(|place| &mut place[..len]);
        let newest = self.columns.map(|column| &column[begin..][..len]);
        let oldest = self.columns.map(|column| &column[begin - self.count..][..len]);
        let inverse = self.inverse;
        let (mut totals, mut centers, mut squares) = (self.totals, self.centers, self.squares);
        let (mut sum, mut fresh) = (self.products, self.fresh);
        let mut moved_count = len;
        for idx in 0..len {
            let [newest, oldest] = [newest, oldest].map(|columns| columns.map(|column| column[idx]));
            let moves = both(|lane| newest[lane] - oldest[lane]);
            let total = both(|lane| totals[lane] + moves[lane]);
            let center = both(|lane| total[lane] * inverse);
            let ahead = both(|lane| newest[lane] - center[lane]);
            let behind = both(|lane| oldest[lane] - centers[lane]);
            let square = both(|lane| squares[lane] + moves[lane] * (ahead[lane] + behind[lane]));
            let is_lost = both(|lane| square[lane] * MOST < squares[lane]);
            if is_lost[0] | is_lost[1] {
                moved_count = idx;
                break;
            }
            fresh = both(|lane| fresh[lane] + newest[lane]);
            sum += moves[0] * ahead[1] + moves[1] * behind[0];
            (totals, centers, squares) = (total, center, square);
            (products[idx], firsts[idx], seconds[idx]) = (sum, square[0], square[1]);
        }
        (self.totals, self.centers, self.squares) = (totals, centers, squares);
        (self.products, self.fresh) = (sum, fresh);
        moved_count
    }

    /// Moves the window on to a row after which something is made anew; its turn began at `begin`.
    fn renew(&mut self, begin: usize, row: usize, is_flat: [bool; 2]) {
        if row + 1 == begin + self.count {
            self.close(row);
            self.squares = both(|lane| if is_flat[lane] { 0.0 } else { self.squares[lane] });
        } else {
            self.renew_within(begin, row, is_flat);
        }
    }

    /// Moves the window on to the last row of a turn: all is made anew.
    #[inline(never)]
    fn close(&mut self, row: usize) {
        let window = self.columns.map(|column| &column[row + 1 - self.count..=row]);
        self.totals = both(|lane| self.fresh[lane] + self.columns[lane][row]);
        self.fresh = [0.0; 2];
        self.centers = self.totals.map(|total| total * self.inverse);
        (self.squares, self.products) = moments_about(window, self.centers);
    }

    #[inline(never)]
    fn renew_within(&mut self, begin: usize, row: usize, is_flat: [bool; 2]) {
        let [newest, oldest] = [row, row - self.count].map(|row| self.columns.map(|column| column[row]));
        let (before, squares) = (self.centers, self.squares);
        let moves = both(|lane| newest[lane] - oldest[lane]);
        self.fresh = both(|lane| self.fresh[lane] + newest[lane]);
        self.totals = both(|lane| self.totals[lane] + moves[lane]);
        self.centers = self.totals.map(|total| total * self.inverse);
        let ahead = both(|lane| newest[lane] - self.centers[lane]);
        let behind = both(|lane| oldest[lane] - before[lane]);
        let moved = both(|lane| squares[lane] + moves[lane] * (ahead[lane] + behind[lane]));
        let is_lost = both(|lane| moved[lane] * MOST < squares[lane]);
        let falls = both(|lane| is_lost[lane] || (is_flat[lane] && squares[lane] > 0.0));
        // In a long calm nothing is made anew.
        let (made, products) = if falls[0] || falls[1] {
            let ring = self.columns.map(|column| ring_of(&column[..=row], begin, self.count));
            moments_about([&ring[0], &ring[1]], self.centers)
        } else {
            (moved, self.products)
        };
        let anew = both(|lane| if is_lost[lane] { made[lane] } else { moved[lane] });
        self.squares = both(|lane| if is_flat[lane] { 0.0 } else { anew[lane] });
        if self.squares[0] * MOST < squares[0] || self.squares[1] * MOST < squares[1] {
            self.products = products;
        } else {
            self.products += moves[0] * ahead[1] + moves[1] * behind[0];
        }
    }
}

/// Returns the sums of the squares and of the products of the distances, of even and odd places apart as above.
///
/// twin: none — as above.
#[inline]
fn moments_about([xs, ys]: [&[f64]; 2], centers: [f64; 2]) -> ([f64; 2], f64) {
    let (mut firsts, mut seconds, mut products) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    let ((x_pairs, x_last), (y_pairs, y_last)) = (xs.as_chunks::<2>(), ys.as_chunks::<2>());
    for (xs, ys) in x_pairs.iter().zip(y_pairs) {
        let (xs, ys) = (xs.map(|x| x - centers[0]), ys.map(|y| y - centers[1]));
        firsts = both(|place| firsts[place] + xs[place] * xs[place]);
        seconds = both(|place| seconds[place] + ys[place] * ys[place]);
        products = both(|place| products[place] + xs[place] * ys[place]);
    }
    if let (Some(x), Some(y)) = (x_last.first(), y_last.first()) {
        let (x, y) = (x - centers[0], y - centers[1]);
        firsts[0] += x * x;
        seconds[0] += y * y;
        products[0] += x * y;
    }
    ([firsts[0] + firsts[1], seconds[0] + seconds[1]], products[0] + products[1])
}

#[inline]
fn both<T>(of: impl FnMut(usize) -> T) -> [T; 2] {
    std::array::from_fn(of)
}
