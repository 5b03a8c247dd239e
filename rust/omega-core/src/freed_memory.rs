//! Memory of columns that were given back stays with the process.
//!
//! twin: none — the machine's business.

use std::hint::black_box;
use std::sync::Once;

/// Bytes of freed memory that stay, as much as the C library allows.
const KEPT_BYTES: usize = (32 << 20) - (1 << 16);

/// Lets the C library keep the memory of columns that were given back.
///
/// It learns sizes that come and go from the largest block ever freed. Until then it returns every column of a
/// million bars to the system, and taking it anew, page by page, costs more than filling it.
pub(crate) fn keep_freed_memory() {
    static LEARNT: Once = Once::new();
    LEARNT.call_once(|| drop(black_box(Vec::<u8>::with_capacity(KEPT_BYTES))));
}
