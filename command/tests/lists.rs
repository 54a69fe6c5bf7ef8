//! What a slot that asks for more than rows shows: the same Rust that pages run, over cards and rows made here.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use parlour::authoring::{CompileOptions, compile};
use parlour::hash::id64;
use parlour::plan::Plan;
use parlour::plan::bytes::{Reader, Writer};
use parlour::recommend::Scratch;
use parlour::recommend::lists::{Catalogue, Listed, Options, Source, Visitor, compose, interleave};
use parlour::recommend::row::Row;
use proptest::prelude::*;
use serde_json::{Value, json};

struct Card {
    key: &'static str,
    category: &'static str,
    brand: &'static str,
    tags: &'static [&'static str],
    price: f64,
    stock: f64,
}

const fn card(key: &'static str, category: &'static str, brand: &'static str, price: f64) -> Card {
    Card { key, category, brand, tags: &[], price, stock: 5.0 }
}

/// Numbers from 1, in this order.
const CARDS: &[Card] = &[
    card("mug-1", "mugs", "kiln", 10.0),
    card("mug-2", "mugs", "kiln", 12.0),
    card("mug-3", "mugs", "hall", 14.0),
    card("lamp-1", "lamps", "hall", 80.0),
    card("lamp-2", "lamps", "moon", 90.0),
    Card { stock: 0.0, ..card("lamp-3", "lamps", "moon", 120.0) },
    Card { tags: &["gift"], ..card("rug-1", "rugs", "weave", 200.0) },
    Card { tags: &["gift"], ..card("rug-2", "rugs", "weave", f64::NAN) },
];

fn catalogue() -> Catalogue {
    let mut out = Writer::default();
    out.varint(CARDS.len() as u64);
    for (place, card) in CARDS.iter().enumerate() {
        out.varint(place as u64 + 1);
        for text in [card.key, card.category, card.brand] {
            out.text(text.as_bytes());
        }
        out.varint(card.tags.len() as u64);
        card.tags.iter().for_each(|tag| out.text(tag.as_bytes()));
        out.f64(card.price);
        out.f64(card.stock);
    }
    Catalogue::read(&mut Reader::new(&out.bytes)).unwrap()
}

fn number(key: &str) -> u32 {
    CARDS.iter().position(|card| card.key == key).unwrap() as u32 + 1
}

fn row(own: &str, neighbours: &[(&str, u8)]) -> Row {
    let mut neighbours: Vec<_> = neighbours.iter().map(|(key, weight)| (number(key), *weight)).collect();
    neighbours.sort_unstable();
    Row { model: 1, epoch: 1, own: if own.is_empty() { 0 } else { number(own) }, wide: false, neighbours }
}

/// The slot as the compiler writes it into the page part.
fn slot(options: Value) -> Value {
    let mut slot = json!({"select": "#s", "cards": "/cards.json"});
    slot.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    let file = json!({"site": "s.example", "baskets": {"url": "/b.json"}, "slots": {"s": slot}});
    let compiled = compile(&file.to_string(), &CompileOptions::default());
    let plan = compiled.plan.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let page: Value = serde_json::from_slice(Plan::decode(&plan).unwrap().page()).unwrap();
    page["slots"][0].clone()
}

fn options(given: Value) -> Options {
    use base64::Engine as _;
    let text = slot(given)["lists"].as_str().unwrap().to_owned();
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(text).unwrap();
    Options::read(&mut Reader::new(&bytes)).unwrap()
}

fn list(visitor: &Visitor<'_>, given: Value, count: usize) -> Vec<Listed> {
    compose(visitor, &options(given), &catalogue(), count, &mut Scratch::default())
}

fn keys(list: &[Listed]) -> Vec<&'static str> {
    list.iter().map(|listed| CARDS[listed.item as usize - 1].key).collect()
}

fn popular() -> Row {
    row(
        "",
        &[
            ("lamp-1", 9),
            ("lamp-2", 8),
            ("lamp-3", 15),
            ("mug-1", 7),
            ("mug-2", 6),
            ("mug-3", 5),
            ("rug-1", 4),
            ("rug-2", 3),
        ],
    )
}

#[test]
fn strategies_are_tried_in_turn_and_each_item_says_where_it_is_from() {
    let seen = [row("mug-1", &[("mug-2", 15)])];
    let favourites = popular();
    let visitor = Visitor { rows: &seen, popular: Some(&favourites), ..Visitor::default() };
    let made = list(
        &visitor,
        json!({"strategies": ["covisit", "popular"], "least": 1, "exclude": ["out_of_stock"]}),
        3,
    );
    assert_eq!(keys(&made), ["mug-2", "lamp-1", "lamp-2"]);
    assert_eq!((made[0].source, made[0].because), (Source::Covisit, number("mug-1")));
    assert_eq!((made[1].source, made[1].because), (Source::Popular, 0));
}

