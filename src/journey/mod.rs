//! Touchpoints and what follows from them: session, counts, stage. Everything kept has a bound.

mod session;
mod stage;

pub use session::{SESSION_IDLE_MS, Session};
pub use stage::Stage;

use crate::hash::id64;
use crate::plan::bytes::{Reader, Writer};

/// Items remembered as in the cart, and as bought.
pub const MAX_ITEMS: usize = 128;
/// Items one touchpoint may name; the rest is ignored.
pub const MAX_TOUCHPOINT_ITEMS: usize = 64;

/// What kind of contact; custom kinds are known by the id of their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TouchpointKind {
    Custom(u64),
    PageView,
    Click,
    Search,
    ViewItem,
    ViewList,
    AddToCart,
    RemoveFromCart,
    BeginCheckout,
    Purchase,
    Refund,
    Share,
}

/// Position is the code that crosses the boundary, from 1; 0 is custom.
pub const TOUCHPOINTS: [(TouchpointKind, &str); 11] = [
    (TouchpointKind::PageView, "page_view"),
    (TouchpointKind::Click, "click"),
    (TouchpointKind::Search, "search"),
    (TouchpointKind::ViewItem, "view_item"),
    (TouchpointKind::ViewList, "view_list"),
    (TouchpointKind::AddToCart, "add_to_cart"),
    (TouchpointKind::RemoveFromCart, "remove_from_cart"),
    (TouchpointKind::BeginCheckout, "begin_checkout"),
    (TouchpointKind::Purchase, "purchase"),
    (TouchpointKind::Refund, "refund"),
    (TouchpointKind::Share, "share"),
];

impl TouchpointKind {
    /// By code, from 1. Apart from the names, which visitors need not load.
    const ALL: [Self; 11] = [
        Self::PageView,
        Self::Click,
        Self::Search,
        Self::ViewItem,
        Self::ViewList,
        Self::AddToCart,
        Self::RemoveFromCart,
        Self::BeginCheckout,
        Self::Purchase,
        Self::Refund,
        Self::Share,
    ];

    /// The built-in kind of that name, else a custom one.
    #[must_use]
    pub fn named(name: &str) -> Self {
        TOUCHPOINTS
            .iter()
            .find(|(_, known)| *known == name)
            .map_or_else(|| Self::Custom(id64(name.as_bytes())), |(kind, _)| *kind)
    }

    #[must_use]
    pub fn code(self) -> (u8, u64) {
        match self {
            Self::Custom(id) => (0, id),
            kind => (Self::ALL.iter().position(|known| *known == kind).map_or(0, |at| at as u8 + 1), 0),
        }
    }

    #[must_use]
    pub fn from_code(code: u8, custom: u64) -> Option<Self> {
        match code {
            0 => Some(Self::Custom(custom)),
            code => Self::ALL.get(usize::from(code) - 1).copied(),
        }
    }
}

/// One recorded contact. Items are ids of their keys; money is in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touchpoint {
    pub kind: TouchpointKind,
    pub at_ms: u64,
    pub value_minor: i64,
    pub items: Vec<u64>,
}

impl Touchpoint {
    /// As the page writes it: code u8 · name text (custom only, else empty) · time f64 ms · value f64 minor · items.
    #[must_use]
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let code = reader.u8();
        let kind = TouchpointKind::from_code(code, id64(reader.text()))?;
        // Saturating: NaN is 0, and no clock reaches 2^53 ms.
        let at_ms = reader.f64() as u64;
        let value_minor = reader.f64() as i64;
        let mut items = reader.many(|reader| id64(reader.text()));
        items.truncate(MAX_TOUCHPOINT_ITEMS);
        reader.is_whole().then_some(Self { kind, at_ms, value_minor, items })
    }

    pub(crate) fn write_stored(&self, writer: &mut Writer) {
        let (code, custom) = self.kind.code();
        writer.u8(code);
        if code == 0 {
            writer.u64(custom);
        }
        writer.varint(self.at_ms);
        writer.varint(self.value_minor.max(0) as u64);
        writer.varint(self.items.len() as u64);
        for item in &self.items {
            writer.u64(*item);
        }
    }

    pub(crate) fn read_stored(reader: &mut Reader<'_>) -> Option<Self> {
        let code = reader.u8();
        let custom = if code == 0 { reader.u64() } else { 0 };
        let kind = TouchpointKind::from_code(code, custom)?;
        let at_ms = reader.varint();
        let value_minor = reader.varint_within(i64::MAX as u64) as i64;
        let items = reader.many_within(MAX_TOUCHPOINT_ITEMS, Reader::u64);
        reader.is_whole().then_some(Self { kind, at_ms, value_minor, items })
    }
}

/// What the visitor has done, folded: counts and the little that later decisions need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journey {
    pub page_views: u64,
    pub item_views: u64,
    pub purchases: u64,
    pub revenue_minor: u64,
    pub shares: u64,
    /// When a search or item view last happened; 0 for never. The same for the other `_ms`.
    pub considered_ms: u64,
    pub checkout_ms: u64,
    pub purchased_ms: u64,
    pub cart: Vec<u64>,
    pub owned: Vec<u64>,
}

