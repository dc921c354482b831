//! `guard rules`: what guard knows, as lists and documents, and how well it does on a corpus.

use crate::effect::spec::{CommandSpec, ValueType, type_parts};
use crate::knowledge::Knowledge;
use crate::rule::bundle::Bundle;
use crate::rule::example;
use crate::rule::types::{Example, Rule};
use crate::verdict::Decision;
use anyhow::Context as _;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

/// `guard rules …`
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    rules: super::RulesArgument,
}

#[derive(clap::Subcommand)]
enum What {
    /// List the rules: id, decision, summary
    List,
    /// Print a document: docs/rules.md or docs/commands.md
    Doc {
        #[arg(value_enum)]
        which: Document,
    },
    /// Count the flags in a corpus that no program description types
    Lint {
        /// Files with one JSON object a line, its `command` the text
        #[arg(required = true)]
        corpus: Vec<PathBuf>,
    },
    /// Judge a labelled corpus: attacks caught and everyday commands stopped, per category
    Score {
        /// Files with one JSON object a line: `command`, `label` (block or allow), `category`
        #[arg(required = true)]
        corpus: Vec<PathBuf>,
        /// Judge each command as if its first program had no description; shells and wrappers keep theirs
        #[arg(long)]
        without_own_spec: bool,
        /// Print the attacks that are let through and the everyday commands that are stopped
        #[arg(long)]
        misses: bool,
    },
}

/// A generated document.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    Rules,
    Commands,
}

/// One line of a corpus.
#[derive(Deserialize)]
struct Row {
    command: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    category: String,
}

/// Runs the subcommand.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn run(arguments: &Arguments) -> anyhow::Result<std::process::ExitCode> {
    let (bundle, know) = super::rules::load(arguments.rules.rules.as_deref())?;
    let text = match &arguments.what {
        None | Some(What::List) => list(&bundle.rules),
        Some(What::Doc { which: Document::Rules }) => rules_document(&bundle),
        Some(What::Doc { which: Document::Commands }) => commands_document(&know),
        Some(What::Lint { corpus }) => lint(&know, &rows(corpus)?),
        Some(What::Score { corpus, without_own_spec, misses }) => score(know, &bundle, &rows(corpus)?, *without_own_spec, *misses)?,
    };
    print!("{text}");
    Ok(super::exit::code(false))
}

fn rows(files: &[PathBuf]) -> anyhow::Result<Vec<Row>> {
    let mut out = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
        for (at, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            let row = serde_json::from_str(line).with_context(|| format!("{}:{}: a line must be a JSON object with a `command`", file.display(), at + 1))?;
            out.push(row);
        }
    }
    Ok(out)
}

fn list(rules: &[Rule]) -> String {
    let width = rules.iter().map(|r| r.id.len()).max().unwrap_or(0);
    rules.iter().map(|r| format!("{:width$}  {:4}  {}\n", r.id, r.decision.name(), r.summary)).collect()
}

const GENERATED: &str = "<!-- Made by `guard rules doc`; do not edit. A test says when it is old. -->\n\n";

