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
    /// File and line it stands in; set by the reader, never written by a person.
    #[serde(default)]
    pub at: String,
}

/// Addresses that may be reached on any port: a site's own network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// An IPv4 address, `/` and 8, 16, 24 or 32: whole octets, so that a rule's pattern can say the same thing.
    pub cidr: String,
    /// What needs it.
    pub why: String,
    /// As for a destination.
    #[serde(default)]
    pub at: String,
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    #[serde(default)]
    pub destination: Vec<Destination>,
    #[serde(default)]
    pub range: Vec<Range>,
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

impl Range {
    /// The octets that are fixed. Errors say what is wrong with the range.
    pub fn octets(&self) -> Result<Vec<u8>, String> {
        let wrong = || format!("`{}` is no range; write an IPv4 address and /8, /16, /24 or /32", self.cidr);
        let (address, bits) = self.cidr.split_once('/').ok_or_else(wrong)?;
        let address: std::net::Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let fixed = match bits {
            "8" => 1,
            "16" => 2,
            "24" => 3,
            "32" => 4,
            _ => return Err(wrong()),
        };
        if address.octets()[fixed..].iter().any(|o| *o != 0) {
            return Err(format!("`{}` has bits behind its mask", self.cidr));
        }
        if self.why.trim().is_empty() {
            return Err(format!("`{}` does not say why it is needed", self.cidr));
        }
        Ok(address.octets()[..fixed].to_vec())
    }

    /// The same range as a host pattern of rules. Digits only, so that `192.168.55.evil.example` is not in it.
    pub fn pattern(&self) -> String {
        let fixed = self.octets().unwrap_or_default();
        let mut parts: Vec<String> = fixed.iter().map(ToString::to_string).collect();
        parts.resize(4, "{[0-9],[0-9][0-9],[0-9][0-9][0-9]}".to_owned());
        parts.join(".")
    }

    fn covers(&self, host: &str) -> bool {
        let Ok(address) = host.parse::<std::net::Ipv4Addr>() else { return false };
        self.octets().is_ok_and(|fixed| address.octets().starts_with(&fixed))
    }
}

/// What lets a connection out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    Destination(&'a Destination),
    Range(&'a Range),
}

impl Egress {
    /// The line that lets a connection out; `None` when nothing does.
    pub fn decide(&self, host: &str, port: Option<u16>) -> Option<Line<'_>> {
        let named = self.destination.iter().find(|d| d.covers(host, port)).map(Line::Destination);
        named.or_else(|| self.range.iter().find(|r| r.covers(host)).map(Line::Range))
    }

    /// Everything as the host patterns that rules know as `@egress-hosts`.
    pub fn patterns(&self) -> Vec<String> {
        self.destination.iter().map(|d| d.host.clone()).chain(self.range.iter().map(Range::pattern)).collect()
    }

    /// Notes where every entry stands, and names the mistakes: the line (1-based) and what is wrong there.
    pub fn locate(&mut self, file: &str, text: &str) -> Vec<(usize, String)> {
        let mut mistakes = Vec::new();
        let lines = |header: &'static str| text.lines().enumerate().filter(move |(_, l)| l.trim_start().starts_with(header)).map(|(at, _)| at + 1);
        let mut note = |at: &mut String, line: usize, checked: Result<(), String>| {
            if !at.is_empty() {
                mistakes.push((line, "`at` is filled in when the file is read; leave it out".to_owned()));
            }
            *at = format!("{file}:{line}");
            if let Err(what) = checked {
                mistakes.push((line, what));
            }
        };
        for (one, line) in self.destination.iter_mut().zip(lines("[[destination]]").chain(std::iter::repeat(1))) {
            let checked = one.check();
            note(&mut one.at, line, checked);
        }
        for (one, line) in self.range.iter_mut().zip(lines("[[range]]").chain(std::iter::repeat(1))) {
            let checked = one.octets().map(|_| ());
            note(&mut one.at, line, checked);
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(host: &str, ports: &[u16]) -> Destination {
        Destination { host: host.into(), ports: ports.to_vec(), why: "a test".into(), at: String::new() }
    }

    #[test]
    fn only_what_is_listed_is_covered() {
        let list = Egress { destination: vec![to("api.example.com", &[443]), to("*.example.org", &[443, 22])], range: vec![Range { cidr: "192.0.2.0/24".into(), why: "a test".into(), at: String::new() }] };
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
            ("192.0.2.9", Some(6443), true),
            ("192.0.3.9", None, false),
            ("192.0.2.evil.example", None, false),
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
        for bad in ["10.0.0.0", "10.0.0.0/12", "10.0.0.1/8", "0.0.0.0/0", "::1/8"] {
            assert!(Range { cidr: bad.into(), why: "a test".into(), at: String::new() }.octets().is_err(), "{bad}");
        }
    }

    #[test]
    fn entries_know_their_lines() {
        let text = "# a list\n[[destination]]\nhost = \"a.example\"\nwhy = \"x\"\n\n[[range]]\ncidr = \"10.0.0.0/8\"\nwhy = \"x\"\n[[destination]]\nhost = \"b\"\nwhy = \"x\"\n";
        let mut list: Egress = toml::from_str(text).expect("a list");
        let mistakes = list.locate("f", text);
        assert_eq!((list.destination[0].at.as_str(), list.range[0].at.as_str(), mistakes[0].0), ("f:2", "f:6", 9));
    }
}