impl Journey {
    pub fn record(&mut self, touchpoint: &Touchpoint) {
        let at = touchpoint.at_ms;
        match touchpoint.kind {
            TouchpointKind::PageView => count(&mut self.page_views),
            TouchpointKind::Search => self.considered_ms = self.considered_ms.max(at),
            TouchpointKind::ViewItem => {
                count(&mut self.item_views);
                self.considered_ms = self.considered_ms.max(at);
            }
            TouchpointKind::AddToCart => remember(&mut self.cart, &touchpoint.items),
            TouchpointKind::RemoveFromCart => self.cart.retain(|item| !touchpoint.items.contains(item)),
            TouchpointKind::BeginCheckout => self.checkout_ms = self.checkout_ms.max(at),
            TouchpointKind::Purchase => {
                count(&mut self.purchases);
                self.revenue_minor = self.revenue_minor.saturating_add(touchpoint.value_minor.max(0) as u64);
                self.purchased_ms = self.purchased_ms.max(at);
                remember(&mut self.owned, &touchpoint.items);
                self.cart.clear();
            }
            TouchpointKind::Refund => {
                self.revenue_minor = self.revenue_minor.saturating_sub(touchpoint.value_minor.max(0) as u64);
            }
            TouchpointKind::Share => count(&mut self.shares),
            TouchpointKind::Click | TouchpointKind::ViewList | TouchpointKind::Custom(_) => {}
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        for number in self.numbers() {
            writer.varint(number);
        }
        for list in [&self.cart, &self.owned] {
            writer.varint(list.len() as u64);
            for item in list {
                writer.u64(*item);
            }
        }
    }

    fn numbers(&self) -> [u64; 8] {
        [
            self.page_views,
            self.item_views,
            self.purchases,
            self.revenue_minor,
            self.shares,
            self.considered_ms,
            self.checkout_ms,
            self.purchased_ms,
        ]
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            page_views: reader.varint(),
            item_views: reader.varint(),
            purchases: reader.varint(),
            revenue_minor: reader.varint(),
            shares: reader.varint(),
            considered_ms: reader.varint(),
            checkout_ms: reader.varint(),
            purchased_ms: reader.varint(),
            cart: reader.many_within(MAX_ITEMS, Reader::u64),
            owned: reader.many_within(MAX_ITEMS, Reader::u64),
        }
    }
}

/// One more; what is stored may hold any number.
pub(crate) fn count(number: &mut u64) {
    *number = number.saturating_add(1);
}

/// Adds, dropping the oldest beyond the bound. Not by `Vec::remove`, whose panic brings number formatting into the wasm.
pub(crate) fn push_bounded<T>(list: &mut Vec<T>, item: T, most: usize) {
    if list.len() >= most {
        list.rotate_left(1);
        list.pop();
    }
    list.push(item);
}

/// Adds what is new, dropping the oldest beyond the bound.
fn remember(list: &mut Vec<u64>, items: &[u64]) {
    for item in items {
        if !list.contains(item) {
            push_bounded(list, *item, MAX_ITEMS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(kind: TouchpointKind, items: &[u64]) -> Touchpoint {
        Touchpoint { kind, at_ms: 5, value_minor: 250, items: items.to_vec() }
    }

    #[test]
    fn a_purchase_empties_the_cart_and_remembers_what_was_bought() {
        let mut journey = Journey::default();
        journey.record(&touch(TouchpointKind::AddToCart, &[1, 2]));
        journey.record(&touch(TouchpointKind::RemoveFromCart, &[1]));
        assert_eq!(journey.cart, [2]);
        journey.record(&touch(TouchpointKind::Purchase, &[2]));
        assert_eq!((journey.cart.len(), journey.owned.as_slice(), journey.revenue_minor), (0, &[2][..], 250));
    }

    #[test]
    fn a_cart_never_grows_past_its_bound() {
        let mut journey = Journey::default();
        for item in 0..10_000 {
            journey.record(&touch(TouchpointKind::AddToCart, &[item]));
        }
        assert_eq!(journey.cart.len(), MAX_ITEMS);
        assert_eq!(journey.cart.last(), Some(&9_999));
    }

    #[test]
    fn every_kind_survives_its_code() {
        for (kind, name) in TOUCHPOINTS {
            let (code, custom) = kind.code();
            assert_eq!(TouchpointKind::from_code(code, custom), Some(kind));
            assert_eq!(TouchpointKind::named(name), kind);
            assert_eq!(TOUCHPOINTS[usize::from(code) - 1].1, name);
        }
        assert_eq!(TouchpointKind::named("quiz_done").code(), (0, id64(b"quiz_done")));
        assert_eq!(TouchpointKind::from_code(200, 0), None);
    }
}
