//! Tokens → findings: assignments of constants are remembered, arguments of calls are put together, the tables say what a call does.

use super::lex::{Token, tokens};
use super::{Found, Language};
use crate::effect::flow;
use crate::effect::spec::simple_glob;
use crate::effect::text::{Part, Text};
use crate::label::Labels;
use std::collections::HashMap;

const MAX_FOUND: usize = 500;
const MAX_DEPTH: u32 = 24;
/// Code in a string in code, and so on.
const MAX_EVAL: u32 = 4;
/// Evaluated tokens per scan.
const MAX_STEPS: usize = 400_000;

/// What the code would do, in order. `home` is the user's home folder.
pub fn scan(code: &Text, language: &Language, home: &str) -> Vec<Found> {
    scan_at(code, language, home, 0)
}

fn scan_at(code: &Text, language: &Language, home: &str, depth: u32) -> Vec<Found> {
    let source: String = code.parts().iter().map(|p| if let Part::Known(t) | Part::Glob(t) = p { t.as_str() } else { "\u{e000}" }).collect();
    let (tokens, cut) = tokens(&source, language);
    let mut scanner = Scanner { tokens, language, home, labels: code.labels, variables: HashMap::new(), aliases: HashMap::new(), found: Vec::new(), steps: 0, depth };
    scanner.run();
    if cut || scanner.steps > MAX_STEPS {
        scanner.found.push(Found::Opaque("executes"));
    }
    scanner.found
}

struct Scanner<'a> {
    tokens: Vec<Token>,
    language: &'a Language,
    home: &'a str,
    labels: Labels,
    /// Name → value: a text, or the items of a list.
    variables: HashMap<String, Vec<Text>>,
    /// Local name → full name (`import os as o`, `const {execSync: e} = require(…)`).
    aliases: HashMap<String, String>,
    found: Vec<Found>,
    steps: usize,
    /// How many evals are around this code.
    depth: u32,
}

fn is_in(table: &[String], name: &str) -> bool {
    table.iter().any(|glob| simple_glob(glob, name))
}

