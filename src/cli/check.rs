//! `guard check FILE…`: judges shell files and crontabs outside hooks, with the rules of all layers and nobody to ask.

use super::exit;
use crate::call::{Tool, ToolCall};
use crate::context::{Context, FileText, Files as _};
use crate::io::config::{self, Place};
use crate::io::{files::Disk, journal, store};
use crate::record::{Facts, Record};
use crate::verdict::{Decision, Verdict};
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `guard check FILE…`
#[derive(clap::Args)]
pub struct Arguments {
    /// Shell files, or crontabs
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Read the files as crontabs (default: when their names say so)
    #[arg(long)]
    pub crontab: bool,
    /// Write the crontab to this file, refused lines turned into comments
    #[arg(long, value_name = "FILE", requires = "crontab")]
    pub keep: Option<PathBuf>,
    /// Keep a record of every refused part
    #[arg(long)]
    pub record: bool,
    #[command(flatten)]
    pub rules: super::RulesArgument,
}

/// One part of a file that runs by itself.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    /// 1-based line of its first byte.
    line: usize,
    /// Every way in which a scheduler may read it; one for a shell file.
    readings: Vec<String>,
}

/// Prints every line that a rule would stop. Exits with 1 when there is one.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.keep.is_some() && arguments.files.len() != 1 {
        bail!("--keep takes one crontab; {} files were given", arguments.files.len());
    }
    let cwd = std::env::current_dir()?;
    let mut loaded = config::load(&Place::real(cwd.clone()));
    if arguments.rules.rules.is_some() {
        loaded.know = super::rules::load(arguments.rules.rules.as_deref())?.1;
    } else if let Some(error) = loaded.errors.first() {
        bail!("a layer has a mistake, so nothing is judged: {error}");
    }
    let env: std::collections::BTreeMap<_, _> = std::env::vars().collect();
    let conditions: &[&str] = if loaded.egress_enforced { &["egress-enforced"] } else { &[] };
    let judge = |command: &str| -> Verdict {
        // Each part gets the whole budget: a long file before it may not make the rest unreadable.
        let disk = Disk::default();
        let context = Context { project: cwd.clone(), cwd: cwd.clone(), home: loaded.home.clone(), env: env.clone(), files: &disk };
        let call = ToolCall { tool: Tool::Bash { command: command.to_owned() }, cwd: cwd.clone(), session: String::new() };
        crate::judge(&call, &loaded.know, &context, &crate::vars(&context), conditions).1
    };
    let mut stopped = false;
    let mut unread = Vec::new();
    for file in &arguments.files {
        let text = match Disk::default().read(file) {
            FileText::Text(text) => text,
            FileText::Absent => {
                unread.push(format!("`{}` does not exist", file.display()));
                continue;
            }
            FileText::Opaque => {
                unread.push(format!("`{}` is no text file of at most 2 MiB", file.display()));
                continue;
            }
        };
        let is_crontab = arguments.crontab || file.file_name().is_some_and(|n| n.to_string_lossy().contains("crontab"));
        let parts = if is_crontab { crontab(&text) } else { vec![Part { line: 1, readings: vec![text.to_string()] }] };
        let mut refused = Vec::new();
        for part in &parts {
            let worst = part.readings.iter().map(|r| (r, judge(r))).max_by_key(|(_, v)| v.decision);
            let Some((reading, verdict)) = worst else { continue };
            for finding in &verdict.findings {
                let within = if is_crontab { 0 } else { reading.get(..finding.span.start as usize).map_or(0, |t| t.matches('\n').count()) };
                println!("{}:{}: {} {}: {}", file.display(), part.line + within, finding.decision.name(), finding.rule, loaded.redactor.redact(&finding.effect));
            }
            if verdict.decision >= Decision::Ask {
                let rules: Vec<&str> = verdict.findings.iter().map(|f| f.rule.as_str()).collect();
                refused.push((part.line, rules.join(", ")));
                if arguments.record {
                    record(file, part.line, reading, &verdict, &loaded)?;
                }
            }
        }
        stopped |= !refused.is_empty();
        if let Some(kept) = &arguments.keep {
            write_whole(kept, &without(&text, &refused))?;
        }
    }
    if !unread.is_empty() {
        bail!("not judged: {}", unread.join(", "));
    }
    Ok(exit::code(stopped))
}

