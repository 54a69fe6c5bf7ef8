//! Will they want again what they have seen? How often the newest seen item, the one before it and so on was what came next,
//! is a chance; so is how often what the rows answer with some score was. What a seen item scores as its own successor is the
//! score whose chance is the same, so that both are in one order.
//!
//! The chance of a score is made to rise by pooling adjacent violators (Ayer, Brunk, Ewing, Reid, Silverman, Annals of
//! Mathematical Statistics 26 (1955) 641-647).

use parlour::recommend::model::Model;
use parlour::recommend::session::{MAX_CLICKS, Task, after};
use parlour::recommend::{MAX_LIST, Scratch};

/// Seen items that may be wanted again.
const PLACES: usize = 16;
/// Answers that make one step of the chance of a score.
const STEP: usize = 500;
/// Guesses below which nothing is said of a place.
const LEAST: u64 = 30;

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    hits: u64,
    all: u64,
}

impl Tally {
    fn chance(self) -> f64 {
        (self.hits as f64 + 0.5) / (self.all as f64 + 1.0)
    }
}

/// A score and the chance of what scores it.
#[derive(Clone, Copy, Debug)]
struct Step {
    score: u32,
    tally: Tally,
}

/// Scores for `Model::again`, the newest first, learnt from sessions that the model's rows were not.
#[must_use]
pub fn again<'a>(model: &Model, sessions: impl IntoIterator<Item = &'a [Option<u32>]>) -> Vec<u32> {
    let mut scratch = Scratch::default();
    let mut places = [Tally::default(); PLACES];
    let mut answers: Vec<(u32, bool)> = Vec::new();
    for session in sessions {
        let known: Vec<u32> = session.iter().flatten().copied().collect();
        for at in 1..known.len() {
            let seen = known.get(at.saturating_sub(MAX_CLICKS)..at);
            let (Some(seen), Some(next)) = (seen, known.get(at)) else { continue };
            let mut newest: Vec<u32> = Vec::new();
            for item in seen.iter().rev() {
                if newest.len() < PLACES && !newest.contains(item) {
                    newest.push(*item);
                }
            }
            for (item, tally) in newest.iter().zip(&mut places) {
                tally.all += 1;
                tally.hits += u64::from(item == next);
            }
            let list = after(model, seen, Task::Discovery, MAX_LIST, &mut scratch);
            answers.extend(
                list.iter()
                    .filter(|answer| answer.because != 0)
                    .map(|answer| (answer.score, answer.item == *next)),
            );
        }
    }
    let steps = rising(answers);
    let scores = places.iter().take_while(|tally| tally.all >= LEAST);
    scores.map(|tally| equivalent(&steps, tally.chance())).collect()
}

/// Steps of rising chance.
fn rising(mut answers: Vec<(u32, bool)>) -> Vec<Step> {
    answers.sort_unstable();
    let mut steps: Vec<Step> = Vec::new();
    for part in answers.chunks(STEP) {
        let hits = part.iter().filter(|(_, hit)| *hit).count() as u64;
        let middle = part.get(part.len() / 2).map_or(0, |(score, _)| *score);
        steps.push(Step { score: middle, tally: Tally { hits, all: part.len() as u64 } });
        while let [.., before, last] = steps.as_mut_slice()
            && before.tally.chance() >= last.tally.chance()
        {
            before.tally.hits += last.tally.hits;
            before.tally.all += last.tally.all;
            before.score = before.score.midpoint(last.score);
            steps.pop();
        }
    }
    steps
}

/// Between two steps in proportion; beyond the last in proportion to it.
fn equivalent(steps: &[Step], chance: f64) -> u32 {
    let mut below = (0.0, 0.0);
    for step in steps {
        let (score, its) = (f64::from(step.score), step.tally.chance());
        if chance <= its {
            let part = if its > below.1 { (chance - below.1) / (its - below.1) } else { 1.0 };
            return (below.0 + part * (score - below.0)) as u32;
        }
        below = (score, its);
    }
    if below.1 > 0.0 { (below.0 * (chance / below.1).min(4.0)) as u32 } else { 1 }
}