/// The text of `docs/rules.md`.
pub fn rules_document(bundle: &Bundle) -> String {
    let rules = &bundle.rules;
    let mut out = format!("# The rules\n\n{GENERATED}{} rules, by subject. *If unsure* is the decision when the evidence is no proof.\n", rules.len());
    let subjects: BTreeSet<&str> = rules.iter().map(|r| &*r.subject).collect();
    for subject in subjects {
        let _ = write!(out, "\n## {subject}\n");
        for rule in rules.iter().filter(|r| r.subject == subject) {
            let maybe = rule.maybe.map_or(String::new(), |d| format!("; if unsure: {}", d.name()));
            let _ = write!(out, "\n### {}\n\n{}: **{}**{maybe}. {}\n\nInstead: {}\n\nTags: {}.\n", rule.id, rule.summary, rule.decision.name(), rule.why, rule.instead, rule.tags.join(", "));
            let stopped = rule.examples.deny.iter().chain(&rule.examples.ask).chain(&rule.examples.warn);
            for (title, examples) in [("Fires on", stopped.take(3).collect::<Vec<_>>()), ("Lets pass", rule.examples.allow.iter().take(3).collect())] {
                if !examples.is_empty() {
                    let _ = write!(out, "\n{title}:\n\n{}", examples.iter().map(|e| format!("    {}\n", text(e).replace('\n', "⏎"))).collect::<String>());
                }
            }
        }
    }
    out.push_str("\n## Credentials\n\nWho is shown which credential (`rules/credentials.toml`). A secret of another kind is shown to this machine and to the hosts of\nthe list `own-services` only.\n\n| kind | shown to | as | by |\n|---|---|---|---|\n");
    for (kind, c) in &bundle.credentials {
        let _ = writeln!(out, "| {kind} | {} | {} | {} |", c.hosts.join(", "), c.forms.join(", "), c.programs.join(", "));
    }
    out
}

fn text(example: &Example) -> String {
    example::call(example).map_or_else(|error| error, |c| c.text)
}

/// The text of `docs/commands.md`.
pub fn commands_document(know: &Knowledge) -> String {
    let mut programs = 0;
    let mut descriptions = 0;
    let mut lines = String::new();
    for spec in know.world.specs.all() {
        programs += spec.names.len();
        descriptions += 1;
        let mut kinds = BTreeSet::new();
        let mut subs = 0;
        collect(spec, &mut kinds, &mut subs);
        let can = kinds.into_iter().collect::<Vec<_>>().join(", ");
        let names = spec.names.join("` `").replace('|', "\\|");
        let _ = writeln!(lines, "| `{names}` | {} | {} |", if subs == 0 { String::new() } else { subs.to_string() }, if can.is_empty() { "nothing" } else { &can });
    }
    format!(
        "# Programs that guard knows\n\n{GENERATED}{programs} names in {} descriptions. *Can* is what its flags and operands may do; a program without a\n\
         description still counts by the paths and words it is given, and by the collected arity of `rules/arity/`.\n\n| names | sub-commands | can |\n|---|---|---|\n{lines}",
        descriptions
    )
}

fn collect(spec: &CommandSpec, kinds: &mut BTreeSet<&'static str>, subs: &mut usize) {
    let values = spec.operands.iter().flatten().chain(&spec.last).chain(spec.flags.values()).chain(spec.env.values());
    for value in values {
        match value {
            ValueType::One(written) => kinds.extend(can(written)),
            ValueType::Choice(choice) => kinds.extend(choice.values().filter_map(|w| can(w))),
        }
    }
    if matches!(spec.stdin.as_deref(), Some("execute" | "code" | "arguments")) {
        kinds.insert("run");
    }
    for inner in spec.sub.values() {
        *subs += 1;
        collect(inner, kinds, subs);
    }
    spec.when.values().for_each(|inner| collect(inner, kinds, subs));
}

/// What a type means, in one word.
fn can(written: &str) -> Option<&'static str> {
    let parts = type_parts(written);
    Some(match parts.name.rsplit(':').next().unwrap_or(parts.name) {
        "read" | "archive" | "code-file" | "script-file" => "read",
        "write" | "write-aside" | "land" | "edit" | "edit-maybe" => "write",
        "delete" | "move" => "delete",
        "perm" => "permit",
        "url" | "host" | "remote" | "remote-to" | "git-remote" => "connect",
        "send" | "send-auth" | "read-and-send" => "send",
        "script" | "script-rest" | "code" | "code-rest" | "encoded-code" | "program" | "command" | "package-command" | "described-command" | "served" | "library" | "module" | "git-config" | "git-alias" => "run",
        "sql" => "query",
        "object" | "path-object" => "operate",
        "mount" => "mount",
        _ => return None,
    })
}

