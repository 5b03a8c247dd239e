//! Signals on their way in: numbered, checked, written down (SIG-1).
//!
//! twin: none — part of `simulation`. What numbered signals do is in `Simulation::enter`.

use crate::engine::latency::Arrival;
use crate::engine::signals::{Fault, Request, Signal, SignalRows, are_sound_market_orders, find_fault};
use crate::engine::simulation::Simulation;
use crate::error::{Error, Result};
use crate::market::as_i64;

impl Simulation {
    /// Numbers the signals, drops those before the start, refuses those that cannot be (SIG-1).
    ///
    /// # Errors
    /// The error a bad signal names, unless the plan says to reject such signals.
    pub fn take_in(&mut self, signals: SignalRows) -> Result<Vec<Request>> {
        let signals = signals.whole();
        // Bars ascend, so that what comes too early stands first.
        let is_early = |decided_on: &i64| self.is_early(self.arrival(*decided_on));
        let dropped = signals.bar_idx.partition_point(is_early);
        self.before_start_count += as_i64(dropped);
        self.row_count += as_i64(dropped);
        let taken = if are_sound_market_orders(&signals, &self.plan.symbols) {
            self.number_all(&signals.bar_idx[dropped..], &signals.kind[dropped..])
        } else {
            let mut taken = Vec::with_capacity(signals.len() - dropped);
            for row in dropped..signals.len() {
                let fault = find_fault(&signals.at(row), &self.plan.symbols);
                taken.push(self.number(signals.bar_idx[row], signals.kind[row], fault)?);
            }
            taken
        };
        self.records.signals.append(signals, dropped);
        Ok(taken)
    }

    /// `number` for signals without a fault. twin: none — column by column at a fifth of the time.
    fn number_all(&mut self, decided_on: &[i64], kinds: &[i8]) -> Vec<Request> {
        let (first, row, count) = (self.signal_count + 1, self.row_count, as_i64(kinds.len()));
        let recorded = self.records.signals.number.len();
        self.signal_count += count;
        self.row_count += count;
        self.records.signals.number.extend(first..first + count);
        self.records.signals.row.extend(row..row + count);
        let signals = decided_on.iter().zip(kinds).zip((first..).zip(recorded..));
        let request = |((decided_on, kind), (number, recorded)): ((&i64, &i8), _)| {
            let Arrival { bar_idx, finer_idx } = self.arrival(*decided_on);
            Request { number, recorded, bar_idx, finer_idx, kind: *kind, fault: None }
        };
        signals.map(request).collect()
    }

    /// The same for one signal, `None` if it is dropped. twin: none — a list of one there.
    ///
    /// # Errors
    /// As `take_in`.
    pub fn take(&mut self, signal: Signal) -> Result<Option<Request>> {
        if self.is_early(self.arrival(signal.bar_idx)) {
            self.before_start_count += 1;
            self.row_count += 1;
            return Ok(None);
        }
        let fault = find_fault(&signal, &self.plan.symbols);
        let request = self.number(signal.bar_idx, signal.kind, fault)?;
        self.records.signals.signals.push(signal);
        Ok(Some(request))
    }

    /// Whether a request would work before the start; `signal_close` fills nothing at the first one (SIG).
    pub(crate) fn is_early(&self, arrival: Arrival) -> bool {
        arrival.bar_idx + 1 < as_i64(self.plan.first_step + usize::from(self.plan.signal_close))
    }

    /// twin: none — the inner loop of `take_in`.
    #[inline]
    fn number(&mut self, decided_on: i64, kind: i8, fault: Option<Fault>) -> Result<Request> {
        let row = self.row_count;
        self.row_count += 1;
        self.signal_count += 1;
        if let Some(fault) = fault
            && !self.plan.reject_bad_signals
        {
            return Err(self.signal_error(fault, decided_on));
        }
        let (number, recorded) = (self.signal_count, self.records.signals.number.len());
        self.records.signals.number.push(number);
        self.records.signals.row.push(row);
        let Arrival { bar_idx, finer_idx } = self.arrival(decided_on);
        Ok(Request { number, recorded, bar_idx, finer_idx, kind, fault: fault.map(|fault| fault.number) })
    }

    /// What a request asks for. twin: none — the twin's requests hold their signal.
    #[allow(clippy::inline_always, reason = "of a signal only the cells are read that are looked at")]
    #[inline(always)]
    pub(crate) fn signal_of(&self, request: &Request) -> Signal {
        self.records.signals.signals.at(request.recorded)
    }

    /// The error a bad signal of a bar names.
    pub(crate) fn signal_error(&self, fault: Fault, bar_idx: i64) -> Error {
        let idx = usize::try_from(bar_idx).unwrap_or(0);
        let time_us = self.series().close_time_us[idx];
        Error::Signal { number: fault.number, bar_idx, time_us, field: fault.field, value: fault.value }
    }
}
