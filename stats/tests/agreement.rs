//! Equal to scipy, statsmodels and gbstats to 1e-6 relative, on the data sets in `reference/reference.json`, which
//! `reference/reference.py` made.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::LazyLock;

use parlour_stats::bayes::{self, Posterior};
use parlour_stats::distribution::{normal, student};
use parlour_stats::group_sequential::GroupSequential;
use parlour_stats::power::{Power, PowerOfMeans};
use parlour_stats::proportion::Share;
use parlour_stats::sequential::ConfidenceSequence;
use parlour_stats::strata::{Stratum, stratify};
use parlour_stats::survival::{self, Row};
use parlour_stats::{
    Arm, Comparison, Effect, PairSums, Sums, cuped, fixed, multiple, proportion, sample_ratio, segments,
    sign, uniform,
};
use serde_json::Value;

static REFERENCE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("reference/reference.json")).unwrap());

const RELATIVE: f64 = 1e-6;
const ALPHA: f64 = 0.05;

fn agrees(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= RELATIVE * theirs.abs() + 1e-300
}

#[track_caller]
fn same(what: &str, ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap_or_else(|| panic!("{what}: no reference value"));
    assert!(agrees(ours, theirs), "{what}: {ours}, reference {theirs}");
}

#[track_caller]
fn same_effect(what: &str, ours: &Effect, theirs: &Value) {
    same(&format!("{what} estimate"), ours.estimate, &theirs["estimate"]);
    same(&format!("{what} standard error"), ours.standard_error, &theirs["se"]);
    same(&format!("{what} low"), ours.interval.low, &theirs["low"]);
    same(&format!("{what} high"), ours.interval.high, &theirs["high"]);
    same(&format!("{what} p"), ours.p, &theirs["p"]);
}

#[track_caller]
fn same_comparison(what: &str, ours: &Comparison, theirs: &Value) {
    same_effect(&format!("{what} absolute"), &ours.absolute, &theirs["absolute"]);
    let relative = ours.relative.unwrap_or_else(|| panic!("{what}: no relative effect"));
    same(&format!("{what} uplift"), relative.estimate, &theirs["relative"]["estimate"]);
    same(&format!("{what} delta method"), relative.standard_error, &theirs["relative"]["se"]);
    same(&format!("{what} uplift low"), relative.interval.low, &theirs["fieller"]["low"]);
    same(&format!("{what} uplift high"), relative.interval.high, &theirs["fieller"]["high"]);
    assert_eq!(relative.p, ours.absolute.p);
}

#[track_caller]
fn same_posterior(what: &str, ours: &Posterior, theirs: &Value) {
    same(&format!("{what} mean"), ours.mean, &theirs["mean"]);
    same(&format!("{what} deviation"), ours.standard_deviation, &theirs["sd"]);
    same(&format!("{what} chance"), ours.chance_to_beat, &theirs["chance"]);
    same(&format!("{what} low"), ours.interval.low, &theirs["low"]);
    same(&format!("{what} high"), ours.interval.high, &theirs["high"]);
    same(&format!("{what} loss of the variant"), ours.loss_of_variant, &theirs["loss_of_variant"]);
    same(&format!("{what} loss of the control"), ours.loss_of_control, &theirs["loss_of_control"]);
}

#[track_caller]
fn same_bayes(what: &str, control: &Arm, variant: &Arm, prior: Option<bayes::normal::Prior>, theirs: &Value) {
    let absolute = bayes::normal::absolute(control, variant, prior, ALPHA).unwrap();
    same_posterior(&format!("{what} absolute"), &absolute, &theirs["absolute"]);
    let relative = bayes::normal::relative(control, variant, prior, ALPHA).unwrap().unwrap();
    same_posterior(&format!("{what} relative"), &relative, &theirs["relative"]);
}

fn rows(name: &str) -> impl Iterator<Item = &'static Value> {
    let rows = REFERENCE[name].as_array().unwrap();
    assert!(!rows.is_empty());
    rows.iter()
}

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn counts(of: &Value) -> Vec<u64> {
    of.as_array().unwrap().iter().map(|value| value.as_u64().unwrap()).collect()
}

fn share(of: &Value) -> Share {
    let pair = counts(of);
    Share { successes: pair[0], n: pair[1] }
}

fn sums(values: &[f64], n: u64) -> Sums {
    let mut sums = Sums::default();
    values.iter().for_each(|value| sums.add(*value));
    sums.n = n;
    sums
}

