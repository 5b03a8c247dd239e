//! Prices, costs and sizes of fills.

pub mod commission;
pub mod exits;
pub mod fills;
pub mod levels;
pub mod liquidity;
pub mod path;
pub mod sizing;
pub mod slippage;
pub mod swap;
