//! Parts of a value: `${x#pattern}`, `${x/pattern/with}`, `${x:offset:length}`, on text that may be partly unknown.

use super::text::{Part, Text};

/// Characters of the longest text that a pattern is tried on.
const MAX_PATTERN_TEXT: usize = 512;

/// The text with every known stretch converted.
pub(super) fn map_known(text: &Text, convert: impl Fn(&str) -> String) -> Text {
    let mut out = Text::empty(text.labels);
    for part in text.parts() {
        match part {
            Part::Known(t) => out.push_str(&convert(t)),
            Part::Glob(g) => out.push_glob(g),
            Part::Unknown => out.push_unknown(),
        }
    }
    out
}

/// `${x:offset:length}`; a negative number counts from the end.
pub(super) fn slice(text: &Text, offset: &Text, length: Option<&Text>) -> Text {
    let number = |t: &Text| t.as_known().and_then(|t| t.trim().parse::<i64>().ok());
    let (Some(known), Some(offset)) = (text.as_known(), number(offset)) else {
        return Text::unknown().labelled(text.labels);
    };
    let chars: Vec<char> = known.chars().collect();
    let len = chars.len() as i64;
    let from = if offset < 0 { (len + offset).max(0) } else { offset.min(len) };
    let to = match length {
        None => len,
        Some(length) => match number(length) {
            Some(l) if l < 0 => (len + l).max(from),
            Some(l) => from.saturating_add(l).min(len),
            None => return Text::unknown().labelled(text.labels),
        },
    };
    Text::known(chars[from as usize..to as usize].iter().collect::<String>()).labelled(text.labels)
}

/// A pattern as characters: `None` stands for `*`, `Some(None)` for `?`.
fn simple_pattern(pattern: &Text) -> Option<Vec<Option<Option<char>>>> {
    let mut out = Vec::new();
    for part in pattern.parts() {
        match part {
            Part::Known(t) => out.extend(t.chars().map(|c| Some(Some(c)))),
            Part::Glob(g) if g == "*" => out.push(None),
            Part::Glob(g) if g == "?" => out.push(Some(None)),
            _ => return None,
        }
    }
    Some(out)
}

/// Whether the pattern matches all of `text`. Both are short; the work is bounded by their product.
fn pattern_matches(pattern: &[Option<Option<char>>], text: &[char]) -> bool {
    let mut row: Vec<bool> = vec![false; text.len() + 1];
    row[0] = true;
    for step in pattern {
        let mut next = vec![false; text.len() + 1];
        match step {
            None => {
                let mut any = false;
                for (at, reached) in row.iter().enumerate() {
                    any |= reached;
                    next[at] = any;
                }
            }
            Some(wanted) => {
                for at in 0..text.len() {
                    next[at + 1] = row[at] && wanted.is_none_or(|w| w == text[at]);
                }
            }
        }
        row = next;
    }
    row[text.len()]
}

/// `${x#pattern}`, `${x##pattern}`, `${x%pattern}`, `${x%%pattern}`.
pub(super) fn trim(text: &Text, pattern: &Text, suffix: bool, long: bool) -> Text {
    let (Some(known), Some(steps)) = (text.as_known(), simple_pattern(pattern)) else {
        return Text::unknown().labelled(text.labels);
    };
    let chars: Vec<char> = known.chars().collect();
    if chars.len() > MAX_PATTERN_TEXT {
        return Text::unknown().labelled(text.labels);
    }
    let mut lengths: Vec<usize> = (0..=chars.len()).collect();
    if long {
        lengths.reverse();
    }
    for length in lengths {
        let (cut, keep) = if suffix {
            (&chars[chars.len() - length..], &chars[..chars.len() - length])
        } else {
            (&chars[..length], &chars[length..])
        };
        if pattern_matches(&steps, cut) {
            return Text::known(keep.iter().collect::<String>()).labelled(text.labels);
        }
    }
    text.clone()
}

/// `${x/pattern/with}`; `mode` as in [`crate::shell::word::ParameterOp::Replace`].
pub(super) fn replace(text: &Text, pattern: &Text, with: &Text, mode: char) -> Text {
    let (Some(known), Some(steps)) = (text.as_known(), simple_pattern(pattern)) else {
        return Text::unknown().labelled(text.labels.and(with.labels));
    };
    let chars: Vec<char> = known.chars().collect();
    if chars.len() > MAX_PATTERN_TEXT || steps.is_empty() {
        return if steps.is_empty() { text.clone() } else { Text::unknown().labelled(text.labels) };
    }
    let mut out = Text::empty(text.labels);
    let mut at = 0;
    let mut done = false;
    while at < chars.len() {
        let longest = if done || (mode == '#' && at > 0) {
            None
        } else {
            (at + 1..=chars.len())
                .rev()
                .filter(|end| mode != '%' || *end == chars.len())
                .find(|end| pattern_matches(&steps, &chars[at..*end]))
        };
        match longest {
            Some(end) => {
                out.push(with);
                at = end;
                done = mode != '/';
            }
            None => {
                out.push_str(chars[at].encode_utf8(&mut [0; 4]));
                at += 1;
            }
        }
    }
    out
}
