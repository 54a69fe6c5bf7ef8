//! What holds for any numbers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use parlour_stats::bayes::{self, beta};
use parlour_stats::group_sequential::{GroupSequential, spent};
use parlour_stats::proportion::{self, Share};
use parlour_stats::sequential::ConfidenceSequence;
use parlour_stats::strata::{Stratum, stratify};
use parlour_stats::{Arm, Comparison, PairSums, Sums, cuped, fixed, multiple, sample_ratio, sign, uniform};
use proptest::collection::vec;
use proptest::prelude::*;

const ALPHA: f64 = 0.05;

fn arm() -> impl Strategy<Value = Arm> {
    (1_300u64..1_000_000, 0.01f64..100.0, 0.1f64..3.0).prop_map(|(n, mean, spread)| {
        let variance = (mean * spread).powi(2);
        Arm { n, informative: n, mean, variance, raw_mean: mean, raw_variance: variance }
    })
}

fn near(arm: Arm, by: f64) -> Arm {
    let mean = arm.mean + by * arm.standard_error();
    Arm { mean, raw_mean: mean, ..arm }
}

/// By chance alone: a share of one half, looked at after every vote.
#[test]
fn a_sign_test_that_is_always_valid_is_seldom_wrong_however_often_it_is_looked_at() {
    let mut state = 20_261_127u64;
    let mut coin = || {
        // Steele, Lea, Flood: SplitMix64 (OOPSLA 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) >> 63
    };
    let (mut sequential, mut one_look) = (0, 0);
    for _ in 0..4_000 {
        let (mut wins, mut alarm, mut naive) = (0, false, false);
        for look in 1..=1_000u64 {
            wins += coin();
            let losses = look - wins;
            alarm |= sign::always_valid(wins, losses) <= ALPHA;
            naive |= look % 50 == 0 && sign::sign_test(wins, losses, ALPHA).unwrap().p <= ALPHA;
        }
        sequential += u32::from(alarm);
        one_look += u32::from(naive);
    }
    assert!(sequential <= 200, "{sequential} of 4,000");
    // The twin: the test for one look, taken 20 times, is wrong far more often.
    assert!(one_look > 500, "{one_look} of 4,000");
}

fn share() -> impl Strategy<Value = Share> {
    (100u64..100_000, 0.0f64..=1.0).prop_map(|(n, part)| Share { successes: (n as f64 * part) as u64, n })
}

/// p, absolute interval and relative interval never contradict each other, but for rounding at the very edge.
fn consistent(compared: &Comparison) -> Result<(), TestCaseError> {
    if (compared.absolute.p - ALPHA).abs() < 1e-9 {
        return Ok(());
    }
    let rejects = compared.absolute.p < ALPHA;
    prop_assert_eq!(rejects, !compared.absolute.interval.contains(0.0), "absolute {:?}", compared);
    if let Some(relative) = compared.relative {
        prop_assert_eq!(rejects, !relative.interval.contains(0.0), "relative {:?}", compared);
        prop_assert!(relative.interval.contains(relative.estimate));
    }
    Ok(())
}

