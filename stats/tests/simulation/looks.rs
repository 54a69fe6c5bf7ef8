//! Experiments that are looked at again and again: wrong at any look is wrong.

use parlour_stats::group_sequential::GroupSequential;
use parlour_stats::proportion::Share;
use parlour_stats::sequential::ConfidenceSequence;
use parlour_stats::{Arm, Comparison, Difference, Error, PairSums, Sums, cuped, sample_ratio};

use super::draw::{Pairs, Revenue, binomial, share_arm};
use super::run::{Band, Cell, Rng};

const ALPHA: f64 = 0.05;
const LIFT: f64 = 1.1;
const LOOKS: usize = 1_000;

pub const CLAIMS: [(&str, Band); 4] = [
    ("any-time false positives", Band::AtMost(ALPHA)),
    ("relative interval ever misses 0", Band::AtMost(ALPHA)),
    ("interval ever misses the effect", Band::AtMost(ALPHA)),
    ("relative interval ever misses the effect", Band::AtMost(ALPHA)),
];

pub type Compare = fn(&Arm, &Arm) -> Result<Comparison, Error>;

pub fn always_valid(control: &Arm, variant: &Arm) -> Result<Comparison, Error> {
    ConfidenceSequence::usual()?.compare(control, variant)
}

/// Adds a look's units, of the plain or of the lifted population.
type Grow<S> = dyn Fn(&mut Rng, &mut S, bool) + Send + Sync;

/// An arm that grows from look to look, and what each pair of arms is at a look.
struct Growing<S> {
    start: S,
    /// How many times as large the control is.
    larger: u32,
    grow: Box<Grow<S>>,
    arms: fn(&S, &S) -> Option<(Arm, Arm)>,
}

fn cell<S: Copy + Send + Sync + 'static>(
    name: &str,
    size: &str,
    effect: f64,
    uplift: f64,
    compare: Compare,
    growing: Growing<S>,
) -> Cell {
    let trial = move |rng: &mut Rng, looks: usize| {
        let mut wrong = vec![false; 4];
        let [mut control, mut same, mut lifted] = [growing.start; 3];
        for _ in 0..looks {
            for _ in 0..growing.larger {
                (growing.grow)(rng, &mut control, false);
            }
            (growing.grow)(rng, &mut same, false);
            (growing.grow)(rng, &mut lifted, true);
            // A look before the minimum is refused, and so is none.
            let judged = |variant: &S| {
                (growing.arms)(&control, variant)
                    .and_then(|(control, variant)| compare(&control, &variant).ok())
            };
            if let Some(null) = judged(&same) {
                wrong[0] |= null.absolute.p < ALPHA;
                wrong[1] |= null.relative.is_some_and(|effect| !effect.interval.contains(0.0));
            }
            if let Some(found) = judged(&lifted) {
                wrong[2] |= !found.absolute.interval.contains(effect);
                wrong[3] |= found.relative.is_some_and(|effect| !effect.interval.contains(uplift));
            }
        }
        wrong
    };
    Cell::new(name, size, &CLAIMS, trial).with_looks(LOOKS)
}

pub fn conversion(name: &str, compare: Compare, p: f64, step: u64) -> Cell {
    let growing = Growing {
        start: Share::default(),
        larger: 1,
        grow: Box::new(move |rng, share, lifted| {
            share.successes += binomial(rng, step, if lifted { p * LIFT } else { p });
            share.n += step;
        }),
        arms: |control, variant| Some((share_arm(*control), share_arm(*variant))),
    };
    cell(
        &format!("conversion {} %, {name}", 100.0 * p),
        &each(step),
        p * (LIFT - 1.0),
        LIFT - 1.0,
        compare,
        growing,
    )
}

fn each(step: u64) -> String {
    format!("{step} more an arm each look")
}

