//! Bindings of omega-core: unwrap, one call, wrap. The single crate that knows Python.
//!
//! Every call releases the interpreter while the core works, turns the core's errors into `CoreError`
//! (code and facts, worded in Python), and turns a panic into `engine.internal`.

use pyo3::prelude::*;

mod answers;
mod convert;
mod errors;
mod market;
mod portfolio;
mod session;
mod simulation;
mod simulator;
mod statistics;
mod view;

/// Asks the system for huge pages and keeps for a moment what is given back (docs/decisions/0019).
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The Rust half of omega. Use `omega.backends`, not this.
#[pymodule(name = "_native")]
mod native {
    #[pymodule_export]
    use super::errors::CoreError;
    #[pymodule_export]
    use super::market::{Market, compute_indicators, describe, open_market};
    #[pymodule_export]
    use super::portfolio::{Holdings, open_portfolio};
    #[pymodule_export]
    use super::session::{Bar, Session};
    #[pymodule_export]
    use super::simulation::{simulate, simulate_stepwise};
    #[pymodule_export]
    use super::simulator::{Signals, Simulator, open_simulator};
    #[pymodule_export]
    use super::statistics::{compute_metrics, rate, replay, stress_market};
    #[pymodule_export]
    use super::view::View;
}
