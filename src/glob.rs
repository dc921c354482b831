//! Patterns of rules and lists against texts that may be partly unknown.
//!
//! `*` matches anything but `/`, `**` anything, `?` one character but `/`, `[a-z]` a class, `{a,b}` alternatives. An unknown
//! stretch of the text matches only a pattern's `*`: known text must cover every literal character of the pattern, so that
//! ignorance is never taken for evidence.

use crate::effect::{Part, Text};
use crate::verdict::Certainty;

/// How surely `pattern` matches `text`. A pattern without `/` is held against the last component of a path.
pub fn matches(pattern: &str, text: &Text) -> Certainty {
    if pattern == "**" || pattern == "*" {
        return Certainty::Yes;
    }
    if let Some(known) = text.as_known() {
        let subject = if !pattern.contains('/') && known.starts_with('/') {
            known.rsplit('/').next().unwrap_or(known)
        } else {
            known
        };
        if !pattern.contains(['*', '?', '[', '{', '\\']) {
            return if pattern == subject { Certainty::Yes } else { Certainty::No };
        }
        return alternatives(pattern).iter().map(|p| known_matches(p, subject)).max().unwrap_or(Certainty::No);
    }
    let text = if pattern.contains('/') { text.clone() } else { last_component(text) };
    alternatives(pattern).iter().map(|p| uncertain(p, &text)).max().unwrap_or(Certainty::No)
}

/// Hosts: without case, `*` crosses dots.
pub fn matches_host(pattern: &str, host: &Text) -> Certainty {
    let pattern = pattern.to_lowercase();
    if let Some(known) = host.as_known() {
        let known = known.to_lowercase();
        return alternatives(&pattern).iter().map(|p| known_matches(p, &known)).max().unwrap_or(Certainty::No);
    }
    alternatives(&pattern).iter().map(|p| uncertain(p, host)).max().unwrap_or(Certainty::No)
}

/// `{a,b}` written out; not nested, at most 64 patterns.
fn alternatives(pattern: &str) -> Vec<String> {
    let Some((head, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let Some((inner, tail)) = rest.split_once('}') else { return vec![pattern.to_owned()] };
    let tails = alternatives(tail);
    inner.split(',').flat_map(|i| tails.iter().map(move |t| format!("{head}{i}{t}"))).take(64).collect()
}

/// One step of a pattern.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Is(char),
    /// `?`
    One,
    Class(bool, Vec<(char, char)>),
    /// `*`; `true` for `**`.
    Any(bool),
    /// `**/`: any folders, also none.
    Folders,
}

fn steps(pattern: &str) -> Vec<Step> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = Vec::with_capacity(chars.len());
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '*' => {
                let mut end = at;
                while chars.get(end) == Some(&'*') {
                    end += 1;
                }
                let deep = end - at > 1;
                if deep && chars.get(end) == Some(&'/') {
                    out.push(Step::Folders);
                    end += 1;
                } else {
                    out.push(Step::Any(deep));
                }
                at = end;
            }
            '?' => {
                out.push(Step::One);
                at += 1;
            }
            '\\' if at + 1 < chars.len() => {
                out.push(Step::Is(chars[at + 1]));
                at += 2;
            }
            '[' => {
                let close = chars[at + 1..].iter().position(|c| *c == ']').filter(|n| *n > 0);
                match close {
                    Some(close) => {
                        let mut class = &chars[at + 1..at + 1 + close];
                        let negated = matches!(class.first(), Some('!' | '^'));
                        if negated {
                            class = &class[1..];
                        }
                        let mut ranges = Vec::new();
                        let mut i = 0;
                        while i < class.len() {
                            if i + 2 < class.len() && class[i + 1] == '-' {
                                ranges.push((class[i], class[i + 2]));
                                i += 3;
                            } else {
                                ranges.push((class[i], class[i]));
                                i += 1;
                            }
                        }
                        out.push(Step::Class(negated, ranges));
                        at += close + 2;
                    }
                    None => {
                        out.push(Step::Is('['));
                        at += 1;
                    }
                }
            }
            c => {
                out.push(Step::Is(c));
                at += 1;
            }
        }
    }
    out
}

