//! The hook protocol: the client's JSON ↔ events and answers. The only file that knows its field names.

use crate::call::{Tool, ToolCall};
use crate::verdict::{Decision, Finding, Verdict};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// Longest reason in bytes before JSON escapes it; further findings are named by their rules only.
const MAX_REASON: usize = 3_000;

/// One hook event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub session: String,
    /// The subagent's id, when one made the call.
    pub agent: Option<String>,
    pub cwd: PathBuf,
    pub permission_mode: Option<String>,
    pub tool_use_id: Option<String>,
    pub kind: EventKind,
    /// Characters that had to be replaced to read the text at all: half surrogates, NUL.
    pub odd_text: Option<&'static str>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A call is about to run: the only kind that is judged.
    PreToolUse(ToolCall),
    /// A call ran.
    PostToolUse { call: ToolCall, exit: Option<i32>, duration_ms: Option<u64> },
    /// A call failed; `exit` as far as the error says.
    PostToolUseFailure { call: ToolCall, error: String, exit: Option<i32>, duration_ms: Option<u64> },
    SessionStart { source: String },
    SessionEnd { reason: String },
    UserPromptSubmit { prompt: String },
    ConfigChange { source: String, file: String },
    /// An event that guard does not know: recorded, never answered.
    Unknown,
}

/// Why an event could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    #[error("standard input is empty")]
    Empty,
    #[error("the input is no JSON: {0}")]
    Json(String),
    #[error("the input is {0} and not one JSON object")]
    NotAnObject(&'static str),
    #[error("the key `{0}` stands twice in one object, so two readers may see two different calls")]
    DuplicateKey(String),
    #[error("`{0}` is missing or has the wrong type")]
    Field(&'static str),
    #[error("{0}")]
    Tool(String),
    #[error("the input is larger than {0} bytes")]
    TooLarge(usize),
    #[error("guard hook was started with the unknown argument `{0}`; it takes none")]
    Argument(String),
}

/// Reads one event. Half surrogate pairs, which the client sends and a strict reader refuses, become U+FFFD and are noted.
pub fn parse(bytes: &[u8]) -> Result<Event, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Unreadable::Empty);
    }
    let text = std::str::from_utf8(bytes).map_err(|e| Unreadable::Json(format!("invalid UTF-8 behind byte {}", e.valid_up_to())))?;
    let (text, halves) = without_half_surrogates(text);
    let unique: Unique = serde_json::from_str(&text).map_err(|error| {
        let message = error.to_string();
        match message.split_once(DUPLICATE) {
            Some((_, key)) => Unreadable::DuplicateKey(key.split('\u{1}').next().unwrap_or("").to_owned()),
            None => Unreadable::Json(message),
        }
    })?;
    let Value::Object(mut object) = unique.0 else {
        return Err(Unreadable::NotAnObject(match unique.0 {
            Value::Array(_) => "an array",
            Value::String(_) => "a string",
            Value::Number(_) => "a number",
            _ => "a bare word",
        }));
    };
    let string = |object: &Map<String, Value>, key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = string(&object, "hook_event_name").ok_or(Unreadable::Field("hook_event_name"))?;
    let cwd = string(&object, "cwd").map_or_else(|| PathBuf::from("/"), PathBuf::from);
    let session = string(&object, "session_id").unwrap_or_default();
    let duration_ms = object.get("duration_ms").and_then(Value::as_u64);
    let call = |object: &mut Map<String, Value>| -> Result<ToolCall, Unreadable> {
        let tool_name = string(object, "tool_name").ok_or(Unreadable::Field("tool_name"))?;
        let input = object.remove("tool_input").filter(Value::is_object).ok_or(Unreadable::Field("tool_input"))?;
        let tool = tool(&tool_name, &input).map_err(Unreadable::Tool)?;
        Ok(ToolCall { tool, cwd: cwd.clone(), session: session.clone() })
    };
    let kind = match name.as_str() {
        "PreToolUse" => EventKind::PreToolUse(call(&mut object)?),
        "PostToolUse" => {
            let exit = object.get("tool_response").and_then(|r| r.get("interrupted")).map(|i| if i == true { 130 } else { 0 });
            EventKind::PostToolUse { call: call(&mut object)?, exit, duration_ms }
        }
        "PostToolUseFailure" => {
            let error = string(&object, "error").unwrap_or_default();
            let exit = error.strip_prefix("Exit code ").and_then(|r| r.split_whitespace().next()).and_then(|n| n.parse().ok());
            EventKind::PostToolUseFailure { call: call(&mut object)?, error, exit, duration_ms }
        }
        "SessionStart" => EventKind::SessionStart { source: string(&object, "source").unwrap_or_default() },
        "SessionEnd" => EventKind::SessionEnd { reason: string(&object, "reason").unwrap_or_default() },
        "UserPromptSubmit" => EventKind::UserPromptSubmit { prompt: string(&object, "prompt").unwrap_or_default() },
        "ConfigChange" => EventKind::ConfigChange {
            source: string(&object, "source").unwrap_or_default(),
            file: string(&object, "file_path").unwrap_or_default(),
        },
        _ => EventKind::Unknown,
    };
    let odd_text = match &kind {
        _ if halves => Some("half a surrogate pair"),
        EventKind::PreToolUse(ToolCall { tool: Tool::Bash { command } | Tool::Monitor { command }, .. }) if command.contains('\0') => {
            Some("a NUL character")
        }
        _ => None,
    };
    Ok(Event {
        session,
        agent: string(&object, "agent_id"),
        cwd,
        permission_mode: string(&object, "permission_mode"),
        tool_use_id: string(&object, "tool_use_id"),
        name,
        kind,
        odd_text,
    })
}

