//! Where there is no answer, an error says why; none is made up.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use parlour_stats::bayes::beta::{Prior, thompson};
use parlour_stats::group_sequential::GroupSequential;
use parlour_stats::proportion::{self, Share};
use parlour_stats::sequential::ConfidenceSequence;
use parlour_stats::strata::stratify;
use parlour_stats::survival::{self, Row};
use parlour_stats::{
    Arm, Error, PairSums, Sums, fixed, minimum, multiple, sample_ratio, segments, sign, uniform,
};

const ALPHA: f64 = 0.05;

fn arm(n: u64, informative: u64) -> Arm {
    Arm { n, informative, mean: 1.0, variance: 4.0, raw_mean: 1.0, raw_variance: 4.0 }
}

#[test]
fn below_its_minimum_an_estimator_says_how_many_it_has_and_needs() {
    let rows = [
        (arm(5_000, minimum::FIXED - 1), arm(5_000, 900), minimum::FIXED),
        (arm(50_000, 9_000), arm(5_000, minimum::FIXED_LOPSIDED - 1), minimum::FIXED_LOPSIDED),
    ];
    for (control, variant, need) in rows {
        let refused = fixed::welch(&control, &variant, ALPHA).unwrap_err();
        assert_eq!(refused, Error::TooFew { what: "informative units", have: need - 1, need });
        assert_eq!(
            refused.to_string(),
            format!(
                "{} informative units in the smallest arm, this method needs {need}: keep running",
                need - 1
            )
        );
    }
    assert!(fixed::welch(&arm(5_000, minimum::FIXED), &arm(5_000, 900), ALPHA).is_ok());
    let sequence = ConfidenceSequence::usual().unwrap();
    assert!(sequence.compare(&arm(5_000, minimum::SEQUENTIAL - 1), &arm(5_000, 900)).is_err());
    assert!(sequence.compare(&arm(5_000, minimum::SEQUENTIAL), &arm(5_000, 900)).is_ok());
    let share = |successes| Share { successes, n: 1_000 };
    assert!(proportion::compare(share(0), share(2 * minimum::SHARES - 2), ALPHA).is_err());
    assert!(proportion::compare(share(0), share(2 * minimum::SHARES), ALPHA).is_ok());
}

#[test]
fn an_arm_without_anybody_or_with_one_value_is_no_arm() {
    assert!(matches!(Sums::default().arm(), Err(Error::TooFew { have: 0, need: 2, .. })));
    let all_the_same = Arm { variance: 0.0, raw_variance: 0.0, ..arm(5_000, 5_000) };
    assert_eq!(fixed::welch(&all_the_same, &all_the_same, ALPHA), Err(Error::NoVariance));
    assert!(matches!(Arm::proportion(3, 2), Err(Error::Invalid { what: "successes", .. })));
}

#[test]
fn a_ratio_needs_something_to_divide_by() {
    let nothing = PairSums { n: 10, nonzero: 10, y: 5.0, y_squares: 5.0, ..PairSums::default() };
    assert!(matches!(nothing.ratio(), Err(Error::Invalid { what: "sum of denominators", .. })));
}

#[test]
fn uplift_is_not_told_where_the_control_is_not_surely_above_nothing() {
    for mean in [0.0, -1.0, 0.01] {
        let control = Arm { mean, raw_mean: mean, ..arm(5_000, 5_000) };
        let compared = fixed::welch(&control, &arm(5_000, 5_000), ALPHA).unwrap();
        assert_eq!(compared.relative, None, "{mean}");
    }
}

#[test]
fn a_level_or_a_share_outside_its_range_is_named() {
    for alpha in [0.0, 1.0, -0.1, f64::NAN] {
        let refused = fixed::welch(&arm(5_000, 5_000), &arm(5_000, 5_000), alpha).unwrap_err();
        assert!(refused.to_string().starts_with("alpha is "), "{refused}");
    }
    assert!(
        multiple::holm(&[0.5, 1.5]).is_err()
            && uniform::uniformity(&[]).is_err()
            && sign::sign_test(0, 0, ALPHA).is_err()
    );
    assert!(sample_ratio::once(&[1], &[1.0]).is_err() && sample_ratio::once(&[1, 2], &[1.0, 0.0]).is_err());
    assert!(
        stratify(&[]).is_err()
            && segments::heterogeneity(&[]).is_err()
            && segments::trend(&[], ALPHA).is_err()
    );
    assert!(thompson(&[Share { successes: 1, n: 2 }; 3], Prior::EVEN, 0.4).is_err());
}

#[test]
fn looks_are_in_order_and_not_beyond_the_end() {
    for fractions in [&[][..], &[0.5, 0.5], &[0.6, 0.4], &[0.5, 1.2], &[f64::NAN], &[0.0]] {
        assert!(GroupSequential::new(fractions, ALPHA).is_err(), "{fractions:?}");
    }
}

#[test]
fn a_time_beyond_what_was_watched_is_refused() {
    let rows = [Row { time: 1.0, events: 300, censored: 10 }, Row { time: 5.0, events: 100, censored: 400 }];
    assert!(survival::compare(&rows, &rows, 5.0, ALPHA).is_ok());
    assert!(survival::compare(&rows, &rows, 6.0, ALPHA).is_err());
    assert!(survival::kaplan_meier(&[rows[1], rows[0]]).is_err());
}

#[test]
fn nobody_yet_is_no_broken_split() {
    assert_eq!(sample_ratio::once(&[0, 0], &[1.0, 1.0]).unwrap().p, 1.0);
    assert_eq!(sample_ratio::always_valid(&[0, 0], &[1.0, 1.0]).unwrap().p, 1.0);
}
