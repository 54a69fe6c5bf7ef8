use std::path::PathBuf;

use parlour::authoring::edit::{Promotion, promote};

use super::{Outcome, Task, edited};
use crate::host::Host;

/// Makes a variant the winner, by editing parlour.json in place.
///
/// The experiment gets `status` `ended`, its `winner` and the day; everyone in its audience then gets that variant,
/// uncounted. Order, comments and white space of the file stay as they are. With --ramp the winner takes over in steps
/// instead, one each time: its share rises to 50 %, 75 % and 90 %, then the experiment ends. Built with --previous, each
/// step moves units to the winner alone.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The experiment's key.
    experiment: String,
    /// The winner's key.
    variant: String,
    /// Take the next step only.
    #[arg(long)]
    ramp: bool,
    /// The parlour.json to edit.
    #[arg(long, value_name = "FILE", default_value = "parlour.json")]
    file: PathBuf,
    /// The day it is taken for (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let how = if self.ramp { Promotion::NextStep } else { Promotion::AtOnce };
        let text = host.text_of(&self.file)?;
        let now_ms = host.instant(self.at);
        let became = promote(&text, &self.experiment, &self.variant, how, now_ms);
        edited::write(&self.file, &became, now_ms, host)
    }
}
