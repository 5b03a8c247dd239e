//! Prices at which stops and targets fill inside one bar.
//!
//! A bar hides the path between its four prices. These functions choose the worst price that the path
//! still allows, and never one outside the bar. They do not know about cash, size or costs; prices are
//! points of the closing side (bid for longs, ask for shorts).
//!
//! Rules FIL-5 to FIL-7 and FIL-9 in `docs/spec/engine.md`.

use crate::schema::Moment;

/// How a bar closes a position: which level, at which raw price, where in the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Stop loss rather than take profit.
    pub is_stop: bool,
    /// Price before slippage.
    pub raw_price: i64,
    /// Where in the bar.
    pub moment: Moment,
}

/// Returns the exit that the open alone decides, or `None` (FIL-5, FIL-6: "O if O is beyond").
///
/// A long with its stop at 95 on a bar that opens at 90 leaves at 90, not at 95.
#[must_use]
pub fn exit_at_open(direction: i64, sl: Option<i64>, tp: Option<i64>, open: i64) -> Option<Exit> {
    if sl.is_some_and(|sl| direction * (open - sl) <= 0) {
        return Some(Exit { is_stop: true, raw_price: open, moment: Moment::Open });
    }
    if tp.is_some_and(|tp| direction * (open - tp) >= 0) {
        return Some(Exit { is_stop: false, raw_price: open, moment: Moment::Open });
    }
    None
}

/// Returns the exit between open and close, and whether the bar leaves its order open (FIL-7, FIL-9).
///
/// To be asked only when the open decided nothing. `range` is the bar's low and high.
#[must_use]
pub fn exit_inside(
    direction: i64,
    sl: Option<i64>,
    tp: Option<i64>,
    range: (i64, i64),
    target_first: bool,
) -> (Option<Exit>, bool) {
    let (adverse, favourable) = if direction > 0 { range } else { (range.1, range.0) };
    let stop_hit = sl.filter(|sl| direction * (adverse - sl) <= 0);
    let target_hit = tp.filter(|tp| direction * (favourable - tp) >= 0);
    let ambiguous = stop_hit.is_some() && target_hit.is_some();
    if let Some(raw_price) = stop_hit
        && !(ambiguous && target_first)
    {
        return (Some(Exit { is_stop: true, raw_price, moment: Moment::Inside }), ambiguous);
    }
    if let Some(raw_price) = target_hit {
        return (Some(Exit { is_stop: false, raw_price, moment: Moment::Inside }), ambiguous);
    }
    (None, false)
}
