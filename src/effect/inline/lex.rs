//! Code → tokens: names, strings, numbers, punctuation. Comments are dropped.

use super::Language;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name with its dots, arrows and `::`: `os.path.join`, `IO::Socket`, `$x->y`.
    Name(String),
    /// A string literal's content; `true` when it may hold interpolations.
    Str(String, bool),
    Number(String),
    /// Text between backticks, where that runs a command.
    Backtick(String),
    Mark(char),
    Newline,
}

const MAX_TOKENS: usize = 40_000;

/// The tokens of `code`; the rest of very long code is left out, which the caller sees by the flag.
pub fn tokens(code: &str, language: &Language) -> (Vec<Token>, bool) {
    let mut out = Vec::new();
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        if out.len() > MAX_TOKENS {
            return (out, true);
        }
        if c == '\n' {
            out.push(Token::Newline);
            rest = &rest[1..];
            continue;
        }
        if c.is_whitespace() {
            rest = &rest[c.len_utf8()..];
            continue;
        }
        // `$#list` of perl is no comment.
        if rest.starts_with("$#") {
            rest = &rest[2..];
            continue;
        }
        if c == '/' && language.regex && !rest.starts_with("//") && !rest.starts_with("/*") && expects_value(out.last()) {
            if let Some(len) = regex_length(rest) {
                out.push(Token::Number("0".into()));
                rest = &rest[len..];
                continue;
            }
        }
        if let Some(mark) = language.comment.iter().find(|m| rest.starts_with(m.as_str())) {
            let end = if mark == "/*" { rest.find("*/").map(|n| n + 2) } else { rest.find('\n') };
            rest = &rest[end.unwrap_or(rest.len())..];
            continue;
        }
        if c == '`' && language.backticks {
            let body = &rest[1..];
            let (body, after) = body.split_once('`').unwrap_or((body, ""));
            out.push(Token::Backtick(body.to_owned()));
            rest = after;
            continue;
        }
        // q(), qx{}, %x() of perl and ruby.
        if let Some((kind, len)) = quote_operator(rest, language) {
            let (body, end) = delimited(&rest[len..]);
            out.push(if kind { Token::Backtick(body.to_owned()) } else { Token::Str(body.to_owned(), true) });
            rest = &rest[len + end..];
            continue;
        }
        if let Some(quote) = language.strings.iter().find(|q| rest.starts_with(q.as_str())) {
            let (text, len) = string(&rest[quote.len()..], quote, false);
            out.push(Token::Str(text, language.interpolated.contains(quote)));
            rest = &rest[quote.len() + len..];
            continue;
        }
        if c.is_ascii_digit() {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len());
            out.push(Token::Number(rest[..end].to_owned()));
            rest = &rest[end..];
            continue;
        }
        // `%` is a sigil only where hashes have one, and only before a name.
        let sigil = c == '%' && language.bare_calls && rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_');
        if c.is_alphanumeric() || "_$@".contains(c) || sigil {
            let len = name_length(rest);
            let name = &rest[..len];
            // A string prefix (`r""`, `b''`, `f""`) belongs to the string.
            if len <= 2
                && name.chars().all(|c| "rRbBuUfF".contains(c))
                && let Some(quote) = language.strings.iter().find(|q| rest[len..].starts_with(q.as_str()))
            {
                let raw = name.contains(['r', 'R']);
                let (text, used) = string(&rest[len + quote.len()..], quote, raw);
                out.push(Token::Str(text, name.contains(['f', 'F'])));
                rest = &rest[len + quote.len() + used..];
                continue;
            }
            out.push(Token::Name(name.to_owned()));
            rest = &rest[len.max(c.len_utf8())..];
            continue;
        }
        out.push(Token::Mark(c));
        rest = &rest[c.len_utf8()..];
    }
    (out, false)
}

/// Behind this token a value begins, so a `/` is no division.
fn expects_value(last: Option<&Token>) -> bool {
    match last {
        None | Some(Token::Newline) => true,
        Some(Token::Mark(c)) => !matches!(c, ')' | ']'),
        Some(Token::Name(n)) => matches!(n.as_str(), "return" | "typeof" | "if" | "unless" | "and" | "or" | "not" | "split" | "grep" | "when" | "m" | "qr"),
        _ => false,
    }
}

/// The length of a regular expression on one line, with its slashes.
fn regex_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    let mut class = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '/' if !class => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = text.chars().next().map_or(0, char::len_utf8);
    while at < bytes.len() {
        let c = text[at..].chars().next().unwrap_or(' ');
        if c.is_alphanumeric() || c == '_' || c == '!' && bytes.get(at + 1) == Some(&b'(') {
            at += c.len_utf8();
        } else if (text[at..].starts_with("::") || text[at..].starts_with("->")) && text[at + 2..].starts_with(|c: char| c.is_alphabetic() || c == '_') {
            at += 2;
        } else if (c == '.' || c == '-' && text[..at].starts_with(|c: char| c.is_uppercase()))
            && text[at + 1..].starts_with(|c: char| c.is_alphabetic() || c == '_')
        {
            at += 1;
        } else {
            break;
        }
    }
    at
}

/// `qx`, `q`, `qq`, `%x`, `%q`, `%Q` before a delimiter: whether it runs, and its length.
fn quote_operator(rest: &str, language: &Language) -> Option<(bool, usize)> {
    if !language.backticks {
        return None;
    }
    for (word, runs) in [("qx", true), ("qq", false), ("q", false), ("%x", true), ("%q", false), ("%Q", false)] {
        if let Some(after) = rest.strip_prefix(word)
            && after.starts_with(['(', '{', '[', '/', '|', '!'])
        {
            return Some((runs, word.len()));
        }
    }
    None
}

/// Text between a delimiter and its partner, and the length with both.
fn delimited(text: &str) -> (&str, usize) {
    let Some(open) = text.chars().next() else { return ("", 0) };
    let close = match open {
        '(' => ')',
        '{' => '}',
        '[' => ']',
        other => other,
    };
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        if c == open && (open != close || at == 0) {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return (&text[open.len_utf8()..at], at + c.len_utf8());
            }
        }
    }
    (&text[open.len_utf8()..], text.len())
}

/// A string's content up to its quote, escapes decoded, and the bytes read with the quote.
fn string(text: &str, quote: &str, raw: bool) -> (String, usize) {
    let mut end = 0;
    while end < text.len() {
        if text[end..].starts_with(quote) {
            let body = &text[..end];
            let body = if raw { body.to_owned() } else { crate::shell::word::unescape(body, false) };
            return (body, end + quote.len());
        }
        let c = text[end..].chars().next().unwrap_or(' ');
        end += c.len_utf8();
        if c == '\\' {
            end += text[end..].chars().next().map_or(0, char::len_utf8);
        }
    }
    (text.to_owned(), text.len())
}
