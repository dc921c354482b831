//! Languages in which a call is a name and what follows it, without commas: `(shell-command "x")`, `exec sh -c "x"`,
//! `\write18{x}`, `syscmd(x)`. The names are in the tables of the language; what follows is one group in brackets or quotes, or
//! bare words up to the end of the statement. Neither variables nor definitions are followed.

use super::call::{is_in, is_path};
use super::{Found, Language};
use crate::effect::text::{Part, Text};
use crate::label::Labels;

/// Findings of one code; more may do anything.
const MOST: usize = 500;

/// What the code would do, in order. `home` is the user's home folder, which `~` stands for.
pub fn scan_macros(code: &Text, language: &Language, home: &str) -> Vec<Found> {
    let source: String = code.parts().iter().map(|p| if let Part::Known(t) | Part::Glob(t) = p { t.as_str() } else { "\u{e000}" }).collect();
    let mut reader = Reader { source: &source, language, home, labels: code.labels, found: Vec::new() };
    reader.run();
    if reader.found.len() >= MOST {
        reader.found.push(Found::Opaque("executes"));
    }
    reader.found
}

struct Reader<'a> {
    source: &'a str,
    language: &'a Language,
    home: &'a str,
    labels: Labels,
    found: Vec<Found>,
}

/// One argument: its text without brackets and quotes.
struct Argument<'a> {
    text: &'a str,
    /// It stood in brackets or quotes.
    grouped: bool,
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.source.len() && self.found.len() < MOST {
            let rest = &self.source[at..];
            let Some(c) = rest.chars().next() else { break };
            if self.language.comment.iter().any(|mark| rest.starts_with(mark.as_str())) {
                at += rest.find('\n').unwrap_or(rest.len());
            } else if self.language.strings.iter().any(|quote| rest.starts_with(quote.as_str())) {
                let inside = quoted(rest);
                if is_path(&Text::known(inside)) {
                    let path = self.text(inside);
                    self.found.push(Found::Literal(path));
                }
                at += (inside.len() + 2).min(rest.len());
            } else if c == '\\' || c.is_alphabetic() {
                let length = c.len_utf8() + rest[c.len_utf8()..].find(|c: char| !is_name(c)).unwrap_or(rest.len() - c.len_utf8());
                let end = at + length;
                self.named(&self.source[at..end], end);
                at = end;
            } else {
                at += c.len_utf8();
            }
        }
    }

    /// A name that some table has, and what follows it. A name of two words, as `file delete`, is also looked for.
    fn named(&mut self, name: &str, end: usize) {
        let source = self.source;
        let (arguments, raw) = arguments(&source[end..]);
        let l = self.language;
        let two = arguments.first().filter(|a| !a.grouped).map(|a| format!("{name} {}", a.text));
        let has = |table: &[String]| match &two {
            Some(two) if is_in(table, two) => Some(1),
            _ => is_in(table, name).then_some(0),
        };
        let from = |skip: usize| arguments[skip..].iter().filter(|a| a.grouped || !a.text.starts_with('-'));
        if let Some(skip) = has(&l.shell) {
            let sole = arguments.get(skip).filter(|a| a.grouped && (arguments.len() == skip + 1 || a.text.contains(' ')));
            let command = sole.map_or(raw, |a| a.text);
            let command = self.text(command);
            self.found.push(if command.is_empty() { Found::Opaque("executes") } else { Found::Shell(command) });
        } else if let Some(skip) = has(&l.argv) {
            let words = from(skip).filter(|a| a.grouped).map(|a| self.text(a.text)).collect();
            self.found.push(Found::Argv(words));
        } else if let Some(skip) = has(&l.open) {
            let mut all = from(skip);
            let Some(first) = all.next() else { return };
            let writes = all.next().is_some_and(|mode| mode.text.starts_with(['w', 'a']));
            let path = self.path(first);
            self.found.push(match path.strip_prefix("|") {
                Some(command) => Found::Shell(command),
                None if writes => Found::Write(path),
                None => Found::Read(path),
            });
        } else {
            let recursive = raw.contains("-force") || has(&l.delete_tree).is_some();
            let makers: [(&[String], fn(Text, bool) -> Found); 9] = [
                (&l.include, |path, _| Found::Include(path)),
                (&l.read, |path, _| Found::Read(path)),
                (&l.write, |path, _| Found::Write(path)),
                (&l.delete, |path, recursive| Found::Delete { path, recursive }),
                (&l.delete_tree, |path, recursive| Found::Delete { path, recursive }),
                (&l.perm, |path, _| Found::Perm(path)),
                (&l.connect, |host, _| Found::Connect(host)),
                (&l.fetch, |url, _| Found::Fetch(url)),
                (&l.send, |url, _| Found::Send(url)),
            ];
            for (table, make) in makers {
                if let Some(skip) = has(table)
                    && let Some(first) = from(skip).next()
                {
                    // Text before the name of a file: `(write-region "text" nil "/x")`.
                    let named = from(skip).find(|a| a.grouped && is_path(&Text::known(a.text)));
                    let first = self.path(named.unwrap_or(first));
                    self.found.push(make(first, recursive));
                }
            }
            if let Some(skip) = has(&l.moves)
                && let (Some(a), Some(b)) = (from(skip).next(), from(skip).nth(1))
            {
                let (a, b) = (self.path(a), self.path(b));
                self.found.push(Found::Move(a, b));
            }
            if let Some(skip) = has(&l.eval)
                && !from(skip).next().is_some_and(|a| a.grouped)
            {
                self.found.push(Found::Opaque("executes"));
            }
        }
    }

    /// An argument as a path: what is quoted inside its brackets, the home folder written out.
    fn path(&self, argument: &Argument) -> Text {
        let inner = match argument.text.find('"') {
            Some(at) if argument.grouped && !argument.text.starts_with(['/', '~']) => quoted(&argument.text[at..]),
            _ => argument.text,
        };
        match inner.strip_prefix("~/") {
            Some(inside) => self.text(&format!("{}/{inside}", self.home)),
            None => self.text(inner),
        }
    }

    fn text(&self, known: &str) -> Text {
        let mut out = Text::default();
        for (at, piece) in known.trim().split('\u{e000}').enumerate() {
            if at > 0 {
                out.push_unknown();
                out.labels.add(self.labels);
            }
            out.push_str(piece);
        }
        out
    }
}

