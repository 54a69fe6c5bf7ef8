//! The sign test, for interleaving: in how many lists did the visitor take more from the one ranking than from the other?

use statrs::function::gamma::ln_gamma;

use crate::comparison::Interval;
use crate::distribution::binomial;
use crate::error::{Error, share};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignTest {
    /// Share of the wins among lists that were no tie, with Clopper and Pearson's interval (Wilson's beyond
    /// [`binomial::EXACT_UP_TO`]).
    pub share: f64,
    pub interval: Interval,
    /// Exact, two-sided.
    pub p: f64,
}

/// Ties are left out by the caller and told beside it.
pub fn sign_test(wins: u64, losses: u64, alpha: f64) -> Result<SignTest, Error> {
    let alpha = share("alpha", alpha)?;
    let n = wins.saturating_add(losses);
    if n == 0 {
        return Err(Error::TooFew { what: "lists that were no tie", have: 0, need: 1 });
    }
    let (low, high) = binomial::interval(wins, n, alpha);
    Ok(SignTest {
        share: wins as f64 / n as f64,
        interval: Interval { low, high },
        p: binomial::two_sided(wins, n, 0.5),
    })
}

/// p of a share of one half, valid however often it is looked at: the reciprocal of the sequential multinomial test's Bayes
/// factor with two outcomes and a uniform prior of the share (M. Lindon, A. Malek, NeurIPS (2022), arXiv:2011.03567).
#[must_use]
pub fn always_valid(wins: u64, losses: u64) -> f64 {
    let (wins, losses) = (wins as f64, losses as f64);
    let ln_factor = ln_gamma(wins + 1.0) + ln_gamma(losses + 1.0) - ln_gamma(wins + losses + 2.0)
        + (wins + losses) * std::f64::consts::LN_2;
    (-ln_factor).exp().min(1.0)
}
