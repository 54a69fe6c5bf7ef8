//! What a slot asks for and what its cards say, from the files that pages read.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use parlour::authoring::CompileOptions;
use parlour::plan::bytes::{Reader, Writer};
use parlour::recommend::lists::{Catalogue, Options};
use serde_json::Value;

use crate::host::Host;
use crate::plan_file;

/// A slot of parlour.json or of a plan: what its list is made by.
///
/// # Errors
/// When there is no such slot, or it asks for nothing beyond rows.
pub fn options(host: &dyn Host, path: &Path, key: &str) -> anyhow::Result<Options> {
    let bytes = host.bytes_of(path)?;
    let plan = if bytes.starts_with(&parlour::plan::MAGIC) {
        plan_file::open(path, bytes)?.plan
    } else {
        let text = String::from_utf8(bytes)
            .with_context(|| format!("{} is neither a plan nor text", path.display()))?;
        let compiled = plan_file::compile(path, &text, &CompileOptions::default())?;
        let Some(opened) = compiled.opened else { bail!("{}", compiled.lines.join("\n")) };
        opened.plan
    };
    let page: Value = serde_json::from_slice(plan.page())?;
    let slots = page.get("slots").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let key_of = |slot: &Value| slot.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(slot) = slots.iter().find(|slot| key_of(slot) == key) else {
        let keys: Vec<_> = slots.iter().map(key_of).collect();
        bail!(
            "no slot {key:?}: {} has {}",
            path.display(),
            if keys.is_empty() { "none".into() } else { keys.join(", ") }
        );
    };
    let Some(text) = slot.get("lists").and_then(Value::as_str) else {
        bail!("the slot {key} asks for nothing beyond rows: ask without --slot");
    };
    let bytes = STANDARD_NO_PAD.decode(text).ok();
    bytes
        .and_then(|bytes| Options::read(&mut Reader::new(&bytes)))
        .context("the plan was built by another version of Parlour")
}

/// Cards as pages fetch them: `{"items": {"1": {"item": "mug-01", …}}}`.
///
/// # Errors
/// Names the card that cannot be read.
pub fn catalogue(host: &dyn Host, path: &Path) -> anyhow::Result<Catalogue> {
    let file: Value = serde_json::from_slice(&host.bytes_of(path)?)
        .with_context(|| format!("{} is no JSON", path.display()))?;
    let items = file
        .get("items")
        .and_then(Value::as_object)
        .with_context(|| format!("{} has no \"items\": an object of cards by item number", path.display()))?;
    let mut cards: Vec<(u32, &Value)> = Vec::new();
    for (number, card) in items {
        let number: u32 =
            number.parse().with_context(|| format!("{}: {number:?} is no item number", path.display()))?;
        ensure!(
            card.get("item").is_some_and(Value::is_string),
            "{}: card {number} has no \"item\", its key",
            path.display()
        );
        cards.push((number, card));
    }
    cards.sort_by_key(|(number, _)| *number);
    let mut out = Writer::default();
    out.varint(cards.len() as u64);
    for (number, card) in cards {
        out.varint(u64::from(number));
        for field in ["item", "category", "brand"] {
            out.text(text(card.get(field)).as_bytes());
        }
        let tags = match card.get("tags") {
            Some(Value::Array(tags)) => tags.iter().map(|tag| text(Some(tag))).collect(),
            Some(tag) if !tag.is_null() => vec![text(Some(tag))],
            _ => Vec::new(),
        };
        out.varint(tags.len() as u64);
        tags.iter().for_each(|tag| out.text(tag.as_bytes()));
        for field in ["price", "stock"] {
            out.f64(text(card.get(field)).parse().unwrap_or(f64::NAN));
        }
    }
    Catalogue::read(&mut Reader::new(&out.bytes))
        .with_context(|| format!("{}: two cards have one number", path.display()))
}

/// As a page has it: what is missing is empty.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
