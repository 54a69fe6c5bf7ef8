//! Slots: what the file may say of them, and what of it the page and its lists read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value, json};

use super::diagnostic::{Diagnostics, did_you_mean};
use super::json::{Json, Member, below};
use super::shape::{Field, Shape, keyed, list, may, must, named, one_or_many};
use crate::hash::id64;
use crate::plan::bytes::Writer;
use crate::plan::{Slot, Strategy};

/// By code, which `recommend::lists::Source` reads.
const STRATEGIES: &[&str] = &["popular", "covisit", "basket", "again", "next", "affinity", "alike"];
/// By bit.
const EXCLUDED: &[&str] = &["in_cart", "purchased", "out_of_stock", "seen"];
/// By code.
const WORDS: &[&str] = &["category", "brand", "tags"];
const PRICE: u8 = 3;
const STOCK: u8 = 4;
const ITEM: u8 = 5;

/// What the runtime alone does: all else needs the lists chunk.
const PLAIN: &[&str] = &["covisit", "popular"];

pub fn slot() -> Vec<Field> {
    let mut fields = vec![
        must(
            "select",
            Shape::Selector,
            "The element that holds the list, and its <template> unless it re-ranks",
        ),
        must(
            "cards",
            Shape::Text,
            "Address of the JSON with titles, prices and pictures, or #id of a script element of the page that holds it",
        ),
        may("count", Shape::Whole { least: 1, most: 32 }, "How many at most; 8 if not given"),
        may(
            "text",
            named(Shape::Text),
            "Words for the reasons: `covisit`, `basket`, `again`, `affinity` and `alike` (with {title}), `popular` and `pinned`",
        ),
        may(
            "rerank",
            Shape::Text,
            "Attribute that names the item of each child of the element: the page's own items are put in another order, no template is filled",
        ),
        may(
            "interleave",
            keyed(Shape::Object("list", list_options)),
            "Two ways to make the list, by name: both are mixed into one, and clicks tell which is better",
        ),
    ];
    fields.extend(list_options());
    fields
}

/// How a list is made: of a slot, of one of two that are interleaved, or as a variant has it.
pub fn list_options() -> Vec<Field> {
    vec![
        may(
            "strategies",
            list(Shape::Choice(STRATEGIES)),
            "Tried in this order until the list is full; `covisit` and `popular` if not given",
        ),
        may("exclude", list(Shape::Choice(EXCLUDED)), "What is left out"),
        may("where", Shape::Object("where", tests), "Only items that pass all of these"),
        may("unless", Shape::Object("where", tests), "No items that pass any of these"),
        may("boost", list(Shape::Object("boost", boost)), "What scores more, or less, than it would"),
        may("pins", list(Shape::Object("pin", pin)), "Items that stand at a place whatever they score"),
        may(
            "diversity",
            Shape::Share,
            "How much it counts against an item that it is like those above it; 0 if not given",
        ),
        may(
            "rotation",
            Shape::Share,
            "How much of a score chance takes away, anew in each session: no list stays the same for ever; 0 if not given",
        ),
        may(
            "affinity",
            Shape::Share,
            "How much of its score an item gains that is of the kind this visitor likes; 0 if not given",
        ),
        may("least", Shape::Whole { least: 1, most: 32 }, "With fewer items the slot stays as it is"),
    ]
}

fn tests() -> Vec<Field> {
    vec![
        may("category", one_or_many(Shape::Text), "One of these categories"),
        may("brand", one_or_many(Shape::Text), "One of these brands"),
        may("tags", one_or_many(Shape::Text), "With one of these tags"),
        may("item", one_or_many(Shape::Text), "One of these items, by key"),
        may("price", Shape::Object("range", range), "What it costs, as its card says"),
        may("stock", Shape::Object("range", range), "How many are left, as its card says"),
        may("same", one_or_many(Shape::Choice(WORDS)), "As the item that the page is about has it"),
    ]
}

fn range() -> Vec<Field> {
    vec![may("least", Shape::Weight, "This or more"), may("most", Shape::Weight, "This or less")]
}

