//! SQL, and the dot and backslash commands of its clients: statements that destroy data, run programs, or read and write files.
//! Which commands and functions those are is in `rules/languages/sql.toml`. A string is not looked into, except where its statement
//! runs or prints what it puts together.

use super::{Found, Language};
use crate::effect::spec::simple_glob;
use crate::effect::text::{Part, Text};

/// Objects of one statement that are named.
const MOST_OBJECTS: usize = 16;
/// Words behind the kind of an object, or between the names of several, that are no name.
const NO_NAMES: &[&str] = &["if", "exists", "only", "table", "cascade", "restrict", "restart", "continue", "identity", "purge", "force", "with", "constraints", "on", "cluster", "sync", "no", "delay"];
/// Behind these words of a block another statement begins.
const BLOCK_WORDS: &[&str] = &["begin", "then", "else", "loop", "do", "$$"];

/// What SQL text would do that matters.
pub fn scan(text: &Text, language: &Language) -> Vec<Found> {
    let source: String = text.parts().iter().map(|p| if let Part::Known(t) | Part::Glob(t) = p { t.as_str() } else { " ? " }).collect();
    let mut found = Vec::new();
    let mut sql = String::new();
    for line in source.lines() {
        let begin = line.trim_start();
        // `\copy` is a statement that ends with its line.
        match begin.strip_prefix("\\copy") {
            Some(copy) => sql.extend(["copy", copy, ";"]),
            None if client_command(begin, language, &mut found) => {}
            None => sql.push_str(line),
        }
        sql.push('\n');
    }
    scan_statements(&statements(&sql), language, &mut found);
    found
}

/// A command of the client itself, which ends with its line: `\! ls`, `.output file`, `system ls`.
fn client_command(line: &str, language: &Language, found: &mut Vec<Found>) -> bool {
    let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    // `\!ls`
    let (word, rest) = match line.strip_prefix("\\!") {
        Some(rest) => ("\\!", rest),
        None => (word, rest),
    };
    let is = |table: &[String]| table.iter().any(|name| name == word);
    let last = || Text::known(rest.split_whitespace().rfind(|w| !w.starts_with('-')).unwrap_or("").trim_matches(['\'', '"', ';']));
    let first = operand(rest);
    let own = word.starts_with(['\\', '.']);
    if is(&language.shell) {
        run(rest.trim().trim_end_matches(';'), found);
    } else if let Some(command) = first.strip_prefix('|').filter(|_| own) {
        run(command.trim(), found);
    } else if is(&language.write) {
        found.push(Found::Write(last()));
    } else if is(&language.read) {
        found.push(Found::Read(Text::known(first)));
    } else {
        return own;
    }
    true
}

/// The first operand of a client's command, without its quotes; one that begins with `|` is a program and its operands.
fn operand(rest: &str) -> &str {
    let rest = rest.trim_start();
    let rest = rest.split_whitespace().take_while(|w| w.starts_with('-')).fold(rest, |left, flag| left[flag.len()..].trim_start());
    match rest.chars().next() {
        Some(quote @ ('\'' | '"')) => rest[1..].split(quote).next().unwrap_or(""),
        Some('|') => rest,
        _ => rest.split_whitespace().next().unwrap_or("").trim_end_matches(';'),
    }
}

/// The client starts a program.
fn run(command: &str, found: &mut Vec<Found>) {
    found.push(Found::Operate("sql.program".into(), Text::known(command)));
    found.push(Found::Shell(Text::known(command)));
}

/// One statement: its words in lower case. A string is the word `?`, and stands in `strings` under its place.
#[derive(Default)]
struct Statement {
    words: Vec<String>,
    strings: Vec<(usize, String)>,
}

impl Statement {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// The string behind a word, as a function or a clause has it.
    fn string_behind(&self, at: usize) -> Option<&str> {
        self.string_at(at + 1)
    }

    /// The string that a setting gets: `name = '…'`, `name TO '…'`.
    fn string_set(&self, at: usize) -> Option<&str> {
        self.words.get(at + 1).filter(|w| matches!(w.as_str(), "to" | "=")).and_then(|_| self.string_at(at + 2))
    }

