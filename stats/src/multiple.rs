//! Many comparisons at once: p-values adjusted so that each may be held against the level itself.

use crate::error::Error;

/// Holm: the chance of any false alarm at all stays at the level (across variants).
pub fn holm(p: &[f64]) -> Result<Vec<f64>, Error> {
    let count = p.len() as f64;
    let ascending = ranked(p)?;
    let mut worst = 0.0_f64;
    let adjusted = ascending.into_iter().enumerate().map(|(rank, (at, p))| {
        worst = worst.max((p * (count - rank as f64)).min(1.0));
        (at, worst)
    });
    Ok(in_place(adjusted.collect()))
}

/// Benjamini and Hochberg: the expected share of false alarms among all alarms stays at the level (across goals), for
/// independent or positively dependent tests.
pub fn benjamini_hochberg(p: &[f64]) -> Result<Vec<f64>, Error> {
    let count = p.len() as f64;
    let ascending = ranked(p)?;
    let mut best = 1.0_f64;
    let adjusted = ascending.into_iter().enumerate().rev().map(|(rank, (at, p))| {
        best = best.min(p * (count / (rank as f64 + 1.0)));
        (at, best)
    });
    Ok(in_place(adjusted.collect()))
}

fn ranked(p: &[f64]) -> Result<Vec<(usize, f64)>, Error> {
    if let Some(value) = p.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(Error::Invalid { what: "p-value", value: *value, want: "from 0 to 1" });
    }
    let mut ranked: Vec<(usize, f64)> = p.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
    Ok(ranked)
}

fn in_place(mut adjusted: Vec<(usize, f64)>) -> Vec<f64> {
    adjusted.sort_by_key(|(at, _)| *at);
    adjusted.into_iter().map(|(_, p)| p).collect()
}
