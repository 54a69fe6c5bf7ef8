//! What only a machine of its own can do, one file per subcommand; the others are in the crate `parlour-command`.

mod backup;
mod bandit;
mod doctor;
mod export;
mod forget;
mod import_events;
mod plan;
mod report;
mod restore;
mod serve;
mod train;

use std::process::ExitCode;

use parlour_command::commands::Entry;

use crate::host::Machine;

const OWN: &[Entry] = &[
    Entry::of::<train::Args>("train"),
    Entry::of::<serve::Args>("serve"),
    Entry::of::<report::Args>("report"),
    Entry::of::<bandit::Args>("bandit"),
    Entry::of::<export::Args>("export"),
    Entry::of::<import_events::Args>("import-events"),
    Entry::of::<forget::Args>("forget"),
    Entry::of::<backup::Args>("backup"),
    Entry::of::<restore::Args>("restore"),
    Entry::of::<plan::Args>("plan"),
    Entry::of::<doctor::Args>("doctor"),
];

/// Parses the command line and does what it asks.
#[must_use]
pub fn run() -> ExitCode {
    ExitCode::from(parlour_command::commands::run(std::env::args_os().collect(), &Machine, OWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_in_node_knows_which_commands_are_here() {
        let here: Vec<_> = OWN.iter().map(|entry| entry.name).collect();
        let told: Vec<_> = parlour_command::commands::NATIVE.iter().map(|(name, _)| *name).collect();
        assert_eq!(here, told);
    }
}