fn boost() -> Vec<Field> {
    vec![
        must("where", Shape::Object("where", tests), "Which items: those that pass all of these"),
        must("by", Shape::Weight, "What the score is multiplied by, 0 to 100: 1.5 is half as much again"),
    ]
}

fn pin() -> Vec<Field> {
    vec![
        must("item", Shape::Text, "The item's key"),
        must("at", Shape::Whole { least: 1, most: 32 }, "Its place, from 1"),
    ]
}

/// Of a file: the experiments whose variants may make lists in another way.
#[derive(Clone, Copy)]
pub struct Slots<'a> {
    experiments: &'a [&'a Member],
}

/// The slot for the runtime; `None` for one with mistakes.
pub fn compile(member: &Member, config: &Json, diagnostics: &mut Diagnostics<'_>) -> Option<Slot> {
    let pointer = below("/slots", &member.name);
    if diagnostics.is_broken(&pointer) {
        return None;
    }
    let json = &member.json;
    if let Some(rerank) = json.get("rerank").filter(|json| !json.text().is_some_and(is_attribute)) {
        let cure = "Write the attribute that holds the item's key, such as `data-item`";
        let place = below(&pointer, "rerank");
        diagnostics.error("E106", (&place, rerank.at), "this names no attribute".into(), cure.into());
        return None;
    }
    if let Some(two) = json.get("interleave").filter(|two| two.members().len() != 2) {
        let message = format!("{} lists are interleaved", two.members().len());
        let cure = "Give exactly two, each with a name: it is between two that clicks tell".to_owned();
        diagnostics.error("E107", (&below(&pointer, "interleave"), two.at), message, cure);
        return None;
    }
    let ways = json.get("interleave").map_or(&[][..], Json::members);
    for (json, place) in std::iter::once((json, pointer.clone()))
        .chain(ways.iter().map(|way| (&way.json, below(&below(&pointer, "interleave"), &way.name))))
    {
        check_ranges(json, &place, diagnostics);
        check_baskets(json, &place, config, diagnostics);
    }
    let given = strategies(Some(json)).filter_map(|name| match name {
        "popular" => Some(Strategy::Popular),
        "covisit" | "next" => Some(Strategy::Covisit),
        _ => None,
    });
    Some(Slot { id: id64(member.name.as_bytes()), strategies: given.collect() })
}

impl<'a> Slots<'a> {
    pub fn new(experiments: &'a [&'a Member]) -> Self {
        Self { experiments }
    }

    /// What the page reads of it.
    pub fn page(&self, member: &Member) -> Map<String, Value> {
        let json = &member.json;
        let mut page = super::page::copy(member, &["select", "cards", "count", "exclude", "rerank"]);
        let two = json.get("interleave").map_or(&[][..], Json::members);
        let by = self.variants(member);
        let needs_lists = !two.is_empty() || !by.is_empty() || !is_plain(json);
        if needs_lists {
            page.insert("lists".into(), bytes(&[json]).into());
        }
        if !two.is_empty() {
            let teams = two.iter().map(|way| json!([way.name, bytes(&[&way.json, json])]));
            page.insert("teams".into(), teams.collect());
        }
        if !by.is_empty() {
            page.insert("by".into(), by.into());
        }
        // Nothing of a re-ranked item is written anew.
        if !page.contains_key("rerank") {
            let said = json.get("text");
            let words = REASONS.iter().filter(|(reason, _)| needs_lists || PLAIN.contains(reason)).map(
                |(reason, words)| {
                    let said = said.and_then(|text| text.get(reason)).map(Json::plain);
                    ((*reason).to_owned(), said.unwrap_or_else(|| (*words).into()))
                },
            );
            page.insert("text".into(), Value::Object(words.collect()));
        }
        page
    }

    /// Experiment → variant → how it makes the list.
    fn variants(&self, slot: &Member) -> Map<String, Value> {
        let mut by = Map::new();
        for experiment in self.experiments {
            let variants = experiment.json.get("variants").map_or(&[][..], Json::members);
            let own: Map<String, Value> = variants
                .iter()
                .filter_map(|variant| {
                    let way = variant.json.get("slots")?.get(&slot.name)?;
                    Some((variant.name.clone(), bytes(&[way, &slot.json]).into()))
                })
                .collect();
            if !own.is_empty() {
                by.insert(experiment.name.clone(), own.into());
            }
        }
        by
    }
}

