//! [`Record`]: what is kept of one event. Made from redacted text only: redact first, cut second, and what is cut leaves its size and
//! the hash of its redacted whole ([`Cut`]).

use crate::secret::{Redacted, Redactor};
use crate::verdict::{Decision, Verdict};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Longest encoded record in bytes, so that a journal frame stays below 4 KB.
pub const MAX_RECORD: usize = 4_000;
const MAX_COMMAND: usize = 1_600;
const MAX_FIELD: usize = 200;
/// Longest text of one finding's or one effect's target.
const MAX_ENTRY: usize = 120;
const MAX_FINDINGS: usize = 12;
const MAX_EFFECTS: usize = 8;
const MAX_FILES: usize = 4;

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

/// A field of which not everything is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The field's name in the record.
    pub field: String,
    /// Bytes of the redacted whole.
    pub bytes: usize,
    /// SHA-256 of the redacted whole; of findings, effects and files that is one entry a line, `RULE DECISION EFFECT` for a finding.
    pub sha256: String,
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
    /// What was cut, in the order of the fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<Cut>,
}

/// What says which event it was, redacted and not cut: the part of a record that is known before the event is judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    pub event: Redacted,
    pub session: Redacted,
    pub agent: Option<Redacted>,
    pub cwd: Redacted,
    pub tool: Redacted,
    pub tool_use_id: Option<Redacted>,
    pub mode: Option<Redacted>,
    pub command: Redacted,
}

impl Identity {
    /// Redacts what identifies the event.
    pub fn new(facts: &Facts, redactor: &Redactor) -> Identity {
        let some = |text: &Option<String>| text.as_deref().map(|text| redactor.redact(text));
        Identity {
            event: redactor.redact(&facts.event),
            session: redactor.redact(&facts.session),
            agent: some(&facts.agent),
            cwd: redactor.redact(&facts.cwd),
            tool: redactor.redact(&facts.tool),
            tool_use_id: some(&facts.tool_use_id),
            mode: some(&facts.mode),
            command: redactor.redact(&facts.command),
        }
    }
}

/// The redacted wholes of the fields that may be cut.
struct Wholes<'i> {
    command: &'i Redacted,
    findings: Redacted,
    effects: Redacted,
    files: Redacted,
    error: Redacted,
    cwd: &'i Redacted,
}

impl Wholes<'_> {
    fn of<'i>(identity: &'i Identity, facts: &Facts, redactor: &Redactor) -> Wholes<'i> {
        let lines = |lines: Vec<String>| redactor.redact(&lines.join("\n"));
        let finding = |f: &crate::verdict::Finding| format!("{} {} {}", f.rule, f.decision.name(), f.effect);
        Wholes {
            command: &identity.command,
            findings: lines(facts.verdict.findings.iter().map(finding).collect()),
            effects: lines(facts.effects.clone()),
            files: lines(facts.files.iter().map(|(path, hash)| format!("{path} {hash}")).collect()),
            error: redactor.redact(facts.error.as_deref().unwrap_or("")),
            cwd: &identity.cwd,
        }
    }
}

impl Record {
    /// Redacts and cuts.
    pub fn new(facts: &Facts, redactor: &Redactor) -> Record {
        Record::of(&Identity::new(facts, redactor), facts, redactor)
    }

