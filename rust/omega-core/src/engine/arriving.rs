//! Requests that arrive inside a bar, and the parts into which they cut it (FIL-13).

use std::ops::Range;

use crate::engine::fill_bar::{FillBar, Known, known_before};
use crate::engine::finer::{self, Levels};
use crate::engine::pass_bar::{PassBar, part_of};
use crate::engine::passes::run_passes;
use crate::engine::signals::Request;
use crate::engine::simulation::Simulation;
use crate::error::Result;
use crate::market::Series;
use crate::plan::Intrabar;
use crate::schema::Moment;

/// Lets a bar in which requests arrive fill and close what it reaches, part by part.
///
/// Finer data that miss a level which the bar reached are not believed: the bar is decided whole and counted, and
/// what arrives in it works at its close.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn run(simulation: &mut Simulation, whole: &PassBar) -> Result<()> {
    let requests = std::mem::take(&mut simulation.arriving);
    let rows = finer::rows_inside(simulation, whole);
    let bars = finer::bars_of(simulation, whole, rows.clone());
    if Levels::of(simulation).are_missed(whole, &bars) {
        simulation.finer_missing_count += 1;
        run_passes(simulation, whole, whole)?;
        let moment = at_close(whole, simulation.series().close_time_us[whole.bar_idx]);
        work(simulation, &requests, &moment)?;
        // What arrived was there before the next bar opens.
        simulation.pass_number += 1;
        return Ok(());
    }
    let mut waiting = requests.as_slice();
    for part in cut(&rows, &requests) {
        let bar = part_of(&bars[part.start - rows.start..part.end - rows.start]);
        let arrived = waiting.iter().take_while(|request| row_of(request) == Some(part.start)).count();
        if arrived > 0 {
            let Some(series) = simulation.market.finer.map(|idx| &simulation.market.series[idx]) else {
                break;
            };
            let moment = at_open(&bar, series, part.start, part.start == rows.start);
            work(simulation, &waiting[..arrived], &moment)?;
            waiting = &waiting[arrived..];
        }
        if simulation.plan.intrabar == Intrabar::Finer {
            finer::run(simulation, &bar, part)?;
        } else {
            run_passes(simulation, &bar, &bar)?;
        }
    }
    Ok(())
}

/// The row of the finer bar whose price a request meets. twin: none — a field there.
fn row_of(request: &Request) -> Option<usize> {
    request.finer_idx.map(|idx| idx as usize)
}

/// Returns the parts of a bar, as rows of its finer bars: each but the first begins where something arrives.
fn cut(rows: &Range<usize>, requests: &[Request]) -> Vec<Range<usize>> {
    let mut starts = vec![rows.start];
    starts.extend(requests.iter().filter_map(row_of));
    starts.dedup();
    let ends = starts[1..].iter().chain(std::iter::once(&rows.end));
    starts.iter().zip(ends).map(|(start, end)| *start..*end).collect()
}

/// Works through what arrives at a moment: as LOOP step 2 does with requests.
fn work(simulation: &mut Simulation, requests: &[Request], moment: &FillBar) -> Result<()> {
    simulation.apply_changes(moment, requests);
    simulation.close_requested(moment, requests)?;
    simulation.open_requested(moment, requests)
}

/// Returns the open of a part, whose first finer bar is `row`; before the first of all the bar before is known.
fn at_open(bar: &PassBar, series: &Series, row: usize, is_first: bool) -> FillBar {
    let known = (!is_first).then(|| known_before(series, row));
    inside(bar, Known { bid: bar.bid.open, ask: bar.ask.open }, series.time_us[row], known)
}

/// Returns the close of a bar, the only price after an arrival that is certain; its memo is the bar's (CST-5).
fn at_close(bar: &PassBar, close_time_us: i64) -> FillBar {
    let last = Known { bid: bar.bid.close, ask: bar.ask.close };
    inside(bar, last, close_time_us, Some(last))
}

fn inside(bar: &PassBar, quotes: Known, quoted_us: i64, known: Option<Known>) -> FillBar {
    FillBar {
        step: bar.bar_idx,
        bar_idx: bar.bar_idx,
        time_us: bar.time_us,
        quoted_us,
        bid: quotes.bid,
        ask: quotes.ask,
        spread_points: bar.opening_spread(),
        moment: Moment::Inside,
        known,
    }
}
