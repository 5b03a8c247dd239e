//! Which rows of a column hold a value, one bit a row.
//!
//! twin: none — storage; None in Python's lists. Bits lie as Arrow has them, the first row lowest.

/// Rows of one word.
pub const WORD_ROWS: usize = 64;

/// One bit a row: 1 is a value, 0 is a null.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mask {
    /// The bits behind the last row are 0.
    words: Vec<u64>,
    len: usize,
}

impl Mask {
    /// A mask of `len` rows that are all the same.
    #[must_use]
    pub fn of_same(len: usize, is_valid: bool) -> Self {
        let mut mask = Self { words: Vec::with_capacity(len.div_ceil(WORD_ROWS)), len: 0 };
        while mask.len < len {
            let count = WORD_ROWS.min(len - mask.len);
            mask.append(if is_valid { ones(count) } else { 0 }, count);
        }
        mask
    }

    /// Makes room for `count` more rows.
    pub fn reserve(&mut self, count: usize) {
        let words = (self.len + count).div_ceil(WORD_ROWS);
        self.words.reserve(words - self.words.len());
    }

    /// Appends up to a word of rows: the lowest `count` bits of `word`; its other bits are 0.
    pub fn append(&mut self, word: u64, count: usize) {
        let (used, taken) = (self.len % WORD_ROWS, self.words.len());
        if used == 0 {
            self.words.extend((count > 0).then_some(word));
        } else {
            self.words[taken - 1] |= word << used;
            self.words.extend((used + count > WORD_ROWS).then(|| word >> (WORD_ROWS - used)));
        }
        self.len += count;
    }

    /// Whether a row holds a value.
    #[inline]
    #[must_use]
    pub fn at(&self, row: usize) -> bool {
        self.words[row / WORD_ROWS] >> (row % WORD_ROWS) & 1 == 1
    }

    /// Changes one row.
    pub fn set(&mut self, row: usize, is_valid: bool) {
        let (word, bit) = (&mut self.words[row / WORD_ROWS], 1 << (row % WORD_ROWS));
        *word = if is_valid { *word | bit } else { *word & !bit };
    }

    /// Returns the words.
    #[must_use]
    pub fn into_words(self) -> Vec<u64> {
        self.words
    }
}

impl FromIterator<bool> for Mask {
    fn from_iter<I: IntoIterator<Item = bool>>(are_valid: I) -> Self {
        let mut mask = Self::default();
        are_valid.into_iter().for_each(|is_valid| mask.append(u64::from(is_valid), 1));
        mask
    }
}

/// A word whose lowest `count` bits are 1; `count` is 1 to 64.
fn ones(count: usize) -> u64 {
    u64::MAX >> (WORD_ROWS - count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_wherever_a_word_begins() {
        // Pieces of all lengths, so that they end inside words, at their ends and across them.
        let is_valid = |row: usize| row.is_multiple_of(3) || row % 7 == 2;
        let (mut mask, mut len) = (Mask::default(), 0);
        for count in [1, 62, 1, 64, 5, 64, 59, 0, 63, 2, 7] {
            let bits = (0..count).fold(0, |word, bit| word | (u64::from(is_valid(len + bit)) << bit));
            mask.append(bits, count);
            len += count;
        }

        assert_eq!(
            (0..len).map(|row| mask.at(row)).collect::<Vec<_>>(),
            (0..len).map(is_valid).collect::<Vec<_>>()
        );
        assert_eq!(mask, (0..len).map(is_valid).collect());
        assert_eq!(mask.into_words().len(), 6);
    }

    #[test]
    fn a_mask_of_the_same_rows_ends_with_its_last_row() {
        for len in [0, 1, 63, 64, 65, 128, 130] {
            assert_eq!(Mask::of_same(len, true), (0..len).map(|_| true).collect());
            assert_eq!(Mask::of_same(len, false), (0..len).map(|_| false).collect());
        }
        assert_eq!(Mask::of_same(65, true).into_words(), [u64::MAX, 1]);
    }

    #[test]
    fn a_changed_row_leaves_the_others_as_they_were() {
        let mut mask = Mask::of_same(100, true);
        mask.set(70, false);
        mask.set(71, true);

        assert_eq!((0..100).filter(|row| !mask.at(*row)).collect::<Vec<_>>(), [70]);
        mask.set(70, true);
        assert_eq!(mask, Mask::of_same(100, true));
    }
}
