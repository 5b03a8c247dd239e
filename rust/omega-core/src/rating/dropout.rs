//! Trade dropout: whether the profit survives when some trades had not happened (RAT-3).
//!
//! Sizes stay as they were, so the net of a sample is the sum of the trades that remain; integers
//! throughout. Sample numbers run on over the fractions: sample s of fraction i is number
//! `i · samples + s` (NUM-3).

use rayon::prelude::*;

use super::{RawRow, seed_int};
use crate::metrics::{Plan, Value, count_int, total};
use crate::{numerics, rng};

/// Percent of the trades removed, and the names of its three values.
const FRACTIONS: [(i128, [&str; 3]); 3] = [
    (10, ["dropout_10_removed", "dropout_10_p_net_positive", "dropout_10_kept_profit"]),
    (20, ["dropout_20_removed", "dropout_20_p_net_positive", "dropout_20_kept_profit"]),
    (30, ["dropout_30_removed", "dropout_30_p_net_positive", "dropout_30_kept_profit"]),
];

/// Returns per fraction: trades removed, P(net > 0), mean of the clamped share of profit kept.
#[expect(clippy::cast_sign_loss, reason = "0 <= removed <= trades")]
pub(super) fn compute_dropout(net: &[i64], plan: &Plan) -> Vec<RawRow> {
    let samples = plan.dropout_samples;
    let mut rows = vec![("dropout_samples", Some(seed_int(samples)))];
    for (place, (percent, names)) in (0_u64..).zip(FRACTIONS) {
        let removed = -numerics::floor_quotient(-percent * net.len() as i128, 100) as usize;
        let draws = rng::Samples::new(plan.seed, rng::DROPOUT, removed.div_ceil(4));
        let kept: Vec<i64> = (place * samples..(place + 1) * samples)
            .into_par_iter()
            .map_init(Vec::new, |left, sample| kept_net(left, net, removed, draws.blocks(sample)))
            .collect();
        rows.push((names[0], Some(Value::Int(count_int(removed)))));
        rows.push((names[1], (!net.is_empty()).then(|| Value::Float(positive_share(&kept)))));
        rows.push((names[2], mean_kept_profit(&kept, net, removed).map(Value::Float)));
    }
    rows
}

/// Returns the net left after `removed` trades are drawn without replacement (partial Fisher-Yates).
///
/// `left` is working memory.
#[expect(clippy::cast_possible_truncation, reason = "draws are below the number of trades")]
fn kept_net(
    left: &mut Vec<i64>,
    net: &[i64],
    removed: usize,
    blocks: impl Iterator<Item = rng::Words>,
) -> i64 {
    let count = net.len();
    left.clear();
    left.extend_from_slice(net);
    let mut result = total(net);
    for (block, words) in blocks.enumerate() {
        for (draw, word) in (4 * block..removed).zip(words) {
            let chosen = draw + rng::uniform_int(word, (count - 1 - draw) as u64) as usize;
            result -= left[chosen];
            left[chosen] = left[draw];
        }
    }
    result
}

/// Returns the share of samples with net > 0.
fn positive_share(nets: &[i64]) -> f64 {
    let hits = nets.iter().filter(|net| **net > 0).count();
    numerics::quotient(hits as i128, nets.len() as i128)
}

/// Returns the mean of `clamp(net_s / ((n - k)/n · net_b), 0, 1)`.
///
/// `None` unless the run made a profit and kept trades.
fn mean_kept_profit(kept: &[i64], net: &[i64], removed: usize) -> Option<f64> {
    let count = net.len() as i128;
    let base = i128::from(total(net));
    if base <= 0 || removed == net.len() {
        return None;
    }
    let expected = (count - removed as i128) * base;
    let ratio = |value: &i64| {
        let scaled = i128::from(*value) * count;
        if *value <= 0 {
            0.0
        } else if scaled >= expected {
            1.0
        } else {
            numerics::quotient(scaled, expected)
        }
    };
    let ratios: Vec<f64> = kept.iter().map(ratio).collect();
    numerics::mean(&ratios)
}
