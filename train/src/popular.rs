//! What everybody wants: the list that fills up where nothing better is known.

use crate::covisit::Neighbours;
use crate::extend::strongest;
use crate::log::{Kind, Log};

/// Contacts by how serious they were, each worth half after `half_life_days` (0: never). An item met in fewer than
/// `min_sessions` sessions is not in it.
#[must_use]
pub fn popular(log: &Log, half_life_days: f64, min_sessions: u32, most: usize) -> Neighbours {
    let latest = log.latest();
    let mut sums = vec![(0.0, 0u32, u32::MAX); log.items().len()];
    for (session, clicks) in log.sessions().zip(0..) {
        for click in session {
            let Some((sum, sessions, last)) = sums.get_mut(click.item as usize) else { continue };
            if *last != clicks {
                (*sessions, *last) = (*sessions + 1, clicks);
            }
            let serious = match click.kind {
                Kind::View => 1.0,
                Kind::Cart => 3.0,
                Kind::Purchase => 5.0,
            };
            let days = f64::from(latest - click.at.min(latest)) / 86_400.0;
            *sum += serious * if half_life_days > 0.0 { (-days / half_life_days).exp2() } else { 1.0 };
        }
    }
    let enough = sums.into_iter().zip(0..).filter(|((_, sessions, _), _)| *sessions >= min_sessions.max(1));
    strongest(enough.map(|((sum, ..), item)| (item, sum)).collect(), most)
}
