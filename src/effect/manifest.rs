//! Descriptions of what shall run in a cluster or as a group of containers: a file, standard input, or text given by itself.
//!
//! Read line by line, in YAML or JSON: which lines open a way out of a container and which grant something are lists. Templates
//! and files that stand in folders are not read.

use super::interpret::Sum;
use super::network;
use super::state::Shell;
use super::text::Text;
use super::walker::{About, Call, Walker};
use crate::label::Label;
use crate::verdict::Certainty;

/// Lines behind `hostPath` among which its path stands.
const NEAR: usize = 3;

impl Walker<'_> {
    /// What a description asks for.
    pub(super) fn manifest(&mut self, shell: &Shell, text: &Text, about: &About) {
        if text.labels.has(Label::Network) {
            let about = About { data: text.labels, ..about.clone() };
            self.operate(shell, "cluster.manifest", Text::default(), None, &about);
        }
        let known = text.to_string();
        let lines: Vec<&str> = known.lines().map(str::trim_start).filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
        let mut about = about.clone();
        if self.only_scratch_namespaces(&lines) {
            about.with.add("scratch");
        }
        let says = |walker: &Self, list: &str| lines.iter().any(|line| walker.listed(list, &Text::known(*line)));
        if says(self, "escape-words") {
            let about = About { certainty: Certainty::Maybe, ..about.clone() };
            self.operate(shell, "container.escape", Text::default(), None, &about);
        }
        if says(self, "granting-lines") {
            self.operate(shell, "cloud.identity-changed", Text::default(), None, &about);
        }
        for (at, line) in lines.iter().enumerate() {
            let Some((_, rest)) = line.split_once("hostPath") else { continue };
            let near = lines[at + 1..].iter().take(NEAR);
            let Some(path) = std::iter::once(&rest).chain(near).find_map(|l| value_of(l, "path")) else { continue };
            self.operate(shell, "container.mount", self.absolute(shell, &Text::known(path)), None, &about);
        }
    }

    /// A description as a value: text by itself, an address, standard input or a file.
    pub(super) fn manifest_value(&mut self, shell: &Shell, value: &Text, call: &Call, about: &About, sum: &mut Sum) {
        if value.prefix().trim_start().starts_with(['{', '[']) {
            self.manifest(shell, value, about);
        } else if value.as_known() == Some("-") || value.as_known() == Some("/dev/stdin") {
            self.manifest(shell, &call.stdin, about);
        } else if value.prefix().contains("://") {
            if let Some(host) = network::of_url(value) {
                sum.peers.push((value.clone(), host));
            }
        } else {
            let path = self.absolute(shell, value);
            let read = self.read_file(shell, &path, about);
            let text = self.script_text(&path).unwrap_or(read);
            self.manifest(shell, &text, about);
        }
    }

    /// It names namespaces, and all of them are made to be thrown away.
    fn only_scratch_namespaces(&self, lines: &[&str]) -> bool {
        let mut named = lines.iter().filter_map(|line| value_of(line, "namespace")).peekable();
        let kind = super::spec::ValueType::one("table:cluster-namespace");
        named.peek().is_some() && named.all(|name| self.written_type(&kind, Some(&Text::known(name))).contains("+scratch"))
    }
}

/// The value behind a key, in YAML or JSON, on one line.
fn value_of<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let (before, after) = line.split_once(key)?;
    let end = before.chars().next_back();
    if end.is_some_and(|c| !" \"'{,-".contains(c)) {
        return None;
    }
    let value = after.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    let value = value.split(['"', '\'', ',', '}', ' ']).next().unwrap_or(value);
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_both_notations() {
        assert_eq!(value_of("namespace: dev", "namespace"), Some("dev"));
        assert_eq!(value_of("metadata: {name: x, namespace: prod}", "namespace"), Some("prod"));
        assert_eq!(value_of("{\"path\":\"/\"}", "path"), Some("/"));
        assert_eq!(value_of("subPath: x", "path"), None);
        assert_eq!(value_of("mountpath: x", "path"), None);
    }
}
