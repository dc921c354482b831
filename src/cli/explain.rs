//! `guard explain '<command>'`: the script as understood, its effects with their labels, and the findings.

use crate::effect::Plan;
use crate::verdict::Verdict;
use std::fmt::Write;

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
    print!("{}", print(&plan, &verdict));
    Ok(super::exit::code(!verdict.findings.is_empty()))
}
