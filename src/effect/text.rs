//! [`Text`]: a word after the expansions that can be known without running anything.

use crate::label::Labels;
use std::fmt;

/// One stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// These very characters.
    Known(String),
    /// A shell glob that is still to be matched against files: `*`, `?`, `[a-z]`.
    Glob(String),
    /// Anything, also nothing.
    Unknown,
}

/// Known characters, globs and unknown stretches, and the labels of the data in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Text {
    parts: Vec<Part>,
    pub labels: Labels,
}

impl Text {
    /// A text that is wholly known.
    pub fn known(text: impl Into<String>) -> Text {
        let text = text.into();
        Text { parts: if text.is_empty() { Vec::new() } else { vec![Part::Known(text)] }, labels: Labels::NONE }
    }

    /// No characters, but labels: the beginning of a text that is put together.
    pub fn empty(labels: Labels) -> Text {
        Text { parts: Vec::new(), labels }
    }

    /// A text of which nothing is known.
    pub fn unknown() -> Text {
        Text { parts: vec![Part::Unknown], labels: Labels::NONE }
    }

    /// The same text with further labels.
    #[must_use]
    pub fn labelled(mut self, labels: Labels) -> Text {
        self.labels.add(labels);
        self
    }

    /// Its stretches; neighbours are never both `Known` or both `Unknown`.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The empty text.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The characters, where all are known.
    pub fn as_known(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Known(text)] => Some(text),
            _ => None,
        }
    }

    /// The known characters at its beginning; empty when it begins with something else.
    pub fn prefix(&self) -> &str {
        match self.parts.first() {
            Some(Part::Known(text)) => text,
            _ => "",
        }
    }

    /// The known characters at its end; empty when it ends with something else.
    pub fn suffix(&self) -> &str {
        match self.parts.last() {
            Some(Part::Known(text)) => text,
            _ => "",
        }
    }

    /// Takes known bytes away from the end.
    pub fn drop_suffix(&mut self, bytes: usize) {
        if let Some(Part::Known(last)) = self.parts.last_mut() {
            last.truncate(last.len().saturating_sub(bytes));
            if last.is_empty() {
                self.parts.pop();
            }
        }
    }

    /// Bytes of what is known.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|p| if let Part::Known(t) | Part::Glob(t) = p { t.len() } else { 1 }).sum()
    }

    /// Some stretch of it is unknown or a glob.
    pub fn has_unknown(&self) -> bool {
        self.as_known().is_none()
    }

    /// Appends known characters.
    pub fn push_str(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Part::Known(last)) = self.parts.last_mut() {
            last.push_str(text);
        } else {
            self.parts.push(Part::Known(text.to_owned()));
        }
    }

    /// Appends an unknown stretch.
    pub fn push_unknown(&mut self) {
        if self.parts.last() != Some(&Part::Unknown) {
            self.parts.push(Part::Unknown);
        }
    }

    /// Appends a glob.
    pub fn push_glob(&mut self, glob: &str) {
        self.parts.push(Part::Glob(glob.to_owned()));
    }

    /// Appends another text, with its labels.
    pub fn push(&mut self, other: &Text) {
        for part in &other.parts {
            match part {
                Part::Known(text) => self.push_str(text),
                Part::Glob(glob) => self.push_glob(glob),
                Part::Unknown => self.push_unknown(),
            }
        }
        self.labels.add(other.labels);
    }

    /// The text without its first `bytes` known bytes; `None` when fewer are known there or they end inside a character.
    pub fn strip_bytes(&self, bytes: usize) -> Option<Text> {
        let rest = self.prefix().get(bytes..)?;
        let mut text = Text { parts: Vec::new(), labels: self.labels };
        text.push_str(rest);
        text.parts.extend(self.parts.iter().skip(usize::from(!self.prefix().is_empty())).cloned());
        Some(text)
    }

    /// The text without a known prefix.
    pub fn strip_prefix(&self, prefix: &str) -> Option<Text> {
        self.prefix().starts_with(prefix).then(|| self.strip_bytes(prefix.len())).flatten()
    }

    /// Splits at the first known `separator`.
    pub fn split_once(&self, separator: &str) -> Option<(Text, Text)> {
        let mut head = Text { parts: Vec::new(), labels: self.labels };
        for (at, part) in self.parts.iter().enumerate() {
            if let Part::Known(text) = part
                && let Some((left, right)) = text.split_once(separator)
            {
                head.push_str(left);
                let mut tail = Text { parts: Vec::new(), labels: self.labels };
                tail.push_str(right);
                tail.parts.extend(self.parts[at + 1..].iter().cloned());
                return Some((head, tail));
            }
            head.parts.push(part.clone());
        }
        None
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Known(text) => f.write_str(text)?,
                Part::Glob(glob) => write!(f, "{glob}")?,
                Part::Unknown => f.write_str("‹?›")?,
            }
        }
        Ok(())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::known(text)
    }
}
