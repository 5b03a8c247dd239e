//! Tables that grow row by row and end as columns.
//!
//! twin: none — storage; Python's lists of rows. A row is written as one piece into a block of a few that stays in
//! the nearest cache, and a full block is turned into columns at once: half the instructions of pushing every
//! field to a column of its own, and no table is ever held twice. Nothing here knows what a row means, or Arrow.

use crate::mask::{Mask, WORD_ROWS};
use crate::memory::prefetch;

/// Rows that wait to be turned into columns: one word of a mask.
pub const BLOCK_ROWS: usize = WORD_ROWS;

/// A column that takes the cells of many rows at once.
pub trait Column<T> {
    /// Makes room for `count` more cells.
    fn reserve(&mut self, count: usize);
    /// Appends the cells of up to `BLOCK_ROWS` rows.
    fn append(&mut self, cells: impl ExactSizeIterator<Item = T> + Clone);
    /// A column of `len` defaults.
    fn of_defaults(len: usize) -> Self;
    /// Returns one cell.
    fn at(&self, row: usize) -> T;
    /// Changes one cell.
    fn set(&mut self, row: usize, cell: T);
}

/// What a row may hold, and the column such cells end in.
pub trait Cell: Sized {
    /// Their column.
    type Column: Column<Self>;
}

macro_rules! plain_cells {
    ($($kind:ty),*) => { $(impl Cell for $kind { type Column = Vec<$kind>; })* };
}
plain_cells!(i8, i16, i32, i64, f64, bool);

impl<T: Copy + Default> Cell for Option<T> {
    type Column = OptionalColumn<T>;
}

impl<T: Copy + Default> Column<T> for Vec<T> {
    fn reserve(&mut self, count: usize) {
        Self::reserve(self, count);
    }

    fn append(&mut self, cells: impl ExactSizeIterator<Item = T> + Clone) {
        self.extend(cells);
        prefetch_next_block(self);
    }

    fn of_defaults(len: usize) -> Self {
        vec![T::default(); len]
    }

    #[inline]
    fn at(&self, row: usize) -> T {
        self[row]
    }

    fn set(&mut self, row: usize, cell: T) {
        self[row] = cell;
    }
}

/// Whether a test holds for every cell. No early end: nearly always it does, and so several are tested at once.
pub(crate) fn all<T>(cells: &[T], test: impl Fn(&T) -> bool) -> bool {
    cells.iter().fold(true, |all, cell| all & test(cell))
}

/// Asks memory for the place of the next block: many trades later it is near, and nothing waits for it.
#[inline]
fn prefetch_next_block<T>(cells: &[T]) {
    prefetch(cells, cells.len(), BLOCK_ROWS);
}

/// A column with nulls. Values and mask take memory only from the first row on that needs them: most such columns of
/// a run hold nothing at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptionalColumn<T> {
    len: usize,
    /// Cells that are expected in all.
    capacity: usize,
    /// Nothing as long as every cell is null; a null among others is the default.
    values: Vec<T>,
    /// `None` as long as all cells are null, or none is.
    is_valid: Option<Mask>,
}

impl<T: Copy + Default> OptionalColumn<T> {
    /// A column of these values, or of `len` nulls without any; `is_valid` if only some of them are null.
    #[must_use]
    pub fn new(len: usize, values: Vec<T>, is_valid: Option<Mask>) -> Self {
        Self { len, capacity: 0, values, is_valid }
    }

    /// Returns the cells one by one.
    #[must_use]
    pub fn to_cells(&self) -> Vec<Option<T>> {
        (0..self.len).map(|row| self.at(row)).collect()
    }

    /// Returns the values of the cells that are not null.
    pub(crate) fn given(&self) -> impl Iterator<Item = T> + '_ {
        let is_valid = |row: usize| self.is_valid.as_ref().is_none_or(|is_valid| is_valid.at(row));
        self.values.iter().enumerate().filter(move |(row, _)| is_valid(*row)).map(|(_, value)| *value)
    }

    /// Whether a test holds for every cell that is not null.
    pub(crate) fn all_given(&self, test: impl Fn(T) -> bool) -> bool {
        match self.is_valid {
            None => all(&self.values, |value| test(*value)),
            Some(_) => self.given().all(test),
        }
    }

    /// Returns values and which of them hold, if some do not; `None` if all cells are null.
    #[must_use]
    pub fn into_parts(self) -> Option<(Vec<T>, Option<Mask>)> {
        let has_values = self.len == 0 || !self.values.is_empty();
        has_values.then_some((self.values, self.is_valid))
    }

    /// Cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes out what a mask and values stand for so far, so that single cells may differ.
    fn materialise(&mut self) {
        let are_values = !self.values.is_empty();
        let len = self.len;
        self.is_valid.get_or_insert_with(|| Mask::of_same(len, are_values));
        self.values.resize(len, T::default());
    }
}