#[test]
fn what_lies_in_the_cart_is_completed_by_basket_rows() {
    let baskets = [row("mug-1", &[("lamp-2", 3), ("rug-1", 9)]), row("mug-2", &[("lamp-2", 8)])];
    let cart = [id64(b"mug-1"), id64(b"mug-2")];
    let visitor = Visitor { baskets: &baskets, cart: &cart, ..Visitor::default() };
    let made = list(&visitor, json!({"strategies": ["basket"], "exclude": ["in_cart"]}), 8);
    assert_eq!(keys(&made), ["lamp-2", "rug-1"], "3 + 8 are more than 9");
    assert_eq!((made[0].source, made[0].because), (Source::Basket, number("mug-2")), "it added most");
}

#[test]
fn repeats_stand_where_their_chance_puts_them() {
    let seen = [row("mug-1", &[("mug-2", 15)]), row("lamp-1", &[])];
    let visitor = Visitor { rows: &seen, again: &[9_000, 100], ..Visitor::default() };
    assert_eq!(keys(&list(&visitor, json!({"strategies": ["again"]}), 8)), ["mug-1", "lamp-1"]);
    let made = list(&visitor, json!({"strategies": ["next"]}), 8);
    assert_eq!(keys(&made), ["mug-1", "mug-2", "lamp-1"], "9,000, 256 × 15, 100");
    assert_eq!(keys(&list(&visitor, json!({"strategies": ["next"], "exclude": ["seen"]}), 8)), ["mug-2"]);
}

#[test]
fn taste_is_made_of_what_was_seen_put_into_the_cart_and_bought() {
    let seen = [row("mug-1", &[])];
    let bought = [id64(b"lamp-1")];
    let visitor = Visitor { rows: &seen, bought: &bought, ..Visitor::default() };
    let made = list(&visitor, json!({"strategies": ["affinity"], "exclude": ["seen", "purchased"]}), 8);
    assert_eq!(keys(&made)[..1], ["lamp-2"], "a purchase says more than a view");
    assert_eq!((made[0].source, made[0].because), (Source::Affinity, number("lamp-1")));
    let mug = made.iter().find(|listed| listed.item == number("mug-2")).unwrap();
    assert_eq!(mug.because, number("mug-1"));
}

#[test]
fn what_is_alike_is_like_the_pages_own_item_else_like_the_last_seen() {
    let seen = [row("rug-1", &[])];
    let alike = json!({"strategies": ["alike"]});
    let own = list(&Visitor { rows: &seen, own: number("lamp-2"), ..Visitor::default() }, alike.clone(), 2);
    assert_eq!(
        keys(&own),
        ["lamp-1", "lamp-3"],
        "the price, too; the brand, too, at a price that nothing else has"
    );
    assert_eq!(
        keys(&list(&Visitor { rows: &seen, ..Visitor::default() }, alike.clone(), 2)),
        ["rug-1", "rug-2"]
    );
    assert_eq!(keys(&list(&Visitor::default(), alike, 2)), Vec::<&str>::new(), "like nothing");
}

#[test]
fn only_items_that_pass_every_test_are_listed() {
    let favourites = popular();
    let visitor = Visitor { popular: Some(&favourites), own: number("mug-2"), ..Visitor::default() };
    let rows: &[(Value, &[&str])] = &[
        (json!({"where": {"category": "lamps"}}), &["lamp-3", "lamp-1", "lamp-2"]),
        (json!({"where": {"category": ["rugs", "mugs"], "brand": "weave"}}), &["rug-1", "rug-2"]),
        (json!({"where": {"tags": "gift", "price": {"most": 500}}}), &["rug-1"]),
        (json!({"where": {"price": {"least": 14, "most": 90}}}), &["lamp-1", "lamp-2", "mug-3"]),
        (json!({"where": {"same": "category"}}), &["mug-1", "mug-3"]),
        (json!({"where": {"item": ["mug-1", "rug-9"]}}), &["mug-1"]),
        (json!({"where": {"stock": {"most": 0}}}), &["lamp-3"]),
        (json!({"unless": {"category": ["lamps", "mugs"]}}), &["rug-1", "rug-2"]),
        (json!({"unless": {"price": {"least": 11}, "same": ["brand"]}}), &["rug-2"]),
        (
            json!({"unless": {"item": "lamp-3", "tags": "gift"}, "where": {"price": {"least": 50}}}),
            &["lamp-1", "lamp-2"],
        ),
        (json!({"exclude": ["out_of_stock"], "where": {"brand": "moon"}}), &["lamp-2"]),
    ];
    for (given, expected) in rows {
        let mut given = given.clone();
        given["strategies"] = json!(["popular"]);
        assert_eq!(keys(&list(&visitor, given.clone(), 8)), *expected, "{given}");
    }
}