/// What a variant says of slots.
pub fn check_variant(json: &Json, pointer: &str, config: &Json, diagnostics: &mut Diagnostics<'_>) {
    let pointer = below(pointer, "slots");
    let slots = config.get("slots").map_or(&[][..], Json::members);
    for way in json.get("slots").map_or(&[][..], Json::members) {
        let place = below(&pointer, &way.name);
        check_ranges(&way.json, &place, diagnostics);
        check_baskets(&way.json, &place, config, diagnostics);
        if !slots.iter().any(|slot| slot.name == way.name) {
            let cure = did_you_mean(&way.name, slots.iter().map(|slot| slot.name.as_str()))
                .map_or_else(|| "Add it to `slots`".into(), |word| format!("Did you mean `{word}`"));
            diagnostics.error("E201", (&place, way.name_at), format!("unknown slot `{}`", way.name), cure);
        }
    }
}

/// A true reason in words; `{title}` is the item that it is because of.
const REASONS: &[(&str, &str)] = &[
    ("covisit", "Because you viewed {title}"),
    ("popular", "Popular"),
    ("basket", "Goes with {title} in your cart"),
    ("again", "You looked at this before"),
    ("affinity", "Because you like {title}"),
    ("alike", "Like {title}"),
    ("pinned", "Our choice"),
];

fn strategies(json: Option<&Json>) -> impl Iterator<Item = &str> {
    let given = json.and_then(|json| json.get("strategies")).map(Json::list);
    let unsaid: &[&str] = if given.is_none() { PLAIN } else { &[] };
    given.unwrap_or_default().iter().filter_map(Json::text).chain(unsaid.iter().copied())
}

fn is_plain(json: &Json) -> bool {
    let beyond = ["where", "unless", "boost", "pins", "diversity", "rotation", "affinity", "least"];
    beyond.iter().all(|field| json.get(field).is_none())
        && strategies(Some(json)).all(|name| PLAIN.contains(&name))
        && !json.get("exclude").is_some_and(|list| list.list().iter().any(|one| one.text() == Some("seen")))
}

fn check_ranges(json: &Json, pointer: &str, diagnostics: &mut Diagnostics<'_>) {
    let boosts = json.get("boost").map_or(&[][..], Json::list);
    for (index, boost) in boosts.iter().enumerate() {
        if let Some(by) = boost.get("by").filter(|by| by.number().is_some_and(|by| by > 100.0)) {
            let place = below(&below(&below(pointer, "boost"), &index.to_string()), "by");
            let cure = "Write 0 to 100; 2 is already twice the score".to_owned();
            diagnostics.error("E106", (&place, by.at), "the boost is beyond 100".into(), cure);
        }
    }
    for part in ["where", "unless"] {
        for field in ["price", "stock"] {
            let Some(range) = json.get(part).and_then(|tests| tests.get(field)) else { continue };
            let bound = |name| range.get(name).and_then(Json::number);
            if let (Some(least), Some(most)) = (bound("least"), bound("most"))
                && least > most
            {
                let place = below(&below(pointer, part), field);
                let cure = "Give `least` the lower number, `most` the higher".to_owned();
                diagnostics.error(
                    "E106",
                    (&place, range.at),
                    format!("nothing is from {least} to {most}"),
                    cure,
                );
            }
        }
    }
}

fn check_baskets(json: &Json, pointer: &str, config: &Json, diagnostics: &mut Diagnostics<'_>) {
    if config.get("baskets").is_none() && strategies(Some(json)).any(|name| name == "basket") {
        let at = json.get("strategies").map_or(json.at, |json| json.at);
        let cure = "Add \"baskets\": {\"url\": …} with what `parlour rows --out` makes of a model of `parlour train --basket`".to_owned();
        let message = "`basket` has no rows to go by".to_owned();
        diagnostics.error("E105", (&below(pointer, "strategies"), at), message, cure);
    }
}