impl<T: Copy + Default> Column<Option<T>> for OptionalColumn<T> {
    fn reserve(&mut self, count: usize) {
        self.capacity = self.len + count;
    }

    fn append(&mut self, cells: impl ExactSizeIterator<Item = Option<T>> + Clone) {
        let count = cells.len();
        let given = cells.clone().flatten().count();
        let (starts, is_full) = (self.len == 0, given == count);
        if given == 0 && self.values.is_empty() {
            self.len += count;
            return;
        }
        // Only a column that began with a value and never lacked one goes without a mask.
        if !(is_full && (starts || (self.is_valid.is_none() && !self.values.is_empty()))) {
            self.materialise();
        }
        if self.values.capacity() < self.len + count {
            self.values.reserve(self.capacity.max(self.len + count) - self.values.len());
        }
        if let Some(is_valid) = &mut self.is_valid {
            is_valid.reserve(self.values.capacity() - self.len);
            let bit = |(row, cell): (usize, Option<T>)| u64::from(cell.is_some()) << row;
            is_valid.append(cells.clone().enumerate().map(bit).fold(0, |word, bit| word | bit), count);
        }
        self.values.extend(cells.map(Option::unwrap_or_default));
        prefetch_next_block(&self.values);
        self.len += count;
    }

    fn of_defaults(len: usize) -> Self {
        Self { len, ..Self::default() }
    }

    #[inline]
    fn at(&self, row: usize) -> Option<T> {
        if self.values.is_empty() || self.is_valid.as_ref().is_some_and(|is_valid| !is_valid.at(row)) {
            return None;
        }
        Some(self.values[row])
    }

    fn set(&mut self, row: usize, cell: Option<T>) {
        if cell.is_some() == self.at(row).is_some() {
            if let Some(value) = cell {
                self.values[row] = value;
            }
            return;
        }
        self.materialise();
        self.values[row] = cell.unwrap_or_default();
        if let Some(is_valid) = &mut self.is_valid {
            is_valid.set(row, cell.is_some());
        }
    }
}

