//! The step of every indicator by its name, and the loop that makes columns of it.
//!
//! Parameters reach a step by name; what it reads and gives stands in `catalogue`.

use std::borrow::Cow;

use crate::indicators::adx::Adx;
use crate::indicators::aroon::{Aroon, aroon};
use crate::indicators::atr::Atr;
use crate::indicators::bbands::{Bbands, bbands};
use crate::indicators::beta::Beta;
use crate::indicators::cci::{Cci, cci};
use crate::indicators::choppiness::Choppiness;
use crate::indicators::correlation::{Correlation, correlation};
use crate::indicators::dema::Dema;
use crate::indicators::donchian::Donchian;
use crate::indicators::dx::Dx;
use crate::indicators::ema::Ema;
use crate::indicators::extreme::{extremes, greater, lesser};
use crate::indicators::garch::Garch;
use crate::indicators::highest::Highest;
use crate::indicators::hurst::Hurst;
use crate::indicators::kalman::Kalman;
use crate::indicators::kalman_garch_zscore::KalmanGarchZscore;
use crate::indicators::kalman_zscore::KalmanZscore;
use crate::indicators::kama::{Kama, kama};
use crate::indicators::keltner::Keltner;
use crate::indicators::linearreg::{Linearreg, linearreg};
use crate::indicators::lowest::Lowest;
use crate::indicators::macd::Macd;
use crate::indicators::mfi::Mfi;
use crate::indicators::minus_di::MinusDi;
use crate::indicators::mom::Mom;
use crate::indicators::natr::Natr;
use crate::indicators::obv::{Obv, obv};
use crate::indicators::pivot::Pivot;
use crate::indicators::plus_di::PlusDi;
use crate::indicators::roc::{Roc, percent};
use crate::indicators::rsi::Rsi;
use crate::indicators::sar::Sar;
use crate::indicators::session::Session;
use crate::indicators::sma::{Sma, sma};
use crate::indicators::spec::Parameters;
use crate::indicators::stddev::{Stddev, stddev};
use crate::indicators::stoch::Stoch;
use crate::indicators::stochrsi::Stochrsi;
use crate::indicators::stretches::forgetful;
use crate::indicators::tema::Tema;
use crate::indicators::trange::{Trange, trange};
use crate::indicators::volatility_cluster::VolatilityCluster;
use crate::indicators::vwap::Vwap;
use crate::indicators::willr::{Willr, willr};
use crate::indicators::window::lagged;
use crate::indicators::wma::{Wma, wma};
use crate::indicators::zscore::Zscore;
use crate::indicators::zscore_ema::ZscoreEma;

type Columns = Vec<Vec<f64>>;

