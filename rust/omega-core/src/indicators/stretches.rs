//! Columns of steps that forget: four stretches of the rows at a time, equal to the bit.
//!
//! An average waits for its own last level, and a processor waits with it; four levels in four places of the
//! column keep it busy, two of them in one instruction. A stretch begins with a level from `memory` rows before it,
//! begun anywhere: what lies further back no longer shows. That is checked, not believed: the true levels are carried
//! into every stretch until they meet the ones it began with, bit for bit, and from there on the rows are the same.
//!
//! twin: none — an order of work; the numbers are those of the step.

use wide::f64x2;

use crate::indicators::number::Number;

const STRETCHES: usize = 4;

/// Length of a stretch in memories, so that beginning it costs little, and what is written stays in the cache.
const MEMORIES: usize = 16;

/// A step whose levels, once seeded, are all it knows of the past.
///
/// `I` inputs, `K` levels, `O` outputs.
pub(crate) trait Forgetful<const I: usize, const K: usize, const O: usize> {
    /// The step itself: takes the next row and returns its outputs.
    fn step(&mut self, row: [f64; I]) -> [f64; O];

    /// Rows after which two different levels have become one.
    fn memory(&self) -> usize;

    /// The levels, once all are seeded.
    fn levels(&self) -> Option<[f64; K]>;

    /// What `step` does once seeded: the next levels, and the outputs.
    fn next<N: Number>(&self, levels: [N; K], row: [N; I]) -> ([N; K], [N; O]);
}

/// Returns the outputs of a step for rows without NaN, after `lead` rows that it is not given.
pub(crate) fn forgetful<S, const I: usize, const K: usize, const O: usize>(
    rows: [&[f64]; I],
    step: S,
    lead: usize,
) -> Vec<Vec<f64>>
where
    S: Forgetful<I, K, O>,
{
    forgetful_with(rows, step, lead, |_| ())
}

/// The same, and shows the outputs after every block, whose rows are still in the cache; what is taken away is not
/// returned.
#[inline(never)]
pub(crate) fn forgetful_with<S, const I: usize, const K: usize, const O: usize>(
    rows: [&[f64]; I],
    step: S,
    lead: usize,
    show: impl FnMut(&mut [Vec<f64>; O]),
) -> Vec<Vec<f64>>
where
    S: Forgetful<I, K, O>,
{
    let (mut step, mut show) = (step, show);
    let count = rows[0].len();
    let mut outputs = [(); O].map(|()| {
        let mut output = Vec::with_capacity(lead + count);
        output.resize(lead, f64::NAN);
        output
    });
    let mut begin = 0;
    while begin < count && step.levels().is_none() {
        for (output, value) in outputs.iter_mut().zip(step.step(rows.map(|row| row[begin]))) {
            output.push(value);
        }
        begin += 1;
    }
    show(&mut outputs);
    let Some(mut levels) = step.levels() else { return outputs.into() };
    let memory = step.memory();
    while begin < count {
        let end = count.min(begin + STRETCHES * MEMORIES * memory);
        let mut block = Block {
            rows: rows.map(|row| &row[begin..end]),
            outputs: outputs.each_mut().map(|output| grow(output, end - begin)),
            levels,
            memory,
            step: &step,
        };
        levels = block.fill();
        show(&mut outputs);
        begin = end;
    }
    outputs.into()
}