fn arm(of: &Value) -> Arm {
    sums(&numbers(&of["values"]), of["n"].as_u64().unwrap()).arm().unwrap()
}

fn whole(of: &Value) -> Arm {
    let values = numbers(of);
    sums(&values, values.len() as u64).arm().unwrap()
}

fn pair_sums(of: &Value) -> PairSums {
    let mut sums = PairSums::default();
    numbers(&of["y"]).iter().zip(numbers(&of["x"])).for_each(|(y, x)| sums.add(*y, x));
    sums
}

fn usual() -> ConfidenceSequence {
    ConfidenceSequence::usual().unwrap()
}

#[test]
fn means_agree_with_scipy_statsmodels_and_gbstats() {
    for (at, row) in rows("means").enumerate() {
        let (control, variant) = (arm(&row["control"]), arm(&row["variant"]));
        let welch = fixed::welch(&control, &variant, ALPHA).unwrap();
        same(&format!("means {at} scipy p"), welch.absolute.p, &row["scipy"]["p"]);
        same(&format!("means {at} statsmodels low"), welch.absolute.interval.low, &row["scipy"]["low"]);
        same(&format!("means {at} statsmodels high"), welch.absolute.interval.high, &row["scipy"]["high"]);
        same_comparison(&format!("means {at} welch"), &welch, &row["welch"]);
        same_comparison(
            &format!("means {at} sequential"),
            &usual().compare(&control, &variant).unwrap(),
            &row["sequential"],
        );
        let later = ConfidenceSequence::new(ALPHA, 20_000.0).unwrap();
        same_comparison(
            &format!("means {at} tuned for more"),
            &later.compare(&control, &variant).unwrap(),
            &row["sequential_20000"],
        );
        same_bayes(&format!("means {at} bayes"), &control, &variant, None, &row["bayes"]);
        let prior = bayes::normal::Prior { mean: 0.02, standard_deviation: 0.3 };
        same_bayes(
            &format!("means {at} bayes with prior"),
            &control,
            &variant,
            Some(prior),
            &row["bayes_prior"],
        );
    }
}

#[test]
fn ratios_agree_with_gbstats() {
    for (at, row) in rows("ratios").enumerate() {
        let (control, variant) =
            (pair_sums(&row["control"]).ratio().unwrap(), pair_sums(&row["variant"]).ratio().unwrap());
        same_comparison(
            &format!("ratio {at} welch"),
            &fixed::welch(&control, &variant, ALPHA).unwrap(),
            &row["welch"],
        );
        same_comparison(
            &format!("ratio {at} sequential"),
            &usual().compare(&control, &variant).unwrap(),
            &row["sequential"],
        );
        same_bayes(&format!("ratio {at}"), &control, &variant, None, &row["bayes"]);
    }
}

#[test]
fn cuped_agrees_with_gbstats() {
    for (at, row) in rows("cuped").enumerate() {
        let adjusted = cuped::adjust(&pair_sums(&row["control"]), &pair_sums(&row["variant"])).unwrap();
        let (control, variant) = (adjusted.control, adjusted.variant);
        same("theta", adjusted.theta, &row["theta"]);
        same_comparison(
            &format!("cuped {at} welch"),
            &fixed::welch(&control, &variant, ALPHA).unwrap(),
            &row["welch"],
        );
        same_comparison(
            &format!("cuped {at} sequential"),
            &usual().compare(&control, &variant).unwrap(),
            &row["sequential"],
        );
        same_bayes(&format!("cuped {at}"), &control, &variant, None, &row["bayes"]);
    }
}

#[test]
fn shares_agree_with_statsmodels_and_gbstats() {
    for row in rows("shares") {
        let what = row["control"].to_string() + &row["variant"].to_string();
        let (control, variant) = (share(&row["control"]), share(&row["variant"]));
        let ours = proportion::compare(control, variant, ALPHA).unwrap();
        same(&what, ours.absolute.estimate, &row["estimate"]);
        same(&what, ours.absolute.p, &row["p"]);
        same(&what, ours.absolute.interval.low, &row["low"]);
        same(&what, ours.absolute.interval.high, &row["high"]);
        if row["ratio_low"].is_number() {
            same(&what, ours.relative.unwrap().interval.low, &row["ratio_low"]);
            same(&what, ours.relative.unwrap().interval.high, &row["ratio_high"]);
        }
        if row["welch"].is_object() {
            let arm = |share: Share| Arm::proportion(share.successes, share.n).unwrap();
            same_comparison(
                &what,
                &fixed::welch(&arm(control), &arm(variant), ALPHA).unwrap(),
                &row["welch"],
            );
        }
    }
}

