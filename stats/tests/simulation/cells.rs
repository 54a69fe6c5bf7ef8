//! Fixed horizons: false positives without an effect, and intervals that miss the effect there is.

use parlour_stats::bayes::beta;
use parlour_stats::power::{Power, PowerOfMeans};
use parlour_stats::proportion::{self, Share};
use parlour_stats::strata::{Stratum, stratify};
use parlour_stats::survival::{self, Row};
use parlour_stats::{Arm, Comparison, PairSums, cuped, fixed, multiple, sample_ratio, segments, uniform};
use rand::RngExt as _;
use rand_distr::{Beta, Distribution as _, Exp};

use super::draw::{Pairs, Revenue, binomial, share, share_arm};
use super::run::{Band, Cell, Rng};

const ALPHA: f64 = 0.05;
/// 10 % more.
const LIFT: f64 = 1.1;

/// Around a minimum, where claims are only looked at, we look at what would be said below it, too.
fn welch(control: &Arm, variant: &Arm, refuses: bool) -> Comparison {
    let as_is = |arm: &Arm| Arm { informative: if refuses { arm.informative } else { u64::MAX }, ..*arm };
    fixed::welch(&as_is(control), &as_is(variant), ALPHA).unwrap()
}

fn refuses(claims: &[(&'static str, Band)]) -> bool {
    !claims.iter().any(|claim| matches!(claim.1, Band::Any))
}

const CLAIMS: [(&str, Band); 4] = [
    ("false positives", Band::Exact),
    ("relative interval misses 0", Band::Exact),
    ("interval misses the effect", Band::Exact),
    ("relative interval misses the effect", Band::Exact),
];

/// Of a comparison without an effect and one with. Where relative uplift is not told, it is not wrong.
fn wrongs(null: &Comparison, lifted: &Comparison, effect: f64, uplift: f64) -> Vec<bool> {
    let misses = |comparison: &Comparison, uplift: f64| {
        comparison.relative.is_some_and(|relative| !relative.interval.contains(uplift))
    };
    vec![
        null.absolute.p < ALPHA,
        misses(null, 0.0),
        !lifted.absolute.interval.contains(effect),
        misses(lifted, uplift),
    ]
}

fn arms(
    name: &str,
    size: &str,
    effect: f64,
    uplift: f64,
    claims: &[(&'static str, Band)],
    draw: impl Fn(&mut Rng) -> [Arm; 3] + Send + Sync + 'static,
) -> Cell {
    let refuses = refuses(claims);
    Cell::new(name, size, claims, move |rng, _| {
        let [control, same, lifted] = draw(rng);
        let compare = |variant: &Arm| welch(&control, variant, refuses);
        wrongs(&compare(&same), &compare(&lifted), effect, uplift)
    })
}

fn conversion(p: f64, n: u64, m: u64, claims: &[(&'static str, Band)]) -> [Cell; 2] {
    let name = format!("conversion {} %", 100.0 * p);
    let size = sizes(n, m);
    let welch = arms(&format!("{name}, Welch"), &size, p * (LIFT - 1.0), LIFT - 1.0, claims, move |rng| {
        [share_arm(share(rng, n, p)), share_arm(share(rng, m, p)), share_arm(share(rng, m, p * LIFT))]
    });
    let score = Cell::new(&format!("{name}, score test"), &size, claims, move |rng, _| {
        let control = share(rng, n, p);
        let compare = |variant: Share| proportion::compare(control, variant, ALPHA).unwrap();
        wrongs(&compare(share(rng, m, p)), &compare(share(rng, m, p * LIFT)), p * (LIFT - 1.0), LIFT - 1.0)
    });
    [score, welch]
}

fn sizes(n: u64, m: u64) -> String {
    if n == m { format!("n = {n} an arm") } else { format!("n = {n} and {m}") }
}

fn revenue(n: u64, m: u64, claims: &[(&'static str, Band)]) -> Cell {
    let lifted = Revenue { scale: LIFT, ..Revenue::PLAIN };
    let effect = lifted.mean() - Revenue::PLAIN.mean();
    arms("revenue, 97 % zeros, Welch", &sizes(n, m), effect, LIFT - 1.0, claims, move |rng| {
        [Revenue::PLAIN.arm(rng, n), Revenue::PLAIN.arm(rng, m), lifted.arm(rng, m)]
    })
}

fn ratio(n: u64, m: u64, claims: &[(&'static str, Band)]) -> Cell {
    let (plain, lifted) = (Pairs::orders_per_session(0.1), Pairs::orders_per_session(0.1 * LIFT));
    arms(
        "orders per session, delta method",
        &sizes(n, m),
        lifted.ratio() - plain.ratio(),
        LIFT - 1.0,
        claims,
        move |rng| {
            let mut arm = |of: &Pairs, n| of.sums(rng, n).ratio().unwrap();
            [arm(&plain, n), arm(&plain, m), arm(&lifted, m)]
        },
    )
}

fn adjusted(n: u64, m: u64, claims: &[(&'static str, Band)]) -> Cell {
    let (plain, lifted) = (Pairs::before_and_after(1.0), Pairs::before_and_after(LIFT));
    let effect = lifted.mean_y() - plain.mean_y();
    let uplift = effect / plain.mean_y();
    let refuses = refuses(claims);
    Cell::new("purchases, CUPED", &sizes(n, m), claims, move |rng, _| {
        let control = plain.sums(rng, n);
        let compare = |variant: PairSums| {
            let both = cuped::adjust(&control, &variant).unwrap();
            welch(&both.control, &both.variant, refuses)
        };
        wrongs(&compare(plain.sums(rng, m)), &compare(lifted.sums(rng, m)), effect, uplift)
    })
}

pub fn fixed() -> Vec<Cell> {
    let mut cells = Vec::new();
    cells.extend(conversion(0.02, 20_000, 20_000, &CLAIMS));
    cells.extend(conversion(0.2, 5_000, 5_000, &CLAIMS));
    cells.extend(conversion(0.02, 210_000, 70_000, &CLAIMS));
    cells.push(revenue(40_000, 40_000, &CLAIMS));
    cells.push(ratio(5_000, 5_000, &CLAIMS));
    cells.push(adjusted(5_000, 5_000, &CLAIMS));
    cells.push(stratified());
    cells
}

/// Device and country: strata of different levels, whose shares differ by chance.
fn stratified() -> Cell {
    let levels = [(3_000, 0.05), (5_000, 0.2), (2_000, 0.5)];
    let size = "n = 10000 an arm, 3 strata";
    let weights: f64 = levels.iter().map(|(n, p)| *n as f64 * p).sum::<f64>() / 10_000.0;
    let effect = weights * (LIFT - 1.0);
    arms("conversion, post-stratified", size, effect, LIFT - 1.0, &CLAIMS, move |rng| {
        let cell = |rng: &mut Rng, n: u64, p: f64| share_arm(share(rng, n, p));
        let mut strata = |lift: f64, controls: Option<&[Arm]>| -> Vec<Stratum> {
            let of = levels.iter().enumerate().map(|(at, (n, p))| {
                let control = controls.map_or_else(|| cell(rng, *n, *p), |controls| controls[at]);
                Stratum { control, variant: cell(rng, *n, p * lift) }
            });
            of.collect()
        };
        let same = strata(1.0, None);
        let controls: Vec<Arm> = same.iter().map(|stratum| stratum.control).collect();
        let lifted = stratify(&strata(LIFT, Some(&controls))).unwrap();
        let same = stratify(&same).unwrap();
        [same.control, same.variant, lifted.variant]
    })
}

pub fn other() -> Vec<Cell> {
    vec![
        designed_share(),
        designed_mean(),
        once(&[1.0, 1.0], 10_000),
        once(&[0.9, 0.1], 10_000),
        once(&[1.0, 1.0, 1.0], 9),
        beta_interval(),
        time_to_event(),
        ranks(),
        family(),
        discoveries(),
        evenness(),
        two_experiments(),
    ]
}

fn designed_share() -> Cell {
    let n = Power::usual(0.02, 0.1, 2).visitors_per_variant().unwrap();
    Cell::new(
        "power of a designed test, conversion 2 % to 2.2 %",
        &format!("n = {n} an arm"),
        &[("finds it", Band::Power)],
        move |rng, _| {
            vec![
                proportion::compare(share(rng, n, 0.02), share(rng, n, 0.022), ALPHA).unwrap().absolute.p
                    < ALPHA,
            ]
        },
    )
}

fn designed_mean() -> Cell {
    let lifted = Revenue { buyers: 0.03 * 1.2, scale: 1.0 };
    let difference = lifted.mean() - Revenue::PLAIN.mean();
    let variance = f64::midpoint(lifted.variance(), Revenue::PLAIN.variance());
    let n = PowerOfMeans { variance, difference, variants: 2, alpha: ALPHA, power: 0.8 }
        .visitors_per_variant()
        .unwrap();
    Cell::new(
        "power of a designed test, revenue 20 % more",
        &format!("n = {n} an arm"),
        &[("finds it", Band::Power)],
        move |rng, _| {
            vec![
                fixed::welch(&Revenue::PLAIN.arm(rng, n), &lifted.arm(rng, n), ALPHA).unwrap().absolute.p
                    < ALPHA,
            ]
        },
    )
}

fn split(rng: &mut Rng, weights: &[f64], n: u64) -> Vec<u64> {
    let (mut left, mut rest) = (n, weights.iter().sum::<f64>());
    let arm = |weight: &f64| {
        let count = binomial(rng, left, (weight / rest).min(1.0));
        left -= count;
        rest -= weight;
        count
    };
    weights.iter().map(arm).collect()
}

fn once(weights: &'static [f64], n: u64) -> Cell {
    Cell::new(
        &format!("sample ratio {weights:?}, one look"),
        &format!("{n} units"),
        &[("false alarms", Band::AtMost(0.002))],
        move |rng, _| {
            vec![sample_ratio::once(&split(rng, weights, n), weights).unwrap().p < sample_ratio::ALARM]
        },
    )
}

/// A Bayesian interval is right about shares drawn from its prior.
fn beta_interval() -> Cell {
    let claims = [("interval misses the difference", Band::Exact)];
    Cell::new("beta-binomial, shares from the prior", "n = 200 an arm", &claims, |rng, _| {
        let [p, q] = [Beta::new(1.0, 1.0).unwrap(); 2].map(|beta| beta.sample(rng));
        let posterior =
            beta::compare(share(rng, 200, p), share(rng, 200, q), beta::Prior::EVEN, ALPHA).unwrap();
        vec![!posterior.interval.contains(q - p)]
    })
    .with_few(500)
}

/// Days to the event, exponential; watched for 1 to 30 days, whoever comes later less.
fn lifetimes(rng: &mut Rng, n: usize, rate: f64) -> Vec<Row> {
    let law = Exp::new(rate).unwrap();
    let mut rows: Vec<Row> =
        (0..=30).map(|day| Row { time: f64::from(day), events: 0, censored: 0 }).collect();
    for _ in 0..n {
        let (event, end) = (law.sample(rng).ceil() as usize, rng.random_range(14..=30usize));
        if event <= end { rows[event].events += 1 } else { rows[end].censored += 1 }
    }
    rows
}

fn mean_time(rate: f64, until: i32) -> f64 {
    (0..until).map(|day| (-rate * f64::from(day)).exp()).sum()
}

fn time_to_event() -> Cell {
    let claims = [("false positives", Band::Exact), ("interval misses the effect", Band::Exact)];
    Cell::new("restricted mean time, 14 days", "n = 1000 an arm", &claims, |rng, _| {
        let (control, same, faster) =
            (lifetimes(rng, 1_000, 0.1), lifetimes(rng, 1_000, 0.1), lifetimes(rng, 1_000, 0.12));
        let compare = |variant: &[Row]| survival::compare(&control, variant, 14.0, ALPHA).unwrap().absolute;
        vec![
            compare(&same).p < ALPHA,
            !compare(&faster).interval.contains(mean_time(0.12, 14) - mean_time(0.1, 14)),
        ]
    })
}

fn ranks() -> Cell {
    Cell::new("log-rank test", "n = 1000 an arm", &[("false positives", Band::Exact)], |rng, _| {
        vec![survival::log_rank(&lifetimes(rng, 1_000, 0.1), &lifetimes(rng, 1_000, 0.1)).unwrap().p < ALPHA]
    })
}

fn p_of(rng: &mut Rng, control: &Arm, n: u64) -> f64 {
    welch(control, &share_arm(share(rng, n, 0.2)), true).absolute.p
}

fn new_p(rng: &mut Rng, n: u64) -> f64 {
    let control = share_arm(share(rng, n, 0.2));
    p_of(rng, &control, n)
}

/// Four variants without an effect against one control.
fn family() -> Cell {
    Cell::new(
        "Holm, 4 variants without effect",
        "n = 5000 an arm",
        &[("any false positive", Band::AtMost(ALPHA))],
        |rng, _| {
            let control = share_arm(share(rng, 5_000, 0.2));
            let p: Vec<f64> = (0..4).map(|_| p_of(rng, &control, 5_000)).collect();
            vec![multiple::holm(&p).unwrap().iter().any(|p| *p < ALPHA)]
        },
    )
}

/// Ten goals, none moved, adjusted by Benjamini and Hochberg: then every discovery is false, and the share of those among
/// discoveries is how often there is any.
fn discoveries() -> Cell {
    Cell::new(
        "Benjamini-Hochberg, 10 goals without effect",
        "n = 5000 an arm",
        &[("false discoveries", Band::AtMost(0.053))],
        |rng, _| {
            let p: Vec<f64> = (0..10).map(|_| new_p(rng, 5_000)).collect();
            vec![multiple::benjamini_hochberg(&p).unwrap().iter().any(|p| *p < ALPHA)]
        },
    )
}

fn evenness() -> Cell {
    Cell::new(
        "A/A check, 100 p-values",
        "n = 20000 an arm",
        &[("false alarms", Band::AtMost(0.053))],
        |rng, _| {
            let p: Vec<f64> = (0..100).map(|_| new_p(rng, 20_000)).collect();
            vec![uniform::uniformity(&p).unwrap().p < ALPHA]
        },
    )
}

fn two_experiments() -> Cell {
    let claims = [("false positives", Band::Exact)];
    Cell::new("interaction of two experiments", "n = 5000 a cell", &claims, |rng, _| {
        let mut stratum = |p: f64| Stratum {
            control: share_arm(share(rng, 5_000, p)),
            variant: share_arm(share(rng, 5_000, p + 0.02)),
        };
        let (within_control, within_variant) = (stratum(0.2), stratum(0.22));
        vec![segments::interaction(&within_control, &within_variant, ALPHA).unwrap().p < ALPHA]
    })
}

/// Rates around the minima, by informative units in the smaller arm.
pub fn minima() -> Vec<Cell> {
    let looked = CLAIMS.map(|(claim, _)| (claim, Band::Any));
    let mut cells = Vec::new();
    for n in [1_000, 2_000, 5_000, 10_000, 20_000, 40_000] {
        cells.push(revenue(n, n, &looked));
    }
    for m in [5_000, 10_000, 20_000, 40_000] {
        cells.push(revenue(9 * m, m, &looked));
        cells.push(revenue(2 * m, m, &looked));
    }
    for n in [250, 500, 1_000, 2_500, 5_000] {
        cells.push(ratio(n, n, &looked));
        cells.push(adjusted(n, n, &looked));
    }
    for (n, m) in [(4_500, 500), (9_000, 1_000)] {
        cells.push(ratio(n, m, &looked));
        cells.push(adjusted(n, m, &looked));
    }
    for n in [1_250, 2_500, 5_000, 10_000] {
        cells.extend(conversion(0.02, n, n, &looked));
        cells.extend(conversion(0.02, 9 * n, n, &looked));
    }
    cells
}
