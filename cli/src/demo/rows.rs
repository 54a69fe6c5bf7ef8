//! Co-visitation rows for the pages, learnt from what the store holds.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlour::recommend::covisit::{Options, Visit, train};
use serde::Deserialize;

use super::catalogue::Catalogue;
use crate::store::{Store, StoreError};

/// Rows as pages carry them, by item number; 0 is the popular list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows(HashMap<u32, String>);

/// The number of the popular list.
pub const POPULAR: u32 = 0;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    event: Option<String>,
    #[serde(default)]
    context: Context,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    session_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct Properties {
    product_id: Option<String>,
    #[serde(default)]
    products: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    product_id: String,
}

impl Rows {
    /// # Errors
    /// When the store cannot be read.
    pub fn learn(store: &dyn Store, catalogue: &Catalogue) -> Result<Self, StoreError> {
        let numbers = catalogue.numbers();
        let mut sessions: HashMap<String, Vec<Visit>> = HashMap::new();
        store.export(&[], &mut |line| {
            // An event of a shape we do not know tells us nothing about products.
            let Ok(Sent { event, context, properties }) = serde_json::from_str(&line.raw) else {
                return Ok(());
            };
            let (Some(weight), Some(session)) = (event.as_deref().and_then(weight), context.session_id)
            else {
                return Ok(());
            };
            let bought = properties.products.iter().map(|line| line.product_id.as_str());
            let items = properties.product_id.as_deref().into_iter().chain(bought);
            let visits = items.filter_map(|id| numbers.get(id)).map(|item| Visit { item: *item, weight });
            sessions.entry(session).or_default().extend(visits);
            Ok(())
        })?;
        let rows = train(sessions.into_values(), &Options { min_sessions: 3, ..Options::default() });
        Ok(Self(rows.iter().map(|row| (row.own, URL_SAFE_NO_PAD.encode(row.encode()))).collect()))
    }

    #[must_use]
    pub fn get(&self, number: u32) -> Option<&str> {
        self.0.get(&number).map(String::as_str)
    }
}

/// How serious a contact with an item is.
fn weight(event: &str) -> Option<u8> {
    match event {
        "Product Viewed" => Some(1),
        "Product Added" => Some(3),
        "Order Completed" => Some(5),
        _ => None,
    }
}

#[cfg(test)]
impl Rows {
    #[allow(clippy::unwrap_used)]
    pub fn decoded(&self, number: u32) -> Option<parlour::recommend::row::Row> {
        parlour::recommend::row::Row::decode(&URL_SAFE_NO_PAD.decode(self.get(number)?).unwrap())
    }
}