    fn string_at(&self, next: usize) -> Option<&str> {
        self.strings.iter().find(|(place, _)| *place == next).map(|(_, text)| text.as_str())
    }

    /// The strings, with what is not known between them: about what a query prints that puts them together.
    fn printed(&self) -> Text {
        let mut out = Text::default();
        for (_, text) in &self.strings {
            out.push_str(text);
            out.push_unknown();
        }
        out
    }
}

fn scan_statements(all: &[Statement], language: &Language, found: &mut Vec<Found>) {
    // What a text makes itself is nobody's loss, and what it takes back in the end does not happen.
    let mut made: Vec<&str> = Vec::new();
    let rolled_back = all.iter().rev().find(|s| !s.words.is_empty()).is_some_and(|s| s.words[0] == "rollback");
    for statement in all {
        let words: Vec<&str> = statement.words.iter().map(String::as_str).collect();
        let Some(first) = words.first() else { continue };
        if *first == "create" {
            let behind = words.iter().position(|w| matches!(*w, "table" | "database" | "schema" | "keyspace" | "user" | "role"));
            made.extend(behind.and_then(|at| words[at + 1..].iter().find(|w| !matches!(**w, "if" | "not" | "exists"))).copied());
        }
        let blocks = matches!(*first, "do" | "begin" | "if" | "declare" | "else" | "end" | "for" | "while");
        let inner = words.iter().enumerate().filter(|(_, w)| blocks && BLOCK_WORDS.contains(w)).map(|(at, _)| at + 1);
        // `IF EXISTS (…) DROP TABLE t` has nothing between.
        let bare = words.iter().enumerate().filter(|(at, w)| *at > 0 && *first == "if" && matches!(**w, "drop" | "truncate")).map(|(at, _)| at);
        for at in std::iter::once(0).chain(inner).chain(bare) {
            for (operation, object) in destroyed(&words[at..]) {
                if !made.contains(&object) && !(rolled_back && matches!(operation, "sql.delete-all" | "sql.update-all")) {
                    found.push(Found::Operate(operation.into(), Text::known(object)));
                }
            }
        }
        programs(statement, &words, found);
        files(statement, language, found);
        if statement.strings.is_empty() {
            continue;
        }
        if blocks || matches!(*first, "exec" | "execute" | "prepare") || statement.has("\\gexec") {
            for (_, text) in &statement.strings {
                scan_statements(&statements(text), language, found);
            }
        } else if matches!(*first, "select" | "with" | "values" | "print") {
            found.push(Found::Printed(statement.printed()));
        }
    }
}

