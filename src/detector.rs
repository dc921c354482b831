//! [`Detector`]: how one kind of secret looks in text, as data. `build.rs` includes this file.

use crate::fixed::{List, Str};
use serde::{Deserialize, Serialize};

/// One kind of secret; see `rules/detectors.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    pub id: Str,
    /// Lower case; one must occur.
    pub keywords: List<Str>,
    /// The group that matches is the secret.
    pub pattern: Str,
    /// Examples, each in parts.
    #[serde(default, rename = "match")]
    pub matches: Vec<Vec<String>>,
    #[serde(default)]
    pub pass: Vec<Vec<String>>,
}

/// `detectors.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorFile {
    pub detector: Vec<Detector>,
}
