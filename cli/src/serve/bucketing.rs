//! Is an exposure true? What a page says it showed by bucket is computed again from the plan it names. The bucket alone: who
//! was in the audience only the page knew. Who disagrees is marked, and kept like everyone.

use std::collections::HashMap;

use parlour::hash::murmur3_32;
use parlour::plan::{Plan, Unit};

use crate::store::{Bucketing, Event, Store, StoreError};

/// More plans than visitors run at one time.
const MAX_PLANS: usize = 64;

/// Plans of the archive, decoded once.
#[derive(Debug, Default)]
pub struct Judge {
    plans: HashMap<String, Option<Plan>>,
}

impl Judge {
    /// Marks the exposures among these events.
    pub fn mark(&mut self, events: &mut [Event], store: &dyn Store) -> Result<(), StoreError> {
        // Whoever adds a plan wants it known at the next event.
        self.plans.retain(|_, plan| plan.is_some());
        for event in events {
            if event.kind == "exposure" && event.reason.as_deref() == Some("bucketed") {
                event.bucketing = self.judge(event, store)?;
            }
        }
        Ok(())
    }

    fn judge(&mut self, event: &Event, store: &dyn Store) -> Result<Option<Bucketing>, StoreError> {
        let (Some(hash), Some(experiment), Some(variant)) =
            (&event.plan_hash, &event.experiment, &event.variant)
        else {
            return Ok(None);
        };
        if !self.plans.contains_key(hash) {
            if self.plans.len() >= MAX_PLANS {
                self.plans.clear();
            }
            let bytes = store.plan_bytes(hash)?;
            self.plans.insert(hash.clone(), bytes.and_then(|bytes| Plan::decode(&bytes).ok()));
        }
        let Some(Some(plan)) = self.plans.get(hash) else { return Ok(Some(Bucketing::UnknownPlan)) };
        Ok(verdict(plan, experiment, variant, event))
    }
}

/// `None` where nothing can be said: the plan's core has no such experiment (one of GrowthBook's), or the event not the unit.
fn verdict(plan: &Plan, experiment: &str, variant: &str, event: &Event) -> Option<Bucketing> {
    let experiment = plan.experiments().get(plan.experiment_index(experiment)?)?;
    let unit = match experiment.unit {
        Unit::Visitor => event.anonymous_id.as_ref(),
        Unit::User if experiment.falls_back => event.user_id.as_ref().or(event.anonymous_id.as_ref()),
        Unit::User => event.user_id.as_ref(),
        Unit::Session => event.session_id.as_ref(),
        Unit::PageView => None,
    }?;
    let bucket = murmur3_32(unit.as_bytes(), experiment.seed);
    let own = experiment.splits.iter().find(|split| split.range.contains(bucket));
    let id = own.and_then(|split| experiment.variants.get(usize::from(split.variant)));
    let agrees = id.is_some_and(|id| *id == murmur3_32(variant.as_bytes(), 0));
    Some(if agrees { Bucketing::Agrees } else { Bucketing::Differs })
}