/// As `recommend::lists::Options` reads it, in base64. The first that has a field says it.
fn bytes(ways: &[&Json]) -> String {
    let said = |field: &str| ways.iter().find_map(|way| way.get(field));
    let share = |field: &str| {
        said(field).and_then(Json::number).map_or(0, |share| (share.clamp(0.0, 1.0) * 255.0).round() as u8)
    };
    let mut out = Writer::default();
    out.u8(said("least").and_then(Json::whole).unwrap_or(0) as u8);
    for field in ["diversity", "rotation", "affinity"] {
        out.u8(share(field));
    }
    let excluded = said("exclude").map_or(&[][..], Json::list).iter().filter_map(Json::text);
    out.u8(excluded.filter_map(|name| place_of(EXCLUDED, name)).fold(0, |bits, place| bits | (1 << place)));
    let way = ways.iter().find(|way| way.get("strategies").is_some()).copied();
    let codes: Vec<u8> = strategies(way).filter_map(|name| place_of(STRATEGIES, name)).collect();
    out.text(&codes);
    let mut tests = Vec::new();
    said("where").into_iter().for_each(|json| read_tests(json, true, &mut tests));
    said("unless").into_iter().for_each(|json| read_tests(json, false, &mut tests));
    write_tests(&tests, &mut out);
    let boosts = said("boost").map_or(&[][..], Json::list);
    out.varint(boosts.len() as u64);
    for boost in boosts {
        let by = boost.get("by").and_then(Json::number).unwrap_or(1.0);
        out.u16((by.clamp(0.0, 100.0) * 256.0).round() as u16);
        let mut tests = Vec::new();
        boost.get("where").into_iter().for_each(|json| read_tests(json, true, &mut tests));
        write_tests(&tests, &mut out);
    }
    let pins = said("pins").map_or(&[][..], Json::list);
    out.varint(pins.len() as u64);
    for pin in pins {
        out.u8(pin.get("at").and_then(Json::whole).unwrap_or(1) as u8);
        out.text(pin.get("item").and_then(Json::text).unwrap_or_default().as_bytes());
    }
    STANDARD_NO_PAD.encode(out.bytes)
}

fn place_of(names: &[&str], name: &str) -> Option<u8> {
    names.iter().position(|known| *known == name).map(|place| place as u8)
}

/// One test as it is written: all must hold.
fn read_tests(json: &Json, wanted: bool, tests: &mut Vec<Vec<u8>>) {
    let mut test = |field: u8, operator: u8, write: &dyn Fn(&mut Writer)| {
        let mut out = Writer { bytes: vec![field, operator] };
        write(&mut out);
        tests.push(out.bytes);
    };
    for (name, field) in [("category", 0), ("brand", 1), ("tags", 2), ("item", ITEM)] {
        let Some(words) = json.get(name).map(Json::one_or_many) else { continue };
        let words: Vec<&str> = words.iter().filter_map(Json::text).collect();
        test(field, u8::from(!wanted), &|out| {
            out.varint(words.len() as u64);
            words.iter().for_each(|word| out.text(word.as_bytes()));
        });
    }
    for (name, field) in [("price", PRICE), ("stock", STOCK)] {
        let Some(range) = json.get(name) else { continue };
        let bound = |side, unsaid| range.get(side).and_then(Json::number).unwrap_or(unsaid);
        test(field, u8::from(!wanted), &|out| {
            out.f64(bound("least", f64::NEG_INFINITY));
            out.f64(bound("most", f64::INFINITY));
        });
    }
    for word in json.get("same").map_or(&[][..], Json::one_or_many).iter().filter_map(Json::text) {
        if let Some(field) = place_of(WORDS, word) {
            test(field, if wanted { 2 } else { 3 }, &|_| ());
        }
    }
}

fn write_tests(tests: &[Vec<u8>], out: &mut Writer) {
    out.varint(tests.len() as u64);
    tests.iter().for_each(|test| out.bytes.extend_from_slice(test));
}

/// As a selector takes it without escapes.
fn is_attribute(text: &str) -> bool {
    text.len() <= 64
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
