//! Greatest or least of the last `period` values.
//!
//! The bars are cut into blocks of `period`: a window is the end of one block and the beginning of the next,
//! so its extreme is that of a suffix and of a prefix, and no value is compared more than three times.

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
        self.prefix = if signed > self.prefix { signed } else { self.prefix };
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
