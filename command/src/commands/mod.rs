//! One file per subcommand. Exit codes: 0 done, 1 done and problems found, 2 wrong usage or input that cannot be used.

mod archive;
mod assign;
mod attribute;
mod build;
mod check;
mod decide;
mod diff;
mod edited;
mod evaluate;
mod import;
mod keygen;
mod power;
mod preview;
mod promote;
mod recommend;
mod rows;
mod rules;
mod schema;
mod sign;
mod simulate;
mod snippet;
mod verify;

use std::ffi::OsString;
use std::io;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command};

use crate::host::{Host, Stream, Terminal};

/// In the order of `parlour --help`.
const PORTABLE: &[Entry] = &[
    Entry::of::<check::Args>("check"),
    Entry::of::<build::Args>("build"),
    Entry::of::<import::Args>("import"),
    Entry::of::<assign::Args>("assign"),
    Entry::of::<decide::Args>("decide"),
    Entry::of::<simulate::Args>("simulate"),
    Entry::of::<power::Args>("power"),
    Entry::of::<diff::Args>("diff"),
    Entry::of::<promote::Args>("promote"),
    Entry::of::<archive::Args>("archive"),
    Entry::of::<keygen::Args>("keygen"),
    Entry::of::<sign::Args>("sign"),
    Entry::of::<verify::Args>("verify"),
    Entry::of::<preview::Args>("preview"),
    Entry::of::<snippet::Args>("snippet"),
    Entry::of::<recommend::Args>("recommend"),
    Entry::of::<evaluate::Args>("evaluate"),
    Entry::of::<rows::Args>("rows"),
    Entry::of::<rules::Args>("rules"),
    Entry::of::<attribute::Args>("attribute"),
    Entry::of::<schema::Args>("schema"),
];

/// What only the native command has, each with what it does, so that others can say where to find it.
pub const NATIVE: &[(&str, &str)] = &[
    ("train", "learns recommendations from a log"),
    ("serve", "collects events and serves the plan"),
    ("report", "says what experiments came to"),
    ("bandit", "gives bandits the shares that the store speaks for"),
    ("export", "writes collected events as NDJSON, CSV or Parquet"),
    ("import-events", "adds events from a CSV file"),
    ("forget", "erases a person's events"),
    ("backup", "copies the store while it is served"),
    ("restore", "adds a backup's events to a store"),
    ("plan", "archives plans that are served elsewhere"),
    ("doctor", "checks a live page"),
];

const ABOUT: &str = "Personalisation and experiments that stay in the visitor's browser";
const EXIT_CODES: &str =
    "Exit codes: 0 done · 1 done, and problems were found · 2 wrong usage, or input that cannot be used.";
const WIDEST: usize = 100;

/// One subcommand: its arguments, whose documentation is its help, know how to do its work.
pub trait Task: Args {
    /// # Errors
    /// When the input cannot be used: said on standard error, exit code 2.
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome>;
}

/// How a command that could do its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Clean,
    FoundProblems,
}

#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    arguments: fn(Command) -> Command,
    run: fn(&ArgMatches, &dyn Host) -> anyhow::Result<Outcome>,
}

impl Entry {
    #[must_use]
    pub const fn of<T: Task>(name: &'static str) -> Self {
        Self {
            name,
            arguments: T::augment_args,
            run: |matches, host| T::from_arg_matches(matches)?.run(host),
        }
    }
}

/// Parses the command line, its own name first, and does what it asks. `own` are the commands that only this host has.
/// Answers the exit code.
pub fn run(arguments: Vec<OsString>, host: &dyn Host, own: &[Entry]) -> u8 {
    let asked = arguments.get(1).and_then(|name| name.to_str());
    if let Some((name, what)) = elsewhere(own).find(|(name, _)| Some(*name) == asked) {
        host.tell(&format!(
            "parlour: `{name}` ({what}) is in the native command alone: cargo build --release -p parlour-cli"
        ));
        return 2;
    }
    let all: Vec<Entry> = PORTABLE.iter().chain(own).copied().collect();
    let outcome = command(&all, own, host)
        .try_get_matches_from(arguments)
        .map_err(anyhow::Error::from)
        .and_then(|matches| match matches.subcommand() {
            Some((name, matches)) => match all.iter().find(|entry| entry.name == name) {
                Some(entry) => (entry.run)(matches, host),
                None => anyhow::bail!("there is no command {name}"),
            },
            None => Ok(Outcome::Clean),
        });
    match outcome {
        Ok(Outcome::Clean) => 0,
        Ok(Outcome::FoundProblems) => 1,
        // `parlour export | head` has what it wanted.
        Err(error) if is_closed_pipe(&error) => 0,
        Err(error) => match error.downcast_ref::<clap::Error>() {
            Some(usage) => explain(usage, host),
            None => {
                host.tell(&format!("parlour: {error:#}"));
                2
            }
        },
    }
}

fn command(all: &[Entry], own: &[Entry], host: &dyn Host) -> Command {
    let width = host.terminal(Stream::Output).map_or(WIDEST, |terminal| terminal.columns.clamp(40, WIDEST));
    let elsewhere: Vec<_> = elsewhere(own).map(|(name, what)| format!("  {name:<13} {what}")).collect();
    let mut about = EXIT_CODES.to_owned();
    if !elsewhere.is_empty() {
        about.push_str("\n\nIn the native command alone (cargo build --release -p parlour-cli):\n");
        about.push_str(&elsewhere.join("\n"));
    }
    Command::new("parlour")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(about)
        .term_width(width)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(all.iter().map(|entry| (entry.arguments)(Command::new(entry.name))))
}

fn elsewhere(own: &[Entry]) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    NATIVE.iter().filter(|(name, _)| !own.iter().any(|entry| entry.name == *name))
}

/// Help and version go to standard output, mistakes to standard error.
fn explain(usage: &clap::Error, host: &dyn Host) -> u8 {
    let (stream, code) = match usage.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (Stream::Output, 0),
        _ => (Stream::Error, 2),
    };
    let has_colour = matches!(host.terminal(stream), Some(Terminal { has_colour: true, .. }));
    let text = usage.render();
    let text = if has_colour { text.ansi().to_string() } else { text.to_string() };
    match host.output(stream, text.as_bytes()) {
        Ok(()) => code,
        Err(_) => 2,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref().map(io::Error::kind);
    error.chain().any(|cause| kind(cause) == Some(io::ErrorKind::BrokenPipe))
}
