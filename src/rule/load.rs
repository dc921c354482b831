//! Rule files → rules, with file and line in every complaint.

use super::types::{Examples, Match, Rule};
use crate::fixed::Str;
use serde::Deserialize;
use thiserror::Error;

/// A mistake in a data file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: {what}")]
pub struct LoadError {
    /// Path as the person knows it.
    pub file: String,
    /// 1-based; 1 when the mistake concerns the whole file.
    pub line: usize,
    /// What was wrong and what was expected.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    summary: String,
    decision: String,
    #[serde(default)]
    maybe: Option<String>,
    why: String,
    #[serde(default)]
    instead: String,
    #[serde(default)]
    tags: Vec<Str>,
    #[serde(rename = "match", default)]
    matches: Vec<Match>,
    #[serde(default)]
    examples: Examples,
}

/// Names that rules may use for simple actions; operations have a dot, globs are free.
const ACTIONS: [&str; 18] = [
    "read", "write", "delete", "move", "perm", "execute", "send", "fetch", "present", "connect", "touch", "verb", "assign", "unset", "define",
    "recurse", "unparsed", "call",
];
const LABELS: [&str; 8] = ["secret", "network", "opaque", "outside", "fifo", "archive", "encoded", "dump"];

/// Reads one rule. `lists` says which list names exist.
pub fn rule(file: &str, id: &str, subject: &str, text: &str, lists: &dyn Fn(&str) -> bool) -> Result<Rule, LoadError> {
    let raw: RuleFile = parse(file, text)?;
    let complain = |needle: &str, what: String| LoadError { file: file.to_owned(), line: line_of(text, needle), what };
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(complain("", format!("the file name `{id}` is the rule's id: use lower-case letters, digits and `-`")));
    }
    let decision = |word: &str, key: &str| match word {
        "deny" => Ok(crate::verdict::Decision::Deny),
        "ask" => Ok(crate::verdict::Decision::Ask),
        "warn" => Ok(crate::verdict::Decision::Warn),
        "allow" if key == "maybe" => Ok(crate::verdict::Decision::Allow),
        other => Err(complain(key, format!("unknown {key} `{other}`; expected deny, ask or warn"))),
    };
    let main = decision(&raw.decision, "decision")?;
    let maybe = raw.maybe.as_deref().map(|m| decision(m, "maybe")).transpose()?;
    for (name, text) in [("summary", &raw.summary), ("why", &raw.why)] {
        if text.trim().is_empty() {
            return Err(complain(name, format!("`{name}` is empty; say it in a sentence")));
        }
    }
    if raw.matches.is_empty() {
        return Err(complain("", "no `[[match]]`: say which effects the rule is about".into()));
    }
    for one in &raw.matches {
        check_match(one, lists).map_err(|(needle, what)| complain(&needle, what))?;
    }
    Ok(Rule {
        id: id.to_owned().into(),
        subject: subject.to_owned().into(),
        summary: raw.summary.into(),
        decision: main,
        maybe,
        why: raw.why.into(),
        instead: raw.instead.into(),
        tags: raw.tags.into(),
        matches: raw.matches.into(),
        examples: raw.examples,
    })
}

/// Two-sided proof: at least two examples that fire and two that do not.
pub fn enough_examples(rule: &Rule) -> Result<(), String> {
    let fires = rule.examples.deny.len() + rule.examples.ask.len() + rule.examples.warn.len();
    let passes = rule.examples.allow.len();
    if fires < 2 || passes < 2 {
        return Err(format!("rule `{}` has {fires} firing and {passes} passing examples; at least two of each are needed", rule.id));
    }
    Ok(())
}

fn check_match(one: &Match, lists: &dyn Fn(&str) -> bool) -> Result<(), (String, String)> {
    if *one == Match::default() {
        return Err(("[[match]]".into(), "an empty `[[match]]` would match every effect; name an action".into()));
    }
    for action in &one.action {
        let wild = action.contains(['*', '?', '[', '{']);
        if !wild && !action.contains('.') && !ACTIONS.contains(&&**action) {
            return Err((
                action.to_string(),
                format!("unknown action `{action}`; expected one of {}, or an operation such as `git.push`", ACTIONS.join(", ")),
            ));
        }
    }
    for label in &one.data {
        if !LABELS.contains(&&**label) {
            return Err((label.to_string(), format!("unknown label `{label}`; expected one of {}", LABELS.join(", "))));
        }
    }
    for pattern in one.target.iter().chain(&one.host).chain(&one.unless).chain(&one.unless_host).chain(&one.program).chain(&one.unless_program) {
        if pattern.is_empty() {
            return Err(("\"\"".into(), "an empty pattern matches nothing; remove it".into()));
        }
        if let Some(list) = pattern.strip_prefix('@')
            && !lists(list)
        {
            return Err((pattern.to_string(), format!("unknown list `@{list}`; lists are in lists.toml")));
        }
    }
    Ok(())
}

/// Parses TOML into a type; the complaint carries the line.
pub fn parse<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, LoadError> {
    // Empty lists mean "nothing matches" and are always a mistake.
    if let Some(line) = text.lines().position(|l| {
        let l = l.split('#').next().unwrap_or("");
        l.split_once('=').is_some_and(|(key, value)| {
            value.trim() == "[]" && ["action", "target", "host", "data", "with", "without", "program", "unless", "unless-host", "unless_host", "unless-program"].contains(&key.trim())
        })
    }) {
        return Err(LoadError { file: file.to_owned(), line: line + 1, what: "an empty list matches nothing; remove the field".into() });
    }
    toml::from_str(text).map_err(|error| LoadError {
        file: file.to_owned(),
        line: error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1),
        what: error.message().to_owned(),
    })
}

fn line_of(text: &str, needle: &str) -> usize {
    if needle.is_empty() {
        return 1;
    }
    text.lines().position(|l| l.contains(needle)).map_or(1, |at| at + 1)
}
