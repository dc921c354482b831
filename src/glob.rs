//! Patterns of rules and lists against texts that may be partly unknown.
//!
//! `*` matches anything but `/`, `**` anything, `?` one character but `/`, `[a-z]` a class, `{a,b}` alternatives. An unknown
//! stretch of the text matches only a pattern's `*`: known text must cover every literal character of the pattern, so that
//! ignorance is never taken for evidence.

use crate::effect::{Part, Text};
use crate::verdict::Certainty;
use std::borrow::Cow;

/// A text that patterns are held against, prepared once for all of them.
pub struct Subject<'t> {
    pub text: &'t Text,
    /// The whole text and its last component, where all of it is known.
    known: Option<(&'t str, &'t str)>,
    /// The first bytes of both, and their last one; 0 where there is none.
    edges: (u8, u8, u8),
    /// The bytes that the text has, a bit each.
    bytes: [u64; 4],
}

impl<'t> Subject<'t> {
    /// Prepares a text.
    pub fn new(text: &'t Text) -> Subject<'t> {
        let known = text.as_known().map(|whole| {
            let last = if whole.starts_with('/') { whole.rsplit('/').next().unwrap_or(whole) } else { whole };
            (whole, last)
        });
        let edges = known.map_or((0, 0, 0), |(whole, last)| {
            let first = |text: &str| text.bytes().next().unwrap_or(0);
            (first(whole), first(last), whole.bytes().next_back().unwrap_or(0))
        });
        let mut bytes = [0; 4];
        for b in known.unwrap_or_default().0.bytes() {
            bytes[usize::from(b >> 6)] |= 1 << (b & 63);
        }
        Subject { text, known, edges, bytes }
    }

    /// All of the text is known, and the pattern has a letter that it has not. Most patterns of a list are answered by their first
    /// letter or two.
    pub fn lacks_a_letter_of(&self, pattern: &str) -> bool {
        self.known.is_some() && !self.may_hold(pattern.as_bytes())
    }

    /// Whether the text has the letters of a pattern, and of one of its alternatives; what stands behind a class is not looked at.
    fn may_hold(&self, mut pattern: &[u8]) -> bool {
        while let Some((first, rest)) = pattern.split_first() {
            pattern = rest;
            let letter = match first {
                // `**/` may stand for nothing.
                b'*' | b'?' | b'/' => continue,
                b'[' => return true,
                b'{' => {
                    let Some(end) = rest.iter().position(|b| *b == b'}') else { return true };
                    pattern = &rest[end + 1..];
                    let inner = &rest[..end];
                    if inner.contains(&b',') && !inner.split(|b| *b == b',').any(|one| self.may_hold(one)) {
                        return false;
                    }
                    continue;
                }
                b'\\' => {
                    let Some((escaped, rest)) = rest.split_first() else { return true };
                    pattern = rest;
                    escaped
                }
                plain => plain,
            };
            if self.bytes[usize::from(letter >> 6)] >> (letter & 63) & 1 == 0 {
                return false;
            }
        }
        true
    }

    /// The pattern begins or ends with another letter than the text, as most do. A placeholder in front counts as a star.
    pub fn differs_at_an_edge(&self, pattern: &str) -> bool {
        let (Some(first), Some(end)) = (pattern.bytes().next(), pattern.bytes().next_back()) else { return false };
        let (whole, last, tail) = self.edges;
        let special = |b: u8| matches!(b, b'*' | b'?' | b'[' | b']' | b'{' | b'}' | b'\\');
        self.known.is_some() && (!special(first) && first != whole && first != last || !special(end) && end != tail)
    }

    /// All of the text is known, and it does not begin with `prefix` and `then`.
    pub fn surely_begins_otherwise<'p>(&self, prefix: &str, then: impl Fn() -> &'p str) -> bool {
        self.known.is_some_and(|(whole, _)| !whole.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(then())))
    }
}

