use std::process::ExitCode;

fn main() -> ExitCode {
    parlour_cli::commands::run()
}
