//! Sum of the products of two series' distances from their means, over the last `period` pairs.
//!
//! Moved along with the window and made anew whenever the ring has turned once or most of either series'
//! squares have left it, as in `deviation`. Shared by correlation and beta.

use crate::indicators::deviation::{Deviation, MOST};
use crate::indicators::window::Window;

/// The state of one window of pairs; the sum of products is NaN while there are fewer.
#[derive(Clone, Debug)]
pub(crate) struct Covariance {
    firsts: Window,
    seconds: Window,
    pub(crate) first: Deviation,
    pub(crate) second: Deviation,
    pub(crate) products: f64,
}

impl Covariance {
    /// Starts without any pair. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self {
            firsts: Window::new(period),
            seconds: Window::new(period),
            first: Deviation::new(period),
            second: Deviation::new(period),
            products: f64::NAN,
        }
    }

    /// Takes the next pair.
    #[inline]
    pub(crate) fn update(&mut self, x: f64, y: f64) {
        let (before, squares, others) = (self.first.mean, self.first.squares, self.second.squares);
        self.first.update(x);
        self.second.update(y);
        let oldest_x = self.firsts.push(x);
        let oldest_y = self.seconds.push(y);
        if !self.firsts.is_full() {
            return;
        }
        let is_lost = self.first.squares * MOST < squares || self.second.squares * MOST < others;
        if self.firsts.next_idx == 0 || is_lost {
            let (xs, ys) = (&self.firsts.values, &self.seconds.values);
            self.products = products_about(xs, ys, self.first.mean, self.second.mean);
        } else {
            self.products += (x - oldest_x) * (y - self.second.mean) + (y - oldest_y) * (oldest_x - before);
        }
    }
}

/// Returns the sum of the products of the distances, from left to right.
#[inline(never)]
fn products_about(xs: &[f64], ys: &[f64], x_center: f64, y_center: f64) -> f64 {
    let mut total = 0.0;
    for (x, y) in xs.iter().zip(ys) {
        total += (x - x_center) * (y - y_center);
    }
    total
}
