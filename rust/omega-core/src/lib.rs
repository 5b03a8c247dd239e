//! The engine, books, indicators and statistics of omega.
//!
//! Pure: no Python, no I/O, no clock, no globals. Every module mirrors one of the Python twin
//! (`python/omega/backends/python/`), which is the specification; both give the same bits.

pub mod engine;
pub mod error;
pub mod execution;
pub mod frame;
pub mod growing;
pub mod indicators;
pub mod market;
mod mask;
mod memory;
pub mod metrics;
pub mod numerics;
pub mod plan;
pub mod plan_money;
pub mod plan_rules;
pub mod portfolio;
pub mod rating;
pub mod rng;
#[rustfmt::skip]
pub mod schema;
pub mod statistics;
pub mod strategies;
