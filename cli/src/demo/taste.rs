//! What a simulated visitor likes; the shop never learns it but by what they do.

use parlour::hash::id64;
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom;

use super::catalogue::{Catalogue, Product};

#[derive(Debug, Clone, Copy)]
pub struct Taste {
    gift: &'static str,
    mood: &'static str,
    /// How readily something goes into the cart; 1 is usual.
    pub eagerness: f64,
}

impl Taste {
    pub fn new(random: &mut Xoshiro256PlusPlus) -> Self {
        Self {
            gift: ["cook", "reader", "garden", "host", "home"].choose(random).copied().unwrap_or("home"),
            mood: ["calm", "natural", "bright"].choose(random).copied().unwrap_or("calm"),
            eagerness: random.random_range(0.5..1.5),
        }
    }

    /// What is looked at after `last`, which is not looked at again at once.
    pub fn choose<'a>(
        &self,
        catalogue: &'a Catalogue,
        last: Option<&Product>,
        random: &mut Xoshiro256PlusPlus,
    ) -> Option<&'a Product> {
        let others: Vec<&Product> = catalogue
            .products
            .iter()
            .filter(|product| last.is_none_or(|last| last.id != product.id))
            .collect();
        others.choose_weighted(random, |product| self.liking(product, last)).ok().copied()
    }

    fn liking(&self, product: &Product, last: Option<&Product>) -> f64 {
        let suits = if product.gifts.iter().any(|gift| gift == self.gift) { 8.0 } else { 1.0 };
        let feels = if product.mood == self.mood { 3.0 } else { 1.0 };
        let follows = match last {
            Some(last) if last.kind() == product.kind() => 14.0,
            Some(last) if last.category == product.category => 5.0,
            _ => 1.0,
        };
        // Some things are simply prettier: a fixed charm from 1 to 2.
        let charm = 1.0 + (id64(product.id.as_bytes()) % 100) as f64 / 100.0;
        suits * feels * follows * charm
    }
}
