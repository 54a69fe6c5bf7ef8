//! What the shop sells, from `catalogue.json`. Prices are decimal text there and minor units here.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context, ensure};
use parlour::money;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Deserialize)]
pub struct Catalogue {
    pub currency: String,
    /// Ids of the products shown first.
    favourites: Vec<String>,
    pub categories: Vec<Category>,
    pub products: Vec<Product>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Category {
    pub key: String,
    pub title: String,
    pub blurb: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Product {
    pub id: String,
    /// What rows call it; never given to another product.
    pub number: u32,
    pub title: String,
    pub category: String,
    pub brand: String,
    pub price: String,
    pub stock: u32,
    /// Whom it suits, in the words of the gift finder.
    pub gifts: Vec<String>,
    pub mood: String,
    pub description: String,
}

impl Product {
    #[must_use]
    pub fn image(&self) -> String {
        format!("/pictures/{}.svg", self.id)
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("/product/{}", self.id)
    }

    /// What kind of thing it is: `mug` of `mug-01`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.id.split_once('-').map_or(self.id.as_str(), |(kind, _)| kind)
    }
}

impl Catalogue {
    /// # Errors
    /// When the file cannot be read or contradicts itself.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let catalogue: Self = serde_json::from_str(text)?;
        let digits = money::exponent(&catalogue.currency).context("currency is no ISO 4217 code")?;
        let categories: HashSet<_> =
            catalogue.categories.iter().map(|category| category.key.as_str()).collect();
        let (mut ids, mut numbers) = (HashSet::new(), HashSet::new());
        for product in &catalogue.products {
            let id = &product.id;
            ensure!(is_key(id), "{id:?}: an id is lower-case letters, digits and dashes");
            ensure!(ids.insert(id.as_str()), "{id}: the id is there twice");
            ensure!(product.number > 0 && numbers.insert(product.number), "{id}: its number is 0 or taken");
            ensure!(
                categories.contains(product.category.as_str()),
                "{id}: no category {:?}",
                product.category
            );
            let price = money::parse_minor(&product.price, digits);
            ensure!(price.is_some_and(|minor| minor > 0), "{id}: {:?} is no price", product.price);
        }
        for id in &catalogue.favourites {
            ensure!(ids.contains(id.as_str()), "favourites: no product {id:?}");
        }
        Ok(catalogue)
    }

    #[must_use]
    pub fn product(&self, id: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.id == id)
    }

    #[must_use]
    pub fn category(&self, key: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.key == key)
    }

    pub fn of_category(&self, key: &str) -> impl Iterator<Item = &Product> {
        self.products.iter().filter(move |product| product.category == key)
    }

    pub fn favourites(&self) -> impl Iterator<Item = &Product> {
        self.favourites.iter().filter_map(|id| self.product(id))
    }

    /// In minor units; 0 for a text that is no price, which `read` has ruled out.
    #[must_use]
    pub fn minor(&self, product: &Product) -> i64 {
        money::exponent(&self.currency)
            .and_then(|digits| money::parse_minor(&product.price, digits))
            .unwrap_or_default()
    }

    /// The number of each id.
    #[must_use]
    pub fn numbers(&self) -> HashMap<&str, u32> {
        self.products.iter().map(|product| (product.id.as_str(), product.number)).collect()
    }

    /// What slots need to draw and filter a list, by item number.
    #[must_use]
    pub fn cards(&self) -> Value {
        let card = |product: &Product| {
            let card = json!({
                "item": product.id, "title": product.title, "price": product.price, "currency": self.currency,
                "image": product.image(), "url": product.url(), "category": product.category, "stock": product.stock,
                "brand": product.brand, "tags": [product.mood],
            });
            (product.number.to_string(), card)
        };
        json!({ "items": self.products.iter().map(card).collect::<Map<_, _>>() })
    }

    /// Products that hold every word of the query; those that hold them in their title come first.
    #[must_use]
    pub fn search(&self, query: &str) -> Vec<&Product> {
        let query = query.to_lowercase();
        let words: Vec<&str> =
            query.split(|c: char| !c.is_alphanumeric()).map(singular).filter(|w| !w.is_empty()).collect();
        if words.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(bool, &Product)> = self
            .products
            .iter()
            .filter_map(|product| {
                let title = product.title.to_lowercase();
                let category =
                    self.category(&product.category).map_or("", |category| category.title.as_str());
                let all = format!(
                    "{title} {} {category} {} {}",
                    product.kind(),
                    product.brand,
                    product.description
                );
                let all = all.to_lowercase();
                let holds = |text: &str| words.iter().all(|word| text.contains(word));
                holds(&all).then(|| (!holds(&title), product))
            })
            .collect();
        found.sort_by_key(|(only_elsewhere, _)| *only_elsewhere);
        found.into_iter().map(|(_, product)| product).collect()
    }
}

