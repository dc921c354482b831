//! The binary: finds the subcommand and runs it.

use std::process::ExitCode;

fn main() -> ExitCode {
    guard::cli::main()
}