impl Scanner<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() && self.found.len() < MAX_FOUND && self.steps < MAX_STEPS {
            at = self.statement(at);
        }
    }

    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    fn is_mark(&self, at: usize, c: char) -> bool {
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
                let (_, next) = self.expression(at, 0);
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
                    self.found.extend(values.into_iter().map(Found::Shell));
                }
                next.max(at + 1)
            }
            Some(Token::Mark('|')) if self.language.pipes && !self.is_mark(at + 1, '|') => {
                // print | "cmd"
                let (values, next) = self.expression(at + 1, 0);
                self.found.extend(values.into_iter().filter(|t| !t.is_empty()).map(Found::Shell));
                next.max(at + 1)
            }
            Some(Token::Mark(c @ ('>' | '<'))) if self.language.pipes && (c == '<' || self.is_printing(at)) => {
                let from = if self.is_mark(at + 1, c) { at + 2 } else { at + 1 };
                if let Some(Token::Str(..)) = self.token(from) {
                    let (values, next) = self.expression(from, 0);
                    self.found.extend(values.into_iter().map(|t| {
                        if let Some(rest) = t.strip_prefix("/inet/") {
                            let host = rest.split_once("/").and_then(|(_, r)| r.split_once("/")).map_or(rest, |(_, r)| r);
                            return Found::Connect(host.split_once("/").map_or(host, |(h, _)| h));
                        }
                        if c == '>' { Found::Write(t) } else { Found::Read(t) }
                    }));
                    return next.max(at + 1);
                }
                at + 1
            }
            _ => at + 1,
        }
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

    fn resolve(&self, name: &str) -> String {
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

    fn known(&self, text: &str) -> Text {
        let mut out = Text::default();
        for (at, piece) in text.split('\u{e000}').enumerate() {
            if at > 0 {
                out.push_unknown();
                out.labels.add(self.labels);
            }
            out.push_str(piece);
        }
        out
    }

    /// A string with `{x}`, `${x}`, `#{x}`, `$x` parts, as far as the language has them, replaced by what is known of x.
    fn interpolated(&self, text: &str) -> Text {
        let begins = |mark: &str| self.language.interpolation.iter().any(|m| m == mark);
        let mut out = Text::default();
        let mut plain = 0;
        let mut at = 0;
        while let Some(found) = text[at..].find(['{', '$', '#']).map(|n| at + n) {
            let after = &text[found..];
            let braced = ["${", "#{", "{"].into_iter().find(|m| after.starts_with(m) && begins(m)).map(str::len);
            let (name, end) = match braced {
                Some(open) => match after[open..].find('}') {
                    Some(close) => (&after[open..open + close], found + open + close + 1),
                    None => break,
                },
                None if after.starts_with('$') && begins("$") => {
                    let body = &after[1..];
                    let length = body.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(body.len());
                    (&body[..length], found + 1 + length)
                }
                None => ("", found),
            };
            if name.is_empty() {
                at = found + 1;
                continue;
            }
            out.push(&self.known(&text[plain..found]));
            let name = name.trim();
            match self.variables.get(name.trim_start_matches('$')) {
                Some(values) if values.len() == 1 => out.push(&values[0]),
                _ if is_quoted(name) => out.push_str(&name[1..name.len() - 1]),
                _ => out.push_unknown(),
            }
            plain = end;
            at = end;
        }
        out.push(&self.known(&text[plain..]));
        out
    }

    /// Evaluates an expression as far as constants go: its values (several for a list), and the position behind it.
    fn expression(&mut self, mut at: usize, depth: u32) -> (Vec<Text>, usize) {
        let mut values: Vec<Text> = Vec::new();
        let mut joining = false;
        loop {
            self.steps += 1;
            if self.steps > MAX_STEPS || depth > MAX_DEPTH {
                // What is nested deeper is not followed, so it may do anything.
                if !self.found.contains(&Found::Opaque("executes")) {
                    self.found.push(Found::Opaque("executes"));
                }
                return (vec![Text::unknown()], self.tokens.len().min(at + 1));
            }
            let (next_values, next) = self.atom(at, depth);
            if next == at {
                return (values, at);
            }
            at = next;
            // `[::-1]`, `.replace(...)`, `.join(...)`, `[0]` and other suffixes.
            let (next_values, next) = self.suffixes(next_values, at, depth);
            at = next;
            if joining && values.len() == 1 {
                let joined = next_values.first().cloned().unwrap_or_else(Text::unknown);
                values[0].push(&joined);
            } else {
                values = next_values;
            }
            match self.token(at) {
                // Neighbouring literals and `+`, `.` between strings join.
                Some(Token::Mark('+' | '.')) => {
                    joining = true;
                    at += 1;
                    // Lua joins with two dots.
                    if self.is_mark(at, '.') {
                        at += 1;
                    }
                }
                Some(Token::Str(..)) if matches!(self.tokens.get(at.wrapping_sub(1)), Some(Token::Str(..))) => joining = true,
                Some(Token::Mark('%')) if !values.is_empty() => {
                    let (arguments, next) = self.expression(at + 1, depth + 1);
                    values = vec![flow::printf(&[values, arguments].concat())];
                    return (values, next);
                }
                Some(Token::Mark('/')) if values.len() == 1 && matches!(self.token(at + 1), Some(Token::Str(..))) => {
                    values[0].push_str("/");
                    joining = true;
                    at += 1;
                }
                _ => return (values, at),
            }
        }
    }

    fn atom(&mut self, at: usize, depth: u32) -> (Vec<Text>, usize) {
        match self.token(at).cloned() {
            Some(Token::Str(text, interpolates)) => {
                let text = if interpolates { self.interpolated(&text) } else { self.known(&text) };
                (vec![text], at + 1)
            }
            Some(Token::Number(text)) => (vec![Text::known(text)], at + 1),
            Some(Token::Backtick(text)) => {
                let text = self.interpolated(&text);
                self.found.push(Found::Shell(text));
                (vec![Text::unknown()], at + 1)
            }
            Some(Token::Mark('(')) => {
                let (values, next) = self.list(at + 1, ')', depth);
                (values, next)
            }
            Some(Token::Mark('[')) => {
                let (values, next) = self.list(at + 1, ']', depth);
                (values, next)
            }
            Some(Token::Name(name)) => self.name(&name, at, depth),
            Some(Token::Mark('\\' | '&' | '!' | '-')) => {
                let (values, next) = if depth < MAX_DEPTH { self.atom(at + 1, depth + 1) } else { (Vec::new(), at + 1) };
                (values, next.max(at + 1))
            }
            _ => (Vec::new(), at),
        }
    }

    /// Comma-separated expressions up to a closing mark.
    fn list(&mut self, mut at: usize, close: char, depth: u32) -> (Vec<Text>, usize) {
        let mut all = Vec::new();
        while let Some(token) = self.token(at) {
            match token {
                Token::Mark(c) if *c == close => return (all, at + 1),
                Token::Mark(')' | ']' | '}') => return (all, at + 1),
                _ => {}
            }
            // `key=value` and `key: value` arguments: the value counts, and the key is remembered as a marker.
            if let (Some(Token::Name(key)), true) = (self.token(at).cloned(), self.is_mark(at + 1, '=') || self.is_mark(at + 1, ':'))
                && !self.is_mark(at + 2, '=')
                && !self.is_mark(at + 2, ':')
            {
                let (values, next) = self.expression(at + 2, depth + 1);
                let value = values.first().map(ToString::to_string).unwrap_or_default();
                let flag = matches!(self.token(at + 2), Some(Token::Name(n)) if n == "True" || n == "true");
                all.push(Text::known(format!("\u{1}{key}={}", if flag { "true" } else { value.as_str() })));
                at = next.max(at + 3);
                continue;
            }
            let (values, next) = self.expression(at, depth + 1);
            all.extend(values);
            if next == at {
                at += 1;
            } else {
                at = next;
            }
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return (all, self.tokens.len());
            }
        }
        (all, at)
    }

    /// A name: a call, a variable, an environment lookup.
    fn name(&mut self, name: &str, at: usize, depth: u32) -> (Vec<Text>, usize) {
        let mut full = self.resolve(name);
        let mut next = at + 1;
        // `__import__('os').system`, `require('fs').rmSync`, `getattr(os, 'system')`
        if self.is_mark(next, '(') && matches!(full.as_str(), "__import__" | "require" | "importlib.import_module") {
            let (arguments, after) = self.list(next + 1, ')', depth + 1);
            let module = arguments.first().map(|t| t.to_string()).unwrap_or_default();
            let module = module.trim_start_matches("node:").to_owned();
            match (self.is_mark(after, '.'), self.token(after + 1).cloned()) {
                (true, Some(Token::Name(member))) => {
                    full = format!("{module}.{member}");
                    next = after + 2;
                }
                _ => return (vec![Text::unknown()], after),
            }
        } else if self.is_mark(next, '(') && full == "getattr" {
            let object = match self.token(next + 1) {
                Some(Token::Name(n)) => self.resolve(n),
                _ => String::new(),
            };
            let (arguments, after) = self.list(next + 1, ')', depth + 1);
            let member = arguments.last().map(ToString::to_string).unwrap_or_default();
            full = format!("{object}.{member}");
            next = after;
        }
        let environment = is_in(&self.language.environment, &full)
            || self.language.environment.iter().any(|e| full.strip_prefix(e.as_str()).is_some_and(|r| r.starts_with('.') && !r.contains('(')));
        if environment {
            return self.environment(&full, next, depth);
        }
        if self.is_mark(next, '(') {
            let (arguments, after) = self.list(next + 1, ')', depth + 1);
            let value = self.call(&full, &arguments);
            return (vec![value], after);
        }
        if (self.language.bare_calls || self.language.words) && self.is_interesting(&full) && matches!(self.token(next), Some(Token::Str(..) | Token::Name(_) | Token::Backtick(_))) {
            let mut arguments = Vec::new();
            loop {
                let (values, after) = self.expression(next, depth + 1);
                if after == next {
                    break;
                }
                arguments.extend(values);
                next = after;
                if self.is_mark(next, ',') {
                    next += 1;
                } else if !self.language.words || !matches!(self.token(next), Some(Token::Str(..) | Token::Name(_))) {
                    break;
                }
            }
            let value = self.call(&full, &arguments);
            return (vec![value], next);
        }
        match self.variables.get(full.as_str()) {
            Some(values) => (values.clone(), next),
            None if self.language.words => (vec![Text::known(name)], next),
            None => (vec![Text::unknown()], next),
        }
    }

    fn is_interesting(&self, name: &str) -> bool {
        let l = self.language;
        [&l.shell, &l.argv, &l.delete, &l.delete_tree, &l.read, &l.open, &l.write, &l.moves, &l.perm, &l.connect, &l.fetch, &l.send, &l.eval, &l.decode]
            .iter()
            .any(|table| is_in(table, name))
    }

    fn environment(&mut self, full: &str, mut next: usize, depth: u32) -> (Vec<Text>, usize) {
        let mut key = self.language.environment.iter().find_map(|e| full.strip_prefix(e.as_str())?.strip_prefix('.').map(Text::known));
        if self.is_mark(next, '[') || self.is_mark(next, '(') {
            let close = if self.is_mark(next, '[') { ']' } else { ')' };
            let (arguments, after) = self.list(next + 1, close, depth + 1);
            key = arguments.first().cloned();
            next = after;
        }
        self.found.push(Found::Environment(key));
        (vec![Text::unknown()], next)
    }

    /// `[::-1]`, `.decode()`, `.replace(a, b)`, `.join(list)`, indexing.
    fn suffixes(&mut self, mut values: Vec<Text>, mut at: usize, depth: u32) -> (Vec<Text>, usize) {
        loop {
            if self.is_mark(at, '[') {
                let reversed = self.is_mark(at + 1, ':') && self.is_mark(at + 2, ':') && self.is_mark(at + 3, '-');
                let (_, after) = self.list(at + 1, ']', depth + 1);
                if reversed && values.len() == 1 {
                    values = vec![match values[0].as_known() {
                        Some(t) => Text::known(t.chars().rev().collect::<String>()),
                        None => Text::unknown(),
                    }];
                }
                at = after;
                continue;
            }
            if self.is_mark(at, '.')
                && let Some(Token::Name(method)) = self.token(at + 1).cloned()
            {
                let last = method.rsplit('.').next().unwrap_or("").to_owned();
                let (arguments, after) = if self.is_mark(at + 2, '(') { self.list(at + 3, ')', depth + 1) } else { (Vec::new(), at + 2) };
                let object = values.first().cloned().unwrap_or_default();
                values = match (last.as_str(), object.as_known()) {
                    ("join", Some(separator)) => {
                        let mut out = Text::default();
                        for (n, item) in arguments.iter().enumerate() {
                            if n > 0 {
                                out.push_str(separator);
                            }
                            out.push(item);
                        }
                        vec![out]
                    }
                    ("join", None) if !values.is_empty() => {
                        let separator = arguments.first().and_then(Text::as_known).unwrap_or(",").to_owned();
                        let mut out = Text::default();
                        for (n, item) in values.iter().enumerate() {
                            if n > 0 {
                                out.push_str(&separator);
                            }
                            out.push(item);
                        }
                        vec![out]
                    }
                    ("replace", Some(text)) => match (arguments.first().and_then(Text::as_known), arguments.get(1).and_then(Text::as_known)) {
                        (Some(a), Some(b)) if !a.is_empty() => vec![Text::known(text.replace(a, b))],
                        _ => vec![Text::unknown()],
                    },
                    ("decode" | "encode" | "strip" | "trim" | "toString" | "expanduser" | "resolve" | "as_posix", Some(text)) => {
                        vec![Text::known(self.with_home(text.trim()))]
                    }
                    ("lower" | "toLowerCase", Some(text)) => vec![Text::known(text.to_lowercase())],
                    ("reverse", Some(text)) => vec![Text::known(text.chars().rev().collect::<String>())],
                    ("split", Some(text)) => {
                        let separator = arguments.first().and_then(Text::as_known).unwrap_or(" ");
                        if separator.is_empty() { vec![Text::known(text)] } else { text.split(separator).map(Text::known).collect() }
                    }
                    ("format", Some(text)) => vec![format_braces(text, &arguments)],
                    _ => {
                        // A method of a value: the value is its first argument.
                        let mut all = values.clone();
                        all.extend(arguments);
                        vec![self.call(&format!("?.{last}"), &all)]
                    }
                };
                at = after;
                continue;
            }
            return (values, at);
        }
    }

    fn with_home(&self, path: &str) -> String {
        match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", self.home),
            _ => path.to_owned(),
        }
    }

    /// What a call does, by the tables, and its value where that is a constant.
    fn call(&mut self, full: &str, arguments: &[Text]) -> Text {
        let l = self.language;
        let plain: Vec<Text> = arguments.iter().filter(|t| !t.prefix().starts_with('\u{1}')).cloned().collect();
        let keyword = |name: &str| arguments.iter().any(|t| t.prefix().starts_with(&format!("\u{1}{name}=true")));
        let first = plain.first().cloned().unwrap_or_else(Text::unknown);
        // Constants that known functions make.
        match full {
            "chr" | "String.fromCharCode" => {
                let chars: Option<String> = plain.iter().map(|t| t.as_known().and_then(|n| n.parse().ok()).and_then(char::from_u32)).collect();
                return chars.map_or_else(Text::unknown, Text::known);
            }
            "str" | "bytes" | "String" | "list" | "tuple" | "repr" | "glob.glob" => return first,
            "reversed" => return first.as_known().map_or_else(Text::unknown, |t| Text::known(t.chars().rev().collect::<String>())),
            "os.homedir" | "Path.home" | "pathlib.Path.home" | "Dir.home" => return Text::known(self.home),
            _ => {}
        }
        if is_in(&l.home, full) {
            return first.as_known().map_or(first.clone(), |t| Text::known(self.with_home(t)));
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
        if is_in(&l.print, full) {
            return Text::unknown();
        }
        if let Some((name, _)) = l.operate.iter().find(|(_, calls)| is_in(calls, full)) {
            self.found.push(Found::Operate(name.clone(), first));
        } else if is_in(&l.shell, full) {
            if plain.len() > 1 && self.language.bare_calls {
                self.found.push(Found::Argv(plain));
            } else if l.words {
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
            // perl's two- and three-operand open: the mode may be part of the name, and a pipe runs a command.
            if self.language.bare_calls {
                self.perl_open(&plain);
            } else if mode.starts_with(['w', 'a', 'x']) || mode.contains('+') {
                self.found.push(Found::Write(first));
            } else {
                self.found.push(Found::Read(first));
            }
        } else if is_in(&l.read, full) {
            self.found.push(Found::Read(first));
        } else if is_in(&l.write, full) {
            self.found.push(Found::Write(first));
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
                let writes = plain.iter().any(|t| t.as_known().is_some_and(|m| m.starts_with('>') || m == "w" || m == "a"));
                let text = Text::known(trimmed.trim_start_matches('<').trim());
                self.found.push(if writes { Found::Write(text) } else { Found::Read(text) });
            }
        }
    }
}

fn is_quoted(text: &str) -> bool {
    text.len() >= 2 && (text.starts_with('\'') && text.ends_with('\'') || text.starts_with('"') && text.ends_with('"'))
}

/// A whole string that is a path.
fn is_path(text: &Text) -> bool {
    text.prefix().starts_with(['/', '~', '.']) && !text.prefix().contains([' ', '\n']) && text.prefix().len() > 1
}

fn format_braces(text: &str, arguments: &[Text]) -> Text {
    let mut out = Text::default();
    let mut rest = text;
    let mut at = 0;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((_, tail)) = after.split_once('}') else { break };
        match arguments.get(at) {
            Some(value) => out.push(value),
            None => out.push_unknown(),
        }
        at += 1;
        rest = tail;
    }
    out.push_str(rest);
    out
}
