//! The frozen market of one run: bars of every series, alignments, calendar.
//!
//! Built once by `open_market`, replayed often. Prices are integer points, borrowed from the Arrow
//! columns; the first series is the step timeframe. Rules TIM and LOOP-4 in `docs/spec/engine.md`.

use arrow_array::RecordBatch;
use arrow_array::types::{Int8Type, Int32Type};
use arrow_buffer::ScalarBuffer;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::frame::{OptionalFloats, Table};
use crate::indicators::PriceColumns;
use crate::memory::prefetch;
use crate::schema;

/// Largest price, in points: with it no product of the engine can overflow.
pub const MAX_POINTS: i32 = 1_000_000_000;

/// Open, high, low, close of one quote side, in points.
#[derive(Clone, Debug)]
pub struct Prices {
    /// At the open.
    pub open: ScalarBuffer<i32>,
    /// Highest.
    pub high: ScalarBuffer<i32>,
    /// Lowest.
    pub low: ScalarBuffer<i32>,
    /// At the close.
    pub close: ScalarBuffer<i32>,
}

/// The four prices of one bar on one quote side, in points.
#[derive(Clone, Copy, Debug)]
pub struct Ohlc {
    /// At the open.
    pub open: i64,
    /// Highest.
    pub high: i64,
    /// Lowest.
    pub low: i64,
    /// At the close.
    pub close: i64,
}

/// Returns the prices of one bar.
#[must_use]
pub fn ohlc_at(prices: &Prices, bar_idx: usize) -> Ohlc {
    Ohlc {
        open: i64::from(prices.open[bar_idx]),
        high: i64::from(prices.high[bar_idx]),
        low: i64::from(prices.low[bar_idx]),
        close: i64::from(prices.close[bar_idx]),
    }
}

/// Bars of one symbol and timeframe.
#[derive(Clone, Debug)]
pub struct Series {
    /// Index of the symbol.
    pub symbol: usize,
    /// Name of the timeframe.
    pub timeframe: String,
    /// Digits of a price.
    pub digits: u32,
    /// Open times.
    pub time_us: ScalarBuffer<i64>,
    /// When each bar is known.
    pub close_time_us: ScalarBuffer<i64>,
    /// Bid side.
    pub bid: Prices,
    /// Ask side.
    pub ask: Prices,
    /// Volume as the source gives it.
    pub volume: OptionalFloats,
    /// For every bar of the step timeframe: the bar of this series it may see, or -1.
    pub visible: Option<ScalarBuffer<i32>>,
    /// Prices as floats, for indicators; each column is made when it is first read.
    pub floats: PriceColumns,
}

impl Series {
    /// Asks memory for the times and prices of `count` bars. twin: none — see `memory`.
    #[allow(clippy::inline_always, reason = "as there")]
    #[inline(always)]
    pub(crate) fn prefetch(&self, first: usize, count: usize) {
        prefetch(&self.time_us, first, count);
        for side in [&self.bid, &self.ask] {
            for column in [&side.open, &side.high, &side.low, &side.close] {
                prefetch(column, first, count);
            }
        }
    }
}

/// All series of one run; `series[0]` is the step timeframe.
#[derive(Clone, Debug)]
pub struct Market {
    /// Names of the symbols.
    pub symbols: Vec<String>,
    /// All series.
    pub series: Vec<Series>,
    /// Index of the series that looks into the bars of the step timeframe (FIL-7).
    pub finer: Option<usize>,
    /// FX days.
    pub calendar: Calendar,
    /// For every rollover of the calendar: the first step not before it. twin: none — for strides.
    pub rollover_steps: Vec<usize>,
}

/// FX days with their rollovers (TIM-3), ascending.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    /// The 17:00 New York that ends each FX day.
    pub rollover_time_us: ScalarBuffer<i64>,
    /// Days since 1970-01-01.
    pub fx_day: ScalarBuffer<i32>,
    /// Weekday of the FX day, Monday = 0.
    pub weekday: ScalarBuffer<i8>,
}

impl Market {
    /// A market of series that were checked. twin: none — a dataclass there.
    #[must_use]
    pub fn new(symbols: Vec<String>, series: Vec<Series>, finer: Option<usize>, calendar: Calendar) -> Self {
        let time_us: &[i64] = series.first().map_or(&[], |step| &step.time_us);
        let mut step = 0;
        let step_of = |rollover_us: &i64| {
            step += time_us[step..].partition_point(|time_us| time_us < rollover_us);
            step
        };
        let rollover_steps = calendar.rollover_time_us.iter().map(step_of).collect();
        Self { symbols, series, finer, calendar, rollover_steps }
    }

