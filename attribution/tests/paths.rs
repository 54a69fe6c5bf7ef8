//! 10,000 paths of the R package ChannelAttribution (GPL-3: read where they lie), attributed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path as File;

use parlour_attribution::path::untimed;
use parlour_attribution::{Channels, Ledger, Model, Options, Path, Touch};

/// Conversions of the channel alpha, to as many digits as are published with the data; and to more, from a program apart that
/// solves the linear system by LU.
const ALPHA: [(Model, f64, f64); 5] = [
    (Model::First, 6308.0, 6_308.0),
    (Model::Last, 8447.0, 8_447.0),
    (Model::Linear, 7574.7, 7_574.718_593_751_175),
    (Model::Markov, 5344.9, 5_344.947_682_085_161),
    (Model::Shapley, 7627.9, 7_627.944_047_619_1),
];

fn attributed(is_merged: bool) -> Option<(Ledger, Channels)> {
    let file = File::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/attribution/channelattribution_pathdata.csv.gz");
    let Ok(bytes) = std::fs::read(&file) else {
        eprintln!("SKIPPED: {} is not there", file.display());
        return None;
    };
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(&*bytes));
    let (mut ledger, mut channels) = (Ledger::new(Options::default()).unwrap(), Channels::default());
    for record in reader.records() {
        let record = record.unwrap();
        let mut order: Vec<usize> =
            record[0].split(" > ").map(|name| channels.number(name).unwrap()).collect();
        if is_merged {
            order.dedup();
        }
        let touches: Vec<Touch> = untimed(&order).collect();
        let number = |at: usize| record[at].parse::<f64>().unwrap();
        let path = Path { touches: &touches, conversions: number(1), value: number(2), nulls: number(3) };
        ledger.add(&path, channels.names().len()).unwrap();
    }
    Some((ledger, channels))
}

#[test]
fn alpha_gets_what_is_published_and_all_channels_get_all_there_is() {
    let Some((ledger, channels)) = attributed(false) else { return };
    let alpha = channels.find("alpha").unwrap();
    let total = ledger.total();
    assert_eq!((ledger.paths(), total.conversions, ledger.nulls()), (10_000, 19_785.0, 68_602.0));
    for model in Model::ALL {
        let credits = ledger.credits(model, channels.names().len()).unwrap();
        if let Some((_, published, exact)) = ALPHA.iter().find(|(of, _, _)| *of == model) {
            let found = credits[alpha].conversions;
            assert!((found - published).abs() < 0.05, "{model:?}: {found}");
            assert!((found / exact - 1.0).abs() < 1e-12, "{model:?}: {found}");
        }
        let conversions: f64 = credits.iter().map(|credit| credit.conversions).sum();
        let value: f64 = credits.iter().map(|credit| credit.value).sum();
        assert!((conversions / total.conversions - 1.0).abs() < 1e-12, "{model:?}");
        assert!((value / total.value - 1.0).abs() < 1e-12, "{model:?}");
    }
}

#[test]
fn touches_that_repeat_may_be_merged_and_the_chain_says_the_same() {
    let (Some((kept, channels)), Some((merged, _))) = (attributed(false), attributed(true)) else { return };
    let count = channels.names().len();
    let of = |ledger: &Ledger, model| ledger.credits(model, count).unwrap();
    for (one, other) in of(&kept, Model::Markov).iter().zip(of(&merged, Model::Markov)) {
        assert!((one.conversions / other.conversions - 1.0).abs() < 1e-12);
        assert!((one.value / other.value - 1.0).abs() < 1e-12);
    }
    assert_ne!(of(&kept, Model::Linear), of(&merged, Model::Linear));
}