proptest! {
    #[test]
    fn an_interval_leaves_nothing_out_that_its_test_does_not_reject(control in arm(), by in -8.0f64..8.0) {
        let variant = near(control, by);
        consistent(&fixed::welch(&control, &variant, ALPHA).unwrap())?;
        consistent(&ConfidenceSequence::usual().unwrap().compare(&control, &variant).unwrap())?;
    }

    #[test]
    fn so_it_is_with_shares(control in share(), variant in share()) {
        if let Ok(compared) = proportion::compare(control, variant, ALPHA) {
            consistent(&compared)?;
        }
    }

    #[test]
    fn nobody_wins_by_changing_sides(control in arm(), by in -5.0f64..5.0) {
        let variant = near(control, by);
        let (there, back) = (fixed::welch(&control, &variant, ALPHA).unwrap(), fixed::welch(&variant, &control, ALPHA).unwrap());
        prop_assert!((there.absolute.p - back.absolute.p).abs() < 1e-12);
        prop_assert!((there.absolute.estimate + back.absolute.estimate).abs() < 1e-9 * control.mean);
    }

    #[test]
    fn an_always_valid_interval_is_wider_than_one_for_a_single_look(control in arm(), by in -3.0f64..3.0) {
        let variant = near(control, by);
        let width = |compared: Comparison| compared.absolute.interval.high - compared.absolute.interval.low;
        let always = width(ConfidenceSequence::usual().unwrap().compare(&control, &variant).unwrap());
        prop_assert!(always > width(fixed::welch(&control, &variant, ALPHA).unwrap()));
    }

    #[test]
    fn sums_of_parts_are_the_sums_of_the_whole(values in vec(0.0f64..1e4, 4..200), cut in 1usize..3) {
        let of = |values: &[f64]| values.iter().fold(Sums::default(), |mut sums, value| { sums.add(*value); sums });
        let (parts, whole) = (of(&values[..cut]) + of(&values[cut..]), of(&values));
        prop_assert_eq!(parts.n, whole.n);
        let (a, b) = (parts.arm().unwrap(), whole.arm().unwrap());
        prop_assert!((a.mean - b.mean).abs() <= 1e-9 * b.mean.abs() && (a.variance - b.variance).abs() <= 1e-6 * b.variance.abs().max(1e-9));
    }

    #[test]
    fn cuped_never_adds_to_the_spread_of_both_arms_together(rows in vec((0.0f64..100.0, 0.0f64..100.0), 200..400)) {
        let of = |rows: &[(f64, f64)]| rows.iter().fold(PairSums::default(), |mut sums, (y, x)| { sums.add(*y, *x); sums });
        let adjusted = cuped::adjust(&of(&rows[..100]), &of(&rows[100..])).unwrap();
        let spread = |a: &Arm, b: &Arm, raw: bool| [a, b].iter().map(|arm| if raw { arm.raw_variance } else { arm.variance } * (arm.n as f64 - 1.0)).sum::<f64>();
        let (before, after) = (spread(&adjusted.control, &adjusted.variant, true), spread(&adjusted.control, &adjusted.variant, false));
        // The coefficient is that of all units at once; between the arms it may cost what the means differ by.
        prop_assert!(after <= before * 1.05, "{before} {after}");
    }

    #[test]
    fn one_stratum_is_the_whole(control in arm(), variant in arm()) {
        let whole = stratify(&[Stratum { control, variant }]).unwrap();
        prop_assert!((whole.control.mean - control.mean).abs() < 1e-9 * control.mean && (whole.variant.variance / variant.variance - 1.0).abs() < 1e-9);
    }

    #[test]
    fn adjusted_p_values_are_never_smaller_and_keep_their_order(p in vec(0.0f64..=1.0, 1..30)) {
        for adjusted in [multiple::holm(&p).unwrap(), multiple::benjamini_hochberg(&p).unwrap()] {
            for (at, (adjusted_p, plain)) in adjusted.iter().zip(&p).enumerate() {
                prop_assert!(adjusted_p >= plain && *adjusted_p <= 1.0);
                prop_assert!(p.iter().zip(&adjusted).skip(at).all(|(other, other_adjusted)| other < plain || other_adjusted >= adjusted_p));
            }
        }
        let (holm, bh) = (multiple::holm(&p).unwrap(), multiple::benjamini_hochberg(&p).unwrap());
        prop_assert!(holm.iter().zip(&bh).all(|(holm, bh)| holm >= bh));
    }

    #[test]
    fn alpha_is_spent_to_the_end_and_never_back(fraction in 0.02f64..1.0) {
        prop_assert!(spent(fraction, ALPHA) <= spent((fraction + 0.01).min(1.0), ALPHA) && (spent(1.0, ALPHA) - ALPHA).abs() < 1e-9);
    }

    #[test]
    fn a_repeated_p_value_is_below_the_level_where_the_bound_is_crossed(z in 0.0f64..6.0) {
        let looks = GroupSequential::new(&[0.4, 0.8], ALPHA).unwrap();
        let limit = *looks.critical().last().unwrap();
        prop_assume!((z - limit).abs() > 1e-6);
        prop_assert_eq!(looks.p(z) <= ALPHA, z >= limit);
    }

    #[test]
    fn a_split_is_no_surer_broken_at_every_look_than_at_one(first in 0u64..2_000, second in 0u64..2_000) {
        let (once, always) = (sample_ratio::once(&[first, second], &[1.0, 1.0]).unwrap(), sample_ratio::always_valid(&[first, second], &[1.0, 1.0]).unwrap());
        prop_assert!(always.p >= once.p.min(1.0) - 1e-9, "{} {}", once.p, always.p);
    }

    #[test]
    fn no_number_makes_a_test_panic(a in any::<f64>(), b in any::<f64>(), c in any::<f64>(), n in any::<u64>(), m in any::<u64>()) {
        let sums = Sums { n, nonzero: m, sum: a, squares: b };
        let pairs = PairSums { n, nonzero: m, y: a, y_squares: b, x: c, x_squares: a, cross: b };
        let odd = Arm { n, informative: u64::MAX, mean: a, variance: b, raw_mean: c, raw_variance: a };
        let _ = (sums.arm(), pairs.ratio(), cuped::adjust(&pairs, &pairs), Arm::proportion(n, m));
        let _ = (fixed::welch(&odd, &odd, c), ConfidenceSequence::new(a, b).and_then(|sequence| sequence.compare(&odd, &odd)));
        let _ = (bayes::normal::absolute(&odd, &odd, None, a), stratify(&[Stratum { control: odd, variant: odd }]));
        let _ = (multiple::holm(&[a, b]), uniform::uniformity(&[a, b, c]), GroupSequential::new(&[a, b], c));
        let _ = sample_ratio::always_valid(&[n % 1_000_000, m % 1_000_000], &[a, b]);
        let _ = proportion::compare(Share { successes: n / 2, n: n / 2 + 5 }, Share { successes: m / 4, n: m / 2 }, ALPHA);
    }
}

proptest! {
    // Each of these integrates a distribution some hundred times.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn losses_and_chances_of_a_posterior_belong_together(control in share(), variant in share()) {
        let posterior = beta::compare(control, variant, beta::Prior::EVEN, ALPHA).unwrap();
        prop_assert!((posterior.loss_of_control - posterior.loss_of_variant - posterior.mean).abs() < 1e-7);
        prop_assert!((0.0..=1.0).contains(&posterior.chance_to_beat));
        let back = beta::compare(variant, control, beta::Prior::EVEN, ALPHA).unwrap();
        prop_assert!((posterior.chance_to_beat + back.chance_to_beat - 1.0).abs() < 1e-7);
    }

    #[test]
    fn the_shares_of_all_arms_are_one(arms in vec(share(), 1..6), floor in 0.0f64..0.16) {
        let shares = beta::thompson(&arms, beta::Prior::EVEN, floor).unwrap();
        prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9 && shares.iter().all(|share| *share >= floor - 1e-12));
    }
}
