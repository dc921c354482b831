//! Runs the examples of rules, with the laws that every rule set must keep.

use super::rewrite;
use super::types::{Example, Rule};
use crate::call::{Tool, ToolCall};
use crate::verdict::{Decision, Verdict};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The folder in which examples run.
pub const CWD: &str = "/home/claude/repos/app";
/// The home folder of examples.
pub const HOME: &str = "/home/claude";

/// A call that an example stands for, with the files it needs.
#[derive(Debug, Clone)]
pub struct ExampleCall {
    pub call: ToolCall,
    pub files: BTreeMap<String, String>,
    /// As printed in a report.
    pub text: String,
    /// A condition of guard itself under which the call is judged: `record-lost`, `layer-broken`.
    pub condition: Option<String>,
}

/// One law that an example breaks, or a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub rule: String,
    /// What was tried.
    pub example: String,
    pub kind: Kind,
    /// What was expected and what happened.
    pub what: String,
}

/// How an outcome counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Passed,
    Failed,
    /// A known gap that is still one.
    Todo,
}

/// Turns an example into a call.
pub fn call(example: &Example) -> Result<ExampleCall, String> {
    let (tool, input, files) = match example {
        Example::Command(command) => ("Bash".to_owned(), serde_json::json!({"command": command}), BTreeMap::new()),
        Example::Call { tool, command, input, files } => {
            let input = match (input, command) {
                (Some(input), _) => input.clone(),
                (None, Some(command)) => serde_json::json!({"command": command}),
                (None, None) => return Err("an example needs `command` or `input`".into()),
            };
            (tool.clone().unwrap_or_else(|| "Bash".into()), input, files.clone())
        }
    };
    let (tool, condition) = match tool.as_str() {
        "record-lost" | "layer-broken" | "egress-enforced" => ("Bash".to_owned(), Some(tool)),
        _ => (tool, None),
    };
    let text = input.get("command").and_then(|c| c.as_str()).map_or_else(|| format!("{tool} {input}"), str::to_owned);
    let tool: Tool = crate::hook::tool(&tool, &input).map_err(|e| e.to_string())?;
    Ok(ExampleCall { call: ToolCall { tool, cwd: PathBuf::from(CWD), session: "example".into() }, files, text, condition })
}

/// Runs every example of every rule. `judge` gives a call's verdict.
pub fn run(rules: &[Rule], only: Option<&str>, judge: &dyn Fn(&ExampleCall) -> Verdict) -> Vec<Outcome> {
    let mut out = Vec::new();
    for rule in rules.iter().filter(|r| only.is_none_or(|o| r.id == o || r.subject == o)) {
        if let Err(what) = super::load::enough_examples(rule) {
            out.push(Outcome { rule: rule.id.to_string(), example: String::new(), kind: Kind::Failed, what });
        }
        let wanted = [(Decision::Deny, &rule.examples.deny), (Decision::Ask, &rule.examples.ask), (Decision::Warn, &rule.examples.warn)];
        for (decision, examples) in wanted {
            for example in examples {
                out.push(fires(rule, example, decision, judge));
                if let Example::Command(command) = example {
                    out.extend(rewritten(rule, command, judge));
                }
            }
        }
        for example in &rule.examples.allow {
            out.push(passes(rule, example, judge));
        }
        for example in &rule.examples.todo {
            let fired = call(example).is_ok_and(|c| judge(&c).findings.iter().any(|f| f.rule == rule.id));
            let text = call(example).map(|c| c.text).unwrap_or_default();
            out.push(if fired {
                let what = "this gap is closed: move it from `todo` to the examples that fire".into();
                Outcome { rule: rule.id.to_string(), example: text, kind: Kind::Failed, what }
            } else {
                Outcome { rule: rule.id.to_string(), example: text, kind: Kind::Todo, what: "known gap".into() }
            });
        }
        for command in backticked(&rule.instead) {
            let example = Example::Command(command.clone());
            let outcome = passes(rule, &example, judge);
            if outcome.kind == Kind::Failed {
                out.push(Outcome { what: format!("`instead` offers it, but {}", outcome.what), ..outcome });
            }
        }
    }
    out
}

fn outcome(rule: &Rule, example: &str, what: Option<String>) -> Outcome {
    let kind = if what.is_some() { Kind::Failed } else { Kind::Passed };
    Outcome { rule: rule.id.to_string(), example: example.to_owned(), kind, what: what.unwrap_or_default() }
}

fn describe(verdict: &Verdict) -> String {
    if verdict.findings.is_empty() {
        return "nothing fired".into();
    }
    let all: Vec<String> = verdict.findings.iter().map(|f| format!("{} by {} ({})", f.decision.name(), f.rule, f.effect)).collect();
    all.join("; ")
}

fn fires(rule: &Rule, example: &Example, wanted: Decision, judge: &dyn Fn(&ExampleCall) -> Verdict) -> Outcome {
    let call = match call(example) {
        Ok(call) => call,
        Err(error) => return outcome(rule, &format!("{example:?}"), Some(error)),
    };
    let verdict = judge(&call);
    let this = verdict.findings.iter().find(|f| f.rule == rule.id);
    let what = match this {
        None => Some(format!("expected this rule to fire, but {}", describe(&verdict))),
        Some(finding) if finding.decision != wanted => {
            Some(format!("expected {}, but this rule says {} ({})", wanted.name(), finding.decision.name(), finding.effect))
        }
        Some(_) => None,
    };
    outcome(rule, &call.text, what)
}

fn passes(rule: &Rule, example: &Example, judge: &dyn Fn(&ExampleCall) -> Verdict) -> Outcome {
    let call = match call(example) {
        Ok(call) => call,
        Err(error) => return outcome(rule, &format!("{example:?}"), Some(error)),
    };
    let verdict = judge(&call);
    let what = (verdict.decision > Decision::Warn).then(|| format!("expected it to pass the whole set, but {}", describe(&verdict)));
    outcome(rule, &call.text, what)
}

/// Other spellings of the same command must fire as well, perhaps through another rule, and never be milder than asking.
fn rewritten(rule: &Rule, command: &str, judge: &dyn Fn(&ExampleCall) -> Verdict) -> Vec<Outcome> {
    let mut out = Vec::new();
    for (form, text) in rewrite::forms(command) {
        // A spelling that is a known gap stands among the rule's `todo`.
        if rule.examples.todo.contains(&Example::Command(text.clone())) {
            continue;
        }
        let Ok(call) = call(&Example::Command(text.clone())) else { continue };
        let verdict = judge(&call);
        let what = (!verdict.findings.iter().any(|f| f.rule == rule.id))
            .then(|| format!("the form `{form}` of `{command}` escapes this rule: {}", describe(&verdict)));
        out.push(outcome(rule, &text, what));
    }
    out
}

/// Commands offered in backticks.
fn backticked(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).filter(|c| c.contains(' ')).map(str::to_owned).collect()
}
