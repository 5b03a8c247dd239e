//! Every way a call of the core can fail.
//!
//! A core error carries a dotted code of `schema/errors.toml` and facts; Python words the message.
//! What is tolerated is not an error but a row of `rejections` or `diagnostics`.
//!
//! twin: none — the Python half raises `omega.errors` directly.

use thiserror::Error;

use crate::indicators::CATALOGUE;

/// One fact of an error's context.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A whole number: index, count, time in microseconds.
    Int(i64),
    /// A number as the strategy gave it.
    Float(f64),
    /// A name or a reason.
    Text(String),
}

/// What the core refuses.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Error {
    /// The plan JSON is not one this engine understands.
    #[error("plan: {reason}")]
    Plan {
        /// What does not fit.
        reason: String,
    },
    /// An input table has another shape than the schema says.
    #[error("{place}: {reason}")]
    Shape {
        /// Which table or column.
        place: String,
        /// What does not fit.
        reason: String,
    },
    /// Two neighbouring bars are out of order or share one open time.
    #[error("{place}, bar {bar_idx}: open time {time_us} is not after {previous_us}")]
    TimeNotIncreasing {
        /// Which series.
        place: String,
        /// Index of the later bar.
        bar_idx: i64,
        /// Its open time.
        time_us: i64,
        /// Open time of the bar before it.
        previous_us: i64,
    },
    /// There is no indicator of this name.
    #[error("no indicator {name}")]
    UnknownIndicator {
        /// As asked for.
        name: String,
    },
    /// The indicator has no parameter of this name.
    #[error("{indicator} has no parameter {parameter}")]
    UnknownParameter {
        /// Which indicator.
        indicator: String,
        /// As asked for.
        parameter: String,
    },
    /// A parameter of an indicator lies outside what it may be.
    #[error("{indicator}: {parameter} is {value}, expected {expected}")]
    ParameterOutOfRange {
        /// Which indicator.
        indicator: String,
        /// Which parameter.
        parameter: &'static str,
        /// As asked for.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// An indicator reads volume and a bar has none.
    #[error("{indicator}: {timeframe} row {bar_idx} has no volume")]
    NoVolume {
        /// Which indicator.
        indicator: String,
        /// Timeframe of the bars.
        timeframe: String,
        /// First row without volume.
        bar_idx: i64,
    },
    /// A signal that cannot be (SIG-1).
    #[error("bar {bar_idx}: signal fault {number}: {field} = {value:?}")]
    Signal {
        /// Number of the catalogue entry.
        number: i16,
        /// Bar of the signal.
        bar_idx: i64,
        /// Decision time of that bar.
        time_us: i64,
        /// Offending column.
        field: &'static str,
        /// Offending value.
        value: f64,
    },
    /// A signal row whose bar index is out of range or descends.
    #[error("signal row {row}: bar_idx {bar_idx} {reason}")]
    SignalBarIdx {
        /// Row of the table.
        row: i64,
        /// Its bar index.
        bar_idx: i64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A position of this id was opened before.
    #[error("position {position_id} exists already")]
    DuplicateId {
        /// The id.
        position_id: i64,
    },
    /// No position of this id is open.
    #[error("position {position_id} is not open")]
    NotHeld {
        /// The id.
        position_id: i64,
    },
    /// More volume is to be closed than is open.
    #[error("position {position_id} holds {held} steps, not {steps}")]
    ClosedVolume {
        /// The id.
        position_id: i64,
        /// Volume to close.
        steps: i64,
        /// Volume that is open.
        held: i64,
    },
    /// The books have passed this time.
    #[error("{time_us} comes before {previous_us}")]
    TimeBack {
        /// The time asked for.
        time_us: i64,
        /// The time of the books.
        previous_us: i64,
    },
    /// A sum of money or volume left the range of 64 bits.
    #[error("{what} does not fit 64 bits")]
    Overflow {
        /// Which quantity.
        what: &'static str,
    },
    /// A currency pair has no close yet with which money could be converted (CUR).
    #[error("no rate of {pair} at {time_us}")]
    RateMissing {
        /// The pair.
        pair: String,
        /// The moment.
        time_us: i64,
    },
    /// The last close of a currency pair is too old to convert with (CUR).
    #[error("the rate of {pair} at {time_us} is that of {close_us}")]
    RateStale {
        /// The pair.
        pair: String,
        /// The moment.
        time_us: i64,
        /// When its last close was known.
        close_us: i64,
    },
    /// The caller asked the run to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Result of a core call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The dotted code of `schema/errors.toml`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "config.plan",
            Self::Shape { .. } => "data.shape",
            Self::TimeNotIncreasing { .. } => "data.time_not_increasing",
            Self::UnknownIndicator { .. } => "indicator.unknown",
            Self::UnknownParameter { .. } => "indicator.unknown_parameter",
            Self::ParameterOutOfRange { .. } => "indicator.parameter",
            Self::NoVolume { .. } => "indicator.no_volume",
            Self::Signal { number, .. } => dotted(*number),
            Self::SignalBarIdx { .. } => "signal.bar_idx",
            Self::DuplicateId { .. } => "position.duplicate_id",
            Self::NotHeld { .. } => "position.not_held",
            Self::ClosedVolume { .. } => "position.volume",
            Self::TimeBack { .. } => "portfolio.time_back",
            Self::Overflow { .. } => "engine.overflow",
            Self::RateMissing { .. } => "rates.missing",
            Self::RateStale { .. } => "rates.stale",
            Self::Interrupted => "engine.interrupted",
        }
    }

    /// The facts of the message, by the names the catalogue's template uses.
    #[must_use]
    pub fn context(&self) -> Vec<(&'static str, Fact)> {
        match self {
            Self::Plan { reason } => vec![("reason", Fact::Text(reason.clone()))],
            Self::Shape { place, reason } => {
                vec![("where", Fact::Text(place.clone())), ("reason", Fact::Text(reason.clone()))]
            }
            Self::TimeNotIncreasing { place, bar_idx, time_us, previous_us } => vec![
                ("where", Fact::Text(place.clone())),
                ("bar_idx", Fact::Int(*bar_idx)),
                ("time_us", Fact::Int(*time_us)),
                ("previous_us", Fact::Int(*previous_us)),
                ("mend", Fact::Text("Sort the bars and drop duplicates.".to_owned())),
            ],
            Self::UnknownIndicator { name } => vec![
                ("name", Fact::Text(name.clone())),
                ("hint", Fact::Text(format!(" Known: {}.", names(CATALOGUE.iter().map(|one| one.name))))),
            ],
            Self::UnknownParameter { indicator, parameter } => vec![
                ("indicator", Fact::Text(indicator.clone())),
                ("parameter", Fact::Text(parameter.clone())),
                ("hint", Fact::Text(format!(" It has {}.", parameters_of(indicator)))),
            ],
            Self::ParameterOutOfRange { indicator, parameter, value, expected } => vec![
                ("indicator", Fact::Text(indicator.clone())),
                ("parameter", Fact::Text((*parameter).to_owned())),
                ("value", Fact::Float(*value)),
                ("expected", Fact::Text((*expected).to_owned())),
            ],
            Self::NoVolume { indicator, timeframe, bar_idx } => vec![
                ("indicator", Fact::Text(indicator.clone())),
                ("timeframe", Fact::Text(timeframe.clone())),
                ("bar_idx", Fact::Int(*bar_idx)),
            ],
            Self::Signal { bar_idx, time_us, field, value, .. } => vec![
                ("bar_idx", Fact::Int(*bar_idx)),
                ("time_us", Fact::Int(*time_us)),
                ("field", Fact::Text((*field).to_owned())),
                ("value", Fact::Float(*value)),
            ],
            Self::SignalBarIdx { row, bar_idx, reason } => vec![
                ("row", Fact::Int(*row)),
                ("bar_idx", Fact::Int(*bar_idx)),
                ("reason", Fact::Text((*reason).to_owned())),
            ],
            Self::DuplicateId { position_id } | Self::NotHeld { position_id } => {
                vec![("position_id", Fact::Int(*position_id))]
            }
            Self::ClosedVolume { position_id, steps, held } => vec![
                ("position_id", Fact::Int(*position_id)),
                ("steps", Fact::Int(*steps)),
                ("held", Fact::Int(*held)),
            ],
            Self::TimeBack { time_us, previous_us } => {
                vec![("time_us", Fact::Int(*time_us)), ("previous_us", Fact::Int(*previous_us))]
            }
            Self::Overflow { what } => vec![("what", Fact::Text((*what).to_owned()))],
            Self::RateMissing { pair, time_us } => {
                vec![("pair", Fact::Text(pair.clone())), ("time_us", Fact::Int(*time_us))]
            }
            Self::RateStale { pair, time_us, close_us } => vec![
                ("pair", Fact::Text(pair.clone())),
                ("time_us", Fact::Int(*time_us)),
                ("close_us", Fact::Int(*close_us)),
            ],
            Self::Interrupted => Vec::new(),
        }
    }
}

/// Names in one line.
fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    all.collect::<Vec<_>>().join(", ")
}

/// The parameters of an indicator in one line.
fn parameters_of(indicator: &str) -> String {
    let parameters = CATALOGUE.iter().find(|one| one.name == indicator).map_or(&[][..], |one| one.parameters);
    if parameters.is_empty() { "none".to_owned() } else { names(parameters.iter().map(|one| one.name)) }
}

/// The dotted code of a catalogue number.
fn dotted(number: i16) -> &'static str {
    crate::schema::CATALOGUE.iter().find(|entry| entry.1 == number).map_or("engine.internal", |entry| entry.0)
}