    /// Bars of the step timeframe, warm-up included.
    #[must_use]
    pub fn bar_count(&self) -> usize {
        self.series[0].time_us.len()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    symbols: Vec<SymbolEntry>,
    series: Vec<SeriesEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SymbolEntry {
    name: String,
    digits: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeriesEntry {
    symbol: usize,
    timeframe: String,
    #[serde(default)]
    finer: bool,
}

/// Returns the market of a run (the seam's `open_market`).
///
/// # Errors
/// `data.shape` for tables that do not fit the schema or each other, `data.time_not_increasing` for
/// bars out of order (LOOP-4).
pub fn open_market(
    header: &str,
    series: &[RecordBatch],
    visible: &[Option<ScalarBuffer<i32>>],
    calendar: &RecordBatch,
) -> Result<Market> {
    let names: Header = serde_json::from_str(header).map_err(|error| misfit("header", &error.to_string()))?;
    let fits = series.len() == visible.len() && series.len() == names.series.len();
    if series.is_empty() || !fits {
        return Err(misfit("header", "series, visible and header differ in length"));
    }
    let mut opened: Vec<Series> = Vec::with_capacity(series.len());
    for ((entry, batch), rows) in names.series.iter().zip(series).zip(visible) {
        let symbol =
            names.symbols.get(entry.symbol).ok_or_else(|| misfit("header", "there is no such symbol"))?;
        let place = format!("{} {}", symbol.name, entry.timeframe);
        if let Some(rows) = rows {
            check_visible(rows, &place, opened.first().map_or(0, |step| step.time_us.len()))?;
        }
        opened.push(open_series(entry, symbol.digits, &place, batch, rows.clone())?);
    }
    let calendar = read_calendar(calendar)?;
    let finer = names.series.iter().position(|entry| entry.finer);
    let symbols = names.symbols.into_iter().map(|symbol| symbol.name).collect();
    Ok(Market::new(symbols, opened, finer, calendar))
}

fn read_calendar(batch: &RecordBatch) -> Result<Calendar> {
    let table = Table::read(batch, schema::CALENDAR, "calendar")?;
    Ok(Calendar {
        rollover_time_us: table.times("rollover_time")?,
        fx_day: table.column::<Int32Type>("fx_day")?,
        weekday: table.column::<Int8Type>("weekday")?,
    })
}

fn open_series(
    entry: &SeriesEntry,
    digits: u32,
    place: &str,
    batch: &RecordBatch,
    visible: Option<ScalarBuffer<i32>>,
) -> Result<Series> {
    let table = Table::read(batch, schema::BARS, "bars")?;
    if table.row_count() == 0 {
        return Err(misfit(place, "there are no bars"));
    }
    let series = Series {
        symbol: entry.symbol,
        timeframe: entry.timeframe.clone(),
        digits,
        time_us: table.times("time")?,
        close_time_us: table.times("close_time")?,
        bid: read_prices(&table, ["bid_open", "bid_high", "bid_low", "bid_close"])?,
        ask: read_prices(&table, ["ask_open", "ask_high", "ask_low", "ask_close"])?,
        volume: table.optional_floats("volume")?,
        visible,
        floats: PriceColumns::default(),
    };
    check_ascending(&series.time_us, place)?;
    check_prices(&series.bid, place, "bid")?;
    check_prices(&series.ask, place, "ask")?;
    Ok(series)
}

fn read_prices(table: &Table<'_>, names: [&str; 4]) -> Result<Prices> {
    let [open, high, low, close] = names;
    Ok(Prices {
        open: table.column::<Int32Type>(open)?,
        high: table.column::<Int32Type>(high)?,
        low: table.column::<Int32Type>(low)?,
        close: table.column::<Int32Type>(close)?,
    })
}

/// Refuses bars that are out of order or share one open time (LOOP-4).
fn check_ascending(time_us: &[i64], place: &str) -> Result<()> {
    match time_us.windows(2).position(|pair| pair[1] <= pair[0]) {
        None => Ok(()),
        Some(before) => Err(Error::TimeNotIncreasing {
            place: place.to_owned(),
            bar_idx: as_i64(before + 1),
            time_us: time_us[before + 1],
            previous_us: time_us[before],
        }),
    }
}

/// Refuses prices outside 1 … `MAX_POINTS` and bars that do not contain their open and close.
#[expect(clippy::needless_bitwise_bool, reason = "no branch inside a vector of comparisons")]
fn check_prices(prices: &Prices, place: &str, side: &str) -> Result<()> {
    let rows = || prices.open.iter().zip(prices.high.iter()).zip(prices.low.iter()).zip(prices.close.iter());
    let is_wrong = |(((open, high), low), close): (((&i32, &i32), &i32), &i32)| {
        (*low < 1) | (low > open.min(close)) | (open.max(close) > high) | (*high > MAX_POINTS)
    };
    if !rows().fold(false, |any, bar| any | is_wrong(bar)) {
        return Ok(());
    }
    let bar_idx = rows().position(is_wrong).unwrap_or(0);
    let reason =
        format!("the {side} prices of row {bar_idx} are not 1 <= low <= open, close <= high <= {MAX_POINTS}");
    Err(misfit(place, &reason))
}

fn check_visible(rows: &[i32], place: &str, count: usize) -> Result<()> {
    if rows.len() == count {
        return Ok(());
    }
    Err(misfit(place, &format!("expected int32 without nulls, {count} rows")))
}

/// A row index as it travels in tables.
#[must_use]
pub fn as_i64(idx: usize) -> i64 {
    i64::try_from(idx).unwrap_or(i64::MAX)
}

fn misfit(place: &str, reason: &str) -> Error {
    Error::Shape { place: place.to_owned(), reason: reason.to_owned() }
}
