//! `guard check FILE`: judges a shell file or a crontab outside hooks.

use super::{RulesArgument, exit};
use crate::call::{Tool, ToolCall};
use crate::context::Context;
use crate::verdict::Decision;
use anyhow::Context as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// `guard check FILE`
#[derive(clap::Args)]
pub struct Arguments {
    /// A shell file, or a crontab
    pub file: PathBuf,
    /// Read the file as a crontab (default: when its name says so)
    #[arg(long)]
    pub crontab: bool,
    #[command(flatten)]
    pub rules: RulesArgument,
}

/// Prints every line that a rule would stop. Exits with 1 when there is one.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(&arguments.file).with_context(|| format!("`{}` cannot be read", arguments.file.display()))?;
    let (_, know) = super::rules::load(arguments.rules.rules.as_deref())?;
    let cwd = std::env::current_dir()?;
    let home = std::env::var_os("HOME").map_or_else(|| "/".into(), PathBuf::from);
    let disk = crate::io::files::Disk::default();
    let context = Context { project: cwd.clone(), cwd: cwd.clone(), home, env: std::env::vars().collect(), files: &disk };
    let vars = crate::vars(&context);
    let is_crontab = arguments.crontab || arguments.file.file_name().is_some_and(|n| n.to_string_lossy().contains("crontab"));
    let parts: Vec<(usize, String)> = if is_crontab { crontab(&text) } else { vec![(1, text.clone())] };
    let mut stopped = false;
    for (first, command) in parts {
        let call = ToolCall { tool: Tool::Bash { command: command.clone() }, cwd: cwd.clone(), session: String::new() };
        let (_, verdict) = crate::judge(&call, &know, &context, &vars, &[]);
        for finding in &verdict.findings {
            let line = first + command.get(..finding.span.start as usize).map_or(0, |t| t.matches('\n').count());
            println!("{}:{line}: {} {}: {}", arguments.file.display(), finding.decision.name(), finding.rule, finding.effect);
        }
        stopped |= verdict.decision >= Decision::Ask;
    }
    Ok(exit::code(stopped))
}

/// The commands of a crontab with their lines: five fields or an `@word` before each, `%` ends the command.
fn crontab(text: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let first = line.split_whitespace().next().unwrap_or("");
        if first.contains('=') {
            out.push((at + 1, format!("export {line}")));
            continue;
        }
        let fields = if first.starts_with('@') { 1 } else { 5 };
        let mut rest = line;
        for _ in 0..fields {
            rest = rest.trim_start().split_once(char::is_whitespace).map_or("", |(_, r)| r);
        }
        out.push((at + 1, rest.replace("\\%", "\u{0}").split('%').next().unwrap_or("").trim().replace('\u{0}', "%")));
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_crontab_gives_its_commands() {
        let text = "# c\nA=b\n*/5 * * * * x y % in\n@daily z\n";
        assert_eq!(super::crontab(text), [(2, "export A=b".into()), (3, "x y".into()), (4, "z".into())]);
    }
}
