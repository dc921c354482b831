//! `guard egress`: the list of hosts that may be reached, and what it says of one.

use anyhow::bail;
use std::process::ExitCode;

/// `guard egress …`
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    rules: super::RulesArgument,
}

#[derive(clap::Subcommand)]
enum What {
    /// Print every destination with its reason
    List,
    /// Say which line lets a connection out; exits with 1 when none does
    Check {
        /// HOST or HOST:PORT
        target: String,
    },
}

/// Runs the subcommand.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (bundle, _) = super::rules::load(arguments.rules.rules.as_deref())?;
    match &arguments.what {
        What::List => {
            for one in &bundle.egress.destination {
                println!("{:32} {:?}  {}", one.host, one.ports, one.why);
            }
            Ok(super::exit::code(false))
        }
        What::Check { target } => {
            let (host, port) = match target.rsplit_once(':') {
                Some((host, port)) => match port.parse::<u16>() {
                    Ok(port) => (host, Some(port)),
                    Err(_) => bail!("`{port}` is no port; write HOST or HOST:PORT"),
                },
                None => (target.as_str(), None),
            };
            match bundle.egress.decide(host, port) {
                Some(one) => println!("allowed: {} {:?} ({})", one.host, one.ports, one.why),
                None => println!("not allowed: no line of egress.toml covers {target}; to allow it, add a [[destination]] with host, ports and why"),
            }
            Ok(super::exit::code(bundle.egress.decide(host, port).is_none()))
        }
    }
}
