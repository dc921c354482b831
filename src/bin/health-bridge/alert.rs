//! Alertmanager's webhook (version 4), as far as it is used. Text from alerts is hostile: it may hold anything that a metric's label can.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub struct Webhook {
    pub alerts: Vec<Alert>,
}

#[derive(Deserialize)]
pub struct Alert {
    pub status: Status,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    #[serde(rename = "startsAt")]
    pub starts_at: String,
    /// The same for one set of labels, always.
    pub fingerprint: String,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Firing,
    Resolved,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Status::Firing => "firing",
            Status::Resolved => "resolved",
        }
    }
}

/// Characters of an alert's text that are passed on.
const TEXT: usize = 2_000;

impl Alert {
    pub fn name(&self) -> String {
        plain(self.labels.get("alertname").map_or("alert", String::as_str), 100)
    }

    pub fn critical(&self) -> bool {
        self.labels.get("severity").is_some_and(|s| s == "critical")
    }

    /// Whether it can be told at all: fingerprint and time stand in a mark that must stay in one piece.
    pub fn sound(&self) -> bool {
        let hex = !self.fingerprint.is_empty() && self.fingerprint.len() <= 64 && self.fingerprint.bytes().all(|b| b.is_ascii_hexdigit());
        hex && self.starts_at.len() <= 40 && self.starts_at.bytes().all(|b| b.is_ascii_alphanumeric() || b"-:.+".contains(&b))
    }

    /// The issue that the label `github_issue` names: `owner/name` and number.
    pub fn issue(&self) -> Option<Result<(String, u64), String>> {
        let label = self.labels.get("github_issue")?;
        let read = label.split_once('#').and_then(|(repository, number)| Some((repository.to_owned(), number.parse().ok().filter(|n| *n > 0)?)));
        Some(read.ok_or_else(|| format!("`{}` is no issue; write owner/name#number", plain(label, 80))))
    }

    /// Invisible in the issue; says that this very change was told.
    pub fn mark(&self) -> String {
        format!("<!-- health-bridge {} {} {} -->", self.fingerprint, self.starts_at, self.status.word())
    }

    /// Invisible in a bug issue; says which alert it is of.
    pub fn origin(&self) -> String {
        format!("<!-- health-bridge of {} -->", self.fingerprint)
    }

    /// What a person reads. In a code block, so that nothing in it is a mention, a link or HTML.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("{} since {}", self.status.word(), self.starts_at)];
        for key in ["summary", "description", "runbook_url"] {
            if let Some(value) = self.annotations.get(key) {
                lines.push(plain(value, TEXT));
            }
        }
        for (name, value) in &self.labels {
            lines.push(format!("{} = {}", plain(name, 100), plain(value, 200)));
        }
        format!("**{}** is {}.\n\n```text\n{}\n```\n", self.name(), self.status.word(), lines.join("\n"))
    }
}

/// At most `limit` characters, without control characters and without anything that ends a code block or a mark.
fn plain(text: &str, limit: usize) -> String {
    text.chars().take(limit).map(|c| if c.is_control() || c == '`' || c == '<' || c == '*' || c == '@' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(labels: &[(&str, &str)]) -> Alert {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Alert { status: Status::Firing, labels, annotations: BTreeMap::new(), starts_at: "2026-01-01T00:00:00Z".into(), fingerprint: "ab12".into() }
    }

    #[test]
    fn labels_name_issues() {
        assert_eq!(alert(&[("github_issue", "o/r#7")]).issue(), Some(Ok(("o/r".into(), 7))));
        for bad in ["o/r", "o/r#0", "o/r#x", "#"] {
            assert!(alert(&[("github_issue", bad)]).issue().is_some_and(|i| i.is_err()), "{bad}");
        }
        assert!(alert(&[]).issue().is_none());
    }

    #[test]
    fn hostile_text_stays_in_its_block() {
        let text = alert(&[("alertname", "a```\n@everyone <!-- health-bridge of ab12 -->")]).text();
        assert_eq!(text.matches("```").count(), 2);
        assert!(!text.contains('@') && !text.contains("<!--"));
        let mut broken = alert(&[]);
        broken.fingerprint = "ab --> x".into();
        assert!(!broken.sound());
    }
}
