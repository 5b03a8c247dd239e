//! The loop and its state.

pub mod account;
pub mod arriving;
pub mod clock_rules;
pub mod closing;
mod entering;
pub mod fill_bar;
pub mod filters;
pub mod finer;
pub mod latency;
pub mod management;
pub mod modifying;
mod numbering;
pub mod oco;
pub mod opening;
pub mod orders;
pub mod pass_bar;
pub mod passes;
mod quiet;
pub mod records;
pub mod rollover;
pub mod signals;
pub mod simulation;
pub mod simulator;
pub mod slipping;
pub mod stop_out;
mod sweep;
pub mod tables;
pub mod volatility;

pub use simulation::{Simulation, simulate};