/// Marks our own complaint inside a serde_json error.
const DUPLICATE: &str = "\u{1}duplicate\u{1}";

/// A JSON value in which no object has a key twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Unique)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Unique(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(de::Error::custom(format!("{DUPLICATE}{key}\u{1}")));
            }
            let Unique(value) = map.next_value()?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// Replaces `\ud800`-like escapes without a partner; tells whether there were any.
fn without_half_surrogates(text: &str) -> (std::borrow::Cow<'_, str>, bool) {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return (text.into(), false);
    }
    let bytes = text.as_bytes();
    let unit = |at: usize| -> Option<u32> {
        (bytes.get(at) == Some(&b'\\') && bytes.get(at + 1) == Some(&b'u'))
            .then(|| text.get(at + 2..at + 6).and_then(|h| u32::from_str_radix(h, 16).ok()))
            .flatten()
    };
    let mut out = String::with_capacity(text.len());
    let mut found = false;
    let mut at = 0;
    let mut copied = 0;
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match unit(at) {
            Some(high) if (0xd800..0xdc00).contains(&high) && unit(at + 6).is_some_and(|low| (0xdc00..0xe000).contains(&low)) => at += 12,
            Some(half) if (0xd800..0xe000).contains(&half) => {
                out.push_str(&text[copied..at]);
                out.push_str("\\ufffd");
                at += 6;
                copied = at;
                found = true;
            }
            Some(_) => at += 6,
            None => at += 2,
        }
    }
    if !found {
        return (text.into(), false);
    }
    out.push_str(&text[copied.min(text.len())..]);
    (out.into(), true)
}

/// A tool and its input → the call. The error names the field.
pub fn tool(name: &str, input: &Value) -> Result<Tool, String> {
    let text = |key: &str| {
        input.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("`tool_input.{key}` of {name} is missing or no text"))
    };
    let optional = |key: &str| input.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(match name {
        "Bash" => Tool::Bash { command: text("command")? },
        "Monitor" if input.get("command").is_some() => Tool::Monitor { command: text("command")? },
        "Read" => Tool::Read { path: text("file_path")? },
        "Write" => Tool::Write { path: text("file_path")?, content: text("content")? },
        "Edit" => Tool::Edit { path: text("file_path")?, old: text("old_string")?, new: text("new_string")? },
        "NotebookEdit" => Tool::NotebookEdit { path: text("notebook_path")?, source: optional("new_source").unwrap_or_default() },
        "Glob" => Tool::Glob { pattern: text("pattern")?, path: optional("path") },
        "Grep" => Tool::Grep { pattern: text("pattern")?, path: optional("path"), glob: optional("glob") },
        "WebFetch" => Tool::WebFetch { url: text("url")?, prompt: optional("prompt").unwrap_or_default() },
        "WebSearch" => Tool::WebSearch { query: text("query")? },
        "Agent" | "Task" => Tool::Agent { prompt: text("prompt")? },
        _ => match name.strip_prefix("mcp__").and_then(|rest| rest.split_once("__")) {
            Some((server, tool)) => Tool::Mcp { server: server.into(), tool: tool.into(), input: input.clone() },
            None => Tool::Other { name: name.to_owned(), input: input.clone() },
        },
    })
}

/// Whether a person can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Attended {
    #[default]
    Auto,
    Always,
    Never,
}

/// Whether a person sits at this session. `auto` believes it only if the mode asks for permissions and the client does not say
/// that nobody is there (`CLAUDE_CODE_SESSION_ATTENDED=0`).
pub fn attended(setting: Attended, permission_mode: Option<&str>, client_says: Option<&str>) -> bool {
    match setting {
        Attended::Always => true,
        Attended::Never => false,
        Attended::Auto => matches!(permission_mode, Some("default" | "plan" | "acceptEdits")) && client_says != Some("0"),
    }
}

/// The decision as it will be carried out: nobody there to ask means no.
pub fn effective(decision: Decision, attended: bool) -> Decision {
    if decision == Decision::Ask && !attended { Decision::Deny } else { decision }
}

/// What the client reads on standard output: empty lets the call go on, else exactly one object. Only a call that is about to
/// run is answered.
pub fn answer(verdict: &Verdict, attended: bool) -> String {
    let reason = reason(verdict, attended);
    match effective(verdict.decision, attended) {
        Decision::Allow => String::new(),
        Decision::Warn => json!({"hookSpecificOutput": {"hookEventName": "PreToolUse", "additionalContext": reason}}).to_string(),
        decision => json!({"hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": decision.name(),
            "permissionDecisionReason": reason,
        }})
        .to_string(),
    }
}

/// Which rules, which part of the call, why, and what to do instead.
fn reason(verdict: &Verdict, attended: bool) -> String {
    let mut out = String::new();
    let asks = verdict.decision == Decision::Ask;
    for (at, finding) in verdict.findings.iter().enumerate() {
        let one = sentence(finding, at == 0);
        if out.len() + one.len() > MAX_REASON {
            let rest: Vec<&str> = verdict.findings[at..].iter().map(|f| f.rule.as_str()).collect();
            out.push_str(&format!("\nalso: {}", rest.join(", ").chars().take(400).collect::<String>()));
            break;
        }
        if at > 0 {
            out.push('\n');
        }
        out.push_str(&one);
    }
    if asks && !attended {
        out.push_str("\nA person would have to allow this, and nobody is there to ask: do not try it in another spelling.");
    }
    out
}

fn sentence(finding: &Finding, first: bool) -> String {
    let mut out = format!("guard: {} [{}]: {}.", finding.message, finding.rule, finding.effect);
    if first {
        out.push_str(&format!(" {}", finding.why));
        if !finding.instead.is_empty() {
            out.push_str(&format!(" Instead: {}", finding.instead));
        }
    }
    out
}
