//! `guard egress`: the list of hosts that may be reached, what it says of one, and what enforces it.

use crate::egress::{Egress, Line};
use crate::io::config::Place;
use crate::knowledge::Knowledge;
use crate::render::{Form, render};
use crate::site::Site;
use anyhow::{Context as _, bail};
use clap::builder::TypedValueParser as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `guard egress …`
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    rules: super::RulesArgument,
    /// Add the hosts and networks of this file of NAME=VALUE lines
    #[arg(long, value_name = "FILE", global = true)]
    site: Option<PathBuf>,
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
    /// Print what enforces the list
    Render {
        #[arg(value_parser = form())]
        form: Form,
    },
}

/// Reads a form by its name, and knows the names for the help.
fn form() -> impl clap::builder::TypedValueParser<Value = Form> {
    let names = clap::builder::PossibleValuesParser::new(Form::ALL.map(|(name, _)| name));
    names.try_map(|given| Form::ALL.iter().find(|(name, _)| *name == given).map(|(_, form)| *form).ok_or("unknown form"))
}

/// Runs the subcommand.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let list = list(arguments)?;
    let site = match &arguments.site {
        Some(path) => read_site(&list, path)?,
        None => Site { egress: list, ..Site::default() },
    };
    match &arguments.what {
        What::List => {
            for one in &site.egress.destination {
                println!("{:32} {:?}  {}", one.host, one.ports, one.why);
            }
            for one in &site.egress.range {
                println!("{:32} any port  {}", one.cidr, one.why);
            }
            Ok(super::exit::code(false))
        }
        What::Check { target } => check(&site.egress, target),
        What::Render { form } => {
            print!("{}", render(*form, &site));
            Ok(super::exit::code(false))
        }
    }
}

/// The list of `--rules`, else what the hook judges by: built in, and the layers that may add to it.
fn list(arguments: &Arguments) -> anyhow::Result<Egress> {
    // Files for a site are rendered from the sources alone, whatever this machine's own layers say.
    if arguments.rules.rules.is_some() || arguments.site.is_some() {
        return Ok(super::rules::load(arguments.rules.rules.as_deref())?.0.egress);
    }
    let mut list = Knowledge::builtin_bundle().egress;
    let added = crate::io::config::load(&Place::real(std::env::current_dir()?)).egress;
    list.destination.extend(added.destination);
    list.range.extend(added.range);
    Ok(list)
}

fn read_site(list: &Egress, path: &Path) -> anyhow::Result<Site> {
    let text = std::fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    Site::read(list, &path.to_string_lossy(), &text).map_err(anyhow::Error::msg)
}

#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
fn check(list: &Egress, target: &str) -> anyhow::Result<ExitCode> {
    let (host, port) = match target.rsplit_once(':') {
        Some((host, port)) => match port.parse::<u16>() {
            Ok(port) => (host, Some(port)),
            Err(_) => bail!("`{port}` is no port; write HOST or HOST:PORT"),
        },
        None => (target, None),
    };
    let line = list.decide(host, port);
    match line {
        Some(Line::Destination(one)) => println!("allowed by {}: {} {:?} ({})", one.at, one.host, one.ports, one.why),
        Some(Line::Range(one)) => println!("allowed by {}: {} ({})", one.at, one.cidr, one.why),
        None => match list.destination.iter().find(|d| d.covers(host, None)) {
            Some(one) => println!("not allowed: {} names {} on {:?} only", one.at, one.host, one.ports),
            None => println!("not allowed: no line of egress.toml covers {target}; to allow it, add a [[destination]] with host, ports and why"),
        },
    }
    Ok(super::exit::code(line.is_none()))
}
