//! Tables that grow row by row and end as columns.
//!
//! twin: none — storage; Python's lists of rows. A row is written as one piece into a block of a few that stays in
//! the nearest cache, and a full block is turned into columns at once: a third of the instructions of pushing every
//! field to a column of its own, and no table is ever held twice. Nothing here knows what a row means, or Arrow.

/// Rows that wait to be turned into columns.
pub const BLOCK_ROWS: usize = 64;

/// A column that takes the cells of many rows at once.
pub trait Column<T> {
    /// Makes room for `count` more cells.
    fn reserve(&mut self, count: usize);
    /// Appends the cells of some rows.
    fn append(&mut self, cells: impl ExactSizeIterator<Item = T> + Clone);
    /// Returns one cell.
    fn at(&self, row: usize) -> T;
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

impl<T: Copy> Column<T> for Vec<T> {
    fn reserve(&mut self, count: usize) {
        Self::reserve(self, count);
    }

    fn append(&mut self, cells: impl ExactSizeIterator<Item = T> + Clone) {
        self.extend(cells);
    }

    fn at(&self, row: usize) -> T {
        self[row]
    }
}

/// A column with nulls. Values and mask take memory only from the first row on that needs them: most such columns of
/// a run hold nothing at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptionalColumn<T> {
    len: usize,
    /// Nothing as long as every cell is null; a null among others is the default.
    values: Vec<T>,
    /// `None` as long as all cells are null, or none is.
    is_valid: Option<Vec<bool>>,
}

impl<T: Copy + Default> OptionalColumn<T> {
    /// A column of these values, or of `len` nulls without any; `is_valid` if only some of them are null.
    #[must_use]
    pub fn new(len: usize, values: Vec<T>, is_valid: Option<Vec<bool>>) -> Self {
        Self { len, values, is_valid }
    }

    /// Returns the cells one by one.
    #[must_use]
    pub fn to_cells(&self) -> Vec<Option<T>> {
        (0..self.len).map(|row| self.at(row)).collect()
    }

    /// Returns as many values as there are cells, and which of them hold; `None` if all do.
    #[must_use]
    pub fn into_parts(self) -> (Vec<T>, Option<Vec<bool>>) {
        if self.values.is_empty() {
            return (vec![T::default(); self.len], (self.len > 0).then(|| vec![false; self.len]));
        }
        (self.values, self.is_valid)
    }
}

impl<T: Copy + Default> Column<Option<T>> for OptionalColumn<T> {
    fn reserve(&mut self, count: usize) {
        if !self.values.is_empty() {
            self.values.reserve(count);
        }
    }

    fn append(&mut self, cells: impl ExactSizeIterator<Item = Option<T>> + Clone) {
        let (len, count) = (self.len, cells.len());
        let given = cells.clone().filter(Option::is_some).count();
        self.len += count;
        if given == 0 && self.values.is_empty() {
            return;
        }
        let was_null = self.values.is_empty() && len > 0;
        if self.is_valid.is_none() && (was_null || given < count) {
            self.is_valid = Some(vec![!was_null; len]);
        }
        self.values.resize(len, T::default());
        if let Some(is_valid) = &mut self.is_valid {
            is_valid.extend(cells.clone().map(|cell| cell.is_some()));
        }
        self.values.extend(cells.map(Option::unwrap_or_default));
    }

    fn at(&self, row: usize) -> Option<T> {
        let is_valid = !self.values.is_empty() && self.is_valid.as_ref().is_none_or(|valid| valid[row]);
        is_valid.then(|| self.values[row])
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
            $($(#[$field_doc])* pub $field: <$kind as $crate::growing::Cell>::Column,)*
        }

        impl $rows {
            /// A table of `len` rows that came as columns.
            #[must_use]
            pub fn of_columns(len: usize, columns: Self) -> Self {
                Self { len, ..columns }
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
            #[inline]
            pub fn push(&mut self, row: $row) {
                if self.block.len() == $crate::growing::BLOCK_ROWS {
                    self.flush();
                }
                self.block.push(row);
            }

            /// Returns a row.
            #[must_use]
            pub fn at(&self, row: usize) -> $row {
                match row.checked_sub(self.len) {
                    Some(idx) => self.block[idx],
                    None => $row { $($field: $crate::growing::Column::at(&self.$field, row),)* },
                }
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
        assert_eq!(nulls.into_parts(), (vec![0; 100], Some(vec![false; 100])));
        assert_eq!(OptionalColumn::<i64>::default().into_parts(), (Vec::new(), None));
    }

    #[test]
    fn a_full_column_has_no_mask() {
        assert_eq!(rows(3, |_| true).whole().sometimes.into_parts(), (vec![0, -1, -2], None));
    }
}
