//! SQL, and the dot and backslash commands of its clients: statements that destroy data or run programs. Strings and comments
//! are not looked into.

use super::{Found, Language};
use crate::effect::text::{Part, Text};

/// What SQL text would do that matters. The clients' own commands, and the functions that touch files, stand in the tables of the
/// language; a function's name ends in `(`.
pub fn scan(text: &Text, language: &Language) -> Vec<Found> {
    let source: String = text.parts().iter().map(|p| if let Part::Known(t) | Part::Glob(t) = p { t.as_str() } else { " ? " }).collect();
    let mut found = Vec::new();
    for line in source.lines() {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let is = |table: &[String]| table.iter().any(|w| w == word);
        if is(&language.shell) || line.starts_with("\\!") {
            let command = if line.starts_with("\\!") { line[2..].trim() } else { rest.trim() };
            runs(command, &mut found);
        } else if is(&language.read) || is(&language.write) {
            let value = operand(rest);
            match value.strip_prefix('|') {
                Some(command) => runs(command, &mut found),
                None if value.is_empty() => {}
                None if is(&language.read) => found.push(Found::Read(Text::known(value))),
                None => found.push(Found::Write(Text::known(value))),
            }
        } else if is(&language.eval) {
            found.push(Found::Operate("sql.program".into(), Text::known(operand(rest))));
        }
    }
    let lower = source.to_ascii_lowercase();
    for (table, write) in [(&language.read, false), (&language.write, true)] {
        for name in table.iter().filter(|w| w.ends_with(['(', ' '])) {
            for (at, _) in lower.match_indices(name.as_str()).take(16) {
                let rest = source[at + name.len()..].trim_start();
                if rest.starts_with(['\'', '"']) {
                    let path = Text::known(operand(rest));
                    found.push(if write { Found::Write(path) } else { Found::Read(path) });
                }
            }
        }
    }
    for statement in statements(&source) {
        let words: Vec<&str> = statement.iter().map(String::as_str).collect();
        let has = |word: &str| words.contains(&word);
        let object = |at: usize| Text::known(words.get(at).copied().unwrap_or("").trim_end_matches(';'));
        match words.as_slice() {
            ["drop", kind @ ("table" | "database" | "schema" | "view" | "index" | "role" | "user" | "tablespace" | "materialized" | "keyspace" | "collection"), ..] => {
                // Views and indexes can be made again.
                if !matches!(*kind, "view" | "index" | "materialized") {
                    let name = if words.get(2) == Some(&"if") { object(4) } else { object(2) };
                    found.push(Found::Operate("sql.drop".into(), name));
                }
            }
            ["truncate", rest @ ..] if !rest.is_empty() => {
                let at = if rest.first() == Some(&"table") { 2 } else { 1 };
                found.push(Found::Operate("sql.truncate".into(), object(at)));
            }
            ["delete", "from", ..] if !has("where") => found.push(Found::Operate("sql.delete-all".into(), object(2))),
            ["update", ..] if has("set") && !has("where") => found.push(Found::Operate("sql.update-all".into(), object(1))),
            ["copy", ..] if has("program") => found.push(Found::Operate("sql.program".into(), object(1))),
            ["alter", "table", ..] if has("drop") && has("column") => found.push(Found::Operate("sql.drop".into(), object(2))),
            ["exec" | "execute", name, ..] if name.contains("xp_cmdshell") => found.push(Found::Operate("sql.program".into(), Text::default())),
            _ if has("xp_cmdshell") => found.push(Found::Operate("sql.program".into(), Text::default())),
            ["create", ..] if has("function") && (has("plpythonu") || has("plperlu") || has("plsh") || has("c")) => {
                found.push(Found::Operate("sql.program".into(), Text::default()));
            }
            _ => {}
        }
        if words.iter().any(|word| language.operate.get("sql.program").into_iter().flatten().any(|name| name == word)) {
            found.push(Found::Operate("sql.program".into(), Text::default()));
        }
    }
    found
}

/// The client starts a program.
fn runs(command: &str, found: &mut Vec<Found>) {
    found.push(Found::Operate("sql.program".into(), Text::known(command)));
    found.push(Found::Shell(Text::known(command)));
}

/// The first operand of a client's command, without its quotes; one that begins with `|` is a program and its operands.
fn operand(rest: &str) -> &str {
    let rest = rest.trim_start();
    let rest = rest.split_whitespace().take_while(|w| w.starts_with("--")).fold(rest, |left, flag| left[flag.len()..].trim_start());
    match rest.chars().next() {
        Some(quote @ ('\'' | '"')) => rest[1..].split(quote).next().unwrap_or(""),
        Some('|') => rest,
        _ => rest.split_whitespace().next().unwrap_or(""),
    }
}

/// Statements as lower-case words, without strings and comments.
fn statements(source: &str) -> Vec<Vec<String>> {
    let mut out: Vec<Vec<String>> = vec![Vec::new()];
    let mut word = String::new();
    let mut chars = source.chars().peekable();
    let finish = |word: &mut String, out: &mut Vec<Vec<String>>| {
        if !word.is_empty()
            && let Some(last) = out.last_mut()
        {
            last.push(std::mem::take(word).to_lowercase());
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                finish(&mut word, &mut out);
                while let Some(c) = chars.next() {
                    if c == '\'' && chars.next_if_eq(&'\'').is_none() {
                        break;
                    }
                }
                word.push('?');
                finish(&mut word, &mut out);
            }
            '-' if chars.peek() == Some(&'-') => while chars.next().is_some_and(|c| c != '\n') {},
            '/' if chars.peek() == Some(&'*') => {
                let mut star = false;
                for c in chars.by_ref() {
                    if star && c == '/' {
                        break;
                    }
                    star = c == '*';
                }
            }
            ';' => {
                finish(&mut word, &mut out);
                out.push(Vec::new());
            }
            c if c.is_alphanumeric() || "_.?*$#".contains(c) => word.push(c),
            '"' | '`' | '[' | ']' => {}
            _ => finish(&mut word, &mut out),
        }
    }
    finish(&mut word, &mut out);
    out
}
