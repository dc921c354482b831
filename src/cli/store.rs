//! `guard log`, `guard audit`, `guard drain`: what the record says.

use super::{exit, when};
use crate::audit;
use crate::io::drain::{self, Patience};
use crate::io::{chain, journal};
use crate::io::config::{self, Place};
use crate::io::store::{self, Filter, Store};
use crate::record::Record;
use crate::verdict::Decision;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What else can be done with the records.
#[derive(clap::Subcommand)]
enum LogCommand {
    /// Walk the chain of records: intact, changed at N, not yet sealed. Exits with 1 when it is changed
    Verify {
        /// A head that left this machine earlier: it must stand in the chain
        #[arg(long)]
        head: Option<String>,
    },
    /// Remove old records; the rest stays verifiable
    Prune {
        /// How far back records are kept: `90d`
        #[arg(long)]
        keep: String,
    },
}

/// Which records to show.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LogArguments {
    #[command(subcommand)]
    command: Option<LogCommand>,
    /// From this time on: a duration back (`24h`, `7d`) or a date
    #[arg(long)]
    since: Option<String>,
    /// Up to this time
    #[arg(long)]
    until: Option<String>,
    /// One session only
    #[arg(long)]
    session: Option<String>,
    /// Only calls on which this rule fired
    #[arg(long)]
    rule: Option<String>,
    /// Only calls with this decision: allow, warn, ask, deny
    #[arg(long)]
    decision: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Go on with what is recorded from now on
    #[arg(long)]
    follow: bool,
}

/// The time span of a digest.
#[derive(clap::Args)]
pub struct AuditArguments {
    /// From this time on: a duration back (`24h`, `7d`) or a date
    #[arg(long, default_value = "24h")]
    since: String,
    /// Up to this time
    #[arg(long)]
    until: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: DigestFormat,
}

/// Forms of a digest.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq)]
pub enum DigestFormat {
    Text,
    Json,
    Markdown,
}

fn state() -> anyhow::Result<PathBuf> {
    Ok(config::load(&Place::real(std::env::current_dir()?)).state)
}

/// Brings the journal into the store now.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn drain() -> anyhow::Result<ExitCode> {
    let done = drain::drain(&state()?, Patience::Person)?;
    if done.busy {
        println!("another process is draining");
    } else {
        println!("{} records stored", done.stored);
    }
    if done.torn > 0 {
        println!("{} bytes of the journal belonged to no whole record", done.torn);
    }
    Ok(ExitCode::from(exit::OK))
}

fn decision(name: &str) -> anyhow::Result<Decision> {
    [Decision::Allow, Decision::Warn, Decision::Ask, Decision::Deny]
        .into_iter()
        .find(|d| d.name() == name)
        .ok_or_else(|| anyhow::anyhow!("`{name}` is no decision; expected allow, warn, ask or deny"))
}

