//! What a call does, by the tables of its language.

use super::Found;
use super::scan::{MAX_FOUND, Scanner, scan_at};
use crate::effect::flow;
use crate::effect::spec::simple_glob;
use crate::effect::text::{Part, Text};

/// Code in a string in code, and so on.
const MAX_EVAL: u32 = 4;

/// A method's operands without the object, where nothing is known of that.
fn without_object(full: &str, first: Text, mut plain: Vec<Text>) -> (Text, Vec<Text>) {
    if full.starts_with("?.") && plain.len() > 1 && first.as_known().is_none() && first.prefix().is_empty() {
        plain.remove(0);
        return (plain[0].clone(), plain);
    }
    (first, plain)
}

/// Before a path: the value is that file, open for writing.
const HANDLE: char = '\u{2}';

fn handle_of(path: &Text) -> Text {
    path.as_known().map_or_else(Text::unknown, |path| Text::known(format!("{HANDLE}{path}")))
}

pub(super) fn is_in(table: &[String], name: &str) -> bool {
    table.iter().any(|glob| simple_glob(glob, name))
}

impl Scanner<'_> {
    pub(super) fn is_interesting(&self, name: &str) -> bool {
        let l = self.language;
        [&l.shell, &l.argv, &l.delete, &l.delete_tree, &l.read, &l.include, &l.open, &l.write, &l.put, &l.copy, &l.moves, &l.perm, &l.connect, &l.fetch, &l.download, &l.send, &l.eval, &l.load, &l.decode, &l.sql]
            .iter()
            .any(|table| is_in(table, name))
    }

    /// What a call does, by the tables, and its values where those are constants.
    pub(super) fn call(&mut self, full: &str, arguments: &[Text]) -> Vec<Text> {
        let plain: Vec<Text> = arguments.iter().filter(|t| !t.prefix().starts_with('\u{1}')).cloned().collect();
        if is_in(&self.language.home, full) {
            return plain.iter().map(|t| t.as_known().map_or_else(|| t.clone(), |known| Text::known(self.with_home(known)))).collect();
        }
        if is_in(&self.language.glob, full) {
            return plain.iter().map(names_matching).collect();
        }
        if is_in(&self.language.apply, full)
            && let Some((function, rest)) = plain.split_first()
            && let Some(function) = function.as_known()
        {
            return self.call(function, rest);
        }
        vec![self.call_on(full, arguments, plain)]
    }

    pub(super) fn call_on(&mut self, full: &str, arguments: &[Text], plain: Vec<Text>) -> Text {
        let l = self.language;
        let keyword = |name: &str| arguments.iter().any(|t| t.prefix().starts_with(&format!("\u{1}{name}=true")));
        let first = plain.first().cloned().unwrap_or_else(Text::unknown);
        // Constants that known functions make.
        match full {
            "chr" | "String.fromCharCode" => {
                let chars: Option<String> = plain.iter().map(|t| t.as_known().and_then(|n| n.parse().ok()).and_then(char::from_u32)).collect();
                return chars.map_or_else(Text::unknown, Text::known);
            }
            "str" | "bytes" | "String" | "list" | "tuple" | "repr" => return first,
            "reversed" => return first.as_known().map_or_else(Text::unknown, |t| Text::known(t.chars().rev().collect::<String>())),
            _ => {}
        }
        if is_in(&l.put, full) {
            let handle = arguments.iter().find_map(|t| t.as_known()?.split_once(HANDLE).map(|(_, path)| Text::known(path)));
            // The block or callback that `open` was given calls the file by a name of its own.
            let opened = self.opened.clone().filter(|_| full.contains(['.', '>']) && !full.contains("std"));
            if let Some(path) = handle.or(opened) {
                let content = plain.iter().find(|t| !t.prefix().starts_with(HANDLE) && !t.is_empty()).cloned().unwrap_or_else(Text::unknown);
                self.found.push(Found::Put { path, content });
                return Text::unknown();
            }
        }
        if is_in(&l.join, full) {
            let mut out = Text::default();
            for (at, part) in plain.iter().enumerate() {
                if part.prefix().starts_with('/') {
                    out = Text::default();
                } else if at > 0 {
                    out.push_str("/");
                }
                out.push(part);
            }
            return out;
        }
        if is_in(&l.decode, full) {
            self.found.push(Found::Decode);
            let decoded = first.as_known().and_then(|t| if full.contains("hex") { flow::hex(t) } else { flow::base64(t) });
            return decoded.map_or_else(Text::unknown, Text::known);
        }
        if is_in(&l.operand, full)
            && let Some(Found::Argv(words)) = self.found.last_mut()
        {
            words.extend(plain.into_iter().skip(usize::from(full.starts_with("?."))));
            return Text::unknown();
        }
        if is_in(&l.print, full) {
            return Text::unknown();
        }
        if is_in(&l.load, full) {
            let address = arguments.iter().find_map(address_in);
            // An address that was fetched in its operand.
            let fetched = self.found.iter().rev().find_map(|f| if let Found::Fetch(url) = f { Some(url.clone()) } else { None });
            let literal = address.is_some();
            if let Some(url) = address.or_else(|| fetched.filter(|_| first.as_known().is_none())) {
                self.found.push(Found::Operate("code.foreign".into(), url));
            }
            if literal {
                return Text::unknown();
            }
        }
        if let Some((name, _)) = l.operate.iter().find(|(_, calls)| is_in(calls, full)) {
            self.found.push(Found::Operate(name.clone(), first));
        } else if is_in(&l.shell, full) {
            let (first, plain) = without_object(full, first, plain);
            if plain.len() > 1 && self.language.bare_calls {
                self.found.push(Found::Argv(plain));
            } else if first.as_known().is_none() && !first.parts().iter().any(|p| matches!(p, Part::Known(_))) {
                self.found.push(Found::Opaque("executes"));
            } else {
                self.found.push(Found::Shell(first));
            }
        } else if is_in(&l.argv, full) {
            if keyword("shell") || plain.len() == 1 && first.prefix().contains(' ') {
                self.found.push(Found::Shell(first));
            } else if plain.is_empty() {
                self.found.push(Found::Opaque("executes"));
            } else {
                self.found.push(Found::Argv(plain));
            }
        } else if is_in(&l.delete_tree, full) || is_in(&l.delete, full) {
            let recursive = is_in(&l.delete_tree, full);
            if plain.iter().all(|t| t.as_known().is_none() && t.prefix().is_empty()) {
                self.found.push(Found::Opaque("deletes"));
            }
            for path in plain {
                self.found.push(Found::Delete { path, recursive });
            }
        } else if is_in(&l.open, full) {
            let named = arguments.iter().find_map(|t| t.as_known()?.strip_prefix("\u{1}mode="));
            let mode = named.or_else(|| plain.get(1)?.as_known()).unwrap_or("r").to_owned();
            // Julia's open takes a function before the name.
            let first = if first.as_known().is_none() { plain.iter().find(|t| is_path(t)).cloned().unwrap_or(first) } else { first };
            // perl's two- and three-operand open: the mode may be part of the name, and a pipe runs a command.
            if self.language.bare_calls {
                if mode.starts_with(['w', 'a']) {
                    self.opened = Some(first.clone());
                }
                self.perl_open(&plain);
            } else if mode.starts_with(['w', 'a', 'x']) || mode.contains('+') {
                self.found.push(Found::Write(first.clone()));
                self.opened = Some(first.clone());
                return handle_of(&first);
            } else {
                self.found.push(Found::Read(first));
            }
        } else if is_in(&l.include, full) {
            self.found.push(Found::Include(first));
        } else if is_in(&l.read, full) {
            self.found.push(Found::Read(first));
        } else if is_in(&l.write, full) {
            self.found.push(match plain.get(1) {
                Some(content) => Found::Put { path: first, content: content.clone() },
                None => Found::Write(first),
            });
        } else if is_in(&l.copy, full) && plain.len() > 1 {
            self.found.push(Found::Copy(first, plain[1].clone()));
        } else if is_in(&l.moves, full) {
            self.found.push(Found::Move(first, plain.get(1).cloned().unwrap_or_else(Text::unknown)));
        } else if is_in(&l.perm, full) {
            let path = plain.iter().find(|t| t.prefix().contains(['/', '.'])).cloned().unwrap_or(first);
            self.found.push(Found::Perm(path));
        } else if is_in(&l.connect, full) {
            let host = if full.contains("INET") {
                arguments.iter().find_map(|t| t.split_once("PeerAddr=").or_else(|| t.split_once("PeerHost=")).map(|(_, h)| h)).unwrap_or(first)
            } else {
                first
            };
            self.found.push(Found::Connect(host));
        } else if is_in(&l.fetch, full) {
            self.found.push(Found::Fetch(first));
        } else if is_in(&l.download, full) {
            self.found.push(Found::Fetch(first));
            self.found.extend(plain.get(1).cloned().map(Found::Write));
        } else if is_in(&l.send, full) {
            self.found.push(Found::Send(first));
        } else if is_in(&l.eval, full) {
            match first.as_known() {
                Some(code) if !code.is_empty() && self.found.len() < MAX_FOUND && self.depth < MAX_EVAL => {
                    let code = code.to_owned();
                    self.steps += code.len();
                    let inner = scan_at(&Text::known(code), self.language, self.home, self.depth + 1);
                    self.found.extend(inner);
                }
                _ => self.found.push(Found::Opaque("executes")),
            }
        } else if is_in(&l.serve, full) {
            self.found.push(Found::Serve);
        } else if is_in(&l.sql, full) && first.prefix().trim_start().contains([' ', '\n']) {
            self.found.push(Found::Sql(first));
        } else {
            for text in plain {
                if is_path(&text) {
                    self.found.push(Found::Literal(text));
                }
            }
        }
        Text::unknown()
    }

    fn perl_open(&mut self, plain: &[Text]) {
        for text in plain {
            let Some(known) = text.as_known() else { continue };
            let trimmed = known.trim();
            if let Some(command) = trimmed.strip_prefix('|').or_else(|| trimmed.strip_suffix('|')) {
                self.found.push(Found::Shell(Text::known(command)));
            } else if let Some(path) = trimmed.strip_prefix('>') {
                if !path.is_empty() {
                    self.found.push(Found::Write(Text::known(path.trim_start_matches('>').trim())));
                }
            } else if trimmed.contains('/') || trimmed.contains('.') {
                let writes = plain.iter().any(|t| t.as_known().is_some_and(|m| m.starts_with('>') || (m.len() <= 3 && m.starts_with(['w', 'a']))));
                let text = Text::known(trimmed.trim_start_matches('<').trim());
                self.found.push(if writes { Found::Write(text) } else { Found::Read(text) });
            }
        }
    }
}

/// The names that a pattern matches: what stands for any character is unknown.
fn names_matching(pattern: &Text) -> Text {
    let Some(known) = pattern.as_known() else { return pattern.clone() };
    let mut out = Text::default();
    for (at, piece) in known.split(['*', '?']).enumerate() {
        if at > 0 {
            out.push_unknown();
        }
        out.push_str(piece);
    }
    out
}

/// An operand that is an address, or a named one whose value is.
fn address_in(argument: &Text) -> Option<Text> {
    let value = match argument.strip_prefix("\u{1}") {
        Some(named) => named.split_once("=").map(|(_, value)| value)?,
        None => argument.clone(),
    };
    let (scheme, _) = value.split_once("://")?;
    scheme.as_known().is_some_and(|s| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')).then_some(value)
}

/// A whole string that is a path.
pub(super) fn is_path(text: &Text) -> bool {
    text.prefix().starts_with(['/', '~', '.']) && !text.prefix().contains([' ', '\n']) && text.prefix().len() > 1
}