#[test]
fn boosts_multiply_and_pins_stand_where_they_are_put() {
    let favourites = popular();
    let visitor = Visitor { popular: Some(&favourites), ..Visitor::default() };
    let boosted = json!({"strategies": ["popular"], "boost": [
        {"where": {"category": "rugs"}, "by": 5}, {"where": {"item": "rug-2"}, "by": 2}, {"where": {"category": "lamps"}, "by": 0}
    ]});
    assert_eq!(
        keys(&list(&visitor, boosted, 3)),
        ["rug-2", "rug-1", "mug-1"],
        "30, 20, 7; nothing for lamps"
    );
    let pins = json!({"strategies": ["popular"], "exclude": ["out_of_stock"], "pins": [
        {"item": "rug-2", "at": 2}, {"item": "lamp-3", "at": 1}, {"item": "no-such", "at": 1}
    ]});
    let made = list(&visitor, pins, 3);
    assert_eq!(keys(&made), ["lamp-1", "rug-2", "lamp-2"], "what is out of stock is not pinned");
    assert_eq!(made[1].source, Source::Pinned);
}

#[test]
fn variety_breaks_up_what_is_alike_and_rotation_turns_with_the_session() {
    let favourites = popular();
    let visitor = Visitor { popular: Some(&favourites), ..Visitor::default() };
    let plain = list(&visitor, json!({"strategies": ["popular"], "least": 1}), 3);
    assert_eq!(keys(&plain), ["lamp-3", "lamp-1", "lamp-2"]);
    let varied = list(&visitor, json!({"strategies": ["popular"], "diversity": 0.8}), 3);
    assert_eq!(keys(&varied), ["lamp-3", "mug-1", "rug-1"], "one of each kind");
    let turned = |seed| {
        keys(&list(&Visitor { seed, ..visitor }, json!({"strategies": ["popular"], "rotation": 0.5}), 8))
    };
    assert_eq!(turned(7), turned(7));
    let different: std::collections::BTreeSet<_> = (0..20).map(turned).collect();
    assert!(different.len() > 10, "{} orders in 20 sessions", different.len());
}

#[test]
fn a_list_shorter_than_asked_for_is_none() {
    let seen = [row("mug-1", &[("mug-2", 15), ("mug-3", 1)])];
    let visitor = Visitor { rows: &seen, ..Visitor::default() };
    assert_eq!(keys(&list(&visitor, json!({"strategies": ["covisit"], "least": 3}), 8)), Vec::<&str>::new());
    assert_eq!(keys(&list(&visitor, json!({"strategies": ["covisit"], "least": 2}), 8)), ["mug-2", "mug-3"]);
}

#[test]
fn two_lists_are_drafted_into_one_and_each_item_has_its_team() {
    let listed = |key| Listed { item: number(key), score: 1, because: 0, source: Source::Covisit };
    let (a, b) = (["mug-1", "mug-2", "mug-3"].map(listed), ["lamp-1", "mug-1", "lamp-2"].map(listed));
    let mut first_picks = 0;
    for seed in 0..1_000 {
        let mixed = interleave(&a, &b, 4, seed);
        assert_eq!(mixed.len(), 4);
        for round in mixed.chunks(2) {
            assert_ne!(round[0].1, round[1].1, "each picks once a round");
        }
        let of = |second| {
            mixed
                .iter()
                .filter(|(_, is_second)| *is_second == second)
                .map(|(one, _)| one.item)
                .collect::<Vec<_>>()
        };
        assert!(of(false).iter().all(|item| a.iter().any(|one| one.item == *item)));
        assert!(of(true).iter().all(|item| b.iter().any(|one| one.item == *item)));
        first_picks += u32::from(!mixed[0].1);
    }
    // 1,000 fair coins: 4.4 standard deviations either way.
    assert!((430..=570).contains(&first_picks), "{first_picks}");
    assert_eq!(interleave(&a, &[], 8, 1).len(), 3, "one that has nothing leaves the list to the other");
}

