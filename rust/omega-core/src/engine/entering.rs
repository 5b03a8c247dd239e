//! Step 2 of the loop: what was asked for is worked through, at the open of a bar or where it arrives (FIL-13).
//!
//! twin: none — part of `simulation`. When requests work is in `numbering` and `latency`.

use crate::engine::fill_bar::{FillBar, fill_bar};
use crate::engine::signals::Request;
use crate::engine::simulation::Simulation;
use crate::engine::{clock_rules, closing, modifying, opening, orders, stop_out};
use crate::error::Result;
use crate::schema::SignalKind;

impl Simulation {
    /// Works through what was asked for (LOOP step 2).
    ///
    /// Orders expire; cancels and modifications apply; stop-outs fill, then closes, those of rules first, then market
    /// orders that wait for volume, then new orders, each in the order given. What arrives inside the bar waits for its
    /// moment (FIL-13).
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range.
    pub fn enter(&mut self, bar_idx: usize, requests: &[Request]) -> Result<()> {
        if !self.working.is_empty() {
            orders::expire(self, bar_idx);
        }
        let requests = self.keep_arriving(requests);
        let are_due = clock_rules::are_due(self, bar_idx);
        if requests.is_empty() && self.working.is_empty() && !are_due && self.stop_outs.is_empty() {
            return Ok(());
        }
        let moment = fill_bar(self, bar_idx);
        self.apply_changes(&moment, requests);
        if !self.stop_outs.is_empty() {
            stop_out::close_due(self, &moment)?;
        }
        if are_due {
            clock_rules::close_due(self, &moment, bar_idx)?;
        }
        self.close_requested(&moment, requests)?;
        if !self.working.is_empty() {
            opening::fill_waiting(self, &moment)?;
        }
        self.open_requested(&moment, requests)
    }

    /// Keeps what arrives inside the bar, which is the last of it, for its moment, and returns the rest.
    ///
    /// twin: none — two lists there.
    #[inline]
    fn keep_arriving<'a>(&mut self, requests: &'a [Request]) -> &'a [Request] {
        if !self.latency.looks_inside() {
            return requests;
        }
        let at_open = requests.partition_point(|request| request.finer_idx.is_none());
        self.arriving.extend_from_slice(&requests[at_open..]);
        &requests[..at_open]
    }

    /// Lets cancels and modifications apply, and refuses what cannot be.
    #[inline]
    pub(crate) fn apply_changes(&mut self, moment: &FillBar, requests: &[Request]) {
        for request in requests {
            if let Some(number) = request.fault {
                self.reject(moment, number, request.number);
            } else if request.kind == SignalKind::Cancel.code() {
                orders::cancel(self, moment, request);
            } else if request.kind == SignalKind::Modify.code() {
                modifying::modify(self, moment, request);
            }
        }
    }

    /// Lets closes fill.
    #[inline]
    pub(crate) fn close_requested(&mut self, moment: &FillBar, requests: &[Request]) -> Result<()> {
        for request in requests.iter().filter(|request| is_sound(request, SignalKind::Close)) {
            closing::close_on_request(self, moment, request)?;
        }
        Ok(())
    }

    /// Accepts or refuses new orders; those at market fill.
    #[inline]
    pub(crate) fn open_requested(&mut self, moment: &FillBar, requests: &[Request]) -> Result<()> {
        for request in requests.iter().filter(|request| is_sound(request, SignalKind::Order)) {
            opening::open_order(self, moment, request)?;
        }
        Ok(())
    }
}

/// Whether a request of this kind can be. twin: none — written out there.
fn is_sound(request: &Request, kind: SignalKind) -> bool {
    request.fault.is_none() && request.kind == kind.code()
}
