//! Prices, costs and sizes of fills.

pub mod commission;
pub mod fills;
pub mod levels;
pub mod sizing;
pub mod slippage;
pub mod swap;