fn lint(know: &Knowledge, rows: &[Row]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        let Ok(call) = example::call(&Example::Command(row.command.clone())) else { continue };
        let (plan, _) = super::test::judge(know, &call);
        for flag in plan.untyped.into_iter().collect::<BTreeSet<_>>() {
            *counts.entry(flag).or_default() += 1;
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.into_iter().map(|(flag, count)| format!("{count:6}  {flag}\n")).collect()
}

/// Programs whose description is kept when a command is judged without its own, beside all shells: they only run others.
const CARRIERS: [&str; 28] = [
    "sudo", "doas", "env", "xargs", "nohup", "time", "timeout", "nice", "ionice", "setsid", "stdbuf", "watch",
    "parallel", "command", "exec", "eval", "find", "cd", "echo", "printf", "cat", "export", "set", "source", "test", "[", "true", "mkdir",
];

fn score(know: Knowledge, bundle: &Bundle, rows: &[Row], without_own_spec: bool, misses: bool) -> anyhow::Result<String> {
    let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let program = if without_own_spec { first_program(&know, &row.command) } else { String::new() };
        groups.entry(program).or_default().push(row);
    }
    let mut caught: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut allowed, mut asked, mut denied) = (0_usize, 0_usize, 0_usize);
    let mut missed = String::new();
    for (program, rows) in groups {
        let mut know = Knowledge::new(bundle.clone()).map_err(anyhow::Error::msg)?;
        know.world.specs.forget(&program);
        for row in rows {
            let call = example::call(&Example::Command(row.command.clone())).map_err(anyhow::Error::msg)?;
            let decision = super::test::judge(&know, &call).1.decision;
            if row.label == "block" {
                let entry = caught.entry(&row.category).or_default();
                entry.1 += 1;
                if decision >= Decision::Ask {
                    entry.0 += 1;
                } else if misses {
                    let _ = writeln!(missed, "missed  {}  {}", row.category, row.command.replace('\n', "⏎"));
                }
            } else {
                allowed += 1;
                if misses && decision >= Decision::Ask {
                    let _ = writeln!(missed, "{}  {}  {}", decision.name(), row.category, row.command.replace('\n', "⏎"));
                }
                asked += usize::from(decision == Decision::Ask);
                denied += usize::from(decision > Decision::Ask);
            }
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "counts of a corpus")]
    let percent = |part: usize, all: usize| if all == 0 { 0.0 } else { 100.0 * part as f64 / all as f64 };
    let mut out = missed;
    let shares: Vec<f64> = caught.values().map(|(hit, all)| percent(*hit, *all)).collect();
    for (category, (hit, all)) in &caught {
        let _ = writeln!(out, "{category:24} {hit:5} of {all:5} caught  {:6.2} %", percent(*hit, *all));
    }
    #[allow(clippy::cast_precision_loss, reason = "five categories")]
    let mean = if shares.is_empty() { 0.0 } else { shares.iter().sum::<f64>() / shares.len() as f64 };
    let _ = writeln!(out, "mean over categories                      {mean:6.2} %");
    let _ = writeln!(out, "everyday commands: {allowed}, denied {:.2} %, asked about {:.2} %", percent(denied, allowed), percent(asked, allowed));
    Ok(out)
}

/// The first program of a command that is more than a carrier of others.
fn first_program(know: &Knowledge, command: &str) -> String {
    let Ok(call) = example::call(&Example::Command(command.to_owned())) else { return String::new() };
    let (plan, _) = super::test::judge(know, &call);
    let programs = plan.effects.iter().filter(|e| e.action == crate::effect::Action::Execute).filter_map(|e| {
        let name = e.target.text.to_string();
        Some(name.rsplit('/').next()?.to_owned())
    });
    let is_shell = |name: &str| know.world.specs.find(name).is_some_and(|s| s.stdin.as_deref() == Some("execute"));
    programs.into_iter().find(|p| !CARRIERS.contains(&p.as_str()) && !is_shell(p) && !p.contains(' ')).unwrap_or_default()
}
