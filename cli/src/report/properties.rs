//! What events say of lists and of what was bought, in the properties that pages and servers give them.

use std::borrow::Cow;

use parlour::money;
use parlour_report::beyond::slots::{Bought, InList};
use serde::Deserialize;
use serde_json::Value;

/// A page may say anything there: what has another shape is not there.
#[derive(Debug, Deserialize)]
pub struct Properties<'a> {
    #[serde(borrow, default)]
    slot: Text<'a>,
    #[serde(borrow, default)]
    list_id: Text<'a>,
    #[serde(borrow, default)]
    team: Text<'a>,
    #[serde(default)]
    position: Value,
    #[serde(default, borrow)]
    products: Products<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text<'a> {
    Said(#[serde(borrow)] Cow<'a, str>),
    Else(serde::de::IgnoredAny),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Products<'a> {
    Listed(#[serde(borrow)] Vec<Product<'a>>),
    Else(serde::de::IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct Product<'a> {
    #[serde(borrow, default)]
    product_id: Text<'a>,
    #[serde(default)]
    price: Value,
    #[serde(default)]
    quantity: Value,
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::Else(serde::de::IgnoredAny)
    }
}

impl Default for Products<'_> {
    fn default() -> Self {
        Self::Else(serde::de::IgnoredAny)
    }
}

impl Text<'_> {
    fn said(&self) -> Option<&str> {
        match self {
            Self::Said(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

impl Properties<'_> {
    pub fn list(&self) -> Option<InList<'_>> {
        let position = match &self.products {
            Products::Listed(products) if self.position.is_null() => products.len() as u32,
            _ => self.position.as_u64().and_then(|place| u32::try_from(place).ok()).unwrap_or_default(),
        };
        Some(InList { slot: self.slot.said()?, list: self.list_id.said()?, position, team: self.team.said() })
    }

    /// `only` is the event's one item, where it lists none.
    pub fn bought<'a>(&'a self, exponent: u8, only: Option<&'a str>) -> Vec<Bought<'a>> {
        let Products::Listed(products) = &self.products else {
            return only.map(|item| Bought { item, minor: 0 }).into_iter().collect();
        };
        products
            .iter()
            .filter_map(|product| {
                let quantity = number(&product.quantity).unwrap_or(1.0).clamp(0.0, 1e6);
                let price = number(&product.price).unwrap_or_default().clamp(0.0, 1e9);
                let minor = (price * quantity * 10f64.powi(i32::from(exponent))).round() as i64;
                Some(Bought { item: product.product_id.said()?, minor })
            })
            .collect()
    }
}

/// Decimal text or a number, in the currency's unit.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => money::parse_minor(text, 4).map(|minor| minor as f64 / 1e4),
        other => other.as_f64().filter(|number| number.is_finite()),
    }
}
