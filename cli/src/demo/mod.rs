//! The demonstration shop of `parlour serve --demo`: pages from templates, rows from the store's own events, and
//! simulated shoppers, so that there is something to see on the first day.

mod catalogue;
mod pages;
mod rows;
mod seed;
mod shopper;
mod snippet;
mod taste;
mod wire;

use std::path::{Path, PathBuf};

use minijinja::Environment;

use crate::store::Store;

pub use catalogue::{Catalogue, Category, Product};
pub use pages::router;
pub use rows::Rows;
pub use seed::{Seed, Seeded, seed};

/// Everything the pages are made of.
#[derive(Debug)]
pub struct Shop {
    pub catalogue: Catalogue,
    dir: PathBuf,
    templates: Environment<'static>,
    rows: Rows,
    baskets: Rows,
    head: snippet::Head,
}

impl Shop {
    /// Opens the shop in `dir`. Its pages carry no rows until it has learnt some.
    ///
    /// # Errors
    /// When the catalogue cannot be used.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        let catalogue = Catalogue::read(&dir.join("catalogue.json"))?;
        let mut templates = Environment::new();
        templates.set_loader(minijinja::path_loader(dir.join("templates")));
        Ok(Self {
            catalogue,
            dir: dir.to_owned(),
            templates,
            rows: Rows::default(),
            baskets: Rows::default(),
            head: snippet::Head::default(),
        })
    }

    /// Pages carry the snippet of the plan that is served at the time, asked for with each page.
    pub fn show(&mut self, plan: impl Fn() -> Option<Vec<u8>> + Send + Sync + 'static) {
        self.head = snippet::Head::of(plan);
    }

    /// Learns from all events of the store which items go together.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn learn(&mut self, store: &dyn Store) -> anyhow::Result<()> {
        self.rows = Rows::learn(store, &self.catalogue)?;
        self.baskets = Rows::learn_baskets(store, &self.catalogue)?;
        Ok(())
    }
}

#[cfg(test)]
mod test_shop;
