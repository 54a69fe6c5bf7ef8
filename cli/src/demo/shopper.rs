//! One simulated visitor: a taste, a few visits, and a real engine that decides what is seen and recorded.

use parlour::consent::Consent;
use parlour::decision::Decision;
use parlour::engine::{Effect, Engine, Input};
use parlour::hash::id64;
use parlour::journey::{Touchpoint, TouchpointKind as Kind};
use parlour::plan::Unit;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde_json::value::RawValue;

use super::catalogue::Product;
use super::seed::World;
use super::taste::Taste;
use super::wire::{self, Exposed, Properties};

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
/// The shop's: from this much on, shipping is free.
const FREE_FROM: i64 = 6_000;
const SHIPPING: i64 = 490;

/// An event and when it happened.
pub type Recorded = (Box<RawValue>, i64);

#[derive(Debug)]
pub struct Shopper<'a> {
    world: &'a World<'a>,
    engine: Engine,
    random: Xoshiro256PlusPlus,
    id: String,
    taste: Taste,
    now_ms: u64,
    path: String,
    title: String,
    cart: Vec<(&'a Product, u32)>,
    seq: u32,
    recorded: Vec<Recorded>,
}

impl<'a> Shopper<'a> {
    pub fn new(world: &'a World<'a>, number: u32) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(world.seed.wrapping_add(u64::from(number) << 32));
        let id = format!("simulated-{}-{number:04}", world.seed);
        let mut engine = Engine::new(world.plan.clone());
        engine.handle(Input::Consent(Consent::Personalise), 0);
        engine.handle(Input::Unit { unit: Unit::Visitor, id: id.as_bytes() }, 0);
        let taste = Taste::new(&mut random);
        Self {
            world,
            engine,
            random,
            id,
            taste,
            now_ms: 0,
            path: String::new(),
            title: String::new(),
            cart: Vec::new(),
            seq: 0,
            recorded: Vec::new(),
        }
    }

    /// Lives through the simulated days, up to now, and answers what was recorded.
    ///
    /// # Errors
    /// Only for times that have no date.
    pub fn live(mut self) -> anyhow::Result<Vec<Recorded>> {
        let mut ages: Vec<u64> = vec![self.random.random_range(1..=self.world.days)];
        while ages.len() < 5 && self.random.random_bool(0.38) {
            ages.push(self.random.random_range(1..=self.world.days));
        }
        ages.sort_unstable_by(|a, b| b.cmp(a));
        ages.dedup();
        for age in ages {
            // Visits last well under an hour, so that days apart they never meet, nor reach into the future.
            let hour = self.random.random_range(1..22) * 60 * MINUTE_MS;
            self.now_ms = self.world.now_ms.saturating_sub(age * DAY_MS) + hour;
            self.visit()?;
        }
        Ok(self.recorded)
    }

    fn visit(&mut self) -> anyhow::Result<()> {
        let catalogue = self.world.catalogue;
        let mut last: Option<&Product> = None;
        if self.random.random_bool(0.6) {
            self.page("/", "Things for living with")?;
        }
        let views = self.random.random_range(2..=8u32);
        for _ in 0..views {
            let product = self.taste.choose(catalogue, last, &mut self.random).unwrap_or(self.world.first);
            if self.random.random_bool(0.3) {
                self.page(&format!("/c/{}", product.category), "Category")?;
            } else if self.random.random_bool(0.15) {
                self.page("/search", "Search")?;
                self.record(
                    "search",
                    Kind::Search,
                    None,
                    0,
                    Properties::default().text("query", product.kind()),
                )?;
            }
            self.look_at(product)?;
            last = Some(product);
        }
        if !self.cart.is_empty() {
            self.page("/cart", "Cart")?;
            let patience = if self.variant("shipping-banner") == Some("banner") { 0.5 } else { 0.42 };
            if self.random.random_bool(patience) {
                self.check_out()?;
            }
        }
        Ok(())
    }

    fn look_at(&mut self, product: &'a Product) -> anyhow::Result<()> {
        let price = self.world.catalogue.minor(product);
        let seen = || {
            Properties::default()
                .text("product_id", &product.id)
                .money("price", price, &self.world.catalogue.currency)
                .text("category", &product.category)
        };
        let (viewed, added) = (seen(), seen());
        self.page(&product.url(), &product.title)?;
        self.record("view_item", Kind::ViewItem, Some(product), 0, viewed)?;
        for (selector, chance) in [("#questions", 0.3), (".ask", 0.02)] {
            if self.random.random_bool(chance) {
                self.reach(|goal| {
                    goal.visible.as_deref() == Some(selector) || goal.click.as_deref() == Some(selector)
                })?;
            }
        }
        let persuasion = if self.variant("product-cta") == Some("reassure") { 0.11 } else { 0.08 };
        let is_new = self.cart.iter().all(|(known, _)| known.id != product.id);
        if is_new && product.stock > 0 && self.random.random_bool(persuasion * self.taste.eagerness) {
            let quantity = if price < 2_500 { self.random.random_range(1..=3).min(product.stock) } else { 1 };
            self.cart.push((product, quantity));
            self.record("add_to_cart", Kind::AddToCart, Some(product), 0, added.json("quantity", quantity))?;
        }
        Ok(())
    }

    fn check_out(&mut self) -> anyhow::Result<()> {
        let catalogue = self.world.catalogue;
        let currency = &catalogue.currency;
        let lines: Vec<_> = self
            .cart
            .iter()
            .map(|(product, quantity)| (*product, *quantity, catalogue.minor(product)))
            .collect();
        let goods: i64 = lines.iter().map(|(_, quantity, price)| i64::from(*quantity) * price).sum();
        let total = if goods < FREE_FROM { goods + SHIPPING } else { goods };
        let order = format!("HH-S{}", self.id.rsplit('-').next().unwrap_or_default());
        let paid = || {
            let lines =
                lines.iter().map(|(product, quantity, price)| (product.id.as_str(), *quantity, *price));
            Properties::default().money("revenue", total, currency).products(lines)
        };
        self.page("/checkout", "Checkout")?;
        self.record("begin_checkout", Kind::BeginCheckout, None, total, paid())?;
        if self.random.random_bool(0.8) {
            let order = format!("{order}-{}", self.seq);
            self.record("purchase", Kind::Purchase, None, total, paid().text("order_id", &order))?;
            self.cart.clear();
            self.page("/thanks", "Thank you")?;
        }
        Ok(())
    }

    fn page(&mut self, path: &str, title: &str) -> anyhow::Result<()> {
        self.now_ms += self.random.random_range(6_000..90_000);
        (self.path, self.title) = (path.to_owned(), format!("{title} · Hearth & Hall"));
        self.record("page_view", Kind::PageView, None, 0, Properties::default())?;
        self.reach(|goal| goal.page.as_deref().is_some_and(|page| fits(page, path)))?;
        for (index, experiment) in (0u16..).zip(&self.world.names.experiments) {
            if experiment.targets.iter().any(|selector| is_on(selector, path)) {
                self.engine.handle(Input::Met { experiment: index }, self.now_ms);
            }
        }
        self.follow(0)
    }

    /// Tells the engine, sends the event, and does what the engine asks for.
    fn record(
        &mut self,
        name: &str,
        kind: Kind,
        product: Option<&Product>,
        value_minor: i64,
        properties: Properties,
    ) -> anyhow::Result<()> {
        self.now_ms += self.random.random_range(500..4_000);
        let bought = self.cart.iter().map(|(product, _)| *product).filter(|_| kind == Kind::Purchase);
        let items = product.into_iter().chain(bought).map(|product| id64(product.id.as_bytes())).collect();
        let touchpoint = Touchpoint { kind, at_ms: self.now_ms, value_minor, items };
        self.engine.handle(Input::Touchpoint(touchpoint), self.now_ms);
        self.send(name, &properties, Exposed::default())?;
        self.follow(value_minor)
    }

    fn follow(&mut self, value_minor: i64) -> anyhow::Result<()> {
        let names = &self.world.names;
        for effect in self.engine.take_effects() {
            match effect {
                Effect::Expose { experiment, decision } => self.expose(usize::from(experiment), decision)?,
                Effect::Goal { goal } => {
                    let Some(goal) = names.goals.get(usize::from(goal)) else { continue };
                    let mut properties = Properties::default().text("goal_id", &goal.key);
                    if goal.value.is_some() {
                        properties = properties.money("value", value_minor, &self.world.catalogue.currency);
                    }
                    self.send("goal", &properties, Exposed::default())?;
                }
                Effect::Show { experience } | Effect::HoldOut { experience } => {
                    let Some(named) = names.experiences.get(usize::from(experience)) else { continue };
                    if named.targets.iter().any(|selector| is_on(selector, &self.path)) {
                        let properties = Properties::default().text("experience_id", &named.key);
                        let held_out = matches!(effect, Effect::HoldOut { .. });
                        self.send("experience", &properties.json("held_out", held_out), Exposed::default())?;
                    }
                }
                Effect::SessionStarted | Effect::StageChanged { .. } => {}
            }
        }
        Ok(())
    }

    fn expose(&mut self, index: usize, decision: Decision) -> anyhow::Result<()> {
        let Some(experiment) = self.world.names.experiments.get(index) else { return Ok(()) };
        let variant = decision.variant.and_then(|variant| experiment.variants.get(usize::from(variant)));
        let Some(variant) = variant else { return Ok(()) };
        let properties = Properties::default()
            .text("experiment_id", &experiment.key)
            .text("experiment_name", experiment.name.as_ref().unwrap_or(&experiment.key))
            .text("variation_id", &variant.key)
            .text("variation_name", variant.name.as_ref().unwrap_or(&variant.key));
        let exposed = Exposed {
            experiment_version: Some(experiment.version.unwrap_or(1)),
            reason: Some(decision.reason.name()),
        };
        self.send("exposure", &properties, exposed)
    }

    /// Goals that the page notices by itself.
    fn reach(&mut self, is_reached: impl Fn(&super::seed::Goal) -> bool) -> anyhow::Result<()> {
        for goal in self.world.names.goals.iter().filter(|goal| is_reached(goal)) {
            self.send("goal", &Properties::default().text("goal_id", &goal.key), Exposed::default())?;
        }
        Ok(())
    }

    /// The variant this visitor is in, by the engine's own answer.
    fn variant(&self, experiment: &str) -> Option<&'a str> {
        let index = self.world.names.experiments.iter().position(|named| named.key == experiment)?;
        let decision = self.engine.decide(u16::try_from(index).ok()?, self.now_ms);
        let variants = &self.world.names.experiments.get(index)?.variants;
        variants.get(usize::from(decision.variant?)).map(|variant| variant.key.as_str())
    }

    fn send(&mut self, kind: &str, properties: &Properties, exposed: Exposed) -> anyhow::Result<()> {
        let at_ms = i64::try_from(self.now_ms)?;
        let session = self.engine.state().session.name();
        let page = wire::Page {
            visitor: &self.id,
            session: &String::from_utf8_lossy(&session),
            plan: &self.world.hash,
            host: &self.world.host,
            path: &self.path,
            title: &self.title,
        };
        let event = wire::event(&page, kind, properties, exposed, (self.seq, at_ms))?;
        self.recorded.push((event, at_ms));
        self.seq += 1;
        Ok(())
    }
}

/// `*` at the end stands for anything.
fn fits(page: &str, path: &str) -> bool {
    page.strip_suffix('*').map_or(page == path, |start| path.starts_with(start))
}

/// Where the templates put what plans of this shop select; anything else is taken to be on every page.
fn is_on(selector: &str, path: &str) -> bool {
    match selector {
        "#welcome" => path == "/",
        "#add" | ".buy" | ".ask" | "#questions" => path.starts_with("/product/"),
        _ => true,
    }
}
