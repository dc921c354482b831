//! The types of rules, as they stand in files. `build.rs` includes this file, so it depends on decisions alone.

use crate::verdict::Decision;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One rule; its id is its file's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub id: String,
    /// Folder under `policy/`.
    pub subject: String,
    pub summary: String,
    pub decision: Decision,
    /// The decision when the evidence is not proof; default one step milder.
    pub maybe: Option<Decision>,
    pub why: String,
    pub instead: String,
    pub tags: Vec<String>,
    /// Joined by "or".
    pub matches: Vec<Match>,
    #[serde(default, skip_serializing_if = "Examples::is_empty")]
    pub examples: Examples,
}

/// Fields are joined by "and", the values of a field by "or".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Match {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub host: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub program: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
    #[serde(alias = "unless_host", skip_serializing_if = "Vec::is_empty")]
    pub unless_host: Vec<String>,
    /// Programs that take the match away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unless_program: Vec<String>,
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

/// Rules of all layers; their order has no meaning.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RuleSet {
    pub rules: Vec<Rule>,
    #[serde(default)]
    pub exceptions: Vec<Exception>,
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
