//! Arrow tables to columns and back: the only module of the core that knows Arrow.
//!
//! Columns are borrowed, not copied. Every table is checked against `schema` on the way in (names,
//! types, nulls), so that nothing behind this module has to ask again. Rule NUL.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, BooleanArray, NullArray, PrimitiveArray, RecordBatch};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use crate::error::{Error, Result};
use crate::growing::OptionalColumn;
use crate::mask::Mask;
use crate::schema::{Column, ColumnType};

/// A float64 column with nulls, as it lies in memory.
pub type OptionalFloats = PrimitiveArray<Float64Type>;

/// One table on its way in, checked against its schema.
pub struct Table<'a> {
    place: &'a str,
    batch: &'a RecordBatch,
}

impl<'a> Table<'a> {
    /// Checks names, types and nulls of every column the schema names; others are ignored.
    ///
    /// # Errors
    /// `data.shape` with the table, the column and the first null row.
    pub fn read(batch: &'a RecordBatch, columns: &[Column], place: &'a str) -> Result<Self> {
        let table = Self { place, batch };
        columns.iter().try_for_each(|column| table.check(*column))?;
        Ok(table)
    }

    /// Rows of the table.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.batch.num_rows()
    }

    /// A column without nulls, by its Arrow type.
    ///
    /// # Errors
    /// `data.shape` if there is no such column of that type.
    pub fn column<T: ArrowPrimitiveType>(&self, name: &str) -> Result<ScalarBuffer<T::Native>> {
        Ok(self.primitive::<T>(name)?.values().clone())
    }

    /// A column of times in microseconds.
    ///
    /// # Errors
    /// `data.shape` if there is no such column.
    pub fn times(&self, name: &str) -> Result<ScalarBuffer<i64>> {
        let array = self.array(name)?;
        if *array.data_type() != data_type(ColumnType::Timestamp) || array.null_count() > 0 {
            return Err(self.misfit(format!("column {name} does not hold times in UTC without nulls")));
        }
        self.column::<TimestampMicrosecondType>(name)
    }

    /// A column that may hold nulls.
    ///
    /// # Errors
    /// `data.shape` if there is no such column of that type.
    pub fn optional<T: ArrowPrimitiveType>(&self, name: &str) -> Result<OptionalColumn<T::Native>> {
        let array = self.primitive::<T>(name)?;
        let len = array.len();
        Ok(match array.null_count() {
            0 => OptionalColumn::new(len, array.values().to_vec(), None),
            count if count == len => OptionalColumn::new(len, Vec::new(), None),
            _ => OptionalColumn::new(
                len,
                array.iter().map(Option::unwrap_or_default).collect(),
                Some(array.iter().map(|value| value.is_some()).collect()),
            ),
        })
    }

    /// A column without nulls that a table may leave out.
    ///
    /// # Errors
    /// `data.shape` if it is there and has another type or nulls.
    pub fn left_out<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Option<ScalarBuffer<T::Native>>> {
        if self.batch.column_by_name(name).is_none() {
            return Ok(None);
        }
        if self.array(name)?.null_count() > 0 {
            return Err(self.misfit(format!("column {name} holds nulls")));
        }
        self.column::<T>(name).map(Some)
    }

    /// A float64 column that may hold nulls, borrowed.
    ///
    /// # Errors
    /// `data.shape` if there is no such column.
    pub fn optional_floats(&self, name: &str) -> Result<OptionalFloats> {
        Ok(self.primitive::<Float64Type>(name)?.clone())
    }

    /// A column of flags.
    ///
    /// # Errors
    /// `data.shape` if there is no such column.
    pub fn flags(&self, name: &str) -> Result<Vec<bool>> {
        let array = self.array(name)?.as_any().downcast_ref::<BooleanArray>();
        let array = array.ok_or_else(|| self.misfit(format!("column {name} is not bool")))?;
        Ok(array.values().iter().collect())
    }

    fn primitive<T: ArrowPrimitiveType>(&self, name: &str) -> Result<&PrimitiveArray<T>> {
        let array = self.array(name)?.as_any().downcast_ref::<PrimitiveArray<T>>();
        array.ok_or_else(|| self.misfit(format!("column {name} has another type")))
    }

    fn array(&self, name: &str) -> Result<&ArrayRef> {
        self.batch.column_by_name(name).ok_or_else(|| self.misfit(format!("column {name} is missing")))
    }

    fn check(&self, column: Column) -> Result<()> {
        let array = self.array(column.name)?;
        let expected = data_type(column.kind);
        if *array.data_type() != expected {
            let found = shown(array.data_type());
            return Err(self.misfit(format!(
                "column {} is {found}, expected {}",
                column.name,
                shown(&expected)
            )));
        }
        if array.null_count() > 0 && !column.null {
            let row = (0..array.len()).find(|row| array.is_null(*row)).unwrap_or(0);
            return Err(self.misfit(format!("column {} is null in row {row}", column.name)));
        }
        Ok(())
    }

    fn misfit(&self, reason: String) -> Error {
        Error::Shape { place: self.place.to_owned(), reason }
    }
}

