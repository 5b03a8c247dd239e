//! A number, or two of them that go through the same formula at once.
//!
//! twin: none — an order of work; each of the two comes out as it would alone.

use std::ops::{Add, Div, Mul, Sub};

use wide::f64x2;

/// What a formula needs of its numbers.
pub(crate) trait Number:
    Copy + From<f64> + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The number itself where it is greater, otherwise the other one.
    fn or_greater(self, other: Self) -> Self;

    /// The number itself where it is less, otherwise the other one.
    fn or_less(self, other: Self) -> Self;
}

impl Number for f64 {
    #[inline]
    fn or_greater(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline]
    fn or_less(self, other: Self) -> Self {
        if self < other { self } else { other }
    }
}

impl Number for f64x2 {
    #[inline]
    fn or_greater(self, other: Self) -> Self {
        each(self, other, f64::or_greater)
    }

    #[inline]
    fn or_less(self, other: Self) -> Self {
        each(self, other, f64::or_less)
    }
}

#[inline]
fn each(first: f64x2, second: f64x2, which: impl Fn(f64, f64) -> f64) -> f64x2 {
    let ([first, other_first], [second, other_second]) = (first.to_array(), second.to_array());
    f64x2::from([which(first, second), which(other_first, other_second)])
}