/// `lamps` finds the lamp.
fn singular(word: &str) -> &str {
    word.strip_suffix('s').filter(|stem| stem.len() > 2 && !stem.ends_with('s')).unwrap_or(word)
}

fn is_key(id: &str) -> bool {
    !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;
    use crate::demo::test_shop::dir;

    fn catalogue() -> Catalogue {
        Catalogue::read(&dir().join("catalogue.json")).unwrap()
    }

    #[test]
    fn the_shop_has_at_least_sixty_products_in_six_categories() {
        let catalogue = catalogue();
        assert!(catalogue.products.len() >= 60, "{}", catalogue.products.len());
        assert_eq!(catalogue.categories.len(), 6);
        for category in &catalogue.categories {
            assert!(catalogue.of_category(&category.key).count() >= 10, "{}", category.key);
        }
    }

    #[test]
    fn every_product_has_a_picture_of_its_own() {
        let mut seen = HashMap::new();
        for product in &catalogue().products {
            let picture =
                std::fs::read_to_string(dir().join(product.image().trim_start_matches('/'))).unwrap();
            assert!(picture.starts_with("<svg ") && picture.contains("viewBox"), "{}", product.id);
            assert!(!picture.contains("<script") && !picture.contains("<style"), "{}", product.id);
            // Titles in the pictures differ; the drawings must too.
            let drawing = picture.split_once('>').map(|(_, drawing)| drawing.to_owned()).unwrap();
            assert_eq!(seen.insert(drawing, product.id.clone()), None, "{} looks like another", product.id);
        }
    }

    #[test]
    fn a_catalogue_that_contradicts_itself_is_refused_with_the_product() {
        let text = std::fs::read_to_string(dir().join("catalogue.json")).unwrap();
        for (from, to, expect) in [
            ("\"id\": \"mug-02\"", "\"id\": \"mug-01\"", "mug-01: the id is there twice"),
            ("\"number\": 2,", "\"number\": 1,", "mug-02: its number"),
            ("\"number\": 1,", "\"number\": 0,", "mug-01: its number"),
            ("\"price\": \"16.00\"", "\"price\": \"16,00\"", "mug-01: \"16,00\" is no price"),
            ("\"favourites\": [\"chair-02\"", "\"favourites\": [\"chair-99\"", "no product \"chair-99\""),
        ] {
            assert!(text.contains(from), "{from}");
            let error = Catalogue::parse(&text.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        }
    }

    #[test]
    fn a_search_finds_all_its_words_in_any_order_and_titles_first() {
        let catalogue = catalogue();
        let ids = |query| {
            catalogue.search(query).into_iter().map(|product| product.id.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(ids("mug"), ids("MUGS"));
        assert_eq!(ids("lamp moon"), ["lamp-04"]);
        assert!(ids("mugs").iter().take(3).all(|id| id.starts_with("mug-")), "{:?}", ids("mugs"));
        assert!(ids("ridge submarine").is_empty() && ids("").is_empty() && ids(" ,. ").is_empty());
    }

    #[test]
    fn cards_carry_what_slots_draw_and_filter_by() {
        let cards = catalogue().cards();
        assert_eq!(cards["items"].as_object().unwrap().len(), catalogue().products.len());
        let first = &cards["items"]["1"];
        assert_eq!((first["item"].as_str(), first["price"].as_str()), (Some("mug-01"), Some("16.00")));
        for field in ["title", "currency", "image", "url", "category", "stock", "brand", "tags"] {
            assert!(!first[field].is_null(), "{field}");
        }
    }
}
