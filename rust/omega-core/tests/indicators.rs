//! Indicators against worked answers (`tests/vectors/indicators.json`, IND-3) and against themselves.

use arrow_array::Float64Array;
use arrow_buffer::ScalarBuffer;
use omega_core::indicators::{
    Atr, Ema, Prices, Rsi, Sma, Spec, atr, compute, compute_indicators, ema, parse, price_column, rsi, sma,
};
use omega_core::market::{self, Calendar, Market, Series, as_i64};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    why: String,
    spec: Spec,
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

/// A walk of `count` prices, the same everywhere, by a linear congruential generator.
fn walk(count: usize) -> Vec<f64> {
    let mut state = 1_u64;
    let mut points = 110_000_i32;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        points += i32::try_from((state >> 33) % 41).expect("below 41") - 20;
        points
    };
    let drawn: Vec<i32> = (0..count).map(|_| draw()).collect();
    price_column(&drawn, 5)
}

/// A market of two series whose bars do not move inside; the ask lies 10 points above.
fn market_of(points: &[&[i32]], digits: u32) -> Market {
    let side = |row: &[i32], shift: i32| {
        let column: ScalarBuffer<i32> = row.iter().map(|point| point + shift).collect();
        market::Prices { open: column.clone(), high: column.clone(), low: column.clone(), close: column }
    };
    let series = points.iter().map(|row| Series {
        symbol: 0,
        timeframe: "H1".to_owned(),
        digits,
        time_us: (0..as_i64(row.len())).collect(),
        close_time_us: (1..=as_i64(row.len())).collect(),
        bid: side(row, 0),
        ask: side(row, 10),
        volume: Float64Array::new_null(row.len()),
        visible: None,
    });
    Market { symbols: vec!["EURUSD".to_owned()], series: series.collect(), calendar: Calendar::default() }
}

fn spec_text(name: &str, series: usize, side: &str, period: i64) -> String {
    format!(
        r#"{{"name": "{name}", "series": {series}, "side": "{side}", "source": "close", "parameters": {{"period": {period}}}}}"#
    )
}

#[test]
fn columns_equal_the_worked_answers() {
    let text = include_str!("../../../tests/vectors/indicators.json");
    let vectors = serde_json::from_str::<Vectors>(text).unwrap().vectors;
    assert!(vectors.len() >= 15);
    for Vector { why, spec, prices, nan_prefix, expected } in vectors {
        let Columns { open, high, low, close } = prices;
        let column = compute(&spec, &Prices { open, high, low, close }).unwrap();
        let (warm_up, values) = column.split_at(nan_prefix);
        assert!(warm_up.iter().all(|value| value.is_nan()), "{why}: {column:?}");
        let wanted: Vec<u64> =
            expected.iter().map(|one| u64::from_str_radix(&one.bits, 16).unwrap()).collect();
        assert_eq!(wanted, expected.iter().map(|one| one.value.to_bits()).collect::<Vec<_>>(), "{why}");
        assert_eq!(bits(values), wanted, "{why}: {column:?}");
    }
}

#[test]
fn a_column_is_the_loop_over_its_step() {
    let close = walk(500);
    let low: Vec<f64> = walk(900)[400..].iter().map(|price| price - 0.3).collect();
    let high: Vec<f64> = close.iter().map(|price| price + 0.3).collect();
    for period in [1, 2, 3, 14, 200, 499, 500, 501] {
        let (mut a, mut b, mut c, mut d) =
            (Sma::new(period), Ema::new(period), Rsi::new(period), Atr::new(period));
        let steps: Vec<f64> = close.iter().map(|&price| a.update(price)).collect();
        assert_eq!(bits(&steps), bits(&sma(&close, period)), "sma {period}");
        let steps: Vec<f64> = close.iter().map(|&price| b.update(price)).collect();
        assert_eq!(bits(&steps), bits(&ema(&close, period)), "ema {period}");
        let steps: Vec<f64> = close.iter().map(|&price| c.update(price)).collect();
        assert_eq!(bits(&steps), bits(&rsi(&close, period)), "rsi {period}");
        let steps: Vec<f64> = (0..500).map(|i| d.update(high[i], low[i], close[i])).collect();
        assert_eq!(bits(&steps), bits(&atr(&high, &low, &close, period)), "atr {period}");
    }
}

#[test]
fn a_prefix_of_the_prices_gives_a_prefix_of_the_column() {
    let close = walk(300);
    for cut in [0, 1, 19, 20, 21, 150, 299] {
        assert_eq!(bits(&sma(&close[..cut], 20)), bits(&sma(&close, 20)[..cut]));
        assert_eq!(bits(&ema(&close[..cut], 20)), bits(&ema(&close, 20)[..cut]));
        assert_eq!(bits(&rsi(&close[..cut], 20)), bits(&rsi(&close, 20)[..cut]));
        let whole = atr(&close, &close, &close, 20);
        assert_eq!(bits(&atr(&close[..cut], &close[..cut], &close[..cut], 20)), bits(&whole[..cut]));
    }
}

#[test]
fn specs_that_cannot_be_computed_are_refused_by_name() {
    let one = |name: &str, parameters: &str| {
        let text = format!(
            r#"[{{"name": "{name}", "series": 0, "side": "ask", "source": "hl2", "parameters": {parameters}}}]"#
        );
        compute(&parse(&text).unwrap()[0], &Prices::default()).map_err(|error| error.code())
    };
    assert_eq!(one("ema", r#"{"period": 100000}"#), Ok(Vec::new()));
    assert_eq!(one("emu", r#"{"period": 3}"#), Err("indicator.unknown"));
    assert_eq!(one("ema", r#"{"periods": 3}"#), Err("indicator.unknown_parameter"));
    assert_eq!(one("ema", "{}"), Err("config.plan"));
    for period in ["0", "-1", "1.5", "100001", "1e300"] {
        assert_eq!(one("ema", &format!(r#"{{"period": {period}}}"#)), Err("indicator.parameter"), "{period}");
    }
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
    assert_eq!(compute_indicators(&market, "[]").unwrap(), Vec::<Vec<f64>>::new());
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
