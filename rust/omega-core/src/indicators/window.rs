//! The last `period` values, and running sums over them. Shared by the indicators of a window.

/// A ring of values; the oldest stands at `next_idx` once it is full.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) values: Vec<f64>,
    pub(crate) next_idx: usize,
    seen_count: usize,
}

impl Window {
    /// Starts empty. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { values: vec![0.0; period as usize], next_idx: 0, seen_count: 0 }
    }

    /// Takes the next value and returns the one that it pushes out, 0 while there is room.
    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> f64 {
        let oldest = std::mem::replace(&mut self.values[self.next_idx], value);
        self.next_idx += 1;
        if self.next_idx == self.values.len() {
            self.next_idx = 0;
        }
        if self.seen_count < self.values.len() {
            self.seen_count += 1;
        }
        oldest
    }

    /// Takes the next value and returns the one `period` before it, NaN while there is none.
    #[inline]
    pub(crate) fn lag(&mut self, value: f64) -> f64 {
        let is_full = self.is_full();
        let oldest = self.push(value);
        if is_full { oldest } else { f64::NAN }
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.seen_count == self.values.len()
    }
}

/// Appends what an update makes of each row to a column.
///
/// Not inlined, and with the update taken over, so that its state lives in registers. twin: none — a loop.
#[inline(never)]
pub(crate) fn append<R>(column: &mut Vec<f64>, rows: impl Iterator<Item = R>, update: impl FnMut(R) -> f64) {
    column.extend(rows.map(update));
}

/// The same for two rows at a time.
#[inline(never)]
pub(crate) fn append_pairs<R>(
    column: &mut Vec<f64>,
    rows: impl Iterator<Item = R>,
    update: impl FnMut(R) -> [f64; 2],
) {
    column.extend(rows.flat_map(update));
}

/// Returns a column of each value and the one `period` rows before it, NaN where there is none.
///
/// twin: none — the steps of momentum and rate of change, the window being the input itself.
#[inline(never)]
pub(crate) fn lagged(values: &[f64], period: u32, change: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let lag = values.len().min(period as usize);
    let mut column = Vec::with_capacity(values.len());
    column.resize(lag, f64::NAN);
    column.extend(values[lag..].iter().zip(values).map(|(&value, &before)| change(value, before)));
    column
}
