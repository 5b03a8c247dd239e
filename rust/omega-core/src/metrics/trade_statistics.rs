//! What the trades say about themselves, one by one (MET-3, and the trade-level Sharpe of MET-4).

use super::columns::{Equity, Plan, Row, Trades, Undefined, count_int, known, maybe};
use super::totals::{YEAR_US, total};
use crate::numerics;

/// Returns counts, averages, streaks and shares of the closed trades.
///
/// A trade with net = 0 is neither a win nor a loss and ends a streak of either.
pub(crate) fn compute_trade_statistics(trades: &Trades, equity: &Equity, plan: &Plan) -> Vec<Row> {
    let net = trades.net;
    let count = net.len();
    let wins: Vec<i64> = net.iter().copied().filter(|value| *value > 0).collect();
    let losses: Vec<i64> = net.iter().copied().filter(|value| *value < 0).collect();
    let risk_multiples: Vec<f64> = trades.r_multiple.iter().copied().flatten().collect();
    let ambiguous = trades.ambiguous.iter().filter(|flag| **flag).count();
    vec![
        known("trades", count_int(count)),
        known("wins", count_int(wins.len())),
        known("losses", count_int(losses.len())),
        maybe("win_rate", share(wins.len(), count)),
        maybe("avg_win", average(&wins, "no_wins")),
        maybe("avg_loss", average(&losses, "no_losses")),
        maybe("payoff", payoff(&wins, &losses)),
        maybe("expectancy", average(net, "no_trades")),
        maybe("expectancy_r", numerics::mean(&risk_multiples).ok_or("no_r")),
        maybe("profit_factor", profit_factor(&wins, &losses)),
        maybe("sqn", sqn(&risk_multiples)),
        known("longest_win_streak", longest_streak(net, 1)),
        known("longest_loss_streak", longest_streak(net, -1)),
        maybe("exposure_frac", exposure_frac(trades, equity)),
        maybe("trades_per_year", trades_per_year(count, equity)),
        maybe("avg_bars_held", average(trades.bars_held, "no_trades")),
        known("turnover_lots", turnover_lots(trades, plan)),
        maybe("ambiguous_share", share(ambiguous, count)),
        maybe("trade_sharpe", trade_sharpe(net, equity)),
    ]
}

/// Returns `part / whole` of the trades.
fn share(part: usize, whole: usize) -> Result<f64, Undefined> {
    if whole == 0 {
        return Err("no_trades");
    }
    Ok(numerics::quotient(part as i128, whole as i128))
}

/// Returns the correctly rounded mean of integers.
fn average(values: &[i64], reason: Undefined) -> Result<f64, Undefined> {
    numerics::mean_int(values).ok_or(reason)
}

/// Returns the average win over the size of the average loss, rounded once.
fn payoff(wins: &[i64], losses: &[i64]) -> Result<f64, Undefined> {
    if wins.is_empty() {
        return Err("no_wins");
    }
    if losses.is_empty() {
        return Err("no_losses");
    }
    let won = i128::from(total(wins)) * losses.len() as i128;
    let lost = -i128::from(total(losses)) * wins.len() as i128;
    Ok(numerics::quotient(won, lost))
}

/// Returns what was won over what was lost; undefined without losses.
fn profit_factor(wins: &[i64], losses: &[i64]) -> Result<f64, Undefined> {
    if losses.is_empty() {
        return Err("no_losses");
    }
    Ok(numerics::quotient(total(wins).into(), -i128::from(total(losses))))
}

/// Returns √min(n, 100) · mean(R) / sd(R) over the n trades that have an R.
///
/// Source: V. K. Tharp, "Definitive Guide to Position Sizing", 2008 (system quality number, n capped at 100).
fn sqn(risk_multiples: &[f64]) -> Result<f64, Undefined> {
    let center = numerics::mean(risk_multiples).ok_or("too_few_trades")?;
    let deviation = numerics::sample_deviation(risk_multiples).ok_or("too_few_trades")?;
    if deviation == 0.0 {
        return Err("no_deviation");
    }
    let count = risk_multiples.len();
    Ok(numerics::count_float(if count < 100 { count } else { 100 }).sqrt() * center / deviation)
}

/// Returns the longest run of trades in closing order whose net has this sign.
fn longest_streak(net: &[i64], sign: i64) -> i64 {
    let mut longest = 0;
    let mut current = 0;
    for value in net {
        current = if value.signum() == sign { current + 1 } else { 0 };
        if current > longest {
            longest = current;
        }
    }
    longest
}

/// Returns the share of steps in whose bar a trade was open at some moment.
///
/// Bars count from the entry bar to the exit bar, both included, once however many trades were open.
fn exposure_frac(trades: &Trades, equity: &Equity) -> Result<f64, Undefined> {
    let steps = count_int(equity.value.len()) - 2;
    if steps < 1 {
        return Err("no_steps");
    }
    let mut covered = 0;
    let mut covered_to = -1;
    let mut spans: Vec<(i64, i64)> =
        trades.entry_bar_idx.iter().copied().zip(trades.exit_bar_idx.iter().copied()).collect();
    spans.sort_unstable();
    for (entry, leave) in spans {
        let start = if entry > covered_to { entry } else { covered_to + 1 };
        if leave >= start {
            covered += leave - start + 1;
            covered_to = leave;
        }
    }
    Ok(numerics::quotient(covered.into(), steps.into()))
}

/// Returns trades over elapsed years of 365.25 days.
fn trades_per_year(count: usize, equity: &Equity) -> Result<f64, Undefined> {
    let elapsed_us = equity.elapsed_us();
    if elapsed_us <= 0 {
        return Err("no_time");
    }
    Ok(numerics::quotient(count as i128 * YEAR_US, elapsed_us.into()))
}

/// Returns the lots of all deals: each trade's volume once opened and once closed, rounded once.
fn turnover_lots(trades: &Trades, plan: &Plan) -> f64 {
    let mut common = 1_i128;
    for (_, den) in &plan.volume_steps {
        common = common / gcd(common, (*den).into()) * i128::from(*den);
    }
    let mut lots = 0;
    for (symbol, steps) in trades.symbol.iter().zip(trades.steps) {
        #[expect(clippy::cast_sign_loss, reason = "the engine indexes symbols from 0")]
        let (num, den) = plan.volume_steps[*symbol as usize];
        lots += 2 * i128::from(*steps) * i128::from(num) * (common / i128::from(den));
    }
    numerics::quotient(lots, common)
}

/// Returns mean over deviation of the trades' net, times √`trades_per_year`. Not the Sharpe ratio of returns.
fn trade_sharpe(net: &[i64], equity: &Equity) -> Result<f64, Undefined> {
    let center = numerics::mean_int(net).ok_or("too_few_trades")?;
    #[expect(clippy::cast_precision_loss, reason = "rounded half to even, like Python's float()")]
    let values: Vec<f64> = net.iter().map(|value| *value as f64).collect();
    let deviation = numerics::sample_deviation(&values).ok_or("too_few_trades")?;
    if deviation == 0.0 {
        return Err("no_deviation");
    }
    Ok(center / deviation * trades_per_year(net.len(), equity)?.sqrt())
}

/// Greatest common divisor of positive integers. twin: none — Python has `math.gcd`.
fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}
