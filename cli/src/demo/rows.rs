//! Co-visitation rows for the pages, learnt from what the store holds.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use parlour::recommend::model::Model;
use parlour_command::log::contacts;
use parlour_train::log::{Gathering, Kind, Log};
use parlour_train::{Choice, Options, train, train_baskets};

use super::catalogue::Catalogue;
use crate::store::{Store, StoreError};

/// Rows as pages carry them, by item number; 0 is the popular list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows(HashMap<u32, String>);

/// The number of the popular list.
pub const POPULAR: u32 = 0;

impl Rows {
    /// # Errors
    /// When the store cannot be read.
    pub fn learn(store: &dyn Store, catalogue: &Catalogue) -> Result<Self, StoreError> {
        let options = Options {
            start: Choice { min_sessions: 3, ..Choice::default() },
            search: false,
            floors: Vec::new(),
            ..Options::default()
        };
        Ok(Self::of(&train(&gather(store, catalogue, &|_| true)?, &options, &mut |_, _, _| ()).model))
    }

    /// What goes into one order with what.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn learn_baskets(store: &dyn Store, catalogue: &Catalogue) -> Result<Self, StoreError> {
        let options = Options { search: false, floors: Vec::new(), ..Options::default() };
        let log = gather(store, catalogue, &|kind| kind == Kind::Purchase)?;
        Ok(Self::of(&train_baskets(&log, &options, &mut |_, _, _| ()).model))
    }

    fn of(model: &Model) -> Self {
        let row = |number| Some((number, URL_SAFE_NO_PAD.encode(model.row(number)?.encode())));
        Self((0..=model.keys.len() as u32).filter_map(row).collect())
    }

    #[must_use]
    pub fn get(&self, number: u32) -> Option<&str> {
        self.0.get(&number).map(String::as_str)
    }
}

/// The sessions of the store, with the catalogue's numbers.
fn gather(
    store: &dyn Store,
    catalogue: &Catalogue,
    wanted: &dyn Fn(Kind) -> bool,
) -> Result<Log, StoreError> {
    let numbers = catalogue.numbers();
    let mut gathering = Gathering::default();
    store.export(&[], &mut |line| {
        // An event of a shape we do not know tells us nothing about products.
        for contact in contacts(line.raw.as_bytes()).unwrap_or_default() {
            if wanted(contact.kind) && numbers.contains_key(contact.item.as_str()) {
                let added =
                    gathering.add(&contact.session, &contact.item, contact.at.unwrap_or(0), contact.kind);
                added.map_err(|_| std::io::Error::other("too many events"))?;
            }
        }
        Ok(())
    })?;
    let last = numbers.values().copied().max().unwrap_or(0);
    let mut keys = vec![String::new(); last as usize];
    for (key, number) in numbers {
        if let Some(place) = keys.get_mut(number as usize - 1) {
            key.clone_into(place);
        }
    }
    Ok(gathering.end(&keys))
}

#[cfg(test)]
impl Rows {
    #[allow(clippy::unwrap_used)]
    pub fn decoded(&self, number: u32) -> Option<parlour::recommend::row::Row> {
        parlour::recommend::row::Row::decode(&URL_SAFE_NO_PAD.decode(self.get(number)?).unwrap())
    }
}