/// How surely `pattern` matches the text. A pattern without `/` is held against the last component of a path.
pub fn matches(pattern: &str, subject: &Subject<'_>) -> Certainty {
    if pattern == "**" || pattern == "*" {
        return Certainty::Yes;
    }
    let Some((whole, last)) = subject.known else {
        let text = if pattern.contains('/') { subject.text.clone() } else { last_component(subject.text) };
        return written_out(pattern).map(|p| uncertain(&p, &text)).max().unwrap_or(Certainty::No);
    };
    if subject.differs_at_an_edge(pattern) {
        return Certainty::No;
    }
    let text = if pattern.as_bytes().contains(&b'/') { whole } else { last };
    if pattern.as_bytes().contains(&b'{') {
        return written_out(pattern).map(|p| known_matches(&p, text)).max().unwrap_or(Certainty::No);
    }
    known_matches(pattern, text)
}

/// Hosts: without case, `*` crosses dots.
pub fn matches_host(pattern: &str, subject: &Subject<'_>) -> Certainty {
    let pattern = pattern.to_lowercase();
    match subject.known {
        Some((host, _)) => {
            let host = host.to_lowercase();
            written_out(&pattern).map(|p| known_matches(&p, &host)).max().unwrap_or(Certainty::No)
        }
        None => written_out(&pattern).map(|p| uncertain(&p, subject.text)).max().unwrap_or(Certainty::No),
    }
}

/// The pattern, or the patterns that its `{a,b}` stands for.
fn written_out(pattern: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let many = if pattern.contains('{') { alternatives(pattern) } else { Vec::new() };
    let one = many.is_empty().then_some(Cow::Borrowed(pattern));
    one.into_iter().chain(many.into_iter().map(Cow::Owned))
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
    // A literal beginning or end that differs answers most questions.
    let (bytes, whole) = (pattern.as_bytes(), text.as_bytes());
    let Some(head) = bytes.iter().position(|b| matches!(b, b'*' | b'?' | b'[' | b'\\')) else {
        return if pattern == text { Certainty::Yes } else { Certainty::No };
    };
    if !whole.starts_with(&bytes[..head]) {
        return Certainty::No;
    }
    let tail = bytes.iter().rposition(|b| matches!(b, b'*' | b'?' | b']' | b'\\')).map_or(0, |at| at + 1);
    // Folders may stand for nothing, and so does their slash then.
    let slash = usize::from(bytes[..tail].ends_with(b"**") && bytes.get(tail) == Some(&b'/'));
    // A `[` that nothing closes stands for itself.
    if tail > 0 && bytes[tail - 1] != b'\\' && !whole.ends_with(&bytes[tail + slash..]) {
        return Certainty::No;
    }
    if is_simple(pattern) {
        return if simple_matches(pattern.as_bytes(), text.as_bytes()) { Certainty::Yes } else { Certainty::No };
    }
    let steps = steps(pattern);
    let mut row = vec![None; steps.len() + 1];
    enter(&steps, &mut row, 0, 0);
    for c in text.chars() {
        row = advance(&steps, &row, c);
    }
    if row[steps.len()].is_some() { Certainty::Yes } else { Certainty::No }
}

/// Only stars and plain bytes, and `**/` only where a folder begins: [`simple_matches`] is exact for these.
fn is_simple(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    bytes.iter().enumerate().all(|(at, b)| match b {
        b'?' | b'[' | b'\\' | b'{' => false,
        b'*' => !bytes[..at].ends_with(b"**"),
        b'/' => at < 3 || !bytes[..at].ends_with(b"**") || bytes[at - 3] == b'/',
        _ => true,
    })
}