#[test]
fn beta_posteriors_agree_with_adaptive_quadrature() {
    for row in rows("beta_binomial") {
        let prior = numbers(&row["prior"]);
        let prior = bayes::beta::Prior { a: prior[0], b: prior[1] };
        let ours =
            bayes::beta::compare(share(&row["control"]), share(&row["variant"]), prior, ALPHA).unwrap();
        same("chance", ours.chance_to_beat, &row["chance"]);
        same("loss of the variant", ours.loss_of_variant, &row["loss_of_variant"]);
        same("loss of the control", ours.loss_of_control, &row["loss_of_control"]);
        same("low", ours.interval.low, &row["low"]);
        same("high", ours.interval.high, &row["high"]);
    }
    for row in rows("best") {
        let arms: Vec<Share> = row["arms"].as_array().unwrap().iter().map(share).collect();
        let ours = bayes::beta::chances_to_be_best(&arms, bayes::beta::Prior::EVEN).unwrap();
        ours.iter()
            .zip(row["chances"].as_array().unwrap())
            .for_each(|(ours, theirs)| same("best", *ours, theirs));
    }
}

#[test]
fn group_sequential_bounds_agree_with_simpsons_rule_and_the_published_table() {
    for row in rows("group_sequential") {
        let ours = GroupSequential::new(&numbers(&row["fractions"]), ALPHA).unwrap();
        ours.critical()
            .iter()
            .zip(row["critical"].as_array().unwrap())
            .for_each(|(ours, theirs)| same("critical", *ours, theirs));
    }
    // Five equal looks, as the R package ldbounds gives them.
    let five = GroupSequential::new(&[0.2, 0.4, 0.6, 0.8, 1.0], ALPHA).unwrap();
    for (ours, published) in five.critical().iter().zip([4.8769, 3.3569, 2.6803, 2.2898, 2.0310]) {
        assert!((ours - published).abs() < 5e-4, "{ours} {published}");
    }
}

#[test]
fn adjusted_p_values_agree_with_statsmodels() {
    for row in rows("multiple") {
        let p = numbers(&row["p"]);
        multiple::holm(&p)
            .unwrap()
            .iter()
            .zip(row["holm"].as_array().unwrap())
            .for_each(|(a, b)| same("holm", *a, b));
        multiple::benjamini_hochberg(&p)
            .unwrap()
            .iter()
            .zip(row["bh"].as_array().unwrap())
            .for_each(|(a, b)| same("bh", *a, b));
    }
}

#[test]
fn sample_ratio_agrees_with_scipy() {
    for row in rows("sample_ratio") {
        let (counts, weights) = (counts(&row["counts"]), numbers(&row["weights"]));
        same(&format!("{counts:?} once"), sample_ratio::once(&counts, &weights).unwrap().p, &row["once"]);
        same(
            &format!("{counts:?} always"),
            sample_ratio::always_valid(&counts, &weights).unwrap().p,
            &row["always"],
        );
    }
}

#[test]
fn uniformity_agrees_with_scipy() {
    for row in rows("uniform") {
        let p = numbers(&row["p_values"]);
        let ours = uniform::uniformity(&p).unwrap();
        same(&format!("{} distance", p.len()), ours.distance, &row["distance"]);
        same(&format!("{} p", p.len()), ours.p, &row["p"]);
    }
}

#[test]
fn survival_agrees_with_statsmodels() {
    for row in rows("survival") {
        let rows_of = |of: &Value| -> Vec<Row> {
            let row = |of: &Value| Row {
                time: of[0].as_f64().unwrap(),
                events: of[1].as_u64().unwrap(),
                censored: of[2].as_u64().unwrap(),
            };
            of.as_array().unwrap().iter().map(row).collect()
        };
        let (control, variant) = (rows_of(&row["control"]), rows_of(&row["variant"]));
        let curve = survival::kaplan_meier(&control).unwrap();
        assert_eq!(curve.len(), row["times"].as_array().unwrap().len());
        for (at, step) in curve.iter().enumerate() {
            same("time", step.time, &row["times"][at]);
            same("survival", step.survival, &row["survival"][at]);
            same("standard error", step.standard_error, &row["se"][at]);
        }
        let test = survival::log_rank(&control, &variant).unwrap();
        same("chi-square", test.chi_square, &row["chi_square"]);
        same("log-rank p", test.p, &row["p"]);
        let until = row["until"].as_f64().unwrap();
        for (rows, theirs) in [(&control, &row["control_mean"]), (&variant, &row["variant_mean"])] {
            let ours = survival::restricted_mean(rows, until).unwrap();
            same("restricted mean", ours.mean, &theirs[0]);
            same("its standard error", ours.standard_error, &theirs[1]);
        }
        same(
            "difference p",
            survival::compare(&control, &variant, until, ALPHA).unwrap().absolute.p,
            &row["difference_p"],
        );
    }
}

