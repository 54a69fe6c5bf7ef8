//! Paths → what each channel is credited with, by every model at once.

use crate::error::Error;
use crate::markov::Chain;
pub use crate::markov::Removal;
use crate::model::Model;
use crate::path::{Path, Touch};
use crate::rules;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// In days; where touches have no times, in touches.
    pub half_life: f64,
}

impl Default for Options {
    /// A week.
    fn default() -> Self {
        Self { half_life: 7.0 }
    }
}

/// Of one channel by one model.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Credit {
    pub conversions: f64,
    pub value: f64,
}

#[derive(Debug, Clone)]
pub struct Ledger {
    options: Options,
    /// A row each model that looks at paths one by one, a credit each channel.
    credits: [Vec<Credit>; Model::ALL.len()],
    chain: Chain,
    total: Credit,
    nulls: f64,
    paths: u64,
}

impl Ledger {
    /// # Errors
    /// When the half-life is not above 0.
    pub fn new(options: Options) -> Result<Self, Error> {
        if options.half_life > 0.0 && options.half_life.is_finite() {
            let (credits, chain) = (std::array::from_fn(|_| Vec::new()), Chain::default());
            Ok(Self { options, credits, chain, total: Credit::default(), nulls: 0.0, paths: 0 })
        } else {
            Err(Error::Option { what: "the half-life", value: options.half_life, want: "above 0" })
        }
    }

    /// `channels` is how many there are by now.
    ///
    /// # Errors
    /// When the path is empty, an amount absurd or a channel unknown; nothing of it is added then.
    pub fn add(&mut self, path: &Path<'_>, channels: usize) -> Result<(), Error> {
        path.check()?;
        if let Some(touch) = path.touches.iter().find(|touch| touch.channel >= channels) {
            return Err(Error::UnknownChannel(touch.channel));
        }
        self.total.add(path, 1.0);
        self.nulls += path.nulls;
        self.paths += 1;
        let order: Vec<usize> = path.touches.iter().map(|touch| touch.channel).collect();
        self.chain.add(&order, channels, path.conversions, path.value, path.nulls);
        if path.conversions > 0.0 {
            let half_life = self.options.half_life;
            for (model, credits) in Model::ALL.into_iter().zip(&mut self.credits) {
                credits.resize(channels.max(credits.len()), Credit::default());
                share_out(model, path, &order, half_life, &mut |channel, part| {
                    if let Some(credit) = credits.get_mut(channel) {
                        credit.add(path, part);
                    }
                });
            }
        }
        Ok(())
    }

    /// A credit each of so many channels; they sum to [`Ledger::total`]. `None` where the chain cannot be solved.
    #[must_use]
    pub fn credits(&self, model: Model, channels: usize) -> Option<Vec<Credit>> {
        let mut credits = match model {
            Model::Markov => self.by_removal()?,
            _ => Model::ALL
                .into_iter()
                .zip(&self.credits)
                .find_map(|(key, credits)| (key == model).then(|| credits.clone()))?,
        };
        credits.resize(channels, Credit::default());
        Some(credits)
    }

    /// The part of conversions and of value that goes without each channel.
    #[must_use]
    pub fn removal(&self) -> Option<Removal> {
        self.chain.removal()
    }

    #[must_use]
    pub fn total(&self) -> Credit {
        self.total
    }

    #[must_use]
    pub fn nulls(&self) -> f64 {
        self.nulls
    }

    /// How many were added.
    #[must_use]
    pub fn paths(&self) -> u64 {
        self.paths
    }

    #[must_use]
    pub fn half_life(&self) -> f64 {
        self.options.half_life
    }

    fn by_removal(&self) -> Option<Vec<Credit>> {
        if self.total == Credit::default() {
            return Some(Vec::new());
        }
        let removal = self.chain.removal()?;
        let share = |effects: &[f64], total: f64| -> Vec<f64> {
            let sum: f64 = effects.iter().sum();
            effects.iter().map(|effect| if sum > 0.0 { total * (effect / sum) } else { 0.0 }).collect()
        };
        let conversions = share(&removal.conversions, self.total.conversions);
        let value = share(&removal.value, self.total.value);
        Some(
            conversions
                .into_iter()
                .zip(value)
                .map(|(conversions, value)| Credit { conversions, value })
                .collect(),
        )
    }
}

impl Credit {
    fn add(&mut self, path: &Path<'_>, part: f64) {
        self.conversions += path.conversions * part;
        self.value += path.value * part;
    }
}

fn share_out(
    model: Model,
    path: &Path<'_>,
    order: &[usize],
    half_life: f64,
    give: &mut dyn FnMut(usize, f64),
) {
    let mut each = |parts: &mut dyn Iterator<Item = f64>| {
        for (channel, part) in order.iter().zip(parts) {
            give(*channel, part);
        }
    };
    match model {
        Model::First => each(&mut std::iter::once(1.0)),
        Model::Last => {
            if let Some(Touch { channel, .. }) = path.touches.last() {
                give(*channel, 1.0);
            }
        }
        Model::Linear => each(&mut std::iter::repeat(1.0 / order.len() as f64)),
        Model::Position => each(&mut rules::position(order.len())),
        Model::TimeDecay => each(&mut rules::time_decay(path.touches, half_life)),
        // The game's worth of a set is what paths within it converted: each path is a game in which all of its channels
        // are needed, and of such a game each of them gets the same.
        Model::Shapley => {
            let mut set = order.to_vec();
            set.sort_unstable();
            set.dedup();
            let part = 1.0 / set.len() as f64;
            set.into_iter().for_each(|channel| give(channel, part));
        }
        Model::Markov => {}
    }
}
