//! Indicators against worked answers (`tests/vectors/indicators.json`, IND-3) and against themselves.

use arrow_array::Float64Array;
use arrow_buffer::ScalarBuffer;
use omega_core::indicators::{CATALOGUE, PriceColumns, compute_indicators, parse};
use omega_core::market::{Calendar, Market, Prices, Series, as_i64};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    why: String,
    spec: serde_json::Value,
    prices: Columns,
    nan_prefix: usize,
    expected: Vec<Expected>,
}

#[derive(Deserialize)]
struct Columns {
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
}

#[derive(Deserialize)]
struct Expected {
    value: f64,
    bits: String,
}

fn bits(column: &[f64]) -> Vec<u64> {
    column.iter().map(|value| value.to_bits()).collect()
}

/// Points of a walk, the same everywhere, by a linear congruential generator.
fn walk(count: usize) -> Vec<i32> {
    let mut state = 1_u64;
    let mut points = 110_000_i32;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        points += i32::try_from((state >> 33) % 41).expect("below 41") - 20;
        points
    };
    (0..count).map(|_| draw()).collect()
}

/// One series of open, high, low, close; the ask lies 10 points above, the volume is made of them.
fn series_of(bars: [&[i32]; 4], digits: u32) -> Series {
    let side = |shift: i32| {
        let [open, high, low, close] =
            bars.map(|row| row.iter().map(|point| point + shift).collect::<ScalarBuffer<i32>>());
        Prices { open, high, low, close }
    };
    let count = as_i64(bars[0].len());
    Series {
        symbol: 0,
        timeframe: "H1".to_owned(),
        digits,
        time_us: (0..count).collect(),
        close_time_us: (1..=count).collect(),
        bid: side(0),
        ask: side(10),
        volume: bars[0].iter().map(|point| f64::from(point % 97)).collect::<Vec<f64>>().into(),
        visible: None,
        floats: PriceColumns::default(),
    }
}

/// A market of series whose bars do not move inside; an FX day ends every 50 bars.
fn market_of(points: &[&[i32]], digits: u32) -> Market {
    let series = points.iter().map(|row| series_of([row; 4], digits)).collect();
    let calendar = Calendar {
        rollover_time_us: (1..100).map(|day| day * 50).collect(),
        fx_day: (1..100).collect(),
        weekday: (1..100).map(|day| day % 7).collect(),
    };
    Market::new(vec!["EURUSD".to_owned()], series, None, calendar)
}

fn spec_text(name: &str, series: usize, side: &str, period: i64) -> String {
    format!(
        r#"{{"name": "{name}", "series": {series}, "side": "{side}", "source": "close", "parameters": {{"period": {period}}}}}"#
    )
}

#[test]
#[expect(clippy::cast_possible_truncation, reason = "prices of two digits")]
fn columns_equal_the_worked_answers() {
    let text = include_str!("../../../tests/vectors/indicators.json");
    let vectors = serde_json::from_str::<Vectors>(text).unwrap().vectors;
    assert!(vectors.len() >= 15);
    for Vector { why, spec, prices, nan_prefix, expected } in vectors {
        let points = |row: &[f64]| row.iter().map(|price| (price * 100.0).round_ties_even() as i32).collect();
        let rows: [Vec<i32>; 4] =
            [&prices.open, &prices.high, &prices.low, &prices.close].map(|row| points(row));
        let mut market = market_of(&[], 2);
        market.series.push(series_of([&rows[0], &rows[1], &rows[2], &rows[3]], 2));
        let column = &compute_indicators(&market, &format!("[{spec}]")).unwrap()[0];
        let (warm_up, values) = column.split_at(nan_prefix);
        assert!(warm_up.iter().all(|value| value.is_nan()), "{why}: {column:?}");
        let wanted: Vec<u64> =
            expected.iter().map(|one| u64::from_str_radix(&one.bits, 16).unwrap()).collect();
        assert_eq!(wanted, expected.iter().map(|one| one.value.to_bits()).collect::<Vec<_>>(), "{why}");
        assert_eq!(bits(values), wanted, "{why}: {column:?}");
    }
}

