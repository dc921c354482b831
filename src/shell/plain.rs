//! The commonest text, one command of plain words, without the parser: its code is cold in a new process, and would cost more than
//! everything else that judging such a command takes.

use super::{Command, Piece, Script, SimpleCommand, Statement, Word};
use crate::verdict::Span;

/// Longest text that is looked at.
const MAX_LEN: usize = 1_000;

/// First words that begin something else than a simple command, or whose operands are no plain words.
pub const NO_NAMES: [&str; 35] = [
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "in", "function", "select", "time", "coproc", "repeat", "foreach",
    "end", "always", "nocorrect", "noglob", "declare", "typeset", "local", "export", "readonly", "integer", "float", "alias", "break", "continue", "return", "exit",
];

/// What the parser would make of a text that is one command of plain words; `None` for every other text.
pub fn parse(source: &str) -> Option<Script> {
    if source.len() > MAX_LEN || !source.bytes().all(|b| b == b' ' || is_plain(b)) {
        return None;
    }
    let mut words = Vec::new();
    let mut at = 0;
    for text in source.split(' ') {
        if !text.is_empty() {
            words.push(word(text, at));
        }
        at += text.len() + 1;
    }
    let (first, last) = (words.first()?, words.last()?);
    if NO_NAMES.contains(&first.source.as_str()) {
        return None;
    }
    let span = Span { start: first.span.start, end: last.span.end };
    let command = Command::Simple(SimpleCommand { words, ..SimpleCommand::default() });
    Some(Script { body: vec![Statement { command, redirections: Vec::new(), background: false, span }], unread: Vec::new() })
}

/// A byte that is only ever itself, wherever it stands in a word.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b':' | b'+' | b'@' | b'%')
}

fn word(text: &str, at: usize) -> Word {
    let place = |at| u32::try_from(at).unwrap_or(u32::MAX);
    let span = Span { start: place(at), end: place(at + text.len()) };
    Word { source: text.to_owned(), pieces: vec![Piece::Literal { text: text.to_owned(), quoted: false }], span }
}
