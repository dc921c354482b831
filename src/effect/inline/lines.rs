//! Languages of one command a line, as debuggers, editors and file transfer clients have them: a word and its operands. What the
//! word does is in the tables of the language; a word of punctuation (`!`) may touch what follows.

use super::{Found, Language, scan};
use crate::effect::spec::simple_glob;
use crate::effect::text::Text;

/// Lines that are followed; more may do anything.
const MOST: usize = 500;

/// What the lines would do, in order. `home` is the user's home folder, which `~` stands for.
pub fn scan_lines(code: &Text, language: &Language, home: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut rest = Some(code.clone());
    for _ in 0..MOST {
        let Some(text) = rest.take() else { break };
        let (line, tail) = text.split_once("\n").map_or_else(|| (text.clone(), None), |(line, tail)| (line, Some(tail)));
        if let Some((name, code)) = of_another_language(&line, language) {
            found.push(Found::Code(name, code));
        } else {
            for part in statements(&line, language) {
                one(&part, language, home, &mut found);
            }
        }
        rest = tail;
    }
    if rest.is_some_and(|text| !text.is_empty()) {
        found.push(Found::Opaque("executes"));
    }
    found
}

/// `python import os; …`: the language of the rest of the line, and that rest.
fn of_another_language(line: &Text, language: &Language) -> Option<(String, Text)> {
    let begin = line.prefix().len() - line.prefix().trim_start_matches([' ', '\t', ':']).len();
    let (word, rest) = line.strip_bytes(begin)?.split_once(" ")?;
    let word = word.as_known()?.to_owned();
    let (name, _) = language.code.iter().find(|(_, words)| words.contains(&word))?;
    Some((name.clone(), rest))
}

/// The statements of a line; one that begins with punctuation or a word that runs code, and so is another program's text, reaches to
/// its end.
fn statements(line: &Text, language: &Language) -> Vec<Text> {
    let runs = |text: &str| {
        let word = text.split_whitespace().next().unwrap_or("");
        language.eval.iter().any(|glob| simple_glob(glob, word))
    };
    let mut all = Vec::new();
    let mut rest = line.clone();
    while !rest.prefix().trim_start().starts_with(|c: char| c.is_ascii_punctuation()) && !runs(rest.prefix()) {
        let Some((first, tail)) = rest.split_once(";") else { break };
        all.push(first);
        rest = tail;
    }
    all.push(rest);
    all
}

fn one(line: &Text, language: &Language, home: &str, found: &mut Vec<Found>) {
    let begin = line.prefix().len() - line.prefix().trim_start_matches([' ', '\t', ':']).len();
    let Some(line) = line.strip_bytes(begin) else { return };
    // An editor's command may stand behind the lines that it is for: `%!sort`, `1,$w x`.
    let ranged = line.prefix().trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '%' | ',' | '$' | '+' | '-'));
    let range = line.prefix().len() - ranged.len();
    let Some(line) = line.strip_bytes(range) else { return };
    if let Some(rest) = language.shell.iter().filter(|w| !w.starts_with(char::is_alphanumeric)).find_map(|w| line.strip_prefix(w)) {
        found.push(Found::Shell(rest));
        return;
    }
    let (word, rest) = line.split_once(" ").unwrap_or_else(|| (line.clone(), Text::default()));
    let Some(word) = word.as_known() else { return };
    let is = |table: &[String]| table.iter().any(|glob| simple_glob(glob, word));
    if is(&language.shell) {
        found.push(Found::Shell(unquoted(rest)));
        return;
    }
    // `system("x")`
    if word.contains('(') {
        found.extend(scan(&line, language, home));
        return;
    }
    if is(&language.eval) {
        found.extend(scan(&rest, language, home));
        return;
    }
    for (operation, globs) in &language.operate {
        if is(globs) {
            found.push(Found::Operate(operation.clone(), rest.clone()));
        }
    }
    // `r !command`, `w !command`
    if let Some(command) = rest.strip_prefix("!") {
        found.push(Found::Shell(command));
        return;
    }
    let operation = language.operate.iter().find(|(_, calls)| is(calls)).map(|(name, _)| name);
    let loads = is(&language.load);
    for (at, operand) in words(&rest, home).into_iter().enumerate() {
        if let Some(name) = operation.filter(|_| at == 0) {
            found.push(Found::Operate(name.clone(), operand.clone()));
        }
        if loads && operand.prefix().contains("://") {
            found.push(Found::Operate("code.foreign".into(), operand));
            continue;
        }
        if is(&language.include) {
            found.push(Found::Include(operand));
        } else if is(&language.read) {
            found.push(Found::Read(operand));
        } else if is(&language.write) {
            found.push(Found::Write(operand));
        } else if is(&language.delete) {
            found.push(Found::Delete { path: operand, recursive: false });
        } else if is(&language.connect) {
            found.push(Found::Connect(operand));
        } else {
            found.push(Found::Literal(operand));
        }
    }
}

/// A command that is one string of the outer language.
fn unquoted(command: Text) -> Text {
    let inner = command.as_known().and_then(|c| ['"', '\''].iter().find_map(|q| c.trim().strip_prefix(*q)?.strip_suffix(*q).filter(|i| !i.contains(*q))));
    inner.map_or(command.clone(), Text::known)
}

/// The operands, without flags and quotes.
fn words(rest: &Text, home: &str) -> Vec<Text> {
    let mut all = Vec::new();
    let mut rest = rest.clone();
    while !rest.is_empty() && all.len() < 64 {
        let (word, tail) = rest.split_once(" ").unwrap_or_else(|| (rest.clone(), Text::default()));
        rest = tail;
        let word = word.as_known().map_or(word.clone(), |known| {
            let plain = known.trim_matches(['"', '\'']);
            Text::known(plain.strip_prefix("~/").map_or_else(|| plain.to_owned(), |inside| format!("{home}/{inside}")))
        });
        if !word.is_empty() && !word.prefix().starts_with('-') {
            all.push(word);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_operands_and_other_programs_text() {
        let language = Language { shell: vec!["!".into(), "shell".into()], read: vec!["put".into()], ..Language::default() };
        let code = Text::known("open h; put -c ~/x 'y'\n!a; b\nshell c; r !d");
        let found = scan_lines(&code, &language, "/h");
        let expected = [
            Found::Literal(Text::known("h")),
            Found::Read(Text::known("/h/x")),
            Found::Read(Text::known("y")),
            Found::Shell(Text::known("a; b")),
            Found::Shell(Text::known("c")),
            Found::Shell(Text::known("d")),
        ];
        assert_eq!(scan_lines(&Text::known("1,$!e"), &language, "/h"), [Found::Shell(Text::known("e"))]);
        assert_eq!(found, expected);
    }

    #[test]
    fn more_lines_than_are_followed_may_do_anything() {
        let language = Language { shell: vec!["!".into()], ..Language::default() };
        assert_eq!(scan_lines(&Text::known("x\n".repeat(MOST)), &language, "/h"), []);
        let longer = Text::known("x\n".repeat(MOST) + "!rm -rf /\n");
        assert_eq!(scan_lines(&longer, &language, "/h"), [Found::Opaque("executes")]);
    }
}