/// The operations of one statement that lose data, with their objects.
fn destroyed<'w>(words: &[&'w str]) -> Vec<(&'static str, &'w str)> {
    let named = |rest: &[&'w str], operation: &'static str| -> Vec<(&'static str, &'w str)> {
        let mut names: Vec<_> = rest.iter().filter(|w| !NO_NAMES.contains(w) && !w.starts_with('#')).take(MOST_OBJECTS).map(|w| (operation, *w)).collect();
        if names.is_empty() && !rest.iter().any(|w| w.starts_with('#')) {
            names.push((operation, ""));
        }
        names
    };
    let condition = words.iter().position(|w| *w == "where").map(|at| &words[at + 1..]);
    // `where true`, `where 1=1`
    let everything = match condition {
        None => true,
        Some([one]) => matches!(*one, "true" | "1"),
        Some([one, "=", other]) => one == other && *one != "?",
        Some(_) => false,
    };
    let object = |at: usize| words.get(at).copied().unwrap_or("");
    match words {
        // Views and indexes can be made again.
        ["drop", "table" | "database" | "schema" | "role" | "user" | "login" | "tablespace" | "keyspace" | "collection" | "bucket" | "measurement" | "catalog" | "warehouse", rest @ ..] => {
            named(rest, "sql.drop")
        }
        ["drop", "series", ..] => named(&[], "sql.drop"),
        ["drop", "foreign" | "owned", _, rest @ ..] => named(rest, "sql.drop"),
        ["truncate", rest @ ..] if !rest.is_empty() => named(rest, "sql.truncate"),
        ["delete", "from", ..] if everything => vec![("sql.delete-all", object(2))],
        ["delete", name] => vec![("sql.delete-all", name)],
        ["update", ..] if words.contains(&"set") && everything => vec![("sql.update-all", object(1))],
        ["alter", "table", "if", "exists", name, ..] | ["alter", "table", name, ..] if words.contains(&"drop") && (words.contains(&"column") || words.contains(&"partition")) => {
            vec![("sql.drop", name)]
        }
        ["alter", "table", name, "delete", ..] if everything => vec![("sql.delete-all", name)],
        ["reset" | "purge", "master" | "binary", ..] => vec![("sql.drop", "")],
        _ => Vec::new(),
    }
}

/// Statements that make the server run a program.
fn programs(statement: &Statement, words: &[&str], found: &mut Vec<Found>) {
    let foreign = ["plpythonu", "plpython3u", "plperlu", "plsh", "c"];
    if words[0] == "copy" && statement.has("program") {
        found.push(Found::Operate("sql.program".into(), Text::known(words.get(1).copied().unwrap_or(""))));
        let at = words.iter().position(|w| *w == "program").unwrap_or(0);
        found.extend(statement.string_behind(at).map(|command| Found::Shell(Text::known(command))));
    } else if words[0] == "create" && statement.has("function") && foreign.iter().any(|l| statement.has(l)) {
        found.push(Found::Operate("sql.program".into(), Text::default()));
    }
}

/// Functions and clauses with a file, an address or a command behind them, and words that are an operation by themselves.
fn files(statement: &Statement, language: &Language, found: &mut Vec<Found>) {
    for (at, word) in statement.words.iter().enumerate() {
        let is = |table: &[String]| table.iter().any(|glob| simple_glob(glob, word));
        for (operation, words) in &language.operate {
            if is(words) {
                found.push(Found::Operate(operation.clone(), Text::default()));
            }
        }
        let (behind, set) = (statement.string_behind(at), statement.string_set(at));
        let Some(string) = behind.or(set).map(Text::known) else { continue };
        let copies = statement.words[0] == "copy";
        if behind.is_some() && (is(&language.read) || (copies && word == "from")) {
            found.push(Found::Read(string));
        } else if is(&language.write) || (copies && word == "to") {
            found.push(Found::Write(string));
        } else if behind.is_some() && is(&language.fetch) {
            found.push(Found::Fetch(string));
        } else if is(&language.shell) {
            found.push(Found::Operate("sql.program".into(), string.clone()));
            found.push(Found::Shell(string));
        }
    }
}

/// The statements of a text, without comments.
fn statements(source: &str) -> Vec<Statement> {
    let mut out = vec![Statement::default()];
    let mut word = String::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        let last = out.len() - 1;
        match c {
            c if c.is_alphanumeric() || "_.?*$#\\".contains(c) => {
                word.push(c);
                continue;
            }
            '`' | '[' | ']' => continue,
            // `"schema"."table"` is one name.
            '"' if word.ends_with('.') => {}
            _ => finish(&mut word, &mut out[last]),
        }
        match c {
            '\'' | '"' => {
                let mut text = String::new();
                while let Some(inner) = chars.next() {
                    if inner == c && chars.next_if_eq(&c).is_none() {
                        break;
                    }
                    text.push(inner);
                }
                // In double quotes stands a name, or with blanks in it a string.
                if c == '"' && !text.contains(' ') {
                    word.push_str(&text);
                    if chars.peek() != Some(&'.') {
                        finish(&mut word, &mut out[last]);
                    }
                    continue;
                }
                let place = out[last].words.len();
                out[last].words.push("?".into());
                out[last].strings.push((place, text));
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
            '=' => out[last].words.push("=".into()),
            ';' => out.push(Statement::default()),
            _ => {}
        }
    }
    let last = out.len() - 1;
    finish(&mut word, &mut out[last]);
    out
}

fn finish(word: &mut String, statement: &mut Statement) {
    if !word.is_empty() {
        statement.words.push(std::mem::take(word).to_lowercase());
    }
}