#[test]
fn the_compiler_names_what_cannot_be() {
    let checked = |slots: Value, more: Value| {
        let mut file = json!({"site": "s.example", "slots": slots});
        file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let found = compile(&file.to_string(), &CompileOptions::default()).diagnostics;
        found.iter().map(|one| format!("{} {}", one.code, one.pointer)).collect::<Vec<_>>()
    };
    let slot = |options: Value| {
        let mut slot = json!({"select": "#s", "cards": "/c.json"});
        slot.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        json!({"s": slot})
    };
    let rows = [
        (json!({"strategies": ["basket"]}), "E105 /slots/s/strategies"),
        (json!({"interleave": {"a": {}}}), "E107 /slots/s/interleave"),
        (json!({"where": {"price": {"least": 9, "most": 3}}}), "E106 /slots/s/where/price"),
        (json!({"boost": [{"where": {}, "by": 101}]}), "E106 /slots/s/boost/0/by"),
        (json!({"strategies": ["covisits"]}), "E106 /slots/s/strategies/0"),
    ];
    for (given, expected) in rows {
        assert!(
            checked(slot(given.clone()), json!({})).contains(&expected.to_owned()),
            "{given}: {:?}",
            checked(slot(given.clone()), json!({}))
        );
    }
    let experiment = json!({"experiments": {"e": {"status": "running", "variants": {"a": {}, "b": {"slots": {"t": {}}}}}}});
    assert!(
        checked(slot(json!({})), experiment).contains(&"E201 /experiments/e/variants/b/slots/t".to_owned())
    );
}

#[test]
fn a_variant_makes_the_list_its_own_way_and_is_met_by_the_slot() {
    let file = json!({
        "site": "s.example",
        "slots": {"s": {"select": "#s", "cards": "/c.json", "diversity": 0.5}},
        "experiments": {"e": {"status": "running", "variants": {"a": {}, "b": {"slots": {"s": {"strategies": ["alike"]}}}}}}
    });
    let plan = compile(&file.to_string(), &CompileOptions::default()).plan.unwrap();
    let page: Value = serde_json::from_slice(Plan::decode(&plan).unwrap().page()).unwrap();
    assert_eq!(page["experiments"][0]["targets"], json!(["#s"]));
    let by = &page["slots"][0]["by"]["e"];
    assert!(by.get("a").is_none() && by["b"].is_string(), "{by}");
    assert_ne!(by["b"], page["slots"][0]["lists"]);
}

#[test]
fn what_a_plain_slot_asks_for_loads_nothing_more() {
    assert!(slot(json!({"strategies": ["popular"], "exclude": ["in_cart"]})).get("lists").is_none());
    for more in [json!({"least": 2}), json!({"exclude": ["seen"]}), json!({"strategies": ["again"]})] {
        assert!(slot(more.clone()).get("lists").is_some(), "{more}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_options_or_a_catalogue_panic(bytes: Vec<u8>, count in 0usize..40, own: u32, seed: u32) {
        let made = Options::read(&mut Reader::new(&bytes));
        let read = Catalogue::read(&mut Reader::new(&bytes));
        if let Some(options) = made {
            let favourites = popular();
            let seen = [popular()];
            let visitor = Visitor { popular: Some(&favourites), rows: &seen, own, seed, again: &[5], ..Visitor::default() };
            let list = compose(&visitor, &options, &read.unwrap_or_else(catalogue), count, &mut Scratch::default());
            prop_assert!(list.len() <= count);
        }
    }

    #[test]
    fn no_item_stands_twice_and_none_that_is_excluded(
        weights in prop::collection::vec(0u8..16, 8), pins in prop::collection::vec((0usize..8, 1u8..9), 0..4),
        diversity in 0u8..=10, rotation in 0u8..=10, affinity in 0u8..=10, seed: u32, own in 0u32..9, count in 1usize..9,
    ) {
        let neighbours = (1..).zip(&weights).map(|(item, weight)| (item, *weight)).collect();
        let favourites = Row { model: 1, epoch: 1, own: 0, wide: false, neighbours };
        let seen = [row("mug-1", &[("mug-2", 15), ("lamp-3", 9)])];
        let pins: Vec<_> = pins.iter().map(|(place, at)| json!({"item": CARDS[*place].key, "at": at})).collect();
        let given = json!({"strategies": ["covisit", "alike", "affinity", "popular"], "pins": pins, "diversity": f64::from(diversity) / 10.0,
            "rotation": f64::from(rotation) / 10.0, "affinity": f64::from(affinity) / 10.0, "exclude": ["out_of_stock", "in_cart"]});
        let cart = [id64(b"rug-1")];
        let visitor = Visitor { rows: &seen, popular: Some(&favourites), cart: &cart, own, seed, ..Visitor::default() };
        let made = list(&visitor, given.clone(), count);
        let mut items: Vec<u32> = made.iter().map(|listed| listed.item).collect();
        prop_assert!(items.len() <= count);
        prop_assert_eq!(&keys(&list(&visitor, given, count)), &keys(&made), "the same again");
        prop_assert!(!items.contains(&own) && !items.contains(&number("lamp-3")) && !items.contains(&number("rug-1")));
        items.sort_unstable();
        let all = items.len();
        items.dedup();
        prop_assert_eq!(items.len(), all);
    }
}
