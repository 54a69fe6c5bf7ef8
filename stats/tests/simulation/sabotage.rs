//! Mistakes that people make, as cells that must not hold.

use parlour_stats::distribution::normal;
use parlour_stats::power::Power;
use parlour_stats::proportion;
use parlour_stats::{Arm, cuped, fixed, sample_ratio};

use super::draw::{Pairs, Revenue, binomial, share};
use super::looks;
use super::run::{Band, Cell};

const ALPHA: f64 = 0.05;
const FALSE_POSITIVES: [(&str, Band); 1] = [("false positives", Band::Exact)];

pub fn cells() -> Vec<Cell> {
    vec![
        peeking(),
        pooled_variance(),
        sessions_as_units(),
        covariate_after_exposure(),
        too_few(),
        too_small(),
        chi_square_at_every_look(),
    ]
}

/// A fixed horizon, looked at again and again.
fn peeking() -> Cell {
    looks::conversion(
        "Welch at every look",
        |control, variant| fixed::welch(control, variant, ALPHA),
        0.2,
        20,
    )
    .with_looks(100)
}

/// One variance for arms that differ in size and in variance.
fn pooled_variance() -> Cell {
    Cell::new("pooled variance", "n = 45000 and 5000", &FALSE_POSITIVES, |rng, _| {
        let wider = Revenue { buyers: 0.015, scale: 2.0 };
        let (control, variant) = (Revenue::PLAIN.arm(rng, 45_000), wider.arm(rng, 5_000));
        let variance = (control.variance * 45_000.0 + variant.variance * 5_000.0) / 50_000.0;
        let z = (variant.mean - control.mean) / (variance * (1.0 / 45_000.0 + 1.0 / 5_000.0)).sqrt();
        vec![normal::two_sided(z) < ALPHA]
    })
}

/// Orders per session as if every session were a unit of its own.
fn sessions_as_units() -> Cell {
    let pairs = Pairs::orders_per_session(0.1);
    Cell::new("sessions as units", "n = 5000 an arm", &FALSE_POSITIVES, move |rng, _| {
        let mut arm = || {
            let sums = pairs.sums(rng, 5_000);
            Arm::proportion(sums.y as u64, sums.x as u64).unwrap()
        };
        vec![fixed::welch(&arm(), &arm(), ALPHA).unwrap().absolute.p < ALPHA]
    })
}

/// CUPED by something that the variant has changed.
fn covariate_after_exposure() -> Cell {
    let plain = Pairs::before_and_after(1.0);
    Cell::new("covariate of after the exposure", "n = 5000 an arm", &FALSE_POSITIVES, move |rng, _| {
        let (control, mut variant) = (plain.sums(rng, 5_000), plain.sums(rng, 5_000));
        variant.x *= 1.2;
        let both = cuped::adjust(&control, &variant).unwrap();
        vec![fixed::welch(&both.control, &both.variant, ALPHA).unwrap().absolute.p < ALPHA]
    })
}

/// A lopsided split of skewed revenue, without the minimum.
fn too_few() -> Cell {
    Cell::new("below the minimum", "n = 4500 and 500", &FALSE_POSITIVES, |rng, _| {
        let (mut control, mut variant) = (Revenue::PLAIN.arm(rng, 4_500), Revenue::PLAIN.arm(rng, 500));
        (control.informative, variant.informative) = (u64::MAX, u64::MAX);
        vec![fixed::welch(&control, &variant, ALPHA).map_or(true, |compared| compared.absolute.p < ALPHA)]
    })
}

/// Half the visitors that were asked for.
fn too_small() -> Cell {
    let n = Power::usual(0.02, 0.1, 2).visitors_per_variant().unwrap() / 2;
    Cell::new("half the visitors", "", &[("finds it", Band::Power)], move |rng, _| {
        vec![
            proportion::compare(share(rng, n, 0.02), share(rng, n, 0.022), ALPHA).unwrap().absolute.p < ALPHA,
        ]
    })
}

fn chi_square_at_every_look() -> Cell {
    Cell::new(
        "chi-square at every look",
        "100 more each look",
        &[("ever a false alarm", Band::AtMost(0.002))],
        |rng, looks| {
            let mut counts = [0u64; 2];
            let alarm = (0..looks).any(|_| {
                let first = binomial(rng, 100, 0.5);
                counts = [counts[0] + first, counts[1] + 100 - first];
                sample_ratio::once(&counts, &[1.0, 1.0]).unwrap().p < sample_ratio::ALARM
            });
            vec![alarm]
        },
    )
    .with_looks(100)
}