fn record(file: &Path, line: usize, reading: &str, verdict: &Verdict, loaded: &config::Loaded) -> anyhow::Result<()> {
    let facts = Facts {
        time_ms: store::now_ms(),
        event: "Check".into(),
        tool: "Check".into(),
        command: format!("{}:{line}: {reading}", file.display()),
        decision: Some(Decision::Deny),
        verdict: verdict.clone(),
        rules_version: loaded.know.version.clone(),
        ..Facts::default()
    };
    journal::append(&loaded.state, &Record::new(&facts, &loaded.redactor)).context("the refused line could not be recorded")?;
    Ok(())
}

/// The crontab with its refused lines as comments that say why.
fn without(text: &str, refused: &[(usize, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.lines().enumerate() {
        match refused.iter().find(|(line, _)| *line == at + 1) {
            Some((_, rules)) => out.push_str(&format!("# refused by guard ({rules}): {line}\n")),
            None => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

/// Replaces a file in one step, so that a reader never sees half of it.
fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, text).with_context(|| format!("`{}` cannot be written", beside.display()))?;
    std::fs::rename(&beside, path).with_context(|| format!("`{}` cannot be replaced", path.display()))
}

/// The commands of a crontab with their lines.
///
/// Schedulers differ: five to seven fields stand before a command, and `%` ends it or is a plain character. Each reading is judged.
/// Variables that the file sets hold for the lines below them.
fn crontab(text: &str) -> Vec<Part> {
    let mut out = Vec::new();
    let mut variables = String::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let first = line.split_whitespace().next().unwrap_or("");
        if let Some((name, value)) = line.split_once('=')
            && !name.is_empty()
            && name.trim_end().chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            let value = value.trim();
            let bare = ['"', '\''].iter().find_map(|q| value.strip_prefix(*q)?.strip_suffix(*q)).unwrap_or(value);
            let set = format!("export {}={}\n", name.trim_end(), shell_words::quote(bare));
            variables.push_str(&set);
            out.push(Part { line: at + 1, readings: vec![set] });
            continue;
        }
        let fewest = if first.starts_with('@') { 1 } else { 5 };
        let mut rest = line;
        let mut readings = Vec::new();
        for field in 1..=7 {
            let (word, behind) = rest.trim_start().split_once(char::is_whitespace).unwrap_or((rest, ""));
            if field > fewest && (fewest == 1 || !is_field(word)) {
                break;
            }
            rest = behind;
            if field >= fewest {
                let whole = rest.trim();
                readings.push(format!("{variables}{whole}"));
                let cut = whole.replace("\\%", "\u{0}").split('%').next().unwrap_or("").trim().replace('\u{0}', "%");
                if cut != whole {
                    readings.push(format!("{variables}{cut}"));
                }
            }
        }
        out.push(Part { line: at + 1, readings });
    }
    out
}

/// Whether a word may be a sixth or seventh field: numbers and signs, or names of days.
fn is_field(word: &str) -> bool {
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    word.split(['-', ',', '/', '#']).all(|w| w.chars().all(|c| c.is_ascii_digit() || "*?LW".contains(c)) || DAYS.contains(&w.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::{crontab, without};

    fn readings(text: &str) -> Vec<(usize, Vec<String>)> {
        crontab(text).into_iter().map(|p| (p.line, p.readings)).collect()
    }

    #[test]
    fn a_crontab_gives_its_commands() {
        let found = readings("# c\nA=\"b c\"\n*/5 * * * * x y % in\n@daily z\n");
        let set = "export A='b c'\n";
        assert_eq!(found, [(2, vec![set.into()]), (3, vec![format!("{set}x y % in"), format!("{set}x y")]), (4, vec![format!("{set}z")])]);
    }

    #[test]
    fn every_number_of_fields_is_read() {
        assert_eq!(readings("0 * * * * SUN 2030 x"), [(1, vec!["SUN 2030 x".into(), "2030 x".into(), "x".into()])]);
        assert_eq!(readings("0 * * * * date +\\%F"), [(1, vec!["date +\\%F".into(), "date +%F".into()])]);
    }

    #[test]
    fn refused_lines_become_comments() {
        assert_eq!(without("a\nb\n", &[(2, "r".into())]), "a\n# refused by guard (r): b\n");
    }
}
