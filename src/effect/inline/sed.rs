//! The commands of a sed script that touch files or run something: `e`, `w`, `r`, and the `e` and `w` flags of `s`.

use super::Found;
use crate::effect::text::Text;

/// What a sed script would do besides editing its input.
pub fn scan(script: &Text) -> Vec<Found> {
    let Some(source) = script.as_known() else { return Vec::new() };
    let mut found = Vec::new();
    for line in source.split('\n') {
        let mut rest = line.trim_start();
        for _ in 0..200 {
            rest = address(rest).trim_start_matches([' ', '\t', '!', '{', '}', ';']);
            let Some(c) = rest.chars().next() else { break };
            match c {
                's' | 'y' => {
                    let Some(delimiter) = rest[1..].chars().next() else { break };
                    let body = &rest[1 + delimiter.len_utf8()..];
                    let Some(first) = until(body, delimiter) else { break };
                    let Some(second) = until(&body[first..], delimiter) else { break };
                    let replacement = &body[first..first + second - delimiter.len_utf8()];
                    let flags = &body[first + second..];
                    let end = flags.find([';', '}', ' ']).unwrap_or(flags.len());
                    let word = &flags[..end];
                    if c == 's' && word.contains('e') {
                        found.push(Found::Shell(Text::known(replacement)));
                    }
                    if c == 's' && word.contains('w') {
                        found.push(Found::Write(Text::known(flags[end..].trim())));
                        break;
                    }
                    rest = &flags[end..];
                }
                'e' => {
                    let command = rest[1..].trim();
                    found.push(if command.is_empty() { Found::Opaque("executes") } else { Found::Shell(Text::known(command)) });
                    break;
                }
                'w' | 'W' => {
                    found.push(Found::Write(Text::known(rest[1..].trim())));
                    break;
                }
                'r' | 'R' => {
                    found.push(Found::Read(Text::known(rest[1..].trim())));
                    break;
                }
                'a' | 'i' | 'c' | ':' | 'b' | 't' | 'T' | '#' => break,
                _ => rest = &rest[c.len_utf8()..],
            }
        }
    }
    found.retain(|f| !matches!(f, Found::Write(t) | Found::Read(t) if t.is_empty() || t.prefix().starts_with("/dev/std")));
    found
}

/// The text that a script puts into what it edits: what `a`, `i` and `c` add, and what `s` puts in the place of something.
pub fn inserted(script: &str) -> String {
    let mut out = String::new();
    let mut lines = script.split('\n');
    while let Some(line) = lines.next() {
        let mut rest = line.trim_start();
        for _ in 0..200 {
            rest = address(rest).trim_start_matches([' ', '\t', '!', '{', '}', ';']);
            let Some(c) = rest.chars().next() else { break };
            match c {
                's' => {
                    let Some(delimiter) = rest[1..].chars().next() else { break };
                    let body = &rest[1 + delimiter.len_utf8()..];
                    let Some(first) = until(body, delimiter) else { break };
                    let Some(second) = until(&body[first..], delimiter) else { break };
                    let replacement = &body[first..first + second - delimiter.len_utf8()];
                    out.push_str(&plain(&replacement.replace(&format!("\\{delimiter}"), &delimiter.to_string())));
                    out.push('\n');
                    let flags = &body[first + second..];
                    rest = &flags[flags.find([';', '}', ' ']).unwrap_or(flags.len())..];
                }
                'a' | 'i' | 'c' => {
                    // One line, or more of them while each ends in a backslash.
                    let mut text = rest[1..].trim_start().strip_prefix('\\').unwrap_or(rest[1..].trim_start()).to_owned();
                    if text.is_empty() {
                        lines.next().unwrap_or("").clone_into(&mut text);
                    }
                    while let Some(open) = text.strip_suffix('\\') {
                        text = format!("{open}\n{}", lines.next().unwrap_or(""));
                    }
                    out.push_str(&plain(&text));
                    out.push('\n');
                    break;
                }
                '#' => break,
                _ => rest = &rest[c.len_utf8()..],
            }
        }
    }
    out
}

/// Text of a script without its backslashes.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

/// The script behind an address: numbers, `$`, `/re/`, ranges.
fn address(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || "$,~+".contains(c));
        match rest.strip_prefix('/').and_then(|body| until(body, '/').map(|n| &body[n..])) {
            Some(after) => rest = after.trim_start_matches(['I', 'M']),
            None => return rest,
        }
    }
}

/// The length up to and with an unescaped delimiter.
fn until(text: &str, delimiter: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == delimiter {
            return Some(at + c.len_utf8());
        }
    }
    None
}
