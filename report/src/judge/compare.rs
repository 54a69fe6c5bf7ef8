//! Two arms of one goal, by the method that the experiment asks for.

use parlour_stats::bayes::{self, Posterior};
use parlour_stats::group_sequential::GroupSequential;
use parlour_stats::method::Method;
use parlour_stats::proportion::{self, Share};
use parlour_stats::sequential::ConfidenceSequence;
use parlour_stats::strata::{Stratum, stratify};
use parlour_stats::{Arm, Comparison, Effect, Error, PairSums, Sums, cuped, fixed};

use super::horizon::Horizon;
use super::{ALPHA, named};
use crate::model::{Bayes, Choice, GoalKind};

/// In a stratum with fewer in either arm, units are thrown together with those of other such strata.
const SMALL_STRATUM: u64 = 50;

/// How a goal's arms are made.
#[derive(Debug, Clone, Copy)]
pub struct Making {
    pub kind: GoalKind,
    pub has_covariate: bool,
}

/// Two arms as methods take them.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    pub control: Arm,
    pub variant: Arm,
    /// The share of the variance that CUPED took.
    pub taken: Option<f64>,
    /// Plain shares, for the methods that are made for them.
    pub shares: Option<(Share, Share)>,
}

impl Making {
    pub fn arms(self, control: &PairSums, variant: &PairSums) -> Result<Made, Error> {
        if self.kind != GoalKind::Ratio && self.has_covariate {
            let adjusted = cuped::adjust(control, variant)?;
            let (control, variant, taken) = (adjusted.control, adjusted.variant, Some(adjusted.reduction));
            return Ok(Made { control, variant, taken, shares: None });
        }
        let is_share = matches!(self.kind, GoalKind::Conversion | GoalKind::Retention);
        let share = |of: &PairSums| Share { successes: of.nonzero, n: of.n };
        Ok(Made {
            control: self.arm(control)?,
            variant: self.arm(variant)?,
            taken: None,
            shares: is_share.then(|| (share(control), share(variant))),
        })
    }

    fn arm(self, of: &PairSums) -> Result<Arm, Error> {
        match self.kind {
            GoalKind::Conversion | GoalKind::Retention => Arm::proportion(of.nonzero, of.n),
            GoalKind::Ratio => of.ratio(),
            _ => Sums { n: of.n, nonzero: of.nonzero, sum: of.y, squares: of.y_squares }.arm(),
        }
    }

    /// The same, weighted by strata: pairs of control and variant.
    pub fn stratified(self, strata: &[(PairSums, PairSums)]) -> Result<Made, Error> {
        let (mut whole, mut small) = (Vec::new(), (PairSums::default(), PairSums::default()));
        for (control, variant) in strata {
            if control.n.min(variant.n) < SMALL_STRATUM {
                small = (small.0 + *control, small.1 + *variant);
            } else {
                whole.push((*control, *variant));
            }
        }
        if small.0.n.min(small.1.n) >= 2 {
            whole.push(small);
        }
        let made = |(control, variant): &(PairSums, PairSums)| {
            let made = self.arms(control, variant)?;
            Ok(Stratum { control: made.control, variant: made.variant })
        };
        let strata = whole.iter().map(made).collect::<Result<Vec<_>, Error>>()?;
        let Stratum { control, variant } = stratify(&strata)?;
        Ok(Made { control, variant, taken: None, shares: None })
    }
}

/// How the two are judged, and what that method is called.
pub fn compare(choice: Choice, horizon: &Horizon, made: &Made) -> Result<Comparison, Error> {
    match (choice, made.shares, horizon) {
        (Choice::Sequential, _, _) => ConfidenceSequence::usual()?.compare(&made.control, &made.variant),
        (Choice::Fixed, Some((control, variant)), _) => proportion::compare(control, variant, ALPHA),
        (Choice::GroupSequential, _, Horizon::Until { fractions, .. }) => {
            GroupSequential::new(fractions, ALPHA)?.compare(&made.control, &made.variant)
        }
        (Choice::Bayesian, _, _) => believed(made),
        _ => fixed::welch(&made.control, &made.variant, ALPHA),
    }
}

pub fn method(choice: Choice, is_share: bool) -> Method {
    match choice {
        Choice::Sequential => Method::ConfidenceSequence,
        Choice::Fixed if is_share => Method::ScoreProportions,
        Choice::Fixed => Method::Welch,
        Choice::GroupSequential => Method::GroupSequential,
        Choice::Bayesian if is_share => Method::BayesBeta,
        Choice::Bayesian => Method::BayesNormal,
    }
}

fn posterior(made: &Made) -> Result<Posterior, Error> {
    match made.shares {
        Some((control, variant)) => bayes::beta::compare(control, variant, bayes::beta::Prior::EVEN, ALPHA),
        None => bayes::normal::absolute(&made.control, &made.variant, None, ALPHA),
    }
}

/// In place of p stands twice the smaller chance of being better or worse.
fn believed(made: &Made) -> Result<Comparison, Error> {
    let told = |posterior: &Posterior| {
        let chance = posterior.chance_to_beat;
        Effect {
            estimate: posterior.mean,
            standard_error: posterior.standard_deviation,
            interval: posterior.interval,
            p: (2.0 * chance.min(1.0 - chance)).clamp(0.0, 1.0),
        }
    };
    let absolute = told(&posterior(made)?);
    let relative = bayes::normal::relative(&made.control, &made.variant, None, ALPHA);
    let relative = relative.ok().flatten().map(|posterior| Effect { p: absolute.p, ..told(&posterior) });
    Ok(Comparison { method: method(Choice::Bayesian, made.shares.is_some()), absolute, relative })
}

pub fn bayes(made: &Made) -> Option<Bayes> {
    let posterior = posterior(made).ok()?;
    Some(Bayes {
        chance_to_beat: posterior.chance_to_beat,
        loss_of_variant: posterior.loss_of_variant,
        loss_of_control: posterior.loss_of_control,
        mean: posterior.mean,
        deviation: posterior.standard_deviation,
        low: posterior.interval.low,
        high: posterior.interval.high,
        method: named(method(Choice::Bayesian, made.shares.is_some())),
    })
}
