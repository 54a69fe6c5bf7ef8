//! An experiment's units as sums: by arm, goal and day, and of the main goal by whatever may lie behind it.

use std::collections::{BTreeMap, HashMap};

use parlour_stats::{PairSums, Sums};

use crate::asked::{Asked, AskedGoal, DAY_MS};
use crate::daily::Daily;
use crate::days::Days;
use crate::measure::{Goal, Value};
use crate::model::{Dimension, Exclusion, GoalKind};
use crate::record::Record;
use crate::seen::{Kind, Seen};
use crate::survey::Survey;
use crate::tally::Meeting;

/// Days since exposure by which the effect is told.
pub const AGES: usize = 14;
/// Random splits of the experiment's own visitors.
pub const SPLITS: usize = 64;
/// The largest units whose weight is told.
pub const LARGEST: usize = 10;
/// What is called revenue where the file asks for none.
pub const REVENUE: &str = "revenue per visitor";

#[derive(Debug, Clone, Default)]
pub struct OfExperiment {
    pub asked: Asked,
    /// Of all that is asked, or of all that was seen where nothing is.
    pub arms: Vec<String>,
    pub goals: Vec<OfGoal>,
    pub excluded: BTreeMap<Exclusion, u64>,
    pub exposures: u64,
    pub late: Vec<u64>,
    pub bots: u64,
    pub version: i64,
    pub plans: usize,
    pub first_ms: Option<i64>,
    pub last_ms: Option<i64>,
    /// Units that count.
    pub units: Vec<u64>,
    pub younger: u64,
    /// Units by the plan of their first exposure, and by arm.
    pub by_plan: BTreeMap<u32, Vec<u64>>,
    /// The main goal's, by arm.
    pub parts: BTreeMap<(Dimension, u32), Vec<PairSums>>,
    /// What units did on each day since exposure, of those that were seen for all of it.
    pub ages: Vec<Vec<Sums>>,
    pub splits: Vec<[Sums; 2]>,
    /// By the other experiment and its arm.
    pub others: BTreeMap<(u32, u32), Vec<Sums>>,
    /// Variants that were met and that the file does not have.
    pub unknown_variants: BTreeMap<String, u64>,
    numbers: HashMap<String, u32>,
}

#[derive(Debug, Clone)]
pub struct OfGoal {
    pub goal: Goal,
    /// By arm, like the others.
    pub daily: Vec<Daily>,
    /// Hours since exposure: reached, and not seen for longer.
    pub times: Vec<BTreeMap<u32, (u64, u64)>>,
    /// Descending.
    pub largest: Vec<Vec<f64>>,
    pub capped: u64,
    pub not_over: u64,
}

impl OfExperiment {
    pub fn new(mut asked: Asked, survey: &Survey, numbers: &HashMap<String, u32>) -> Self {
        let met = survey.experiments.get(&asked.key);
        let mut arms: Vec<String> = asked.variants.iter().map(|(key, _)| key.clone()).collect();
        if let Some(met) = met.filter(|_| arms.is_empty()) {
            arms.extend(met.variants.iter().cloned());
            arms.sort_by_key(|key| key != "control");
        }
        if asked.goals.is_empty() {
            asked.goals = survey.goals.iter().take(50).map(|key| conversion(key)).collect();
        }
        let has_revenue = asked.goals.iter().any(|goal| goal.of_purchases);
        if !has_revenue && !survey.orders.is_empty() {
            let kind = GoalKind::Revenue;
            asked.goals.push(AskedGoal { of_purchases: true, kind, ..conversion(REVENUE) });
        }
        let before_ms = asked.analysis.cuped_ms.unwrap_or_default();
        let goals = asked.goals.iter().map(|goal| OfGoal {
            goal: Goal {
                number: numbers.get(&goal.key).copied().unwrap_or(u32::MAX),
                per: goal.per.as_ref().and_then(|key| numbers.get(key).copied()),
                before_ms,
                asked: goal.clone(),
            },
            daily: vec![Daily::default(); arms.len()],
            times: vec![BTreeMap::new(); arms.len()],
            largest: vec![Vec::new(); arms.len()],
            capped: 0,
            not_over: 0,
        });
        Self {
            goals: goals.collect(),
            late: vec![0; arms.len()],
            units: vec![0; arms.len()],
            ages: vec![vec![Sums::default(); arms.len()]; AGES],
            splits: vec![[Sums::default(); 2]; SPLITS],
            version: met.map_or(0, |met| met.version),
            plans: met.map_or(0, |met| met.plans.len()),
            first_ms: met.and_then(|met| met.first_ms),
            numbers: arms.iter().cloned().zip(0..).collect(),
            arms,
            asked,
            ..Self::default()
        }
    }

    /// The arm of an exposure that counts; others are counted as what they are.
    pub fn meet(&mut self, seen: &Seen<'_>) -> Option<u32> {
        let variant = seen.variant.unwrap_or("-");
        let arm = self.numbers.get(variant).copied();
        let has_unit =
            if self.asked.is_by_user { seen.user.is_some() } else { seen.visitor.or(seen.user).is_some() };
        let reason = if seen.has_env {
            Exclusion::OtherEnvironment
        } else if seen.is_bot() {
            self.bots += 1;
            Exclusion::Bot
        } else if !seen.has_possible_time() {
            Exclusion::Clock
        } else if seen.kind == Kind::Late {
            if let Some(late) = arm.and_then(|arm| self.late.get_mut(arm as usize)) {
                *late += 1;
            }
            Exclusion::Late
        } else if !matches!(seen.reason, Some("bucketed" | "sticky")) {
            Exclusion::NotBucketed
        } else if !has_unit {
            Exclusion::NoUnit
        } else if seen.has_wrong_bucket && seen.reason == Some("bucketed") {
            Exclusion::WrongBucket
        } else if seen.version.unwrap_or_default() < self.version {
            Exclusion::OlderVersion
        } else if arm.is_none() {
            *self.unknown_variants.entry(variant.to_owned()).or_default() += 1;
            Exclusion::UnknownVariant
        } else {
            self.exposures += 1;
            self.last_ms = self.last_ms.max(Some(seen.occurred_ms));
            return arm;
        };
        *self.excluded.entry(reason).or_default() += 1;
        None
    }

