//! `guard explain '<command>'`: the script as understood, its effects with their labels, and the findings.

use crate::effect::Plan;
use crate::shell::{self, Command, Statement, Word};
use crate::verdict::Verdict;
use std::fmt::Write;

/// The script as understood: one line a command, nested by what contains it.
pub fn script(text: &str) -> String {
    let script = shell::parse(text);
    let mut out = String::from("script\n");
    statements(&script.body, 1, &mut out);
    for unread in &script.unread {
        let _ = writeln!(out, "  not read: {}", unread.of(text).lines().next().unwrap_or(""));
    }
    out
}

fn statements(all: &[Statement], depth: usize, out: &mut String) {
    for one in all {
        statement(one, depth, "", out);
    }
}

fn statement(one: &Statement, depth: usize, mark: &str, out: &mut String) {
    let mut line = |text: &str| {
        let _ = writeln!(out, "{}{mark}{}", "  ".repeat(depth), text.replace('\n', "⏎"));
    };
    let mut tail = String::new();
    for redirection in &one.redirections {
        let _ = write!(tail, "  [{:?} {}]", redirection.kind, redirection.target.source.lines().next().unwrap_or(""));
    }
    if one.background {
        tail.push_str("  [background]");
    }
    let words = |all: &[Word]| all.iter().map(|w| w.source.as_str()).collect::<Vec<_>>().join(" | ");
    match &one.command {
        Command::Simple(simple) => {
            let names: Vec<String> = simple.assignments.iter().chain(&simple.declared).map(|a| format!("{}=…", a.name)).collect();
            line(&format!("{}{}{}{tail}", names.join(" "), if names.is_empty() || simple.words.is_empty() { "" } else { " " }, words(&simple.words)));
        }
        Command::Pipeline(members) => {
            line(&format!("pipeline{tail}"));
            members.iter().for_each(|(s, _)| statement(s, depth + 1, "", out));
        }
        Command::List(first, rest) => {
            statement(first, depth, mark, out);
            for (join, s) in rest {
                statement(s, depth, if *join == shell::Join::And { "&& " } else { "|| " }, out);
            }
        }
        Command::Subshell(body) => nested("subshell", &tail, body, depth, &line_to(depth, mark), out),
        Command::Group(body) => nested("group", &tail, body, depth, &line_to(depth, mark), out),
        Command::If { branches, otherwise } => {
            for (condition, body) in branches {
                nested("if", &tail, condition, depth, &line_to(depth, mark), out);
                nested("then", "", body, depth, &line_to(depth, ""), out);
            }
            if !otherwise.is_empty() {
                nested("else", "", otherwise, depth, &line_to(depth, ""), out);
            }
        }
        Command::For { names, words: list, body } => {
            let list = list.as_deref().map(words).unwrap_or_default();
            nested(&format!("for {} in {list}", names.join(" ")), &tail, body, depth, &line_to(depth, mark), out);
        }
        Command::Arithmetic { expressions, body } => {
            nested(&format!("arithmetic {}", words(expressions)), &tail, body, depth, &line_to(depth, mark), out);
        }
        Command::Loop { condition, body } => {
            nested("while", &tail, condition, depth, &line_to(depth, mark), out);
            nested("do", "", body, depth, &line_to(depth, ""), out);
        }
        Command::Case { word, arms } => {
            line(&format!("case {}{tail}", word.source));
            for (patterns, body) in arms {
                nested(&words(patterns), "", body, depth + 1, &line_to(depth + 1, ""), out);
            }
        }
        Command::Function { names, body } => line(&format!("function {} {}", words(names), body)),
        Command::Test(list) => line(&format!("test {}", words(list))),
        Command::Coproc { name, body } => {
            line(&format!("coproc {name}"));
            statement(body, depth + 1, "", out);
        }
    }
}

/// Begins a line at a depth.
fn line_to(depth: usize, mark: &str) -> String {
    format!("{}{mark}", "  ".repeat(depth))
}

fn nested(title: &str, tail: &str, body: &[Statement], depth: usize, start: &str, out: &mut String) {
    let _ = writeln!(out, "{start}{title}{tail}");
    statements(body, depth + 1, out);
}

/// The plan and verdict of a command as a person reads them. The fixtures' snapshots use it too.
pub fn print(plan: &Plan, verdict: &Verdict) -> String {
    let mut out = String::from("effects\n");
    for effect in plan.effects.iter().filter(|e| e.action != crate::effect::Action::Call) {
        let _ = writeln!(out, "  {effect}");
    }
    if !plan.unclaimed.is_empty() {
        let _ = writeln!(out, "not understood\n  {}", plan.unclaimed.join("\n  "));
    }
    let _ = writeln!(out, "verdict\n  {}", verdict.decision.name());
    for finding in &verdict.findings {
        let _ = writeln!(out, "  {} {}: {}", finding.decision.name(), finding.rule, finding.effect);
    }
    out
}

/// `guard explain '<command>'`
#[derive(clap::Args)]
pub struct Arguments {
    /// The shell command
    pub command: String,
    /// The folder it would run in
    #[arg(long)]
    pub cwd: Option<std::path::PathBuf>,
    #[command(flatten)]
    pub rules: super::RulesArgument,
}

/// Prints plan and verdict of the command. Exits with 1 when a rule fires.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn run(arguments: &Arguments) -> anyhow::Result<std::process::ExitCode> {
    use crate::call::{Tool, ToolCall};
    let (_, know) = super::rules::load(arguments.rules.rules.as_deref())?;
    let cwd = match &arguments.cwd {
        Some(cwd) => cwd.clone(),
        None => std::env::current_dir()?,
    };
    let home = std::env::var_os("HOME").map_or_else(|| "/".into(), std::path::PathBuf::from);
    let disk = crate::io::files::Disk::default();
    let context = crate::context::Context { project: cwd.clone(), cwd: cwd.clone(), home, env: std::env::vars().collect(), files: &disk };
    let call = ToolCall { tool: Tool::Bash { command: arguments.command.clone() }, cwd, session: String::new() };
    let (plan, verdict) = crate::judge(&call, &know, &context, &crate::vars(&context), &[]);
    print!("{}{}", script(&arguments.command), print(&plan, &verdict));
    Ok(super::exit::code(!verdict.findings.is_empty()))
}
