//! Tokens → findings: one step after another over the top level of a text, remembering imports and constants.

use super::lex::{Token, tokens};
use super::{Found, Language};
use crate::effect::text::{Part, Text};
use crate::label::Labels;
use std::collections::HashMap;

pub(super) const MAX_FOUND: usize = 500;

/// Evaluated tokens per scan.
pub(super) const MAX_STEPS: usize = 400_000;

/// What the code would do, in order. `home` is the user's home folder.
pub fn scan(code: &Text, language: &Language, home: &str) -> Vec<Found> {
    scan_at(code, language, home, 0)
}

pub(super) fn scan_at(code: &Text, language: &Language, home: &str, depth: u32) -> Vec<Found> {
    let source: String = code.parts().iter().map(|p| if let Part::Known(t) | Part::Glob(t) = p { t.as_str() } else { "\u{e000}" }).collect();
    let (tokens, cut) = tokens(&source, language);
    let mut scanner = Scanner { tokens, language, home, labels: code.labels, variables: HashMap::new(), aliases: HashMap::new(), opened: None, found: Vec::new(), steps: 0, depth };
    scanner.run();
    if cut || scanner.steps > MAX_STEPS {
        scanner.found.push(Found::Opaque("executes"));
    }
    scanner.found
}

pub(super) struct Scanner<'a> {
    pub(super) tokens: Vec<Token>,
    pub(super) language: &'a Language,
    pub(super) home: &'a str,
    pub(super) labels: Labels,
    /// Name → value: a text, or the items of a list.
    pub(super) variables: HashMap<String, Vec<Text>>,
    /// Local name → full name (`import os as o`, `const {execSync: e} = require(…)`).
    pub(super) aliases: HashMap<String, String>,
    /// The file that was opened last for writing.
    pub(super) opened: Option<Text>,
    pub(super) found: Vec<Found>,
    pub(super) steps: usize,
    /// How many evals are around this code.
    pub(super) depth: u32,
}

