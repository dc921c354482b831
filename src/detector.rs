//! [`Detector`]: how one kind of secret looks in text, as data. `build.rs` includes this file and makes a `finder::Finder` of each.

use crate::fixed::{List, Str};
use serde::{Deserialize, Serialize};

/// One kind of secret; see `rules/detectors.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    pub id: Str,
    /// Lower case; a secret is only looked for where one stands.
    pub keywords: List<Str>,
    /// Tried in order.
    pub forms: Vec<Form>,
    /// Examples, each in parts.
    #[serde(rename = "match")]
    pub matches: Vec<Vec<String>>,
    pub pass: Vec<Vec<String>>,
}

/// One way to write it, as regular expressions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Stands between the keyword and the secret; without it the secret begins with the keyword.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    pub secret: String,
    /// What `secret` may end with and is no secret.
    #[serde(default)]
    pub after: Str,
}

/// `detectors.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorFile {
    pub detector: Vec<Detector>,
}