/// Builds a record batch in the schema of a table; arrays in column order.
///
/// # Errors
/// `data.shape` if an array does not fit its column: a defect of the engine.
pub fn batch(columns: &[Column], arrays: Vec<ArrayRef>) -> Result<RecordBatch> {
    let fields: Vec<Field> =
        columns.iter().map(|column| Field::new(column.name, data_type(column.kind), column.null)).collect();
    let (mut arrays, mut blank) = (arrays, None);
    for (array, column) in arrays.iter_mut().zip(columns) {
        if *array.data_type() == DataType::Null {
            *array = blank.get_or_insert_with(|| Blank::new(array.len())).column(column.kind);
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|error| Error::Shape { place: "result table".to_owned(), reason: error.to_string() })
}

/// What the columns of nulls of a table share, instead of each being zeros of its own.
struct Blank {
    zeros: Buffer,
    nulls: NullBuffer,
}

impl Blank {
    fn new(len: usize) -> Self {
        Self { zeros: vec![0_i64; len].into(), nulls: NullBuffer::new_null(len) }
    }

    fn column(&self, kind: ColumnType) -> ArrayRef {
        match kind {
            ColumnType::Timestamp => {
                Arc::new(self.nulls_of::<TimestampMicrosecondType>().with_timezone("UTC"))
            }
            ColumnType::Int8 => Arc::new(self.nulls_of::<Int8Type>()),
            ColumnType::Int16 => Arc::new(self.nulls_of::<Int16Type>()),
            ColumnType::Int32 => Arc::new(self.nulls_of::<Int32Type>()),
            ColumnType::Int64 => Arc::new(self.nulls_of::<Int64Type>()),
            ColumnType::Float64 => Arc::new(self.nulls_of::<Float64Type>()),
            ColumnType::Bool => Arc::new(BooleanArray::new_null(self.nulls.len())),
        }
    }

    fn nulls_of<T: ArrowPrimitiveType>(&self) -> PrimitiveArray<T> {
        let zeros = ScalarBuffer::new(self.zeros.clone(), 0, self.nulls.len());
        PrimitiveArray::new(zeros, Some(self.nulls.clone()))
    }
}

/// An int8 column that takes over its values without a copy.
#[must_use]
pub fn int8_of(values: Vec<i8>) -> ArrayRef {
    owned::<Int8Type>(values)
}

/// An int16 column that takes over its values without a copy.
#[must_use]
pub fn int16_of(values: Vec<i16>) -> ArrayRef {
    owned::<Int16Type>(values)
}

/// An int32 column that takes over its values without a copy.
#[must_use]
pub fn int32_of(values: Vec<i32>) -> ArrayRef {
    owned::<Int32Type>(values)
}

/// An int64 column that takes over its values without a copy.
#[must_use]
pub fn int64_of(values: Vec<i64>) -> ArrayRef {
    owned::<Int64Type>(values)
}

/// A float64 column that takes over its values without a copy.
#[must_use]
pub fn float64_of(values: Vec<f64>) -> ArrayRef {
    owned::<Float64Type>(values)
}

/// A column of times in microseconds that takes over its values without a copy.
#[must_use]
pub fn times_of(values: Vec<i64>) -> ArrayRef {
    Arc::new(PrimitiveArray::<TimestampMicrosecondType>::new(values.into(), None).with_timezone("UTC"))
}

/// A column of flags.
pub fn flags(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<BooleanArray>())
}

/// An int8 column with nulls.
#[must_use]
pub fn optional_int8_of(column: OptionalColumn<i8>) -> ArrayRef {
    nullable::<Int8Type>(column, |array| array)
}

/// An int16 column with nulls.
#[must_use]
pub fn optional_int16_of(column: OptionalColumn<i16>) -> ArrayRef {
    nullable::<Int16Type>(column, |array| array)
}

/// An int64 column with nulls.
#[must_use]
pub fn optional_int64_of(column: OptionalColumn<i64>) -> ArrayRef {
    nullable::<Int64Type>(column, |array| array)
}

/// A float64 column with nulls.
#[must_use]
pub fn optional_float64_of(column: OptionalColumn<f64>) -> ArrayRef {
    nullable::<Float64Type>(column, |array| array)
}

/// A column of times with nulls, in microseconds.
#[must_use]
pub fn optional_times_of(column: OptionalColumn<i64>) -> ArrayRef {
    nullable::<TimestampMicrosecondType>(column, |times| times.with_timezone("UTC"))
}

/// A column with nulls; one of nothing else gets its type, and memory it shares, in `batch`.
fn nullable<T: ArrowPrimitiveType>(
    column: OptionalColumn<T::Native>,
    finish: impl Fn(PrimitiveArray<T>) -> PrimitiveArray<T>,
) -> ArrayRef {
    let len = column.len();
    match column.into_parts() {
        None => Arc::new(NullArray::new(len)),
        Some((values, is_valid)) => {
            Arc::new(finish(PrimitiveArray::new(values.into(), is_valid.map(|mask| nulls_of(mask, len)))))
        }
    }
}

/// A mask as Arrow reads it: byte by byte, the lowest first.
fn nulls_of(is_valid: Mask, len: usize) -> NullBuffer {
    let words: Vec<u64> = is_valid.into_words().into_iter().map(u64::to_le).collect();
    NullBuffer::new(BooleanBuffer::new(words.into(), 0, len))
}

fn owned<T: ArrowPrimitiveType>(values: Vec<T::Native>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(values.into(), None))
}

fn data_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ColumnType::Int8 => DataType::Int8,
        ColumnType::Int16 => DataType::Int16,
        ColumnType::Int32 => DataType::Int32,
        ColumnType::Int64 => DataType::Int64,
        ColumnType::Float64 => DataType::Float64,
        ColumnType::Bool => DataType::Boolean,
    }
}

/// The type as the twin names it.
fn shown(kind: &DataType) -> String {
    match kind {
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => format!("timestamp[us, tz={zone}]"),
        DataType::Float64 => "double".to_owned(),
        DataType::Boolean => "bool".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}
