//! The way a price takes through one bar, where the intrabar rule assumes one (FIL-7).
//!
//! A path has three legs: from the open to one extreme, to the other, to the close. It is chosen once for
//! each bar from the bid, and each side walks its own prices in that order.

use crate::market::Ohlc;
use crate::plan::Intrabar;

/// Where the three legs of one side end.
pub type Legs = [i64; 3];

/// Returns whether the path goes to the high first; the nearer extreme, or that against the bar's colour.
///
/// O 100, H 104, L 95, C 103: `nearest_extreme` goes up first (4 against 5); `bar_color`, in a rising bar,
/// down first.
#[must_use]
pub fn goes_up_first(intrabar: Intrabar, bid: &Ohlc) -> bool {
    if intrabar == Intrabar::BarColor {
        return bid.close < bid.open;
    }
    bid.high - bid.open < bid.open - bid.low
}

/// Returns where the three legs of one side end.
#[must_use]
pub fn legs_of(side: &Ohlc, up_first: bool) -> Legs {
    if up_first { [side.high, side.low, side.close] } else { [side.low, side.high, side.close] }
}
