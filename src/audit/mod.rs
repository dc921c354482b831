//! Records → digest: what happened, on one screen.

pub mod metrics;
mod print;

use crate::record::Record;
use crate::verdict::Decision;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

pub use print::{json, markdown, text};

/// A time span and what happened in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Digest {
    pub since_ms: i64,
    pub until_ms: i64,
    /// Calls that were judged.
    pub calls: usize,
    pub sessions: usize,
    pub allowed: usize,
    pub warned: usize,
    pub asked: usize,
    pub denied: usize,
    /// Calls that ran, and those that failed.
    pub ran: usize,
    pub failed: usize,
    /// Calls that ran although no record says that they were judged: the hook was missing, or its record was lost.
    pub unjudged: usize,
    pub rules: Vec<RuleCount>,
    /// One line each, newest last.
    pub pushes: Vec<String>,
    pub uploads: Vec<String>,
    pub failures: Vec<String>,
    pub latency: Latency,
    /// What went wrong in guard itself.
    pub errors: Vec<String>,
    /// Forbidden events that a probe of the installed hook sent, and that were denied.
    #[serde(skip_serializing_if = "is_none")]
    pub probes: usize,
    /// Number and hash of the newest sealed record: with the digest it leaves the machine.
    pub head: Option<(i64, String)>,
}

/// How often a rule fired, with one example.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    pub rule: String,
    pub count: usize,
    pub example: String,
}

/// Time guard took per call, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    pub p50_us: u64,
    pub p95_us: u64,
    pub max_us: u64,
}

/// The session under which a probe sends its forbidden event; a client's sessions are UUIDs.
pub const PROBE: &str = "probe";

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none(number: &usize) -> bool {
    *number == 0
}

const LINES: usize = 8;
const RULES: usize = 10;

/// Sums up records. `notes` are the store's remarks about guard itself.
pub fn digest(records: &[Record], notes: &[String], since_ms: i64, until_ms: i64) -> Digest {
    let mut out = Digest { since_ms, until_ms, errors: notes.to_vec(), ..Digest::default() };
    let mut sessions = BTreeSet::new();
    let mut rules: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    let mut times: Vec<u64> = Vec::new();
    for record in records {
        if record.session.as_str() == PROBE {
            match record.decision {
                Some(Decision::Deny) => out.probes += 1,
                Some(_) => out.errors.push("the forbidden event of a probe was not denied".to_owned()),
                None => {}
            }
            continue;
        }
        if !record.session.as_str().is_empty() {
            sessions.insert(record.session.as_str());
        }
        if let Some(decision) = record.decision {
            out.calls += 1;
            times.push(record.guard_us);
            match decision {
                Decision::Allow => out.allowed += 1,
                Decision::Warn => out.warned += 1,
                Decision::Ask => out.asked += 1,
                Decision::Deny => out.denied += 1,
            }
            for finding in &record.findings {
                let entry = rules.entry(&finding.rule).or_insert_with(|| (0, one_line(record)));
                entry.0 += 1;
            }
            // What a denied call would have done did not happen.
            if decision <= Decision::Ask {
                for effect in &record.effects {
                    let effect = effect.as_str();
                    if effect.starts_with("git.push") {
                        out.pushes.push(one_line(record));
                    } else if effect.starts_with("send") {
                        out.uploads.push(effect.to_owned());
                    }
                }
            }
            if let Some(error) = &record.error {
                out.errors.push(error.to_string());
            }
        }
        match record.event.as_str() {
            "PostToolUse" => out.ran += 1,
            "PostToolUseFailure" => {
                out.ran += 1;
                out.failed += 1;
                let exit = record.exit.map_or("failed".to_owned(), |code| format!("exit {code}"));
                out.failures.push(format!("{exit}: {}", one_line(record)));
            }
            _ => {}
        }
    }
    out.sessions = sessions.len();
    out.rules = rules.into_iter().map(|(rule, (count, example))| RuleCount { rule: rule.to_owned(), count, example }).collect();
    out.rules.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.rule.cmp(&b.rule)));
    out.rules.truncate(RULES);
    for list in [&mut out.pushes, &mut out.uploads, &mut out.failures, &mut out.errors] {
        if list.len() > LINES {
            let more = list.len() - LINES;
            list.drain(..more);
            list.insert(0, format!("({more} earlier)"));
        }
    }
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or(0);
    out.latency = Latency { p50_us: at(50), p95_us: at(95), max_us: times.last().copied().unwrap_or(0) };
    out
}

fn one_line(record: &Record) -> String {
    let text = record.command.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > 100 { text.chars().take(99).collect::<String>() + "…" } else { text }
}

#[cfg(test)]
mod tests {
    use super::{PROBE, digest};
    use crate::record::{Facts, Record};
    use crate::secret::Redactor;
    use crate::verdict::Decision;

    #[test]
    fn probes_are_no_calls_and_one_that_passed_is_an_error() {
        let probe = |decision| {
            let facts = Facts { session: PROBE.into(), event: "PreToolUse".into(), decision: Some(decision), ..Facts::default() };
            Record::new(&facts, &Redactor::default())
        };
        let sum = digest(&[probe(Decision::Deny), probe(Decision::Allow)], &[], 0, 1);
        assert_eq!((sum.calls, sum.sessions, sum.probes, sum.errors.len()), (0, 0, 1, 1));
    }
}
