//! The types of rules, as they stand in files. `build.rs` includes this file, so it depends on decisions alone.

use crate::fixed::{List, Str};
use crate::verdict::Decision;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One rule; its id is its file's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub id: Str,
    /// Folder under `policy/`.
    pub subject: Str,
    pub summary: Str,
    pub decision: Decision,
    /// The decision when the evidence is not proof; default one step milder.
    pub maybe: Option<Decision>,
    pub why: Str,
    pub instead: Str,
    pub tags: List<Str>,
    /// Joined by "or".
    pub matches: List<Match>,
    #[serde(default, skip_serializing_if = "Examples::is_empty")]
    pub examples: Examples,
}

/// Fields are joined by "and", the values of a field by "or".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Match {
    #[serde(skip_serializing_if = "List::is_empty")]
    pub action: List<Str>,
    #[serde(skip_serializing_if = "List::is_empty")]
    pub target: List<Str>,
    #[serde(skip_serializing_if = "List::is_empty")]
    pub host: List<Str>,
    #[serde(skip_serializing_if = "List::is_empty")]
    pub data: List<Str>,
    #[serde(skip_serializing_if = "List::is_empty")]
    pub with: List<Str>,
    #[serde(skip_serializing_if = "List::is_empty")]
    pub without: List<Str>,
    #[serde(skip_serializing_if = "List::is_empty")]
    pub program: List<Str>,
    #[serde(skip_serializing_if = "List::is_empty")]
    pub unless: List<Str>,
    #[serde(alias = "unless_host", skip_serializing_if = "List::is_empty")]
    pub unless_host: List<Str>,
    /// Programs that take the match away.
    #[serde(skip_serializing_if = "List::is_empty")]
    pub unless_program: List<Str>,
}

/// What a rule claims, two-sided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Examples {
    pub deny: Vec<Example>,
    pub ask: Vec<Example>,
    pub warn: Vec<Example>,
    pub allow: Vec<Example>,
    /// Known gaps: an error once they pass.
    pub todo: Vec<Example>,
}

impl Examples {
    /// No example at all.
    pub fn is_empty(&self) -> bool {
        *self == Examples::default()
    }
}

/// A shell command, or the input of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Example {
    Command(String),
    Call {
        #[serde(default)]
        tool: Option<String>,
        #[serde(default)]
        command: Option<String>,
        #[serde(default)]
        input: Option<serde_json::Value>,
        #[serde(default)]
        files: BTreeMap<String, String>,
    },
}

/// Takes findings of one rule away for some effects; dated and reasoned, from a layer that may loosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    pub rule: String,
    #[serde(default)]
    pub target: Vec<String>,
    #[serde(default)]
    pub host: Vec<String>,
    #[serde(default)]
    pub program: Vec<String>,
    pub reason: String,
    /// Last day on which it holds, `YYYY-MM-DD`.
    pub until: String,
}