fn accepts(step: &Step, c: char) -> bool {
    match step {
        Step::Is(wanted) => *wanted == c,
        Step::One => c != '/',
        Step::Class(negated, ranges) => c != '/' && ranges.iter().any(|(a, b)| *a <= c && c <= *b) != *negated,
        Step::Any(_) | Step::Folders => false,
    }
}

fn known_matches(pattern: &str, text: &str) -> Certainty {
    if !pattern.contains(['*', '?', '[', '\\']) {
        return if pattern == text { Certainty::Yes } else { Certainty::No };
    }
    // A literal beginning or end that differs answers most questions.
    let literal_head = pattern.find(['*', '?', '[', '\\']).unwrap_or(pattern.len());
    if !text.starts_with(&pattern[..literal_head]) {
        return Certainty::No;
    }
    let tail = pattern.rfind(['*', '?', ']', '\\']).map_or(0, |at| at + 1);
    if !pattern[..tail].ends_with('\\') && !text.ends_with(&pattern[tail..]) {
        return Certainty::No;
    }
    let steps = steps(pattern);
    let mut row = vec![None; steps.len() + 1];
    enter(&steps, &mut row, 0, 0);
    for c in text.chars() {
        row = advance(&steps, &row, c);
    }
    if row[steps.len()].is_some() { Certainty::Yes } else { Certainty::No }
}

/// For each reached step, the most literal characters that known text covered on the way.
type Row = Vec<Option<usize>>;

/// Reaches a step; a star, and folders, may stand for nothing.
fn enter(steps: &[Step], row: &mut Row, at: usize, covered: usize) {
    let mut at = at;
    loop {
        row[at] = Some(row[at].map_or(covered, |old| old.max(covered)));
        match steps.get(at) {
            Some(Step::Any(_) | Step::Folders) => at += 1,
            _ => return,
        }
    }
}

/// One known character.
fn advance(steps: &[Step], row: &Row, c: char) -> Row {
    let mut next = vec![None; steps.len() + 1];
    for (at, step) in steps.iter().enumerate() {
        let Some(covered) = row[at] else { continue };
        match step {
            Step::Any(deep) if *deep || c != '/' => enter(steps, &mut next, at, covered),
            Step::Folders => {
                next[at] = Some(next[at].map_or(covered, |old: usize| old.max(covered)));
                if c == '/' {
                    enter(steps, &mut next, at + 1, covered);
                }
            }
            Step::Is(wanted) if *wanted == c => enter(steps, &mut next, at + 1, covered + usize::from(c != '/')),
            Step::One | Step::Class(..) if accepts(step, c) => enter(steps, &mut next, at + 1, covered),
            _ => {}
        }
    }
    next
}

/// The text with unknown stretches: these may be swallowed by the pattern's stars only. A shell glob in the text may stand for
/// literal characters of the pattern too, but then at least half of them must be known: `~/.ssh/*` may be a key, `*.json` is no
/// evidence for anything. As in a shell, a glob at the beginning of a name does not stand for a dot.
fn uncertain(pattern: &str, text: &Text) -> Certainty {
    let steps = steps(pattern);
    let literals = steps.iter().filter(|s| matches!(s, Step::Is(c) if *c != '/')).count();
    let mut row: Row = vec![None; steps.len() + 1];
    enter(&steps, &mut row, 0, 0);
    let mut at_start = true;
    for part in text.parts() {
        match part {
            Part::Known(known) => {
                for c in known.chars() {
                    row = advance(&steps, &row, c);
                }
                at_start = known.ends_with('/');
            }
            Part::Unknown => {
                let mut next = vec![None; steps.len() + 1];
                for (at, step) in steps.iter().enumerate() {
                    match (row[at], step) {
                        (Some(covered), Step::Any(_)) => enter(&steps, &mut next, at, covered),
                        (Some(covered), Step::Folders) => {
                            // It may end with a `/`, or somewhere inside a name.
                            enter(&steps, &mut next, at + 1, covered);
                            next[at] = Some(covered);
                        }
                        _ => {}
                    }
                }
                row = next;
                at_start = false;
            }
            Part::Glob(glob) => {
                let wild = glob.contains('*') || glob.contains('(');
                let mut next = vec![None; steps.len() + 1];
                for (at, step) in steps.iter().enumerate() {
                    let Some(covered) = row[at] else { continue };
                    match step {
                        Step::Any(_) => enter(&steps, &mut next, at, covered),
                        Step::Folders => next[at] = Some(next[at].map_or(covered, |old: usize| old.max(covered))),
                        Step::Is('.') if at_start && !glob.starts_with('.') => {}
                        _ if wild => {
                            let mut to = at;
                            enter(&steps, &mut next, at, covered);
                            while to < steps.len() && !matches!(steps[to], Step::Is('/') | Step::Folders) {
                                to += 1;
                                enter(&steps, &mut next, to, covered);
                            }
                        }
                        Step::Is('/') => {}
                        _ => enter(&steps, &mut next, at + 1, covered),
                    }
                }
                if wild && let Some(covered) = row[steps.len()] {
                    enter(&steps, &mut next, steps.len(), covered);
                }
                row = next;
                at_start = false;
            }
        }
    }
    let Some(covered) = row[steps.len()] else { return Certainty::No };
    if literals == 0 || covered == 0 {
        return Certainty::Unknown;
    }
    if covered * 2 < literals {
        return Certainty::No;
    }
    if matches!(steps.last(), Some(Step::Any(true))) { prefix_certain(&steps, text) } else { Certainty::Maybe }
}

