//! Columns of steps that forget: four stretches of the rows at a time, equal to the bit.
//!
//! An average waits for its own last level, and a processor waits with it; four levels in four places of the
//! column keep it busy. A stretch begins with a level from `memory` rows before it, begun anywhere: what lies
//! further back no longer shows. That is checked, not believed: the true levels are carried into every stretch
//! until they meet the ones it began with, bit for bit, and from there on the rows are the same.
//!
//! twin: none — an order of work; the numbers are those of the step.

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
    fn next(&self, levels: [f64; K], row: [f64; I]) -> ([f64; K], [f64; O]);
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
        let block = Block { rows: rows.map(|row| &row[begin..end]), count: end - begin, memory };
        let places = outputs.each_mut().map(|output| grow(output, block.count));
        levels = block.fill(places, levels, |levels, row| step.next(levels, row));
        show(&mut outputs);
        begin = end;
    }
    outputs.into()
}

/// Rows that are filled together.
struct Block<'a, const I: usize> {
    rows: [&'a [f64]; I],
    count: usize,
    memory: usize,
}

impl<const I: usize> Block<'_, I> {
    #[inline]
    fn row(&self, idx: usize) -> [f64; I] {
        self.rows.map(|row| row[idx])
    }

    /// Rows of a stretch, an even number.
    #[inline]
    fn stretch_len(&self) -> usize {
        self.count / (2 * STRETCHES) * 2
    }

    /// Fills the outputs from the levels before the first row on and returns those after the last.
    #[inline]
    fn fill<const K: usize, const O: usize>(
        &self,
        outputs: [&mut [f64]; O],
        levels: [f64; K],
        next: impl Fn([f64; K], [f64; I]) -> ([f64; K], [f64; O]),
    ) -> [f64; K] {
        let (mut outputs, mut levels) = (outputs, levels);
        let len = self.stretch_len();
        if len <= self.memory {
            return self.fill_in_turn(&mut outputs, levels, 0, &next);
        }
        let begun = self.begin(len, levels, &next);
        let ended = self.fill_stretches(outputs.each_mut().map(|output| &mut **output), begun, &next);
        levels = ended[0];
        for stretch in 1..STRETCHES {
            let (mut idx, end, mut guess) = (stretch * len, (stretch + 1) * len, begun[stretch]);
            while idx < end && !is_same(levels, guess) {
                guess = next(guess, self.row(idx)).0;
                levels = put(&mut outputs, idx, next(levels, self.row(idx)));
                idx += 1;
            }
            if idx < end {
                levels = ended[stretch];
            }
        }
        self.fill_in_turn(&mut outputs, levels, len * STRETCHES, &next)
    }

    /// Fills the outputs from an index on, row by row, and returns the levels after the last.
    #[inline]
    fn fill_in_turn<const K: usize, const O: usize>(
        &self,
        outputs: &mut [&mut [f64]; O],
        levels: [f64; K],
        begin: usize,
        next: impl Fn([f64; K], [f64; I]) -> ([f64; K], [f64; O]),
    ) -> [f64; K] {
        (begin..self.count).fold(levels, |levels, idx| put(outputs, idx, next(levels, self.row(idx))))
    }

    /// Returns the levels with which the stretches begin: the first as given, the others from a memory before.
    #[inline]
    fn begin<const K: usize, const O: usize>(
        &self,
        len: usize,
        levels: [f64; K],
        next: impl Fn([f64; K], [f64; I]) -> ([f64; K], [f64; O]),
    ) -> [[f64; K]; STRETCHES] {
        let mut begun = [levels; STRETCHES];
        for idx in len - self.memory..len {
            for (stretch, levels) in begun[1..].iter_mut().enumerate() {
                *levels = next(*levels, self.row(idx + stretch * len)).0;
            }
        }
        begun
    }

    /// Fills the stretches from their levels on and returns those they end with.
    #[inline]
    fn fill_stretches<const K: usize, const O: usize>(
        &self,
        outputs: [&mut [f64]; O],
        begun: [[f64; K]; STRETCHES],
        next: impl Fn([f64; K], [f64; I]) -> ([f64; K], [f64; O]),
    ) -> [[f64; K]; STRETCHES] {
        let len = self.stretch_len();
        let mut levels = begun;
        let rows: [[&[[f64; 2]]; I]; STRETCHES] =
            std::array::from_fn(|stretch| self.rows.map(|row| row[stretch * len..][..len].as_chunks().0));
        let mut places = outputs.map(|output| split(output, len).map(|place| place.as_chunks_mut().0));
        // Two rows at a time: what does not wait for the level is one instruction for both, divisions above all.
        for idx in 0..len / 2 {
            for stretch in 0..STRETCHES {
                let pairs = rows[stretch].map(|row| row[idx]);
                let (moved, firsts) = next(levels[stretch], pairs.map(|pair| pair[0]));
                let (moved, seconds) = next(moved, pairs.map(|pair| pair[1]));
                levels[stretch] = moved;
                for (place, (first, second)) in places.iter_mut().zip(firsts.into_iter().zip(seconds)) {
                    place[stretch][idx] = [first, second];
                }
            }
        }
        levels
    }
}

/// Appends a block to a column; what is zeroed here is still in the cache when it is written.
pub(crate) fn grow(column: &mut Vec<f64>, count: usize) -> &mut [f64] {
    let begin = column.len();
    column.resize(begin + count, 0.0);
    &mut column[begin..]
}

/// Cuts a column into stretches of a length; what remains is left out.
#[inline]
fn split(column: &mut [f64], len: usize) -> [&mut [f64]; STRETCHES] {
    let mut rest = column;
    std::array::from_fn(|_| {
        let (stretch, after) = std::mem::take(&mut rest).split_at_mut(len);
        rest = after;
        stretch
    })
}

/// Writes the outputs of a row and returns the levels after it.
#[inline]
fn put<const K: usize, const O: usize>(
    outputs: &mut [&mut [f64]; O],
    idx: usize,
    (levels, values): ([f64; K], [f64; O]),
) -> [f64; K] {
    for (output, value) in outputs.iter_mut().zip(values) {
        output[idx] = value;
    }
    levels
}

/// Whether levels are the same to the bit: from then on so is all that comes of them.
#[inline]
fn is_same<const K: usize>(first: [f64; K], second: [f64; K]) -> bool {
    first.map(f64::to_bits) == second.map(f64::to_bits)
}
