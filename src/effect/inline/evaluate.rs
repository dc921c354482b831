//! The value of an expression, as far as constants go; calls on the way are judged.

use super::Found;
use super::call::is_in;
use super::lex::Token;
use super::scan::{MAX_STEPS, Scanner};
use crate::effect::flow;
use crate::effect::text::Text;

/// Expressions inside expressions.
const MAX_DEPTH: u32 = 24;

impl Scanner<'_> {
    pub(super) fn known(&self, text: &str) -> Text {
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
    pub(super) fn interpolated(&mut self, text: &str) -> Text {
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
                    let mut length = body.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(body.len());
                    // `$ENV{HOME}`, `$_SERVER[HOME]`
                    if is_in(&self.language.environment, &body[..length])
                        && body[length..].starts_with(['{', '['])
                        && let Some(close) = body[length..].find(['}', ']'])
                    {
                        length += close + 1;
                    }
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
                _ => {
                    let value = self.interpolated_call(name.trim_start_matches('$')).unwrap_or_else(Text::unknown);
                    out.push(&value);
                }
            }
            plain = end;
            at = end;
        }
        out.push(&self.known(&text[plain..]));
        out
    }

    /// Evaluates an expression as far as constants go: its values (several for a list), and the position behind it.
    pub(super) fn expression(&mut self, mut at: usize, depth: u32) -> (Vec<Text>, usize) {
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
            let start = at;
            let (next_values, next) = self.atom(at, depth);
            if next == at {
                return (values, at);
            }
            at = next;
            // `[::-1]`, `.replace(...)`, `.join(...)`, `[0]` and other suffixes.
            let callee = match self.tokens.get(start) {
                Some(Token::Name(name)) => self.resolve(name),
                _ => String::new(),
            };
            let (next_values, next) = self.suffixes(next_values, at, depth, callee);
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
        if is_in(&self.language.home_folder, &full) {
            let after = if self.is_mark(next, '(') { self.list(next + 1, ')', depth + 1).1 } else { next };
            return (vec![Text::known(self.home)], after);
        }
        // Ruby's `Dir["*.log"]`
        let lists = self.is_mark(next, '[') && is_in(&self.language.glob, &full);
        if self.is_mark(next, '(') || lists {
            let (mut arguments, after) = self.list(next + 1, if lists { ']' } else { ')' }, depth + 1);
            // `p = Path(x); p.read_text()`: a method of a known value has the value as its first argument.
            if let Some((object, method)) = full.rsplit_once('.')
                && let Some([value]) = self.variables.get(object).map(Vec::as_slice)
                && value.as_known().is_some()
            {
                arguments.insert(0, value.clone());
                return (self.call(&format!("?.{method}"), &arguments), after);
            }
            return (self.call(&full, &arguments), after);
        }
        if self.language.bare_calls && self.is_interesting(&full) && matches!(self.token(next), Some(Token::Str(..) | Token::Name(_) | Token::Backtick(_))) {
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
                } else {
                    break;
                }
            }
            return (self.call(&full, &arguments), next);
        }
        match self.variables.get(full.as_str()) {
            Some(values) => (values.clone(), next),
            // `User.delete_all` is a call without parentheses.
            None if self.language.bare_calls && self.language.operate.values().any(|calls| is_in(calls, &full)) => (vec![self.call_on(&full, &[], Vec::new())], next),
            None => (vec![Text::unknown()], next),
        }
    }

    fn environment(&mut self, full: &str, mut next: usize, depth: u32) -> (Vec<Text>, usize) {
        let mut key = self.language.environment.iter().find_map(|e| full.strip_prefix(e.as_str())?.strip_prefix('.').map(Text::known));
        if self.is_mark(next, '[') || self.is_mark(next, '(') {
            let close = if self.is_mark(next, '[') { ']' } else { ')' };
            let (arguments, after) = self.list(next + 1, close, depth + 1);
            key = arguments.first().cloned();
            next = after;
        }
        // What is set is not read.
        if self.is_mark(next, '=') && !self.is_mark(next + 1, '=') {
            return (vec![Text::unknown()], next);
        }
        let value = self.variable_of_environment(key);
        (vec![value], next)
    }

    fn variable_of_environment(&mut self, name: Option<Text>) -> Text {
        let is_home = name.as_ref().and_then(Text::as_known).is_some_and(|n| matches!(n, "HOME" | "USERPROFILE"));
        self.found.push(Found::Environment(name));
        if is_home { Text::known(self.home) } else { Text::unknown() }
    }

    /// What `${…}` in a string gives when it asks the environment or for the home folder.
    fn interpolated_call(&mut self, body: &str) -> Option<Text> {
        let name = body.split(['(', '[', '{']).next().unwrap_or(body);
        let full = self.resolve(name);
        if is_in(&self.language.home_folder, &full) {
            return Some(Text::known(self.home));
        }
        let entry = self.language.environment.iter().find(|e| full.strip_prefix(e.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('.')))?;
        let key = match full[entry.len()..].strip_prefix('.') {
            Some(key) => key.to_owned(),
            None => body[name.len()..].trim_matches(['(', ')', '[', ']', '{', '}', '\'', '"']).to_owned(),
        };
        Some(self.variable_of_environment(Some(Text::known(key))))
    }

    /// `[::-1]`, `.decode()`, `.replace(a, b)`, `.join(list)`, indexing.
    fn suffixes(&mut self, mut values: Vec<Text>, mut at: usize, depth: u32, mut callee: String) -> (Vec<Text>, usize) {
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
                // `Order.objects.all().delete()` is known by the names of the whole chain.
                callee = format!("{callee}.{method}");
                if let Some((operation, _)) = self.language.operate.iter().find(|(_, calls)| is_in(calls, &callee) && !is_in(calls, &format!("?.{last}"))) {
                    self.found.push(Found::Operate(operation.clone(), Text::default()));
                }
                let (arguments, after) = if self.is_mark(at + 2, '(') { self.list(at + 3, ')', depth + 1) } else { (Vec::new(), at + 2) };
                if let Some(sql) = arguments.first().filter(|a| a.prefix().contains([' ', '\n']) && is_in(&self.language.sql, &callee)) {
                    self.found.push(Found::Sql(sql.clone()));
                }
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
                        self.call(&format!("?.{last}"), &all)
                    }
                };
                at = after;
                continue;
            }
            return (values, at);
        }
    }

    pub(super) fn with_home(&self, path: &str) -> String {
        match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", self.home),
            _ => path.to_owned(),
        }
    }
}

fn is_quoted(text: &str) -> bool {
    text.len() >= 2 && (text.starts_with('\'') && text.ends_with('\'') || text.starts_with('"') && text.ends_with('"'))
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