#[test]
fn segments_agree_with_statsmodels() {
    for row in rows("segments") {
        let cells: Vec<Stratum> = row["cells"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cell| Stratum { control: whole(&cell[0]), variant: whole(&cell[1]) })
            .collect();
        let test = segments::heterogeneity(&cells).unwrap();
        same("q", test.q, &row["q"]);
        same("q's p", test.p, &row["q_p"]);
        let days: Vec<(f64, Stratum)> =
            cells.iter().enumerate().map(|(day, cell)| (day as f64 + 1.0, *cell)).collect();
        let slope = segments::trend(&days, ALPHA).unwrap();
        same("slope", slope.estimate, &row["slope"]);
        same("slope's error", slope.standard_error, &row["slope_se"]);
        same("slope's p", slope.p, &row["slope_p"]);
        let both = segments::interaction(&cells[0], &cells[1], ALPHA).unwrap();
        same("interaction", both.estimate, &row["interaction"]);
        same("interaction's error", both.standard_error, &row["interaction_se"]);
        same("interaction's p", both.p, &row["interaction_p"]);
        let together = stratify(&cells).unwrap();
        let welch = fixed::welch(&together.control, &together.variant, ALPHA).unwrap();
        same("stratified", welch.absolute.estimate, &row["stratified"]);
        same("stratified's error", welch.absolute.standard_error, &row["stratified_se"]);
    }
}

#[test]
fn the_sign_test_agrees_with_scipy() {
    for row in rows("sign") {
        let ours =
            sign::sign_test(row["wins"].as_u64().unwrap(), row["losses"].as_u64().unwrap(), ALPHA).unwrap();
        same("sign p", ours.p, &row["p"]);
        same("sign low", ours.interval.low, &row["low"]);
        same("sign high", ours.interval.high, &row["high"]);
    }
}

#[test]
fn sample_sizes_agree_with_statsmodels() {
    for row in REFERENCE["power"]["shares"].as_array().unwrap() {
        let asked = Power::usual(row["baseline"].as_f64().unwrap(), row["mde"].as_f64().unwrap(), 2);
        assert_eq!(
            asked.visitors_per_variant().unwrap() as f64,
            row["n"].as_f64().unwrap().ceil(),
            "{asked:?}"
        );
    }
    for row in REFERENCE["power"]["means"].as_array().unwrap() {
        let of = |name: &str| row[name].as_f64().unwrap();
        let asked = PowerOfMeans {
            variance: of("variance"),
            difference: of("difference"),
            variants: 2,
            alpha: ALPHA,
            power: 0.8,
        };
        assert_eq!(asked.visitors_per_variant().unwrap() as f64, of("n").ceil(), "{asked:?}");
    }
}

#[test]
fn tails_agree_with_scipy() {
    for row in REFERENCE["tails"]["student"].as_array().unwrap() {
        let (t, freedom) = (row["t"].as_f64().unwrap(), row["freedom"].as_f64().unwrap());
        same(&format!("t {t} {freedom}"), student::two_sided(t, freedom), &row["p"]);
        same(&format!("critical {freedom}"), student::critical(ALPHA, freedom), &row["critical"]);
    }
    for row in REFERENCE["tails"]["normal"].as_array().unwrap() {
        same("normal", normal::two_sided(row["z"].as_f64().unwrap()), &row["p"]);
    }
}

#[test]
fn an_error_of_two_in_a_million_would_be_noticed() {
    let theirs = REFERENCE["means"][0]["scipy"]["p"].as_f64().unwrap();
    assert!(agrees(theirs, theirs) && !agrees(theirs * (1.0 + 2e-6), theirs));
}