    /// The record of an event whose identity was redacted before; the same fields of `facts` are not looked at.
    pub fn of(identity: &Identity, facts: &Facts, redactor: &Redactor) -> Record {
        let short = |text: &Redacted| text.cut(MAX_FIELD);
        let wholes = Wholes::of(identity, facts, redactor);
        let mut record = Record {
            time_ms: facts.time_ms,
            event: short(&identity.event).to_string(),
            session: short(&identity.session),
            agent: identity.agent.as_ref().map(short),
            cwd: short(&identity.cwd),
            tool: short(&identity.tool).to_string(),
            tool_use_id: identity.tool_use_id.as_ref().map(short),
            mode: identity.mode.as_ref().map(short),
            command: wholes.command.cut(MAX_COMMAND),
            decision: facts.decision,
            findings: facts
                .verdict
                .findings
                .iter()
                .take(MAX_FINDINGS)
                .map(|f| KeptFinding { rule: f.rule.clone(), decision: f.decision, effect: redactor.redact(&f.effect).cut(MAX_ENTRY) })
                .collect(),
            effects: facts.effects.iter().take(MAX_EFFECTS).map(|e| redactor.redact(e).cut(MAX_ENTRY)).collect(),
            rules_version: facts.rules_version.clone(),
            files: facts.files.iter().take(MAX_FILES).map(|(p, h)| (short(&redactor.redact(p)), h.clone())).collect(),
            guard_us: facts.guard_us,
            exit: facts.exit,
            duration_ms: facts.duration_ms,
            error: facts.error.as_ref().map(|_| wholes.error.cut(MAX_FIELD)),
            cut: Vec::new(),
        };
        record.say_what_is_cut(&wholes, facts);
        // Escapes may make the encoded form longer than its parts: cut further until it fits.
        let mut room = MAX_COMMAND;
        while record.encode().len() > MAX_RECORD && room > 8 {
            room /= 2;
            record.command = record.command.cut(room);
            record.effects.truncate(room / 200);
            record.findings.truncate((room / 100).max(1));
            record.files.truncate(room / 800);
            record.error = record.error.map(|e| e.cut(room / 8));
            record.cwd = record.cwd.cut(room.max(40));
            record.say_what_is_cut(&wholes, facts);
        }
        if record.encode().len() > MAX_RECORD {
            // Names made of control characters: what identifies the event stays, as far as it fits.
            for field in [Some(&mut record.session), Some(&mut record.cwd), record.agent.as_mut(), record.tool_use_id.as_mut(), record.mode.as_mut()] {
                if let Some(field) = field {
                    *field = field.cut(32);
                }
            }
            record.error = record.error.map(|e| e.cut(32));
            for finding in &mut record.findings {
                finding.effect = finding.effect.cut(32);
            }
            record.event.truncate(record.event.floor_char_boundary(32));
            record.tool.truncate(record.tool.floor_char_boundary(32));
            record.rules_version.truncate(record.rules_version.floor_char_boundary(64));
            record.say_what_is_cut(&wholes, facts);
        }
        record
    }

    /// Compares what is kept with the wholes.
    fn say_what_is_cut(&mut self, wholes: &Wholes<'_>, facts: &Facts) {
        let findings = self.findings.len() < facts.verdict.findings.len() || self.findings.iter().any(|f| f.effect.is_cut());
        let effects = self.effects.len() < facts.effects.len() || self.effects.iter().any(Redacted::is_cut);
        let files = self.files.len() < facts.files.len() || self.files.iter().any(|(path, _)| path.is_cut());
        let fields = [
            ("cwd", self.cwd != *wholes.cwd, wholes.cwd),
            ("command", self.command != *wholes.command, wholes.command),
            ("findings", findings, &wholes.findings),
            ("effects", effects, &wholes.effects),
            ("files", files, &wholes.files),
            ("error", self.error.as_ref().is_some_and(|e| *e != wholes.error), &wholes.error),
        ];
        for (field, is_cut, whole) in fields {
            if is_cut && !self.cut.iter().any(|c| c.field == field) {
                self.cut.push(Cut { field: field.to_owned(), bytes: whole.as_str().len(), sha256: hash(whole.as_str()) });
            }
        }
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
    use crate::verdict::Finding;

    fn finding(rule: &str, effect: &str) -> Finding {
        serde_json::from_value(serde_json::json!({
            "rule": rule, "decision": "deny", "certainty": "yes", "span": {"start": 0, "end": 0}, "effect": effect, "message": "", "why": "", "instead": ""
        }))
        .expect("a finding")
    }

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
                tool_use_id: Some(text.clone()),
                files: vec![(text.clone(), hash("")); 5],
                verdict: Verdict { findings: vec![finding("some-rule", &text); 20], ..Verdict::default() },
                ..Facts::default()
            };
            let record = Record::new(&facts, &redactor);
            assert!(record.encode().len() <= MAX_RECORD, "{}", record.encode().len());
            let cut: Vec<&str> = record.cut.iter().map(|c| c.field.as_str()).collect();
            for field in ["command", "cwd", "effects", "findings", "error"] {
                assert!(cut.contains(&field), "{field}: {cut:?}");
            }
        }
    }

    #[test]
    fn what_is_cut_leaves_its_size_and_hash() {
        let mut facts = Facts { effects: (0..9).map(|n| format!("send {n}")).collect(), ..Facts::default() };
        facts.verdict.findings = (0..13).map(|n| finding(&format!("rule-{n}"), &format!("send {n}"))).collect();
        let record = Record::new(&facts, &Redactor::default());
        let whole: Vec<String> = (0..13).map(|n| format!("rule-{n} deny send {n}")).collect();
        let kept: Vec<(&str, &str)> = record.cut.iter().map(|c| (c.field.as_str(), c.sha256.as_str())).collect();
        assert_eq!(kept, [("findings", hash(&whole.join("\n")).as_str()), ("effects", hash(&facts.effects.join("\n")).as_str())]);
        facts.verdict.findings.truncate(12);
        facts.effects.truncate(8);
        assert!(Record::new(&facts, &Redactor::default()).cut.is_empty(), "what fits is not cut");
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
