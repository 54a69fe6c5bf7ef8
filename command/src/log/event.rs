//! Contacts with items in one event of the Segment specification.

use std::borrow::Cow;

use parlour_train::log::Kind;
use serde::Deserialize;

use super::time::seconds;
use super::{Reason, Seen};

/// One item of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub session: String,
    pub item: String,
    pub at: Option<u32>,
    pub kind: Kind,
}

impl Contact {
    pub(super) fn seen(&self) -> Seen<'_> {
        Seen { session: &self.session, item: &self.item, at: self.at, kind: self.kind }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    #[serde(borrow)]
    event: Option<Cow<'a, str>>,
    #[serde(borrow)]
    anonymous_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    timestamp: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    context: Context<'a>,
    #[serde(borrow, default)]
    properties: Properties<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    #[serde(borrow)]
    session_id: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
struct Properties<'a> {
    #[serde(borrow)]
    product_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    products: Vec<Line<'a>>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    product_id: Option<Cow<'a, str>>,
}

/// None for events that are about no item. An event without session belongs to the visitor's one.
///
/// # Errors
/// When it is no event.
pub fn contacts(json: &[u8]) -> Result<Vec<Contact>, Reason> {
    let Ok(Sent { event, anonymous_id, user_id, timestamp, context, properties }) =
        serde_json::from_slice(json)
    else {
        return Err(Reason::Unreadable);
    };
    let kind = match event.as_deref() {
        Some("Product Viewed") => Kind::View,
        Some("Product Added") => Kind::Cart,
        Some("Order Completed") => Kind::Purchase,
        _ => return Ok(Vec::new()),
    };
    let Some(session) = context.session_id.or(anonymous_id).or(user_id) else {
        return Err(Reason::NoSession);
    };
    let at = match timestamp {
        Some(text) => Some(seconds(&text).ok_or(Reason::BadTime)?),
        None => None,
    };
    let lines = properties.products.into_iter().filter_map(|line| line.product_id);
    let items = properties.product_id.into_iter().chain(lines);
    Ok(items
        .map(|item| Contact { session: session.clone().into_owned(), item: item.into_owned(), at, kind })
        .collect())
}
