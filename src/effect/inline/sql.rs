//! SQL, and the dot and backslash commands of its clients: statements that destroy data or run programs. Strings and comments
//! are not looked into.

use super::Found;
use crate::effect::text::{Part, Text};

/// What SQL text would do that matters.
pub fn scan(text: &Text) -> Vec<Found> {
    let source: String = text.parts().iter().map(|p| if let Part::Known(t) | Part::Glob(t) = p { t.as_str() } else { " ? " }).collect();
    let mut found = Vec::new();
    for line in source.lines() {
        let line = line.trim();
        let command = line.strip_prefix("\\!").or_else(|| line.strip_prefix(".shell ")).or_else(|| line.strip_prefix(".system ")).or_else(|| line.strip_prefix("system "));
        if let Some(command) = command {
            found.push(Found::Operate("sql.program".into(), Text::known(command.trim())));
            found.push(Found::Shell(Text::known(command.trim())));
        }
        for (word, write) in [(".output ", true), (".once ", true), (".read ", false), ("\\i ", false), ("\\o ", true), (".import ", false), (".dump-to ", true)] {
            if let Some(path) = line.strip_prefix(word) {
                let path = Text::known(path.split_whitespace().next().unwrap_or("").trim_matches(['\'', '"']));
                found.push(if write { Found::Write(path) } else { Found::Read(path) });
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
        if has("load_extension") || has("pg_read_file") || has("lo_import") || has("load_file") {
            found.push(Found::Operate("sql.program".into(), Text::default()));
        }
    }
    found
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