/// Matches without memory of its own: of several ways to spread the text over the stars, only the last `*` and the last `**` need
/// to be taken back, as what stands before them has already matched as early as it can.
fn simple_matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on in the pattern, and from which byte of the text it was tried last.
    let mut star: Option<(usize, usize)> = None;
    let mut deep: Option<(usize, usize, bool)> = None;
    loop {
        if pattern[p..].starts_with(b"**") {
            p += 2;
            let folders = pattern.get(p) == Some(&b'/');
            p += usize::from(folders);
            deep = Some((p, t, folders));
            star = None;
            continue;
        }
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                p += 1;
                star = Some((p, t));
                continue;
            }
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        if let Some((after, from)) = star
            && from < text.len()
            && text[from] != b'/'
        {
            star = Some((after, from + 1));
            (p, t) = (after, from + 1);
            continue;
        }
        star = None;
        let Some((after, from, folders)) = deep else { return false };
        // Folders end behind a slash, anything else may end anywhere.
        let skip = if folders { text[from..].iter().position(|b| *b == b'/').map(|n| n + 1) } else { (from < text.len()).then_some(1) };
        let Some(skip) = skip else { return false };
        deep = Some((after, from + skip, folders));
        (p, t) = (after, from + skip);
    }
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
            assert_eq!(matches(pattern, &Subject::new(&text(subject))), wanted, "`{pattern}` against `{subject}`");
        }
    }

    fn by_steps(pattern: &str, text: &str) -> bool {
        let steps = steps(pattern);
        let mut row = vec![None; steps.len() + 1];
        enter(&steps, &mut row, 0, 0);
        for c in text.chars() {
            row = advance(&steps, &row, c);
        }
        row[steps.len()].is_some()
    }

    /// Whatever a pattern holds, what is said at a glance of its letters is what its steps say.
    #[test]
    fn a_glance_at_the_letters_is_exact() {
        let (mut seed, mut hits) = (11u64, 0);
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from((seed >> 33) % n).unwrap_or(0)
        };
        const PIECES: [&str; 15] = ["a", "b", "c", "ä", "/", "*", "**", "/**/", "?", "[ab]", "[!b]", "[", "{a,cb}", "{", "\\*"];
        for _ in 0..300_000 {
            let pattern: String = (0..1 + next(6)).map(|_| PIECES[next(15)]).collect();
            // Folders that begin inside a name, or stand at the end, are no pattern anybody writes.
            if pattern.contains("***") || pattern.ends_with("**/") || pattern.match_indices("**/").any(|(at, _)| at > 0 && !pattern[..at].ends_with('/')) {
                continue;
            }
            let subject: String = (0..next(9)).map(|_| ["a", "b", "/", "ab", "ä", "*", "["][next(7)]).collect();
            let text = Text::known(subject.as_str());
            let last = if subject.starts_with('/') { subject.rsplit('/').next().unwrap_or("") } else { &subject };
            let held = if pattern.contains('/') { &subject } else { last };
            let exact = pattern == "*" || written_out(&pattern).any(|p| by_steps(&p, held));
            hits += u32::from(exact);
            let subject = Subject::new(&text);
            let found = !subject.lacks_a_letter_of(&pattern) && matches(&pattern, &subject) == Certainty::Yes;
            assert_eq!(found, exact, "`{pattern}` against `{text}`");
        }
        assert!(hits > 10_000, "only {hits} matched");
    }

    /// Every pattern of up to six pieces against texts of as many: the short way says what the steps say.
    #[test]
    fn the_short_way_is_exact() {
        let (mut seed, mut hits) = (7u64, 0);
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for _ in 0..200_000 {
            let pattern: String = (0..next(7)).map(|_| ["a", "b", "/", "*", "**", "/**/", "ä"][usize::try_from(next(7)).unwrap_or(0)]).collect();
            let subject: String = (0..next(9)).map(|_| ["a", "b", "/", "ab", "ä"][usize::try_from(next(5)).unwrap_or(0)]).collect();
            if !is_simple(&pattern) {
                continue;
            }
            let exact = by_steps(&pattern, &subject);
            hits += u32::from(exact);
            assert_eq!(simple_matches(pattern.as_bytes(), subject.as_bytes()), exact, "`{pattern}` against `{subject}`");
        }
        assert!(hits > 10_000);
    }

    #[test]
    fn hosts() {
        assert_eq!(matches_host("*.Example.com", &Subject::new(&Text::known("a.b.example.COM"))), Certainty::Yes);
        assert_eq!(matches_host("*.example.com", &Subject::new(&Text::known("example.com.evil.example"))), Certainty::No);
    }
}
