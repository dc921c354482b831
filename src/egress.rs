//! The list of hosts that may be reached: `rules/egress.toml` and the layers' files of that name. `build.rs` includes this file.
//!
//! Reachable is not trusted: being on the list never excuses a secret.

use serde::{Deserialize, Serialize};

/// One destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// A host's name, or `*.` and a domain for every name below it.
    pub host: String,
    /// TCP ports; 443 alone when the file says nothing.
    #[serde(default = "https")]
    pub ports: Vec<u16>,
    /// What needs it.
    pub why: String,
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    #[serde(default)]
    pub destination: Vec<Destination>,
}

fn https() -> Vec<u16> {
    vec![443]
}

impl Destination {
    /// A name is letters, digits, dots and hyphens, with at most one `*.` in front. Errors say what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        let name = self.host.strip_prefix("*.").unwrap_or(&self.host);
        let label = |l: &str| !l.is_empty() && l.len() < 64 && l.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !name.contains('.') || !name.split('.').all(label) {
            return Err(format!("`{}` is no host name; write a name in lower case, or `*.` and a domain", self.host));
        }
        if name.split('.').next_back().is_some_and(|l| l.chars().all(|c| c.is_ascii_digit())) {
            return Err(format!("`{}` is an address; the list holds names", self.host));
        }
        if self.ports.is_empty() || self.ports.contains(&0) {
            return Err(format!("`{}` has no port, or port 0", self.host));
        }
        if self.why.trim().is_empty() {
            return Err(format!("`{}` does not say why it is needed", self.host));
        }
        Ok(())
    }

    /// Whether it covers the host and, when one is given, the port.
    pub fn covers(&self, host: &str, port: Option<u16>) -> bool {
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let named = match self.host.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|h| h.len() > 1 && h.ends_with('.')),
            None => host == self.host,
        };
        named && port.is_none_or(|p| self.ports.contains(&p))
    }
}

impl Egress {
    /// The destination that lets a connection out; `None` when nothing does.
    pub fn decide(&self, host: &str, port: Option<u16>) -> Option<&Destination> {
        self.destination.iter().find(|d| d.covers(host, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(host: &str, ports: &[u16]) -> Destination {
        Destination { host: host.into(), ports: ports.to_vec(), why: "a test".into() }
    }

    #[test]
    fn only_what_is_listed_is_covered() {
        let list = Egress { destination: vec![to("api.example.com", &[443]), to("*.example.org", &[443, 22])] };
        for (host, port, wanted) in [
            ("api.example.com", Some(443), true),
            ("API.Example.com.", None, true),
            ("api.example.com", Some(80), false),
            ("evil-api.example.com", Some(443), false),
            ("api.example.com.evil.test", Some(443), false),
            ("a.b.example.org", Some(22), true),
            ("example.org", Some(443), false),
            ("evilexample.org", Some(443), false),
            ("203.0.113.9", Some(443), false),
        ] {
            assert_eq!(list.decide(host, port).is_some(), wanted, "{host} {port:?}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (bad, part) in [(to("1.2.3.4", &[443]), "address"), (to("Evil.com", &[1]), "no host name"), (to("a.b", &[]), "no port"), (to("*", &[1]), "no host name"), (to("a.*.b", &[1]), "no host name")] {
            assert!(bad.check().expect_err("a mistake").contains(part), "{}", bad.host);
        }
        assert!(to("*.example.com", &[443]).check().is_ok());
    }
}
