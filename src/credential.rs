//! [`Credential`]: what holds one kind of credential, and who may be shown it, as data. `build.rs` includes this file.

use crate::fixed::{List, Str};
use serde::{Deserialize, Serialize};

/// One kind of credential; see `rules/credentials.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credential {
    /// Variables whose value it is.
    pub variables: List<Str>,
    /// Files whose content it is.
    pub files: List<Str>,
    /// Hosts of its service.
    pub hosts: List<Str>,
    /// How the service takes it: `header:NAME`, `user` (name and password), `userinfo` (in a URL before the `@`), `query:NAME`,
    /// `path:BEGINNING`, `url` (the address itself is the credential).
    #[serde(rename = "as")]
    pub forms: List<Str>,
    /// Programs that show it to its service and to nobody else.
    pub programs: List<Str>,
    /// Variables that tell such programs another address of the service.
    pub endpoints: List<Str>,
}