/// `/etc/**` against `/etc/‹?›`: certain, unless the unknown part may climb out with `..`.
fn prefix_certain(steps: &[Step], text: &Text) -> Certainty {
    let literal: String = steps.iter().map_while(|s| if let Step::Is(c) = s { Some(*c) } else { None }).collect();
    if literal.len() + 1 == steps.len().max(1) && text.prefix().starts_with(&literal) { Certainty::Yes } else { Certainty::Maybe }
}

fn last_component(text: &Text) -> Text {
    if !text.prefix().starts_with('/') && !text.parts().iter().any(|p| matches!(p, Part::Known(t) if t.contains('/'))) {
        return text.clone();
    }
    let mut out = Text::empty(text.labels);
    for part in text.parts() {
        match part {
            Part::Known(t) => match t.rsplit_once('/') {
                Some((_, last)) => {
                    out = Text::empty(text.labels);
                    out.push_str(last);
                }
                None => out.push_str(t),
            },
            Part::Glob(g) => out.push_glob(g),
            Part::Unknown => out.push_unknown(),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(written: &str) -> Text {
        let mut out = Text::default();
        for (at, piece) in written.split("$X").enumerate() {
            if at > 0 {
                out.push_unknown();
            }
            for (i, piece) in piece.split("#").enumerate() {
                if i > 0 {
                    out.push_glob("*");
                }
                out.push_str(piece);
            }
        }
        out
    }

    #[test]
    fn patterns_against_texts() {
        use Certainty::{Maybe, No, Unknown, Yes};
        for (pattern, subject, wanted) in [
            ("**/.env", "/a/b/.env", Yes),
            ("**/.env", "/.env", Yes),
            ("**/.env", "/a/.envrc", No),
            ("/a/*", "/a/b", Yes),
            ("/a/*", "/a/b/c", No),
            ("/a/**", "/a/b/c", Yes),
            ("*.pem", "/x/key.pem", Yes),
            ("id_*", "/x/id_rsa", Yes),
            ("/etc/{passwd,shadow}", "/etc/shadow", Yes),
            ("**/.env", "$X/.env", Maybe),
            ("**/.env", "$X", No),
            ("/home/*/.ssh/**", "$X", No),
            ("/home/*/.ssh/**", "/home/$X/.ssh/id", Maybe),
            ("/etc/**", "/etc/$X", Yes),
            ("/w/**", "/w/#", Yes),
            ("/home/*/.ssh/id_*", "/home/c/.ssh/#", Maybe),
            ("*", "anything", Yes),
            ("/**", "$X", No),
            ("**/x*", "#", Unknown),
            ("**/.env", "/a/x.env", No),
            ("**/.history", "/a/$X/job.history", No),
            ("/home/*/.ssh/id_*", "/home/#/.ssh/id_rsa", Maybe),
        ] {
            assert_eq!(matches(pattern, &text(subject)), wanted, "`{pattern}` against `{subject}`");
        }
    }

    #[test]
    fn hosts() {
        assert_eq!(matches_host("*.Example.com", &Text::known("a.b.example.COM")), Certainty::Yes);
        assert_eq!(matches_host("*.example.com", &Text::known("example.com.evil.example")), Certainty::No);
    }
}