/// Defines a row and the table that rows of its kind grow into.
macro_rules! rows {
    ($(#[$doc:meta])* $row:ident => $rows:ident { $($(#[$field_doc:meta])* pub $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $row {
            $($(#[$field_doc])* pub $field: $kind,)*
        }

        /// The rows so far: column by column, but for the last few.
        #[derive(Clone, Debug, Default)]
        pub struct $rows {
            /// Rows that are not in the columns yet.
            block: Vec<$row>,
            len: usize,
            is_muted: bool,
            $($(#[$field_doc])* pub $field: <$kind as $crate::growing::Cell>::Column,)*
        }

        #[allow(dead_code, reason = "not every table is also read, or comes as columns")]
        impl $rows {
            /// A table of `len` rows that came as columns.
            #[must_use]
            pub fn of_columns(len: usize, columns: Self) -> Self {
                Self { len, ..columns }
            }

            /// A table of `len` rows of defaults.
            #[must_use]
            pub fn of_defaults(len: usize) -> Self {
                Self {
                    len,
                    $($field: $crate::growing::Column::of_defaults(len),)*
                    ..Self::default()
                }
            }

            /// Rows so far.
            #[must_use]
            pub fn len(&self) -> usize {
                self.len + self.block.len()
            }

            /// Whether there is no row.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Makes room for `count` more rows.
            pub fn reserve(&mut self, count: usize) {
                $($crate::growing::Column::reserve(&mut self.$field, count);)*
            }

            /// Appends a row.
            #[allow(clippy::inline_always, reason = "a row that is handed over in memory is written and read twice")]
            #[inline(always)]
            pub fn push(&mut self, row: $row) {
                if self.block.len() == $crate::growing::BLOCK_ROWS {
                    self.flush();
                }
                self.block.push(row);
            }

            /// Appends a row that is made only if the table is not muted.
            #[allow(clippy::inline_always, reason = "as above")]
            #[inline(always)]
            pub fn push_with(&mut self, row: impl FnOnce() -> $row) {
                if !self.is_muted {
                    self.push(row());
                }
            }

            /// Lets `push_with` and `update` do nothing from now on: nobody will read the table.
            pub fn mute(&mut self) {
                self.is_muted = true;
            }

            /// Whether the table keeps nothing.
            #[must_use]
            pub fn is_muted(&self) -> bool {
                self.is_muted
            }

            /// Returns a row.
            #[allow(clippy::inline_always, reason = "cells that nobody looks at are not read")]
            #[inline(always)]
            #[must_use]
            pub fn at(&self, row: usize) -> $row {
                match row.checked_sub(self.len) {
                    Some(idx) => self.block[idx],
                    None => $row { $($field: $crate::growing::Column::at(&self.$field, row),)* },
                }
            }

            /// Changes a row.
            pub fn update(&mut self, row: usize, change: impl FnOnce(&mut $row)) {
                if self.is_muted {
                    return;
                }
                if let Some(idx) = row.checked_sub(self.len) {
                    return change(&mut self.block[idx]);
                }
                let mut cells = self.at(row);
                change(&mut cells);
                $($crate::growing::Column::set(&mut self.$field, row, cells.$field);)*
            }

            /// Returns every row.
            pub fn iter(&self) -> impl Iterator<Item = $row> + '_ {
                (0..self.len()).map(|row| self.at(row))
            }

            /// Returns the rows from `first` on.
            #[must_use]
            pub fn since(&self, first: usize) -> Self {
                let mut later = Self::default();
                (first..self.len()).for_each(|row| later.push(self.at(row)));
                later.whole()
            }

            /// Returns the table with every row in its columns.
            #[must_use]
            pub fn whole(mut self) -> Self {
                self.flush();
                self
            }

            #[cold]
            fn flush(&mut self) {
                let rows = std::mem::take(&mut self.block);
                $($crate::growing::Column::append(&mut self.$field, rows.iter().map(|row| row.$field));)*
                self.len += rows.len();
                self.block = rows;
                self.block.clear();
            }
        }

        impl FromIterator<$row> for $rows {
            fn from_iter<I: IntoIterator<Item = $row>>(cells: I) -> Self {
                let mut rows = Self::default();
                cells.into_iter().for_each(|row| rows.push(row));
                rows
            }
        }
    };
}
pub(crate) use rows;

#[cfg(test)]
mod tests {
    use super::*;

    rows! {
        /// A row with every kind of column.
        Row => Rows {
            /// Always there.
            pub always: i64,
            /// Sometimes there.
            pub sometimes: Option<i64>,
            /// Never there.
            pub never: Option<f64>,
        }
    }

    fn rows(count: i64, is_there: fn(i64) -> bool) -> Rows {
        let mut table = Rows::default();
        for idx in 0..count {
            table.push(Row { always: idx, sometimes: is_there(idx).then_some(-idx), never: None });
        }
        table
    }

    fn check(table: &Rows, is_there: fn(i64) -> bool) {
        for row in 0..table.len() {
            let (idx, cells) = (i64::try_from(row).unwrap_or(0), table.at(row));
            assert_eq!((cells.always, cells.sometimes), (idx, is_there(idx).then_some(-idx)));
            assert_eq!(cells.never, None);
        }
    }

    #[test]
    fn rows_come_back_as_they_were_from_block_and_columns() {
        let patterns: [fn(i64) -> bool; 5] =
            [|_| true, |_| false, |idx| idx > 100, |idx| idx < 100, |idx| idx % 3 == 0];
        for is_there in patterns {
            for count in [0, 1, 63, 64, 65, 128, 200] {
                let table = rows(count, is_there);
                check(&table, is_there);
                check(&table.whole(), is_there);
            }
        }
    }

    #[test]
    fn later_rows_are_the_same_rows() {
        let later = rows(150, |idx| idx % 2 == 0).since(70);

        assert_eq!((later.len(), later.always[0], later.always[79]), (80, 70, 149));
        assert_eq!((later.at(0).sometimes, later.at(1).sometimes), (Some(-70), None));
    }

    #[test]
    fn a_column_of_nulls_has_no_values_until_it_is_asked_for_them() {
        let nulls = rows(100, |_| false).whole().sometimes;

        assert!(nulls.values.is_empty() && nulls.is_valid.is_none());
        assert_eq!((nulls.len(), nulls.into_parts()), (100, None));
        assert_eq!(OptionalColumn::<i64>::default().into_parts(), Some((Vec::new(), None)));
    }

    #[test]
    fn a_changed_row_leaves_the_others_as_they_were() {
        for (count, changed) in [(100, 3), (100, 99)] {
            for is_there in [(|_| true) as fn(i64) -> bool, |_| false, |idx| idx % 2 == 0] {
                let mut table = rows(count, is_there);
                table.update(changed, |row| (row.sometimes, row.never) = (Some(7), Some(0.5)));
                table.update(changed + 1 - changed % 2, |row| row.sometimes = None);
                for row in (0..table.len()).filter(|row| *row != changed && *row != changed + 1 - changed % 2)
                {
                    let idx = i64::try_from(row).unwrap_or(0);
                    assert_eq!(
                        (table.at(row).sometimes, table.at(row).never),
                        (is_there(idx).then_some(-idx), None)
                    );
                }
            }
        }
    }

    #[test]
    fn a_full_column_has_no_mask() {
        assert_eq!(rows(3, |_| true).whole().sometimes.into_parts(), Some((vec![0, -1, -2], None)));
    }
}
