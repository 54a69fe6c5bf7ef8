//! How many visitors an experiment needs: two proportions, two-sided, normal approximation with the variance of each
//! arm (Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", chapter 4, without continuity
//! correction). Each variant is compared with the control, and the error is shared among the comparisons (Bonferroni).

use crate::distribution::normal::quantile;

/// What is to be found, and how surely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// Share of the control's visitors that reach the goal.
    pub baseline: f64,
    /// The smallest change worth finding, relative to the baseline: 0.1 is from 4 % to 4.4 %. Negative for a loss.
    pub mde: f64,
    /// The control included.
    pub variants: u32,
    /// Chance of a false alarm in any comparison.
    pub alpha: f64,
    /// Chance of finding a change of this size.
    pub power: f64,
}

impl Power {
    pub const ALPHA: f64 = 0.05;
    pub const POWER: f64 = 0.8;

    /// With the usual 5 % and 80 %.
    #[must_use]
    pub fn usual(baseline: f64, mde: f64, variants: u32) -> Self {
        Self { baseline, mde, variants, alpha: Self::ALPHA, power: Self::POWER }
    }

    /// Visitors that each variant needs. `None` where there is nothing to find: a share outside (0, 1), no change, one
    /// variant, or chances outside (0, 1).
    #[must_use]
    pub fn visitors_per_variant(&self) -> Option<u64> {
        let (control, variant) = (self.baseline, self.baseline * (1.0 + self.mde));
        let is_share = |share: f64| share > 0.0 && share < 1.0;
        if ![control, variant, self.alpha, self.power].into_iter().all(is_share)
            || control == variant
            || self.variants < 2
        {
            return None;
        }
        let comparisons = f64::from(self.variants - 1);
        let spread = |share: f64| share * (1.0 - share);
        let both = spread(control) + spread(variant);
        let pooled = 2.0 * spread(f64::midpoint(control, variant));
        let surely = quantile(1.0 - self.alpha / comparisons / 2.0) * pooled.sqrt()
            + quantile(self.power) * both.sqrt();
        let visitors = (surely / (variant - control)).powi(2).ceil();
        (visitors < 9e15).then_some(visitors as u64)
    }
}

/// What is to be found in a mean: a count, money, a ratio, or what CUPED left of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerOfMeans {
    /// Of one unit.
    pub variance: f64,
    /// The smallest difference worth finding, in the metric's unit.
    pub difference: f64,
    pub variants: u32,
    pub alpha: f64,
    pub power: f64,
}

impl PowerOfMeans {
    /// Visitors that each variant needs: 2 s² (z(1 - a/2) + z(power))² / d² (Fleiss, Levin and Paik with one variance in both arms; a as
    /// for shares). `None` where there is nothing to find.
    #[must_use]
    pub fn visitors_per_variant(&self) -> Option<u64> {
        let is_share = |share: f64| share > 0.0 && share < 1.0;
        if !is_share(self.alpha) || !is_share(self.power) || self.difference == 0.0 || self.variants < 2 {
            return None;
        }
        let surely = -quantile(self.alpha / f64::from(self.variants - 1) / 2.0) + quantile(self.power);
        let visitors = (2.0 * self.variance * (surely / self.difference).powi(2)).ceil();
        (visitors > 0.0 && visitors < 9e15).then_some(visitors as u64)
    }
}

/// Whole days until so many visitors have come. `None` where nobody comes.
#[must_use]
pub fn days(visitors: u64, visitors_per_day: f64) -> Option<u64> {
    let days = (visitors as f64 / visitors_per_day).ceil();
    (visitors_per_day > 0.0 && days < 9e15).then_some(days as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simulated with the exact distribution of counts, not with this formula: the test finds the change about as often
    /// as was asked.
    #[test]
    fn that_many_visitors_find_the_change_as_often_as_asked() {
        use statrs::distribution::{Binomial, Discrete};
        let asked = Power::usual(0.3, 0.4, 2);
        let visitors = asked.visitors_per_variant().unwrap_or_default();
        let arm = |share: f64| {
            let counts = Binomial::new(share, visitors).unwrap();
            (0..=visitors).map(|count| counts.pmf(count)).collect::<Vec<f64>>()
        };
        let (control, variant) = (arm(0.3), arm(0.42));
        let mut found = 0.0;
        for (a, chance_a) in control.iter().enumerate() {
            for (b, chance_b) in variant.iter().enumerate() {
                let (p, q) = (a as f64 / visitors as f64, b as f64 / visitors as f64);
                let pooled = f64::midpoint(p, q);
                let error = (2.0 * pooled * (1.0 - pooled) / visitors as f64).sqrt();
                if ((q - p) / error).abs() > 1.959_963_984_540_054 {
                    found += chance_a * chance_b;
                }
            }
        }
        assert!((found - 0.8).abs() < 0.015, "{visitors} visitors find it {found} of the time");
    }

    #[test]
    fn more_variants_smaller_changes_and_surer_answers_need_more_visitors() {
        let usual = Power::usual(0.05, 0.1, 2);
        let of = |power: Power| power.visitors_per_variant().unwrap_or_default();
        assert_eq!(of(usual), 31_234);
        assert!(of(Power { variants: 3, ..usual }) > of(usual));
        assert!(of(Power { mde: 0.05, ..usual }) > of(usual));
        assert!(of(Power { power: 0.9, ..usual }) > of(usual));
        assert!(of(Power { alpha: 0.01, ..usual }) > of(usual));
    }

    #[test]
    fn where_there_is_nothing_to_find_there_is_no_number() {
        for (baseline, mde, variants) in [
            (0.0, 0.1, 2),
            (1.0, 0.1, 2),
            (0.5, 0.0, 2),
            (0.5, 1.0, 2),
            (0.5, -1.0, 2),
            (0.5, 0.1, 1),
            (f64::NAN, 0.1, 2),
        ] {
            let asked = Power::usual(baseline, mde, variants);
            assert_eq!(asked.visitors_per_variant(), None, "{asked:?}");
        }
    }
}
