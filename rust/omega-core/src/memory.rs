//! Memory that is asked for before it is needed: hints, no result depends on them.
//!
//! twin: none — the machine's business.

use prefetch_index::prefetch_index;

/// Bytes that memory hands over at once.
const LINE_BYTES: usize = 64;

/// Asks for `count` cells from `first` on; they may lie behind the end, and need not be there.
#[allow(clippy::inline_always, reason = "one instruction a line, where the count is known")]
#[inline(always)]
pub(crate) fn prefetch<T>(cells: &[T], first: usize, count: usize) {
    let cells_a_line = LINE_BYTES / size_of::<T>();
    for line in 0..count.div_ceil(cells_a_line) {
        prefetch_index(cells, first + line * cells_a_line);
    }
}
