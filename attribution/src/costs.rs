//! What channels cost, beside what they are credited with.

use crate::error::Error;
use crate::ledger::Credit;
use crate::path::amount;

/// Of one channel, in one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    pub cost: f64,
    /// `None` where nobody counted them.
    pub clicks: Option<f64>,
}

/// `None` where it would be a division by nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Efficiency {
    pub per_click: Option<f64>,
    pub per_conversion: Option<f64>,
    /// Value by cost: 4 is four for one spent.
    pub return_on_spend: Option<f64>,
}

impl Cost {
    /// # Errors
    /// When an amount is absurd; nothing is added then.
    pub fn add(&mut self, cost: f64, clicks: Option<f64>) -> Result<(), Error> {
        amount("the cost", cost)?;
        amount("the number of clicks", clicks.unwrap_or_default())?;
        self.cost += cost;
        self.clicks = match (self.clicks, clicks) {
            (None, clicks) => clicks,
            (before, None) => before,
            (Some(before), Some(more)) => Some(before + more),
        };
        Ok(())
    }

    #[must_use]
    pub fn efficiency(&self, credit: Credit) -> Efficiency {
        let by = |whole: f64, part: f64| (part > 0.0).then(|| whole / part);
        Efficiency {
            per_click: self.clicks.and_then(|clicks| by(self.cost, clicks)),
            per_conversion: by(self.cost, credit.conversions),
            return_on_spend: by(credit.value, self.cost),
        }
    }
}