/// What a name consists of behind its first character.
fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '*' | '!' | '?') || c == ':'
}

/// The arguments behind a name, up to the end of the statement, and that stretch as it was written.
fn arguments(rest: &str) -> (Vec<Argument<'_>>, &str) {
    let mut all = Vec::new();
    let mut at = 0;
    while all.len() < 64 {
        at += rest[at..].len() - rest[at..].trim_start_matches([' ', '\t', '=']).len();
        let here = &rest[at..];
        let Some(c) = here.chars().next() else { break };
        match c {
            '\n' | ';' | ')' | ']' | '}' => break,
            '"' => {
                let inside = quoted(here);
                all.push(Argument { text: inside, grouped: true });
                at += (inside.len() + 2).min(here.len());
            }
            '{' | '(' | '[' => {
                let inside = bracketed(here);
                // m4 quotes with a backtick and an apostrophe, Lua in TeX as most languages do.
                let bare = inside.trim().trim_matches(['`', '\'']);
                let text = bare.strip_prefix('"').and_then(|t| t.strip_suffix('"')).filter(|t| !t.contains('"')).unwrap_or(bare);
                all.push(Argument { text, grouped: true });
                at += (inside.len() + 2).min(here.len());
            }
            _ => {
                let length = here.find([' ', '\t', '\n', ';', ')', ']', '}', '{', '(']).unwrap_or(here.len()).max(c.len_utf8());
                all.push(Argument { text: &here[..length], grouped: false });
                at += length;
            }
        }
    }
    (all, rest[..at].trim_start_matches(['=', ' ']))
}

/// The inside of the string that begins here; without its end, everything.
fn quoted(here: &str) -> &str {
    let mut escaped = false;
    let end = here[1..].find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    &here[1..end.map_or(here.len(), |end| end + 1)]
}

/// The inside of the bracket that begins here; without its end, everything.
fn bracketed(here: &str) -> &str {
    let mut depth = 0;
    for (at, c) in here.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &here[1..at];
        }
    }
    &here[1..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language() -> Language {
        let list = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Language {
            strings: list(&["\""]),
            comment: list(&["%"]),
            shell: list(&["\\write18", "exec", "syscmd", "shell-command"]),
            read: list(&["\\input", "include", "insert-file-contents"]),
            delete: list(&["file delete"]),
            open: list(&["open"]),
            connect: list(&["socket"]),
            ..Language::default()
        }
    }

    #[test]
    fn groups_strings_and_bare_words_follow_a_name() {
        let scan = |code: &str| scan_macros(&Text::known(code), &language(), "/h");
        let shell = |text: &str| Found::Shell(Text::known(text));
        assert_eq!(scan(r"\immediate\write18{a {b} c} d"), [shell("a {b} c")]);
        assert_eq!(scan("catch {exec sh -c \"a b\" >@stdout; puts x}"), [shell("sh -c \"a b\" >@stdout")]);
        assert_eq!(scan("syscmd(`a | b')"), [shell("a | b")]);
        assert_eq!(scan("(progn (shell-command \"a b\" t))"), [shell("a b")]);
        assert_eq!(scan("\\input ~/x % \\write18{no}"), [Found::Read(Text::known("/h/x"))]);
        assert_eq!(scan("set s [socket h 1]; file delete -force /x"), [Found::Connect(Text::known("h")), Found::Delete { path: Text::known("/x"), recursive: true }]);
        assert_eq!(scan("exec(\"a b\")"), [shell("a b")]);
        assert_eq!(scan("open ~/x w"), [Found::Write(Text::known("/h/x"))]);
        assert_eq!(scan("puts \"exec x\""), []);
    }

    #[test]
    fn what_never_ends_is_read_to_its_end() {
        for code in ["exec {", "exec \"", "\\write18", "include(", "\"", "exec \u{e000}(", "\\"] {
            scan_macros(&Text::known(code), &language(), "/h");
        }
    }
}
