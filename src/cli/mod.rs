//! The command line: one file per subcommand. `hook` is dispatched before the argument parser is built.

pub mod check;
pub mod compile;
pub mod demo;
pub mod egress;
pub mod exit;
pub mod explain;
pub mod hook;
pub mod knowledge;
pub mod metrics;
pub mod report;
pub mod rules;
pub mod store;
pub mod test;
pub mod when;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Judges every tool call of a coding agent by what it would do, before it runs.
#[derive(Parser)]
#[command(name = "guard", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print what a command would do and what the rules say of it
    Explain(explain::Arguments),
    /// Run the examples of the rules
    Test(test::Arguments),
    /// List the rules, print them as documents, measure them on a corpus
    Rules(knowledge::Arguments),
    /// Show where connections may go
    Egress(egress::Arguments),
    /// Judge a shell file or a crontab
    Check(check::Arguments),
    /// Show what was recorded
    Log(store::LogArguments),
    /// Sum up what happened
    Audit(store::AuditArguments),
    /// Compile the rules of the system layer, so that hooks read no TOML of them
    Compile(compile::Arguments),
    /// Bring the journal into the store now
    Drain,
    /// Print counts for monitoring
    Metrics,
    /// Judge a dozen recorded events into a temporary store
    Demo,
    /// Answer one event of the client on standard input (used in its settings)
    Hook,
}

/// Reads the arguments and runs the subcommand.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    if arguments.first().is_some_and(|a| a == "hook") {
        return hook::run(&arguments[1..]);
    }
    let parsed = match Arguments::try_parse() {
        Ok(parsed) => parsed,
        Err(error) => {
            let _ = error.print();
            let fine = matches!(error.kind(), clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion);
            return ExitCode::from(if fine { exit::OK } else { exit::USAGE });
        }
    };
    let done = match parsed.command {
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Rules(arguments) => knowledge::run(&arguments),
        Command::Egress(arguments) => egress::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Log(arguments) => store::log(&arguments),
        Command::Audit(arguments) => store::audit(&arguments),
        Command::Compile(arguments) => compile::run(&arguments),
        Command::Drain => store::drain(),
        Command::Metrics => metrics::run(),
        Command::Demo => demo::run(),
        Command::Hook => Ok(hook::run(&[])),
    };
    done.unwrap_or_else(|error| {
        eprintln!("guard: {error:#}");
        ExitCode::from(exit::INVALID)
    })
}

/// Where rules come from when not from the binary.
#[derive(clap::Args, Clone, Default)]
pub struct RulesArgument {
    /// Read the rules from this folder instead of those built in
    #[arg(long, value_name = "DIR", global = true)]
    pub rules: Option<PathBuf>,
}
