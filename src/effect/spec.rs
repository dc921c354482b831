//! [`CommandSpec`]: what a program does, as data. The language is described in `rules/README.md`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happens to a value: a type name, modifiers, or a choice by the value itself.
///
/// Written as a string (`"text +stamp"`, `"?text"`, `"+force"`, `""`) or as a map from glob to such a string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ValueType {
    One(String),
    Choice(Choice),
}

/// Glob of the value → its type. The most precise pattern wins: fewer wildcards, then longer.
pub type Choice = BTreeMap<String, String>;

/// The parts of one written type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TypeParts<'a> {
    /// The value may be missing, and is only ever attached (`-i.bak`, `--color=auto`).
    pub optional: bool,
    /// The type's name; empty for a pure switch.
    pub name: &'a str,
    /// Modifiers, blank-separated, each with its `+`.
    pub modifiers: &'a str,
}

/// Splits `"?text +stamp"` into its parts.
pub fn type_parts(written: &str) -> TypeParts<'_> {
    let written = written.trim();
    let (optional, rest) = written.strip_prefix('?').map_or((false, written), |rest| (true, rest));
    if rest.starts_with('+') || rest.is_empty() {
        return TypeParts { optional, name: "", modifiers: rest };
    }
    let (name, modifiers) = rest.split_once(' ').unwrap_or((rest, ""));
    TypeParts { optional, name, modifiers: modifiers.trim() }
}

impl ValueType {
    /// Whether an option of this type takes a value from the next word.
    pub fn takes_value(&self) -> bool {
        match self {
            ValueType::One(written) => {
                let parts = type_parts(written);
                !parts.optional && !parts.name.is_empty()
            }
            ValueType::Choice(_) => true,
        }
    }
}

/// What a program, or one of its sub-commands, does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CommandSpec {
    /// Names it is called by, globs allowed; only at the top level, default the file's name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operands: Option<Vec<ValueType>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<ValueType>,
    #[serde(rename = "with", skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub does: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bundled: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub options_first: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub single_dash: bool,
    /// Key: `"-o, --output"`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, ValueType>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, ValueType>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sub: BTreeMap<String, CommandSpec>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<String, CommandSpec>,
}
