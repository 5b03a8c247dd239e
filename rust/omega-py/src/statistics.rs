//! Metrics and the resampling components of the rating.

use pyo3::prelude::*;
