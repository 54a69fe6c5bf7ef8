//! The sign test, for interleaving: in how many lists did the visitor take more from the one ranking than from the other?

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