/// Rows that are filled together, from the levels before the first one on.
struct Block<'a, S, const I: usize, const K: usize, const O: usize> {
    rows: [&'a [f64]; I],
    outputs: [&'a mut [f64]; O],
    levels: [f64; K],
    memory: usize,
    step: &'a S,
}

impl<S, const I: usize, const K: usize, const O: usize> Block<'_, S, I, K, O>
where
    S: Forgetful<I, K, O>,
{
    /// Fills the outputs and returns the levels after the last row.
    #[inline]
    fn fill(&mut self) -> [f64; K] {
        let len = self.stretch_len();
        if len <= self.memory {
            return self.fill_in_turn(self.levels, 0);
        }
        let begun = self.begin(len);
        let ended = self.fill_stretches(len, begun);
        let mut levels = ended[0];
        for stretch in 1..STRETCHES {
            let (mut idx, end, mut guess) = (stretch * len, (stretch + 1) * len, begun[stretch]);
            while idx < end && !is_same(levels, guess) {
                guess = self.step.next(guess, self.row(idx)).0;
                levels = self.put(levels, idx);
                idx += 1;
            }
            if idx < end {
                levels = ended[stretch];
            }
        }
        self.fill_in_turn(levels, len * STRETCHES)
    }

    /// Rows of a stretch, an even number.
    #[inline]
    fn stretch_len(&self) -> usize {
        self.count() / (2 * STRETCHES) * 2
    }

    #[inline]
    fn count(&self) -> usize {
        self.rows[0].len()
    }

    #[inline]
    fn row(&self, idx: usize) -> [f64; I] {
        self.rows.map(|row| row[idx])
    }

    /// Fills the outputs from a row on and returns the levels after the last.
    #[inline]
    fn fill_in_turn(&mut self, levels: [f64; K], begin: usize) -> [f64; K] {
        (begin..self.count()).fold(levels, |levels, idx| self.put(levels, idx))
    }

    /// Writes the outputs of a row and returns the levels after it.
    #[inline]
    fn put(&mut self, levels: [f64; K], idx: usize) -> [f64; K] {
        let (levels, values) = self.step.next(levels, self.row(idx));
        for (output, value) in self.outputs.iter_mut().zip(values) {
            output[idx] = value;
        }
        levels
    }

    /// Returns the levels with which the stretches begin: the first as given, the others from a memory before.
    #[inline]
    fn begin(&self, len: usize) -> [[f64; K]; STRETCHES] {
        let mut begun = [self.levels; STRETCHES];
        for idx in len - self.memory..len {
            for (stretch, levels) in begun[1..].iter_mut().enumerate() {
                *levels = self.step.next(*levels, self.row(idx + stretch * len)).0;
            }
        }
        begun
    }

    /// Fills the stretches from their levels on and returns those they end with.
    #[inline]
    fn fill_stretches(&mut self, len: usize, begun: [[f64; K]; STRETCHES]) -> [[f64; K]; STRETCHES] {
        let columns = self.rows.map(|column| split(column, len).map(|stretch| stretch.as_chunks().0));
        let mut places =
            self.outputs.each_mut().map(|output| split_mut(output, len).map(|place| place.as_chunks_mut().0));
        let mut levels = [together(begun[0], begun[1]), together(begun[2], begun[3])];
        for idx in 0..len / 2 {
            for (couple, levels) in levels.iter_mut().enumerate() {
                let (one, other) = (2 * couple, 2 * couple + 1);
                let rows: [[f64x2; 2]; I] =
                    columns.each_ref().map(|column| together(column[one][idx], column[other][idx]));
                let (moved, first) = self.step.next(*levels, rows.map(|row| row[0]));
                let (moved, second) = self.step.next(moved, rows.map(|row| row[1]));
                *levels = moved;
                for (place, values) in places.iter_mut().zip(first.into_iter().zip(second)) {
                    [place[one][idx], place[other][idx]] = apart(values.into());
                }
            }
        }
        let [[first, second], [third, fourth]] = levels.map(apart);
        [first, second, third, fourth]
    }
}

/// Numbers of two stretches side by side: what is done to one is done to the other.
#[inline]
fn together<const N: usize>(one: [f64; N], other: [f64; N]) -> [f64x2; N] {
    std::array::from_fn(|idx| f64x2::from([one[idx], other[idx]]))
}

/// The numbers of each stretch again.
#[inline]
fn apart<const N: usize>(both: [f64x2; N]) -> [[f64; N]; 2] {
    [0, 1].map(|stretch| both.map(|numbers| numbers.to_array()[stretch]))
}

/// Cuts a column into stretches of a length; what remains is left out.
#[inline]
fn split(column: &[f64], len: usize) -> [&[f64]; STRETCHES] {
    std::array::from_fn(|stretch| &column[stretch * len..][..len])
}

/// The same to write to.
#[inline]
fn split_mut(column: &mut [f64], len: usize) -> [&mut [f64]; STRETCHES] {
    let mut rest = column;
    std::array::from_fn(|_| {
        let (stretch, after) = std::mem::take(&mut rest).split_at_mut(len);
        rest = after;
        stretch
    })
}

/// Appends a block to a column; what is zeroed here is still in the cache when it is written.
pub(crate) fn grow(column: &mut Vec<f64>, count: usize) -> &mut [f64] {
    let begin = column.len();
    column.resize(begin + count, 0.0);
    &mut column[begin..]
}

/// Whether levels are the same to the bit: from then on so is all that comes of them.
#[inline]
fn is_same<const K: usize>(first: [f64; K], second: [f64; K]) -> bool {
    first.map(f64::to_bits) == second.map(f64::to_bits)
}
