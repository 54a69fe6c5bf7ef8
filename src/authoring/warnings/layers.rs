//! Experiments of one layer are there to keep out of each other's way.

use super::super::diagnostic::Diagnostics;
use super::super::json::Json;
use super::super::plan::share_of;
use super::Entry;

pub fn check(running: &[Entry<'_>], diagnostics: &mut Diagnostics<'_>) {
    for (index, entry) in running.iter().enumerate() {
        let Some((name, (from, to))) = layer(entry.json()) else { continue };
        let (start, end) = entry.period_ms();
        for other in running.iter().take(index) {
            let Some((other_name, (other_from, other_to))) = layer(other.json()) else { continue };
            let (other_start, other_end) = other.period_ms();
            let is_apart = to <= other_from || other_to <= from || end <= other_start || other_end <= start;
            if name == other_name && !is_apart {
                let message = format!(
                    "its range of layer `{name}` overlaps that of `{}`: visitors meet both",
                    other.member.name
                );
                entry.warn(
                    "W302",
                    "layer",
                    message,
                    "Set ranges apart, such as [0, 0.5] and [0.5, 1]",
                    diagnostics,
                );
                break;
            }
        }
    }
}

fn layer(experiment: &Json) -> Option<(&str, (u64, u64))> {
    let layer = experiment.get("layer")?;
    let edges: Vec<u64> = layer.get("range")?.list().iter().map(share_of).collect();
    let [from, to] = edges.as_slice() else { return None };
    Some((layer.get("name")?.text()?, (*from, *to)))
}
