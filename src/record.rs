//! [`Record`]: what is kept of one event. Made from redacted text only: redact first, cut second, and what is cut leaves the hash of
//! its redacted whole.

use crate::secret::{Redacted, Redactor};
use crate::verdict::{Decision, Verdict};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Longest encoded record in bytes, so that a journal frame stays below 4 KB.
pub const MAX_RECORD: usize = 4_000;
const MAX_COMMAND: usize = 1_600;
const MAX_FIELD: usize = 200;

/// What happened, before redaction.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Milliseconds since 1970, UTC.
    pub time_ms: i64,
    pub event: String,
    pub session: String,
    pub agent: Option<String>,
    pub cwd: String,
    pub tool: String,
    pub tool_use_id: Option<String>,
    pub mode: Option<String>,
    /// The command, or the input of the tool in a line.
    pub command: String,
    pub verdict: Verdict,
    /// The decision as carried out; `None` for events that are not judged.
    pub decision: Option<Decision>,
    /// Effects worth counting later: operations, sends.
    pub effects: Vec<String>,
    pub rules_version: String,
    /// Judged files and their hashes.
    pub files: Vec<(String, String)>,
    /// Time guard took, in microseconds.
    pub guard_us: u64,
    pub exit: Option<i32>,
    pub duration_ms: Option<u64>,
    /// What went wrong, in the tool or in guard.
    pub error: Option<String>,
}

/// One finding as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFinding {
    pub rule: String,
    pub decision: Decision,
    pub effect: Redacted,
}

/// What is kept of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub time_ms: i64,
    pub event: String,
    pub session: Redacted,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Redacted>,
    pub cwd: Redacted,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tool: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_use_id: Option<Redacted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Redacted>,
    #[serde(default)]
    pub command: Redacted,
    /// SHA-256 of the redacted command, when it was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<KeptFinding>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Redacted>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rules_version: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<(Redacted, String)>,
    #[serde(default)]
    pub guard_us: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Redacted>,
}

impl Record {
    /// Redacts and cuts.
    pub fn new(facts: &Facts, redactor: &Redactor) -> Record {
        let short = |text: &str| redactor.redact(text).cut(MAX_FIELD);
        let full = redactor.redact(&facts.command);
        let command = full.cut(MAX_COMMAND);
        let mut record = Record {
            time_ms: facts.time_ms,
            event: short(&facts.event).to_string(),
            session: short(&facts.session),
            agent: facts.agent.as_deref().map(short),
            cwd: short(&facts.cwd),
            tool: short(&facts.tool).to_string(),
            tool_use_id: facts.tool_use_id.as_deref().map(short),
            mode: facts.mode.as_deref().map(short),
            command_hash: (command != full).then(|| hash(full.as_str())),
            command,
            decision: facts.decision,
            findings: facts
                .verdict
                .findings
                .iter()
                .take(12)
                .map(|f| KeptFinding { rule: f.rule.clone(), decision: f.decision, effect: redactor.redact(&f.effect).cut(120) })
                .collect(),
            effects: facts.effects.iter().take(8).map(|e| redactor.redact(e).cut(120)).collect(),
            rules_version: facts.rules_version.clone(),
            files: facts.files.iter().take(4).map(|(p, h)| (short(p), h.clone())).collect(),
            guard_us: facts.guard_us,
            exit: facts.exit,
            duration_ms: facts.duration_ms,
            error: facts.error.as_deref().map(short),
        };
        // Escapes may make the encoded form longer than its parts: cut further until it fits.
        let mut room = MAX_COMMAND;
        while record.encode().len() > MAX_RECORD && room > 8 {
            room /= 2;
            record.command_hash.get_or_insert_with(|| hash(full.as_str()));
            record.command = record.command.cut(room);
            record.effects.truncate(room / 200);
            record.findings.truncate((room / 100).max(1));
            record.files.truncate(room / 800);
            record.error = record.error.map(|e| e.cut(room / 8));
            record.cwd = record.cwd.cut(room.max(40));
        }
        if record.encode().len() > MAX_RECORD {
            // Names made of control characters: what identifies the event stays, as far as it fits.
            for field in [Some(&mut record.session), Some(&mut record.cwd), record.agent.as_mut(), record.tool_use_id.as_mut(), record.mode.as_mut()] {
                if let Some(field) = field {
                    *field = field.cut(48);
                }
            }
            record.error = record.error.map(|e| e.cut(48));
            record.event.truncate(record.event.floor_char_boundary(48));
            record.tool.truncate(record.tool.floor_char_boundary(48));
            record.rules_version.truncate(record.rules_version.floor_char_boundary(96));
        }
        record
    }

    /// The JSON form that is journalled.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// SHA-256 in hexadecimal.
pub fn hash(text: &str) -> String {
    hash_bytes(text.as_bytes())
}

/// SHA-256 of bytes in hexadecimal.
pub fn hash_bytes(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_always_fits_a_frame() {
        let redactor = crate::knowledge::Knowledge::builtin_redactor();
        for text in ["x".repeat(100_000), "\u{1}".repeat(50_000), "ä\"\\".repeat(9_000)] {
            let facts = Facts {
                command: text.clone(),
                cwd: text.clone(),
                error: Some(text.clone()),
                effects: vec![text.clone(); 20],
                session: text.clone(),
                agent: Some(text.clone()),
                tool: text.clone(),
                event: text.clone(),
                mode: Some(text.clone()),
                rules_version: text.clone(),
                tool_use_id: Some(text),
                ..Facts::default()
            };
            let record = Record::new(&facts, &redactor);
            assert!(record.encode().len() <= MAX_RECORD, "{}", record.encode().len());
            assert!(record.command_hash.is_some());
        }
    }

    #[test]
    fn secrets_go_before_anything_is_cut() {
        let redactor = crate::knowledge::Knowledge::builtin_redactor();
        let token = ["gh", "p_", "fakefakefakefakefakefake"].concat();
        let facts = Facts { command: format!("{}{token}", "x ".repeat(MAX_COMMAND / 2 - 8)), ..Facts::default() };
        let record = Record::new(&facts, &redactor);
        assert!(!String::from_utf8_lossy(&record.encode()).contains("fakefake"));
    }
}