/// Returns the columns of one indicator, as long as its inputs.
///
/// `inputs` are one column per name in its `reads`. A row with a NaN gives NaN and does not reach the
/// step. An unknown name gives no columns.
pub(crate) fn run(name: &str, p: &Parameters, inputs: &[Cow<'_, [f64]>]) -> Columns {
    // Prices have no NaN.
    let has_gap = |input: &Cow<'_, [f64]>| matches!(input, Cow::Owned(values) if has_nan(values));
    let whole = if inputs.iter().any(has_gap) { None } else { whole(name, p, inputs) };
    whole.unwrap_or_else(|| stepped(name, p, inputs))
}

fn has_nan(values: &[f64]) -> bool {
    values.iter().fold(false, |found, value| found | value.is_nan())
}

/// Columns of rows without NaN in an order of work that is faster than row by row, equal to the bit.
///
/// Their loops are never inlined here: side by side in one function they would find no registers.
///
/// twin: none — part of `run`.
fn whole(name: &str, p: &Parameters, inputs: &[Cow<'_, [f64]>]) -> Option<Columns> {
    let period = || p.whole("period");
    Some(match name {
        "sma" => vec![sma(&inputs[0], period())],
        "wma" => vec![wma(&inputs[0], period())],
        "linearreg" => vec![linearreg(&inputs[0], period())],
        "kama" => vec![kama(&inputs[0], period())],
        "highest" => vec![extremes(&inputs[0], period(), greater)],
        "lowest" => vec![extremes(&inputs[0], period(), lesser)],
        "willr" => vec![willr(rows(inputs), period())],
        "aroon" => aroon(rows(inputs), period()),
        "obv" => vec![obv(rows(inputs))],
        "correlation" => vec![correlation(rows(inputs), period())],
        "ema" => forgetful(rows::<1>(inputs), Ema::new(period()), 0),
        "dema" => forgetful(rows::<1>(inputs), Dema::new(period()), 0),
        "tema" => forgetful(rows::<1>(inputs), Tema::new(period()), 0),
        "macd" => {
            let step = Macd::new(p.whole("fast"), p.whole("slow"), p.whole("signal"));
            forgetful(rows::<1>(inputs), step, 0)
        }
        "bbands" => bbands(&inputs[0], period(), p.real("deviations")),
        "stddev" => vec![stddev(&inputs[0], period(), p.real("deviations"))],
        "cci" => {
            let [high, low, close] = rows(inputs);
            let bars = high.iter().zip(low).zip(close);
            let prices: Vec<f64> = bars.map(|((high, low), close)| (high + low + close) / 3.0).collect();
            vec![cci(&prices, period())]
        }
        "mom" => vec![lagged(&inputs[0], period(), |value, before| value - before)],
        "roc" => vec![lagged(&inputs[0], period(), percent)],
        "trange" | "atr" | "natr" if !inputs[0].is_empty() => {
            let [high, low, close] = rows(inputs);
            let (high, low, before, close) = (&high[1..], &low[1..], &close[..close.len() - 1], &close[1..]);
            match name {
                "atr" => forgetful([high, low, before], Atr::new(period()), 1),
                "natr" => forgetful([high, low, before, close], Natr::new(period()), 1),
                _ => vec![trange(high, low, before)],
            }
        }
        _ => return None,
    })
}

/// Columns row by row, by the step. twin: none — part of `run`.
#[allow(clippy::too_many_lines, reason = "one line per indicator")]
fn stepped(name: &str, p: &Parameters, inputs: &[Cow<'_, [f64]>]) -> Columns {
    match name {
        "sma" => one(inputs, with(Sma::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "ema" => one(inputs, with(Ema::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "wma" => one(inputs, with(Wma::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "dema" => one(inputs, with(Dema::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "tema" => one(inputs, with(Tema::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "kama" => one(inputs, with(Kama::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "rsi" => one(inputs, with(Rsi::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "macd" => many(
            inputs,
            with(Macd::new(p.whole("fast"), p.whole("slow"), p.whole("signal")), |step, [a]: [f64; 1]| {
                step.update(a)
            }),
        ),
        "bbands" => many(
            inputs,
            with(Bbands::new(p.whole("period"), p.real("deviations")), |step, [a]: [f64; 1]| step.update(a)),
        ),
        "atr" => {
            one(inputs, with(Atr::new(p.whole("period")), |step, [a, b, c]: [f64; 3]| step.update(a, b, c)))
        }
        "natr" => {
            one(inputs, with(Natr::new(p.whole("period")), |step, [a, b, c]: [f64; 3]| step.update(a, b, c)))
        }
        "trange" => one(inputs, with(Trange::new(), |step, [a, b, c]: [f64; 3]| step.update(a, b, c))),
        "adx" => {
            one(inputs, with(Adx::new(p.whole("period")), |step, [a, b, c]: [f64; 3]| step.update(a, b, c)))
        }
        "plus_di" => one(
            inputs,
            with(PlusDi::new(p.whole("period")), |step, [a, b, c]: [f64; 3]| step.update(a, b, c)),
        ),
        "minus_di" => one(
            inputs,
            with(MinusDi::new(p.whole("period")), |step, [a, b, c]: [f64; 3]| step.update(a, b, c)),
        ),
        "dx" => {
            one(inputs, with(Dx::new(p.whole("period")), |step, [a, b, c]: [f64; 3]| step.update(a, b, c)))
        }
        "stoch" => many(
            inputs,
            with(
                Stoch::new(p.whole("fast_k"), p.whole("slow_k"), p.whole("slow_d")),
                |step, [a, b, c]: [f64; 3]| step.update(a, b, c),
            ),
        ),
        "stochrsi" => many(
            inputs,
            with(
                Stochrsi::new(p.whole("period"), p.whole("fast_k"), p.whole("fast_d")),
                |step, [a]: [f64; 1]| step.update(a),
            ),
        ),
        "cci" => {
            one(inputs, with(Cci::new(p.whole("period")), |step, [a, b, c]: [f64; 3]| step.update(a, b, c)))
        }
        "roc" => one(inputs, with(Roc::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "mom" => one(inputs, with(Mom::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "willr" => {
            one(inputs, with(Willr::new(p.whole("period")), |step, [a, b, c]: [f64; 3]| step.update(a, b, c)))
        }
        "mfi" => one(
            inputs,
            with(Mfi::new(p.whole("period")), |step, [a, b, c, d]: [f64; 4]| step.update(a, b, c, d)),
        ),
        "obv" => one(inputs, with(Obv::new(), |step, [a, b]: [f64; 2]| step.update(a, b))),
        "aroon" => {
            many(inputs, with(Aroon::new(p.whole("period")), |step, [a, b]: [f64; 2]| step.update(a, b)))
        }
        "sar" => one(
            inputs,
            with(Sar::new(p.real("acceleration"), p.real("maximum")), |step, [a, b]: [f64; 2]| {
                step.update(a, b)
            }),
        ),
        "stddev" => one(
            inputs,
            with(Stddev::new(p.whole("period"), p.real("deviations")), |step, [a]: [f64; 1]| step.update(a)),
        ),
        "linearreg" => {
            one(inputs, with(Linearreg::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a)))
        }
        "highest" => one(inputs, with(Highest::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "lowest" => one(inputs, with(Lowest::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "vwap" => one(inputs, with(Vwap::new(), |step, row: [f64; 5]| step.update(row))),
        "donchian" => {
            many(inputs, with(Donchian::new(p.whole("period")), |step, [a, b]: [f64; 2]| step.update(a, b)))
        }
        "keltner" => many(
            inputs,
            with(
                Keltner::new(p.whole("period"), p.whole("atr_period"), p.real("multiplier")),
                |step, [a, b, c]: [f64; 3]| step.update(a, b, c),
            ),
        ),
        "choppiness" => one(
            inputs,
            with(Choppiness::new(p.whole("period")), |step, [a, b, c]: [f64; 3]| step.update(a, b, c)),
        ),
        "zscore" => one(inputs, with(Zscore::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "zscore_ema" => {
            one(inputs, with(ZscoreEma::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a)))
        }
        "kalman" => one(
            inputs,
            with(Kalman::new(p.real("process"), p.real("measurement")), |step, [a]: [f64; 1]| step.update(a)),
        ),
        "kalman_zscore" => one(
            inputs,
            with(
                KalmanZscore::new(p.whole("period"), p.real("process"), p.real("measurement")),
                |step, [a]: [f64; 1]| step.update(a),
            ),
        ),
        "garch" => one(
            inputs,
            with(Garch::new(p.whole("period"), p.real("alpha"), p.real("beta")), |step, [a]: [f64; 1]| {
                step.update(a)
            }),
        ),
        "kalman_garch_zscore" => one(
            inputs,
            with(
                KalmanGarchZscore::new(
                    p.whole("period"),
                    p.real("process"),
                    p.real("measurement"),
                    p.real("alpha"),
                    p.real("beta"),
                ),
                |step, [a]: [f64; 1]| step.update(a),
            ),
        ),
        "volatility_cluster" => one(
            inputs,
            with(VolatilityCluster::new(p.whole("period"), p.whole("window")), |step, [a]: [f64; 1]| {
                step.update(a)
            }),
        ),
        "hurst" => one(inputs, with(Hurst::new(p.whole("period")), |step, [a]: [f64; 1]| step.update(a))),
        "correlation" => {
            one(inputs, with(Correlation::new(p.whole("period")), |step, [a, b]: [f64; 2]| step.update(a, b)))
        }
        "beta" => one(inputs, with(Beta::new(p.whole("period")), |step, [a, b]: [f64; 2]| step.update(a, b))),
        "session" => many(inputs, with(Session::new(), |step, [a, b, c]: [f64; 3]| step.update(a, b, c))),
        "pivot" => many(inputs, with(Pivot::new(), |step, [a, b, c, d]: [f64; 4]| step.update(a, b, c, d))),
        _ => Columns::new(),
    }
}

/// Binds a state to its update. twin: none — a bound method.
fn with<S, R, O>(mut state: S, update: impl Fn(&mut S, R) -> O) -> impl FnMut(R) -> O {
    move |row| update(&mut state, row)
}

/// The loop over a step with one output. twin: none — part of `run`.
#[inline(never)]
fn one<const I: usize>(inputs: &[Cow<'_, [f64]>], update: impl FnMut([f64; I]) -> f64) -> Columns {
    // Taken over, so that the state can live in registers.
    let mut update = update;
    let columns = rows::<I>(inputs);
    let row = |idx: usize| columns.map(|column| column[idx]);
    let known = |row: [f64; I]| if row.iter().any(|value| value.is_nan()) { f64::NAN } else { update(row) };
    vec![(0..columns[0].len()).map(row).map(known).collect()]
}

/// The loop over a step with several outputs. twin: none — part of `run`.
#[inline(never)]
fn many<const I: usize, const O: usize>(
    inputs: &[Cow<'_, [f64]>],
    update: impl FnMut([f64; I]) -> [f64; O],
) -> Columns {
    let mut update = update;
    let columns = rows::<I>(inputs);
    let count = columns[0].len();
    let mut outputs = [(); O].map(|()| vec![0.0; count]);
    let mut places = outputs.each_mut().map(|output| &mut output[..count]);
    for idx in 0..count {
        let row = columns.map(|column| column[idx]);
        let values = if row.iter().any(|value| value.is_nan()) { [f64::NAN; O] } else { update(row) };
        for (place, value) in places.iter_mut().zip(values) {
            place[idx] = value;
        }
    }
    outputs.into()
}

/// The inputs as slices of one length. twin: none — `zip`.
fn rows<'a, const I: usize>(inputs: &'a [Cow<'_, [f64]>]) -> [&'a [f64]; I] {
    let count = inputs[0].len();
    std::array::from_fn(|idx| &inputs[idx][..count])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::indicators::catalogue::CATALOGUE;

    fn bits(columns: &[Vec<f64>]) -> Vec<Vec<u64>> {
        columns.iter().map(|column| column.iter().map(|value| value.to_bits()).collect()).collect()
    }

    /// Prices with stretches where nothing moves.
    fn prices(count: i32, shift: i32) -> Vec<f64> {
        let step = |i: i32| if i % 900 < 100 { i - i % 900 } else { i };
        (0..count).map(|i| 1.1 + f64::from(step(i) * step(i) % 97 + shift) / 1e5).collect()
    }

    #[test]
    fn whole_columns_equal_the_steps_to_the_bit() {
        let mut compared = Vec::new();
        for entry in CATALOGUE {
            for (count, period) in
                [(0, 2), (1, 2), (5, 5), (6, 5), (165, 5), (400, 2), (7001, 2), (7002, 9), (7003, 200)]
            {
                let values = |one: &crate::indicators::Parameter| match one.name {
                    "slow" => 2.0 * f64::from(period),
                    _ if one.is_whole && f64::from(period) < one.minimum => one.minimum,
                    _ if one.is_whole => f64::from(period),
                    _ => 0.3,
                };
                let given: BTreeMap<_, _> =
                    entry.parameters.iter().map(|one| (one.name.to_owned(), values(one))).collect();
                let shifts = [("high", 20), ("low", -20)];
                let shift = |name: &str| shifts.iter().find(|one| one.0 == name).map_or(0, |one| one.1);
                let input = |name: &&str| match *name {
                    "other" => Cow::Owned(prices(count, 0).into_iter().rev().collect()),
                    name => Cow::Owned(prices(count, shift(name))),
                };
                let inputs: Vec<_> = entry.reads.iter().map(input).collect();
                let p = Parameters(&given);
                if let Some(columns) = whole(entry.name, &p, &inputs) {
                    let stepped = stepped(entry.name, &p, &inputs);
                    assert_eq!(bits(&columns), bits(&stepped), "{} {period} {count}", entry.name);
                    compared.push(entry.name);
                }
            }
        }
        assert!(compared.len() >= 40);
    }
}