fn revenue(step: u64, larger: u32) -> Cell {
    let lifted = Revenue { scale: LIFT, ..Revenue::PLAIN };
    let size = if larger == 1 {
        each(step)
    } else {
        format!("{} and {step} more each look", step * u64::from(larger))
    };
    let growing = Growing {
        start: Sums::default(),
        larger,
        grow: Box::new(move |rng, sums: &mut Sums, up| {
            if up { lifted } else { Revenue::PLAIN }.add(rng, sums, step)
        }),
        arms: |control, variant| Some((control.arm().ok()?, variant.arm().ok()?)),
    };
    let effect = lifted.mean() - Revenue::PLAIN.mean();
    cell("revenue, 97 % zeros, always valid", &size, effect, LIFT - 1.0, always_valid, growing)
}

fn ratio(step: u64) -> Cell {
    let (plain, lifted) = (Pairs::orders_per_session(0.1), Pairs::orders_per_session(0.1 * LIFT));
    let effect = lifted.ratio() - plain.ratio();
    let growing = Growing {
        start: PairSums::default(),
        larger: 1,
        grow: Box::new(move |rng, sums, up| if up { &lifted } else { &plain }.add(rng, sums, step)),
        arms: |control, variant| Some((control.ratio().ok()?, variant.ratio().ok()?)),
    };
    cell("orders per session, always valid", &each(step), effect, LIFT - 1.0, always_valid, growing)
}

fn adjusted(step: u64) -> Cell {
    let (plain, lifted) = (Pairs::before_and_after(1.0), Pairs::before_and_after(LIFT));
    let effect = lifted.mean_y() - plain.mean_y();
    let uplift = effect / plain.mean_y();
    let growing = Growing {
        start: PairSums::default(),
        larger: 1,
        grow: Box::new(move |rng, sums, up| if up { &lifted } else { &plain }.add(rng, sums, step)),
        arms: |control, variant| {
            cuped::adjust(control, variant).ok().map(|both| (both.control, both.variant))
        },
    };
    cell("purchases, CUPED, always valid", &each(step), effect, uplift, always_valid, growing)
}

fn split(weights: &'static [f64], step: u64) -> Cell {
    let name = format!("sample ratio {weights:?}, sequential");
    Cell::new(
        &name,
        &format!("{step} more each look"),
        &[("ever a false alarm", Band::AtMost(0.002))],
        move |rng, looks| {
            let (mut counts, all) = (vec![0u64; weights.len()], weights.iter().sum::<f64>());
            let alarm = (0..looks).any(|_| {
                let (mut left, mut rest) = (step, all);
                for (count, weight) in counts.iter_mut().zip(weights) {
                    let drawn = binomial(rng, left, (weight / rest).min(1.0));
                    *count += drawn;
                    left -= drawn;
                    rest -= weight;
                }
                sample_ratio::always_valid(&counts, weights).unwrap().p < sample_ratio::ALARM
            });
            vec![alarm]
        },
    )
    .with_looks(LOOKS)
}

fn groups() -> Cell {
    let fractions = [0.2, 0.4, 0.6, 0.8, 1.0];
    let critical = GroupSequential::new(&fractions, ALPHA).unwrap().critical().to_vec();
    Cell::new(
        "conversion 20 %, group-sequential",
        "n = 10000 an arm at the end",
        &[("false positives at any look", Band::Exact)],
        move |rng, _| {
            let [mut control, mut variant] = [Share::default(); 2];
            let crossed = critical.iter().any(|limit| {
                for arm in [&mut control, &mut variant] {
                    arm.successes += binomial(rng, 2_000, 0.2);
                    arm.n += 2_000;
                }
                Difference::absolute(&share_arm(control), &share_arm(variant)).unwrap().statistic().abs()
                    >= *limit
            });
            vec![crossed]
        },
    )
    .with_looks(5)
}

pub fn cells() -> Vec<Cell> {
    vec![
        conversion("always valid", always_valid, 0.02, 100),
        conversion("always valid", always_valid, 0.2, 20),
        revenue(100, 1),
        revenue(30, 9),
        ratio(10),
        adjusted(10),
        split(&[1.0, 1.0], 100),
        split(&[0.9, 0.1], 100),
        split(&[1.0, 1.0, 1.0], 100),
        groups(),
    ]
}