impl Scanner<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() && self.found.len() < MAX_FOUND && self.steps < MAX_STEPS {
            at = self.statement(at);
        }
    }

    pub(super) fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    pub(super) fn is_mark(&self, at: usize, c: char) -> bool {
        self.token(at) == Some(&Token::Mark(c))
    }

    /// One step over the top level: imports, assignments, calls.
    fn statement(&mut self, at: usize) -> usize {
        self.steps += 1;
        match self.token(at).cloned() {
            Some(Token::Name(word)) if word == "import" || word == "from" || word == "use" => self.import(at),
            Some(Token::Name(word)) if matches!(word.as_str(), "const" | "let" | "var" | "my" | "our" | "local" | "for" | "foreach") => {
                if word.starts_with("for")
                    && let Some(next) = self.loop_over(at + 1)
                {
                    return next;
                }
                if self.is_mark(at + 1, '{') {
                    return self.destructured(at + 2);
                }
                at + 1
            }
            Some(Token::Name(name)) => {
                // `x = value`, but not `x == y`.
                if self.is_mark(at + 1, '=') && !self.is_mark(at + 2, '=') && !self.is_mark(at + 2, '~') && !self.is_mark(at + 2, '>') {
                    if let Some(Token::Name(full)) = self.token(at + 2).cloned()
                        && !self.is_mark(at + 3, '(')
                        && !self.is_mark(at + 3, '[')
                    {
                        let full = self.resolve(&full);
                        self.aliases.insert(name.clone(), full);
                    }
                    if let Some(Token::Name(call)) = self.token(at + 2).cloned()
                        && matches!(call.as_str(), "require" | "__import__" | "importlib.import_module")
                        && let Some(Token::Str(module, _)) = self.token(at + 4).cloned()
                    {
                        self.aliases.insert(name, module.trim_start_matches("node:").to_owned());
                        return at + 6;
                    }
                    let (values, next) = self.expression(at + 2, 0);
                    self.variables.insert(name.trim_start_matches(['$', '@']).to_owned(), values);
                    return next.max(at + 2);
                }
                let (values, next) = self.expression(at, 0);
                // `with open(x, 'w') as f`
                if let (Some(Token::Name(word)), Some(Token::Name(name))) = (self.token(next), self.token(next + 1).cloned())
                    && word == "as"
                {
                    self.variables.insert(name, values.clone());
                }
                if self.language.pipes && self.is_mark(next, '|') && !self.is_mark(next + 1, '|') {
                    return self.piped(values, next);
                }
                next.max(at + 1)
            }
            Some(Token::Backtick(text)) => {
                let text = self.known(&text);
                self.found.push(Found::Shell(text));
                at + 1
            }
            Some(Token::Str(..)) => {
                let (values, next) = self.expression(at, 0);
                if self.language.pipes && self.is_mark(next, '|') {
                    return self.piped(values, next);
                }
                next.max(at + 1)
            }
            Some(Token::Mark('|')) if self.language.pipes && !self.is_mark(at + 1, '|') => {
                // print | "cmd", print |& "cmd"
                let from = if self.is_mark(at + 1, '&') { at + 2 } else { at + 1 };
                let (values, next) = self.expression(from, 0);
                for value in values.into_iter().filter(|t| !t.is_empty()) {
                    self.pipe_end(value);
                }
                next.max(at + 1)
            }
            Some(Token::Mark(c @ ('>' | '<'))) if self.language.pipes && (c == '<' || self.is_printing(at)) => {
                let from = if self.is_mark(at + 1, c) { at + 2 } else { at + 1 };
                if let Some(Token::Str(..)) = self.token(from) {
                    let (values, next) = self.expression(from, 0);
                    self.found.extend(values.into_iter().map(|t| match of_inet(&t) {
                        Some(host) => Found::Connect(host),
                        None if c == '>' => Found::Write(t),
                        None => Found::Read(t),
                    }));
                    return next.max(at + 1);
                }
                at + 1
            }
            _ => at + 1,
        }
    }

    /// What stands before a pipe into getline is a command, or another program at the other end; a variable says so only if
    /// it is known. Gives the position of the mark.
    fn piped(&mut self, values: Vec<Text>, mark: usize) -> usize {
        for value in values.into_iter().filter(|t| !t.prefix().is_empty()) {
            self.pipe_end(value);
        }
        mark
    }

    /// The other end of a pipe: a command, or gawk's name of a connection.
    fn pipe_end(&mut self, value: Text) {
        self.found.push(match of_inet(&value) {
            Some(host) => Found::Connect(host),
            None => Found::Shell(value),
        });
    }

    /// In awk `>` redirects only what is printed; elsewhere it compares.
    fn is_printing(&self, at: usize) -> bool {
        self.tokens[..at]
            .iter()
            .rev()
            .take_while(|t| !matches!(t, Token::Newline | Token::Mark(';' | '{' | '}')))
            .any(|t| matches!(t, Token::Name(n) if n == "print" || n == "printf"))
    }

    /// `import a as b`, `from a import b as c`, `import x from 'm'`.
    fn import(&mut self, at: usize) -> usize {
        let mut words: Vec<String> = Vec::new();
        let mut end = at;
        while let Some(token) = self.token(end) {
            match token {
                Token::Newline | Token::Mark(';') => break,
                Token::Name(n) => words.push(n.clone()),
                Token::Str(s, _) => words.push(format!("'{}", s.trim_start_matches("node:"))),
                Token::Mark(',') => words.push(",".into()),
                Token::Mark('*') => words.push("*".into()),
                Token::Mark(_) | Token::Number(_) | Token::Backtick(_) => {}
            }
            end += 1;
        }
        let module = match words.first().map(String::as_str) {
            Some("from") => words.get(1).cloned(),
            _ => words.iter().find_map(|w| w.strip_prefix('\'')).map(str::to_owned),
        };
        let names = match words.iter().position(|w| w == "import") {
            Some(from) => &words[from + 1..],
            None => &[],
        };
        for part in names.split(|w| w == ",") {
            let part: Vec<&String> = part.iter().filter(|w| !w.starts_with('\'') && *w != "from").collect();
            let (name, local) = match part.as_slice() {
                [name, word, local] if *word == "as" => (*name, *local),
                [name] => (*name, *name),
                _ => continue,
            };
            let full = match &module {
                Some(module) if words[0] == "from" => format!("{module}.{name}"),
                // A default import is the module, a named one its member: both names are tried by suffix globs.
                Some(module) => format!("{module}.{name}"),
                None => name.clone(),
            };
            if full != *local {
                self.aliases.insert(local.clone(), full);
            }
        }
        end
    }

    /// `const {a, b: c} = require('m')`
    fn destructured(&mut self, mut at: usize) -> usize {
        let mut names: Vec<(String, String)> = Vec::new();
        while let Some(token) = self.token(at).cloned() {
            match token {
                Token::Name(n) if self.is_mark(at.wrapping_sub(1), ':') => {
                    if let Some(last) = names.last_mut() {
                        last.1 = n;
                    }
                }
                Token::Name(n) => names.push((n.clone(), n)),
                Token::Mark('}') => break,
                _ => {}
            }
            at += 1;
        }
        if let (Some(Token::Name(call)), Some(Token::Str(module, _))) = (self.token(at + 2), self.token(at + 4))
            && call == "require"
        {
            let module = module.trim_start_matches("node:").to_owned();
            for (name, local) in names {
                self.aliases.insert(local, format!("{module}.{name}"));
            }
        }
        at + 1
    }

    /// `for x in ['a', 'b']`: the variable has all values.
    fn loop_over(&mut self, at: usize) -> Option<usize> {
        let at = if self.is_mark(at, '(') { at + 1 } else { at };
        let at = match self.token(at) {
            Some(Token::Name(n)) if matches!(n.as_str(), "const" | "let" | "var" | "my") => at + 1,
            _ => at,
        };
        let Some(Token::Name(name)) = self.token(at).cloned() else { return None };
        let Some(Token::Name(word)) = self.token(at + 1) else { return None };
        if word != "in" && word != "of" {
            return None;
        }
        let (values, next) = self.expression(at + 2, 0);
        self.variables.insert(name, values);
        Some(next)
    }

    pub(super) fn resolve(&self, name: &str) -> String {
        let name = name.trim_start_matches('$');
        if let Some(full) = self.aliases.get(name) {
            return full.clone();
        }
        for separator in [".", "->", "::"] {
            if let Some((first, rest)) = name.split_once(separator)
                && let Some(full) = self.aliases.get(first)
            {
                return format!("{full}{separator}{rest}");
            }
        }
        name.to_owned()
    }
}

/// The host of gawk's `/inet/tcp/0/HOST/PORT`.
fn of_inet(name: &Text) -> Option<Text> {
    let rest = ["/inet/", "/inet4/", "/inet6/"].iter().find_map(|p| name.strip_prefix(p))?;
    let host = rest.split_once("/").and_then(|(_, r)| r.split_once("/")).map_or(rest.clone(), |(_, r)| r);
    Some(host.split_once("/").map_or(host.clone(), |(h, _)| h))
}
