//! The seam's `compute_indicators`: specs in, one column each out.
//!
//! An indicator that reads another one is computed on that one's column. Across timeframes the column is
//! first shown on the bars of the step timeframe, as it was known there (TIM-4).

use std::borrow::Cow;

use arrow_array::Array;
use arrow_buffer::ScalarBuffer;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::indicators::prices::source_column;
use crate::indicators::spec::{Price, Source, Spec, check, parse};
use crate::indicators::steps::run;
use crate::market::{Market, Series, as_i64};

/// Returns one column per spec of a JSON list, as long as its own series, NaN during warm-up.
///
/// Columns are computed in parallel, the outputs of one indicator once. Of several errors the one of the
/// first spec is returned.
///
/// # Errors
/// As [`parse`] and `check`; `config.plan` for a series the market does not have; `indicator.no_volume`
/// for bars without the volume that an indicator reads.
pub fn compute_indicators(market: &Market, specs: &str) -> Result<Vec<ScalarBuffer<f64>>> {
    let specs = parse(specs)?;
    let mut unique: Vec<Spec> = Vec::new();
    let mut places = Vec::with_capacity(specs.len());
    for spec in &specs {
        let whole = Spec { output: None, ..spec.clone() };
        let place = unique.iter().position(|other| Spec { output: None, ..other.clone() } == whole);
        places.push(place.unwrap_or(unique.len()));
        if place.is_none() {
            unique.push(spec.clone());
        }
    }
    let outputs = |spec: &Spec| {
        outputs_of(market, spec).map(|columns| columns.into_iter().map(ScalarBuffer::from).collect())
    };
    // One alone is not worth waking other threads for.
    let mut computed: Vec<Result<Vec<ScalarBuffer<f64>>>> = match &unique[..] {
        [one] => vec![outputs(one)],
        several => several.par_iter().map(outputs).collect(),
    };
    let column = |(spec, place): (&Spec, usize)| {
        let output_idx = output_idx(spec)?;
        match &mut computed[place] {
            Ok(outputs) => Ok(outputs[output_idx].clone()),
            // What comes after a fault is not returned, so it may be taken out.
            Err(error) => Err(std::mem::replace(error, Error::Interrupted)),
        }
    };
    specs.iter().zip(places).map(column).collect()
}

/// The place of a spec's output among those of its indicator. twin: none — `index`.
fn output_idx(spec: &Spec) -> Result<usize> {
    let (entry, _) = check(spec)?;
    Ok(spec
        .output
        .as_ref()
        .and_then(|output| entry.outputs.iter().position(|one| one == output))
        .unwrap_or(0))
}

/// All outputs of a spec, on the bars of its series. twin: none — part of `Reader.column`.
fn outputs_of(market: &Market, spec: &Spec) -> Result<Vec<Vec<f64>>> {
    let (entry, parameters) = check(spec)?;
    let series = market
        .series
        .get(spec.series)
        .ok_or_else(|| Error::Plan { reason: format!("there is no series {}", spec.series) })?;
    let inputs =
        entry.reads.iter().map(|name| input_of(market, spec, series, name)).collect::<Result<Vec<_>>>()?;
    Ok(run(&spec.name, &parameters, &inputs))
}

/// One of the columns that a step reads. twin: none — `Reader._input`.
fn input_of<'a>(market: &'a Market, spec: &Spec, series: &'a Series, name: &str) -> Result<Cow<'a, [f64]>> {
    let price = |source| Ok(source_column(source, series, spec.side));
    match name {
        "high" => price(Price::High),
        "low" => price(Price::Low),
        "close" => price(Price::Close),
        "volume" => volumes_of(series, &spec.name),
        "day" => Ok(Cow::Owned(days_of(&series.time_us, &market.calendar.rollover_time_us))),
        _ => match if name == "other" { spec.other.as_ref().unwrap_or(&spec.source) } else { &spec.source } {
            Source::Price(source) => price(*source),
            Source::Derived(source) => Ok(Cow::Owned(derived_column(market, spec, source)?)),
        },
    }
}

/// The column of another indicator on the bars of `spec`. twin: none — `Reader._derived`.
fn derived_column(market: &Market, spec: &Spec, source: &Spec) -> Result<Vec<f64>> {
    let idx = output_idx(source)?;
    let column = outputs_of(market, source)?.swap_remove(idx);
    if source.series == spec.series {
        return Ok(column);
    }
    match &market.series[source.series].visible {
        Some(visible) if spec.series == 0 => {
            let value = |row: &i32| usize::try_from(*row).map_or(f64::NAN, |row| column[row]);
            Ok(visible.iter().map(value).collect())
        }
        _ => {
            Err(Error::Plan { reason: "only the step timeframe reads indicators of another one".to_owned() })
        }
    }
}

/// Returns the volume of every bar.
fn volumes_of<'a>(series: &'a Series, name: &str) -> Result<Cow<'a, [f64]>> {
    match (0..series.volume.len()).find(|&row| series.volume.is_null(row)) {
        None => Ok(Cow::Borrowed(series.volume.values())),
        Some(row) => Err(Error::NoVolume {
            indicator: name.to_owned(),
            timeframe: series.timeframe.clone(),
            bar_idx: as_i64(row),
        }),
    }
}

/// Returns the index of the FX day in which each bar opens.
fn days_of(time_us: &[i64], rollover_us: &[i64]) -> Vec<f64> {
    let (mut day, mut passed) = (0.0, 0);
    let day_of = |time: &i64| {
        while passed < rollover_us.len() && rollover_us[passed] <= *time {
            passed += 1;
            day += 1.0;
        }
        day
    };
    time_us.iter().map(day_of).collect()
}
