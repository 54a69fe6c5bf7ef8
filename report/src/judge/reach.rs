//! Whom a result covers.

use crate::asked::DAY_MS;
use crate::model::Reach;
use crate::tally::Tally;
use crate::units::OfExperiment;

/// Above this share of late page views a result no longer speaks for those with slow lines.
const MUCH_LATE: f64 = 0.1;

pub fn reach(tally: &Tally, of: &OfExperiment) -> Reach {
    let share = |part: u64, all: u64| (all > 0).then(|| part as f64 / all as f64);
    let lates = of.late.iter().sum::<u64>();
    let late = share(lates, of.exposures + lates);
    let cure = late.is_some_and(|late| late > MUCH_LATE).then(|| {
        "put the snippet of `parlour snippet` into the head, or decide on the server: changes come before the page is seen"
            .to_owned()
    });
    let age_ms = tally.survey.last_ms.zip(of.last_ms).map(|(data, last)| data - last);
    Reach {
        late,
        cure,
        younger: share(of.younger, of.units.iter().sum()),
        bots: share(of.bots, of.exposures + of.bots),
        with_id: share(tally.survey.with_id, tally.survey.by_people),
        age_days: age_ms.map(|ms| ms as f64 / DAY_MS as f64),
    }
}