/// One spec per output of every indicator, parameters at `value` or what their bounds allow.
fn all_specs(value: f64) -> String {
    let one = |entry: &'static omega_core::indicators::Indicator, output: Option<&str>| {
        let within = |one: &omega_core::indicators::Parameter| {
            if one.is_whole { value.clamp(one.minimum, one.maximum) } else { 0.25 }
        };
        let pairs = entry.parameters.iter().map(|one| format!(r#""{}": {}"#, one.name, within(one)));
        let parameters = pairs.collect::<Vec<_>>().join(", ");
        let output = output.map_or(String::new(), |output| format!(r#", "output": "{output}""#));
        let other = if entry.reads.contains(&"other") { r#", "other": "open""# } else { "" };
        format!(
            r#"{{"name": "{}", "series": 0, "side": "bid", "source": "close", "parameters": {{{parameters}}}{output}{other}}}"#,
            entry.name
        )
    };
    let specs = CATALOGUE.iter().flat_map(|entry| {
        let outputs: Vec<Option<&str>> = if entry.outputs.is_empty() {
            vec![None]
        } else {
            entry.outputs.iter().copied().map(Some).collect()
        };
        outputs.into_iter().map(|output| one(entry, output)).collect::<Vec<_>>()
    });
    format!("[{}]", specs.collect::<Vec<_>>().join(","))
}

#[test]
fn a_prefix_of_the_prices_gives_a_prefix_of_every_column() {
    let points = walk(300);
    for value in [1.0, 9.0, 30.0] {
        let specs = all_specs(value);
        let whole = compute_indicators(&market_of(&[&points], 5), &specs).unwrap();
        assert!(whole.len() >= 60);
        for cut in [1, 2, 29, 30, 31, 150, 299] {
            let prefix = compute_indicators(&market_of(&[&points[..cut]], 5), &specs).unwrap();
            for (ours, theirs) in prefix.iter().zip(&whole) {
                assert_eq!(bits(ours), bits(&theirs[..cut]));
            }
        }
    }
}

#[test]
fn no_column_holds_an_infinity_whatever_the_prices() {
    for points in [vec![1; 200], vec![999_999_989; 200], [1, 999_999_989, 999_999_989, 1].repeat(50)] {
        for column in compute_indicators(&market_of(&[&points], 5), &all_specs(20.0)).unwrap() {
            assert!(column.iter().all(|value| !value.is_infinite()));
        }
    }
}

#[test]
fn specs_that_cannot_be_computed_are_refused_by_name() {
    let market = market_of(&[&[100, 200]], 2);
    let one = |name: &str, parameters: &str| {
        let text = format!(
            r#"[{{"name": "{name}", "series": 0, "side": "ask", "source": "hl2", "parameters": {parameters}}}]"#
        );
        compute_indicators(&market, &text).map(|columns| columns.len()).map_err(|error| error.code())
    };
    assert_eq!(one("ema", r#"{"period": 100000}"#), Ok(1));
    assert_eq!(one("emu", r#"{"period": 3}"#), Err("indicator.unknown"));
    assert_eq!(one("ema", r#"{"periods": 3}"#), Err("indicator.unknown_parameter"));
    assert_eq!(one("ema", "{}"), Err("config.plan"));
    assert_eq!(one("garch", r#"{"period": 9, "alpha": 0.5, "beta": 0.5}"#), Err("indicator.parameter"));
    for period in ["0", "-1", "1.5", "100001", "1e300"] {
        assert_eq!(one("ema", &format!(r#"{{"period": {period}}}"#)), Err("indicator.parameter"), "{period}");
    }
}

#[test]
fn a_bar_without_volume_is_named() {
    let mut market = market_of(&[&[100, 200, 300]], 2);
    market.series[0].volume = Float64Array::from(vec![Some(1.0), None, Some(2.0)]);
    let text = r#"[{"name": "obv", "series": 0, "side": "bid", "source": "close", "parameters": {}}]"#;
    let error = compute_indicators(&market, text).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("indicator.no_volume", "obv: H1 row 1 has no volume")
    );
}

#[test]
fn specs_of_another_shape_are_refused() {
    let good =
        r#"{"name": "ema", "series": 0, "side": "bid", "source": "close", "parameters": {"period": 3}}"#;
    assert_eq!(parse(&format!("[{good}]")).unwrap().len(), 1);
    for (from, to) in [
        ("\"bid\"", "\"mid\""),
        ("\"close\"", "\"typical\""),
        ("\"series\": 0", "\"series\": -1"),
        ("{\"period\": 3}", "{\"period\": \"3\"}"),
        ("\"series\": 0,", ""),
        ("\"series\": 0", "\"series\": 0, \"shift\": 1"),
    ] {
        let text = format!("[{}]", good.replace(from, to));
        assert_eq!(parse(&text).map_err(|error| error.code()), Err("config.plan"), "{text}");
    }
    assert_eq!(parse(good).map_err(|error| error.code()), Err("config.plan"));
}

#[test]
fn each_spec_reads_its_own_series_and_side() {
    let market = market_of(&[&[100, 200, 400], &[1_000, 3_000]], 2);
    let specs = [spec_text("sma", 0, "bid", 2), spec_text("sma", 1, "ask", 2), spec_text("ema", 0, "ask", 1)];

    let columns = compute_indicators(&market, &format!("[{}]", specs.join(","))).unwrap();

    assert_eq!(columns[0][1..], [1.5, 3.0]);
    assert_eq!(columns[1][1..], [20.1]);
    assert_eq!(columns[2], [1.1, 2.1, 4.1]);
    assert!(compute_indicators(&market, "[]").unwrap().is_empty());
}

#[test]
fn of_several_faults_the_first_is_reported() {
    let market = market_of(&[&[100, 200, 400]], 2);
    let code = |specs: [String; 3]| {
        compute_indicators(&market, &format!("[{}]", specs.join(","))).map_err(|error| error.code())
    };
    let (good, bad, unknown) =
        (spec_text("ema", 0, "bid", 2), spec_text("ema", 0, "bid", 0), spec_text("emu", 0, "bid", 2));
    assert_eq!(code([good.clone(), bad.clone(), unknown.clone()]), Err("indicator.parameter"));
    assert_eq!(code([unknown, good.clone(), bad]), Err("indicator.unknown"));
    assert_eq!(code([good.clone(), spec_text("ema", 1, "bid", 2), good]), Err("config.plan"));
}