    /// One person, who met this experiment.
    pub fn fold(&mut self, story: &[Record], one: &Meeting, met: &[Meeting], days: &Days, end_ms: i64) {
        if one.several {
            *self.excluded.entry(Exclusion::SeveralVariants).or_default() += 1;
            return;
        }
        let (arm, first_ms) = (one.first.arm as usize, one.first.at_ms);
        let Some(units) = self.units.get_mut(arm) else { return };
        *units += 1;
        let arms = self.arms.len();
        let of_plan = self.by_plan.entry(one.first.plan).or_insert_with(|| vec![0; arms]);
        if let Some(units) = of_plan.get_mut(arm) {
            *units += 1;
        }
        let seen_ms = one.seen_ms;
        self.younger += u64::from(self.first_ms.is_some_and(|started| seen_ms >= started));
        let mut main = None;
        let mut by_age = [0.0; AGES];
        for (at, goal) in self.goals.iter_mut().enumerate() {
            let mut watch = |ms: i64, step: f64| {
                let age = usize::try_from((ms - first_ms) / DAY_MS).unwrap_or(usize::MAX);
                if let Some(sum) = by_age.get_mut(age).filter(|_| at == 0) {
                    *sum += step;
                }
            };
            let value = goal.fold(arm, story, first_ms, days, end_ms, &mut watch);
            if at == 0 {
                main = value;
            }
        }
        let Some(main) = main else { return };
        let place = [
            (Dimension::Page, one.first.page),
            (Dimension::Device, one.first.device),
            (Dimension::Source, one.first.source),
            (Dimension::Day, days.of(first_ms)),
            (Dimension::Returning, u32::from(seen_ms < first_ms)),
        ];
        for key in place {
            let sums = self.parts.entry(key).or_insert_with(|| vec![PairSums::default(); arms]);
            if let Some(sums) = sums.get_mut(arm) {
                sums.add(main.y, main.x);
            }
        }
        let whole_days = usize::try_from((end_ms - first_ms) / DAY_MS).unwrap_or_default();
        for (sums, value) in self.ages.iter_mut().zip(by_age).take(whole_days) {
            if let Some(sums) = sums.get_mut(arm) {
                sums.add(value);
            }
        }
        let drawn = mixed(one.first.person);
        for (bit, sides) in self.splits.iter_mut().enumerate() {
            if let Some(sums) = sides.get_mut(usize::from(drawn >> bit & 1 == 1)) {
                sums.add(main.y);
            }
        }
        for other in met.iter().filter(|other| other.experiment != one.experiment && !other.several) {
            let key = (other.experiment, other.first.arm);
            let sums = self.others.entry(key).or_insert_with(|| vec![Sums::default(); arms]);
            if let Some(sums) = sums.get_mut(arm) {
                sums.add(main.y);
            }
        }
    }
}

impl OfGoal {
    /// The person's value at the end, where it is one that adds up.
    fn fold(
        &mut self,
        arm: usize,
        story: &[Record],
        first_ms: i64,
        days: &Days,
        end_ms: i64,
        watch: &mut dyn FnMut(i64, f64),
    ) -> Option<Value> {
        let daily = self.daily.get_mut(arm)?;
        match self.goal.asked.kind {
            GoalKind::Time => {
                let (hours, is_reached) = self.goal.hours(story, first_ms, end_ms);
                let row = self.times.get_mut(arm)?.entry(hours).or_default();
                if is_reached {
                    row.0 += 1
                } else {
                    row.1 += 1
                }
                let reached = f64::from(u8::from(is_reached));
                daily.enter(days.of(first_ms), (reached, 0.0));
                Some(Value { y: reached, ..Value::default() })
            }
            GoalKind::Retention => {
                let Some(is_back) = self.goal.came_back(story, first_ms, end_ms) else {
                    self.not_over += 1;
                    return None;
                };
                let y = f64::from(u8::from(is_back));
                daily.enter(days.of(first_ms), (y, 0.0));
                Some(Value { y, ..Value::default() })
            }
            _ => {
                let last = self.goal.follow(story, first_ms, |ms, before, now| match before {
                    None => daily.enter(days.of(ms), (now.y, now.x)),
                    Some(before) => {
                        daily.change(days.of(ms), (before.y, before.x), (now.y, now.x));
                        watch(ms, now.y - before.y);
                    }
                });
                self.capped += u64::from(self.goal.asked.cap.is_some_and(|cap| last.uncapped > cap));
                let largest = self.largest.get_mut(arm)?;
                if last.y > 1.0
                    && largest.last().is_none_or(|least| largest.len() < LARGEST || *least < last.y)
                {
                    let at = largest.partition_point(|other| *other >= last.y);
                    largest.insert(at, last.y);
                    largest.truncate(LARGEST);
                }
                Some(last)
            }
        }
    }
}

fn conversion(key: &str) -> AskedGoal {
    AskedGoal { key: key.to_owned(), ..AskedGoal::default() }
}

/// 64 draws of a person that have nothing to do with their buckets (S. Vigna's splitmix64).
fn mixed(person: u64) -> u64 {
    let mut z = person.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
