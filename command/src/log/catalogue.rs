//! A catalogue: a table with a line for each item, which says what the log does not.

use std::collections::HashMap;
use std::io::Read;

use anyhow::{Context as _, ensure};
use parlour_train::Card;

use super::table::{Heading, open};
use super::{MAX_ID_BYTES, unpacked};

/// Names of columns; where none is told, those called so are looked for.
#[derive(Debug, Clone, Default)]
pub struct CardColumns {
    pub item: Option<String>,
    pub category: Option<String>,
    pub brand: Option<String>,
    pub price: Option<String>,
    pub tags: Option<String>,
}

#[derive(Debug, Default)]
pub struct Catalogue {
    pub cards: HashMap<String, Card>,
    /// Lines whose price is no number, or a negative one: they count without it. And where the first is.
    pub bad_prices: (u64, u64),
    /// Lines that name no item.
    pub nameless: u64,
}

impl Catalogue {
    /// # Errors
    /// When nothing in it can be used: what, where and how to mend it.
    pub fn read(name: &str, input: impl Read, columns: &CardColumns) -> anyhow::Result<Self> {
        let mut input = unpacked(input).with_context(|| format!("cannot read {name}"))?;
        let (mut reader, heading) = open(name, &mut input)?;
        let optional = |told: &Option<String>, usual| heading.find(told.as_deref(), &[usual]);
        let (item, category, brand, price, tags) = (|| {
            anyhow::Ok((
                heading.needed(columns.item.as_deref(), &Heading::ITEMS, "catalogue-item")?,
                optional(&columns.category, "category")?,
                optional(&columns.brand, "brand")?,
                optional(&columns.price, "price")?,
                optional(&columns.tags, "tags")?,
            ))
        })()
        .with_context(|| name.to_owned())?;
        ensure!(
            [category, brand, price, tags].iter().any(Option::is_some),
            "{name} has no column category, brand, price or tags: say which they are with --category, --brand, --price, --tags"
        );
        let mut catalogue = Self::default();
        for record in reader.records() {
            let record = record.with_context(|| name.to_owned())?;
            let line = record.position().map_or(0, csv::Position::line);
            let text = |place: Option<usize>| place.and_then(|place| record.get(place)).unwrap_or("").trim();
            let id = text(Some(item));
            if id.is_empty() || id.len() > MAX_ID_BYTES {
                catalogue.nameless += 1;
                continue;
            }
            let cost = text(price);
            let amount = cost.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
            if amount.is_none() && !cost.is_empty() {
                let (count, first) = catalogue.bad_prices;
                catalogue.bad_prices = (count + 1, if count == 0 { line } else { first });
            }
            let tags = text(tags).split(['|', ';', ',']).map(|tag| tag.trim().to_owned());
            let card = Card {
                category: text(category).to_owned(),
                brand: text(brand).to_owned(),
                price: amount,
                tags: tags.filter(|tag| !tag.is_empty()).collect(),
            };
            catalogue.cards.insert(id.to_owned(), card);
        }
        ensure!(
            !catalogue.cards.is_empty(),
            "{name} names no item: give a line for each, its id in a column"
        );
        Ok(catalogue)
    }
}
