//! What spoils a result is noticed where it was planted, and not where it was not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use parlour_stats::outliers::outliers;
use parlour_stats::segments::simpson;
use parlour_stats::sequential::ConfidenceSequence;
use parlour_stats::strata::Stratum;
use parlour_stats::{Arm, Sums, fixed, sample_ratio};

const ALPHA: f64 = 0.05;

fn arm(successes: u64, n: u64) -> Arm {
    Arm::proportion(successes, n).unwrap()
}

#[test]
fn simpsons_reversal_is_told_only_where_the_mix_of_the_arms_differs() {
    // The variant is better on either device and worse on the whole, as it got more of the visitors who seldom buy.
    let phone = Stratum { control: arm(200, 2_000), variant: arm(960, 8_000) };
    let desktop = Stratum { control: arm(3_200, 8_000), variant: arm(840, 2_000) };
    let found = simpson(&arm(3_400, 10_000), &arm(1_800, 10_000), &[phone, desktop], ALPHA).unwrap();
    assert!(found.reversed && found.pooled.estimate < 0.0 && found.stratified.estimate > 0.0, "{found:?}");

    let phone = Stratum { control: arm(500, 5_000), variant: arm(600, 5_000) };
    let desktop = Stratum { control: arm(2_000, 5_000), variant: arm(2_100, 5_000) };
    let fair = simpson(&arm(2_500, 10_000), &arm(2_700, 10_000), &[phone, desktop], ALPHA).unwrap();
    assert!(!fair.reversed, "{fair:?}");
}

#[test]
fn one_order_that_is_half_of_an_arm_is_told() {
    let mut sums = Sums::default();
    (0..99).for_each(|_| sums.add(10.0));
    sums.add(990.0);
    let told = outliers(&[990.0], &sums).unwrap();
    assert!((told.of_sum - 0.5).abs() < 1e-12 && told.of_variance > 0.98, "{told:?}");
    assert!(outliers(&[1.0; 200], &sums).is_err());
}

#[test]
fn a_split_that_lost_two_points_is_broken_and_a_fair_one_is_not() {
    for (counts, broken) in
        [([52_000, 48_000], true), ([5_240, 4_760], true), ([50_100, 49_900], false), ([26, 24], false)]
    {
        let test = sample_ratio::always_valid(&counts, &[1.0, 1.0]).unwrap();
        assert_eq!(test.p < sample_ratio::ALARM, broken, "{counts:?} {}", test.p);
    }
}

#[test]
fn so_many_units_until_a_decision_are_enough_and_one_fewer_is_not() {
    let sequence = ConfidenceSequence::usual().unwrap();
    let (control, variant) = (arm(2_000, 10_000), arm(2_100, 10_000));
    let needed = sequence.units_until(&control, &variant, 0.01).unwrap().unwrap();
    let width = |units: u64| {
        let at = |arm: Arm| Arm { n: units / 2, ..arm };
        let interval = sequence.compare(&at(control), &at(variant)).unwrap().absolute.interval;
        (interval.high - interval.low) / 2.0
    };
    assert!(width(needed + needed % 2) <= 0.01 && width(needed - 4) > 0.01, "{needed}");
}

#[test]
fn a_later_tuning_is_tighter_later_and_wider_now() {
    let width = |tuned: f64, units: f64| ConfidenceSequence::new(ALPHA, tuned).unwrap().half_widths(units);
    assert!(
        width(5_000.0, 5_000.0) < width(100_000.0, 5_000.0)
            && width(100_000.0, 100_000.0) < width(5_000.0, 100_000.0)
    );
    let ratio = width(5_000.0, 500_000.0) / width(500_000.0, 500_000.0);
    assert!((1.1..1.3).contains(&ratio), "{ratio}");
}

#[test]
fn a_planted_effect_is_found_with_its_sign() {
    let (control, variant) = (arm(2_000, 10_000), arm(2_400, 10_000));
    for compared in [
        fixed::welch(&control, &variant, ALPHA),
        ConfidenceSequence::usual().unwrap().compare(&control, &variant),
    ] {
        let compared = compared.unwrap();
        assert!(
            compared.absolute.interval.low > 0.0
                && compared.absolute.interval.contains(0.04)
                && compared.relative.unwrap().interval.contains(0.2)
        );
    }
}