/// Prints records, oldest first.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn log(arguments: &LogArguments) -> anyhow::Result<ExitCode> {
    let state = state()?;
    let now = store::now_ms();
    match &arguments.command {
        Some(LogCommand::Verify { head }) => return verify(&state, head.as_deref()),
        Some(LogCommand::Prune { keep }) => return prune(&state, when::parse(keep, now)?),
        None => {}
    }
    let mut filter = Filter {
        since_ms: arguments.since.as_deref().map(|t| when::parse(t, now)).transpose()?,
        until_ms: arguments.until.as_deref().map(|t| when::parse(t, now)).transpose()?,
        session: arguments.session.clone(),
        rule: arguments.rule.clone(),
        decision: arguments.decision.as_deref().map(decision).transpose()?,
        after: 0,
    };
    loop {
        drain::drain(&state, Patience::Person)?;
        let store = Store::open(&state)?;
        for (seq, record) in store.records(&filter)? {
            filter.after = seq;
            if arguments.json {
                println!("{}", serde_json::to_string(&record)?);
            } else {
                println!("{}", line(seq, &record));
            }
        }
        if !arguments.follow {
            return Ok(ExitCode::from(exit::OK));
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
}

#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
fn verify(state: &Path, head: Option<&str>) -> anyhow::Result<ExitCode> {
    let found = chain::verify(state, head)?;
    if found.unsealed > 0 {
        println!("not yet sealed: {} records in the journal", found.unsealed);
    }
    if found.torn > 0 {
        println!("{} bytes of the journal belong to no whole record", found.torn);
    }
    if let Some((seq, what)) = &found.changed {
        println!("changed at {seq}: {what}");
        return Ok(exit::code(true));
    }
    if let Some(head) = head
        && found.known_head.is_none()
    {
        println!("changed: the head {head} does not stand in the chain, so records were replaced or removed after it left, or it was pruned");
        return Ok(exit::code(true));
    }
    println!("intact: {} records, the last is {}, head {}", found.intact, found.last, if found.head.is_empty() { "none" } else { &found.head });
    Ok(exit::code(false))
}

#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
fn prune(state: &Path, before_ms: i64) -> anyhow::Result<ExitCode> {
    drain::drain(state, Patience::Person)?;
    match chain::prune(state, before_ms)? {
        Ok(gone) => println!("{gone} records removed"),
        Err(found) => {
            let (seq, what) = found.changed.unwrap_or_default();
            anyhow::bail!("nothing was removed: the chain is changed at {seq} ({what}); see `guard log verify`")
        }
    }
    Ok(ExitCode::from(exit::OK))
}

fn line(seq: i64, record: &Record) -> String {
    use chrono::TimeZone;
    let time = when::local().timestamp_millis_opt(record.time_ms).single().map_or_else(String::new, |t| t.format("%m-%d %H:%M:%S").to_string());
    let what = record.decision.map_or_else(|| record.event.clone(), |d| d.name().to_owned());
    let rules: Vec<&str> = record.findings.iter().map(|f| f.rule.as_str()).collect();
    let command = record.command.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
    let command: String = command.chars().take(120).collect();
    let exit = record.exit.filter(|e| *e != 0).map_or_else(String::new, |e| format!(" exit {e}"));
    let rules = if rules.is_empty() { String::new() } else { format!(" [{}]", rules.join(" ")) };
    format!("{seq:>6} {time} {what:<12} {:<8} {command}{rules}{exit}", record.tool)
}

/// Prints the digest.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn audit(arguments: &AuditArguments) -> anyhow::Result<ExitCode> {
    let now = store::now_ms();
    let since = when::parse(&arguments.since, now)?;
    let until = arguments.until.as_deref().map(|t| when::parse(t, now)).transpose()?;
    print!("{}", digest(&state()?, since, until, arguments.format));
    Ok(ExitCode::from(exit::OK))
}

/// The digest of a state folder. It never fails: what keeps it from the record is the first thing a person must read in it.
///
/// Without `until_ms` it has no end, so that records which a wrong clock put into the future are in it.
pub fn digest(state: &Path, since_ms: i64, until_ms: Option<i64>, format: DigestFormat) -> String {
    let mut trouble: Vec<String> = journal::trouble(state).into_iter().collect();
    if let Err(error) = drain::drain(state, Patience::Person) {
        trouble.push(format!("the journal is not in the store: {error}"));
    }
    let filter = Filter { since_ms: Some(since_ms), until_ms, ..Filter::default() };
    let shown_until = until_ms.unwrap_or_else(store::now_ms);
    let mut digest = recorded(state, &filter, shown_until).unwrap_or_else(|error| {
        trouble.push(error.to_string());
        audit::digest(&[], &[], since_ms, shown_until)
    });
    match chain::verify(state, None) {
        Ok(found) => {
            if let Some((seq, what)) = &found.changed {
                trouble.push(format!("the chain of records is changed at {seq}: {what}"));
            }
            digest.head = Some((found.last, found.head));
        }
        Err(error) => trouble.push(format!("the chain of records cannot be walked: {error}")),
    }
    digest.errors.extend(trouble);
    match format {
        DigestFormat::Text => audit::text(&digest, when::local()),
        DigestFormat::Json => audit::json(&digest),
        DigestFormat::Markdown => audit::markdown(&digest, when::local()),
    }
}

fn recorded(state: &Path, filter: &Filter, until_ms: i64) -> Result<audit::Digest, store::StoreError> {
    let store = Store::open(state)?;
    let records: Vec<Record> = store.records(filter)?.into_iter().map(|(_, r)| r).collect();
    let unjudged = usize::try_from(store.unjudged(filter)?).unwrap_or(usize::MAX);
    Ok(audit::Digest { unjudged, ..audit::digest(&records, &store.notes(filter)?, filter.since_ms.unwrap_or(0), until_ms) })
}
