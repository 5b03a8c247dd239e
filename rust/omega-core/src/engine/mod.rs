//! The loop and its state.

pub mod closing;
pub mod opening;
mod quiet;
pub mod records;
pub mod rollover;
pub mod signals;
pub mod simulation;
pub mod slipping;
pub mod volatility;

pub use simulation::{Simulation, simulate};
