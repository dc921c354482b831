//! Finds secrets in text and takes them out. A pattern is compiled only when one of its keywords occurs.

use crate::detector::Detector;
use crate::fixed::List;
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Text without secrets: only [`Redactor::redact`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Redacted(String);

impl Redacted {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Something was cut off, or the text ends as if it were.
    pub fn is_cut(&self) -> bool {
        self.0.ends_with('…')
    }

    /// The text, shortened to at most `bytes`; a cut is marked.
    #[must_use]
    pub fn cut(&self, bytes: usize) -> Redacted {
        if self.0.len() <= bytes {
            return self.clone();
        }
        let mut end = bytes.saturating_sub('…'.len_utf8());
        while !self.0.is_char_boundary(end) {
            end -= 1;
        }
        Redacted(format!("{}…", &self.0[..end]))
    }
}

impl std::fmt::Display for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes secrets out of text.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    detectors: List<Detector>,
}

impl Redactor {
    /// Uses these detectors.
    pub fn new(detectors: impl Into<List<Detector>>) -> Redactor {
        Redactor { detectors: detectors.into() }
    }

    /// The detectors, for tests and docs.
    pub fn detectors(&self) -> &[Detector] {
        &self.detectors
    }

    /// The text with every secret replaced by `‹redacted:KIND›`.
    pub fn redact(&self, text: &str) -> Redacted {
        let mut text: Cow<'_, str> = Cow::Borrowed(text);
        let lower = text.to_lowercase();
        let bytes = Bytes::of(&lower);
        for detector in self.detectors.iter() {
            if !detector.keywords.iter().any(|k| bytes.hold(k) && lower.contains(&**k)) {
                continue;
            }
            let pattern = Regex::new(&detector.pattern).unwrap_or_else(|error| panic!("detector `{}`: {error}", detector.id));
            let mark = format!("‹redacted:{}›", detector.id);
            let mut out = String::new();
            let mut from = 0;
            for found in pattern.captures_iter(&text) {
                let Some(secret) = (1..found.len()).find_map(|group| found.get(group)) else { continue };
                // A mark stays; a value that only contains one does not get away with it.
                let value = secret.as_str();
                if value.starts_with("‹redacted:") && value.find('›').is_some_and(|end| end + '›'.len_utf8() == value.len()) {
                    continue;
                }
                out.push_str(&text[from..secret.start()]);
                out.push_str(&mark);
                from = secret.end();
            }
            if from > 0 {
                out.push_str(&text[from..]);
                text = Cow::Owned(out);
            }
        }
        Redacted(text.into_owned())
    }
}

/// Which bytes occur in a text: most keywords have one that does not, and are answered by it.
struct Bytes([u64; 4]);

impl Bytes {
    fn of(text: &str) -> Bytes {
        let mut seen = [0; 4];
        text.bytes().for_each(|b| seen[usize::from(b >> 6)] |= 1 << (b & 63));
        Bytes(seen)
    }

    fn hold(&self, keyword: &str) -> bool {
        keyword.bytes().all(|b| self.0[usize::from(b >> 6)] & (1 << (b & 63)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(crate::knowledge::Knowledge::builtin_bundle().detectors)
    }

    #[test]
    fn every_detector_finds_its_examples_and_passes_the_others() {
        let redactor = redactor();
        assert!(redactor.detectors().len() >= 20);
        for detector in redactor.detectors() {
            assert!(Regex::new(&detector.pattern).is_ok(), "{}", detector.id);
            assert!(!detector.matches.is_empty() && !detector.pass.is_empty(), "{} has no examples", detector.id);
            let alone = Redactor::new(vec![detector.clone()]);
            for example in &detector.matches {
                let text = example.concat();
                let out = alone.redact(&text);
                assert!(out.as_str().contains("‹redacted:"), "{}: {text}", detector.id);
                assert_eq!(alone.redact(out.as_str()), out, "{} is not idempotent", detector.id);
            }
            for example in &detector.pass {
                let text = example.concat();
                assert_eq!(alone.redact(&text).as_str(), text, "{}", detector.id);
            }
        }
    }

    #[test]
    fn redaction_is_idempotent_over_all_detectors() {
        let redactor = redactor();
        let all: String = redactor.detectors().iter().flat_map(|d| &d.matches).map(|m| m.concat() + "\n").collect();
        let once = redactor.redact(&all);
        assert_eq!(redactor.redact(once.as_str()), once);
    }
}
