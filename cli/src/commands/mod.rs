//! One file per subcommand. Exit codes: 0 done, 1 done and problems found, 2 wrong usage or input that cannot be used.

mod assign;
mod build;
mod check;
mod decide;
mod export;
mod sample_ratio;
mod schema;
mod serve;
mod simulate;
mod visitor;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Personalisation and experiments that stay in the visitor's browser.
///
/// Exit codes: 0 done · 1 done, and problems were found · 2 wrong usage, or input that cannot be used.
#[derive(Debug, Parser)]
#[command(name = "parlour", version, max_term_width = 100)]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Check(check::Args),
    Build(build::Args),
    Assign(assign::Args),
    Decide(decide::Args),
    Simulate(simulate::Args),
    Serve(serve::Args),
    Export(export::Args),
    Schema(schema::Args),
}

/// How a command that could do its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Clean,
    FoundProblems,
}

/// Parses the command line and does what it asks.
#[must_use]
pub fn run() -> ExitCode {
    let outcome = match Command::parse().task {
        Task::Check(args) => check::run(&args),
        Task::Build(args) => build::run(&args),
        Task::Assign(args) => assign::run(&args),
        Task::Decide(args) => decide::run(&args),
        Task::Simulate(args) => simulate::run(&args),
        Task::Serve(args) => serve::run(args),
        Task::Export(args) => export::run(&args),
        Task::Schema(args) => schema::run(&args),
    };
    match outcome {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::FoundProblems) => ExitCode::from(1),
        // `parlour export | head` has what it wanted.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parlour: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref() {
        Some(crate::store::StoreError::Output(error)) => Some(error.kind()),
        _ => cause.downcast_ref::<io::Error>().map(io::Error::kind),
    };
    error.chain().any(|cause| kind(cause) == Some(io::ErrorKind::BrokenPipe))
}
