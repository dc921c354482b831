//! What a program's output is, given what it read: the transforms that `stdout` in a spec may name.

use super::expand::join;
use super::text::{Part, Text};
use crate::label::{Label, Labels};
use crate::shell::word::unescape;

/// The output for `wanted`; the default is "something with the labels of what was read".
pub fn transform(wanted: &str, input: &Text, operands: &[Text]) -> Text {
    match wanted {
        "none" => Text::default(),
        "copy" => input.clone(),
        "echo" => echo(operands),
        "printf" => printf(operands),
        // A text among the operands, where nothing is read.
        "decode-base64" if input.is_empty() && !operands.is_empty() => decoded(&join(operands), base64),
        "decode-base64" => decoded(input, base64),
        "decode-hex" => decoded(input, hex),
        "reverse" => decoded(input, |s| Some(s.lines().map(|l| l.chars().rev().collect::<String>() + "\n").collect())),
        "rot13" => decoded(input, |s| Some(s.chars().map(rot13).collect())),
        "translate" => translate(input, operands),
        // The program is as good as its source, which says by its first line that no shell reads it.
        "compiled" => {
            let mut program = Text::known("#!compiled\n");
            program.push(input);
            program
        }
        "opaque" => Text::unknown().labelled(input.labels.and(Labels::of(Label::Opaque))),
        "network" => Text::unknown().labelled(input.labels.and(Labels::of(Label::Network))),
        "secret" => Text::unknown().labelled(input.labels.and(Labels::of(Label::Secret))),
        "encoded" => Text::unknown().labelled(input.labels.and(Labels::of(Label::Encoded))),
        "outside" => Text::unknown().labelled(input.labels.and(Labels::of(Label::Outside))),
        "archive" => Text::unknown().labelled(input.labels.and(Labels::of(Label::Archive))),
        "dump" => Text::unknown().labelled(input.labels.and(Labels::of(Label::Dump))),
        "clean" => Text::unknown(),
        _ => Text::unknown().labelled(input.labels),
    }
}

/// Decodes what is known; what is not known, or does not decode, is opaque.
fn decoded(input: &Text, decode: impl Fn(&str) -> Option<String>) -> Text {
    match input.as_known().and_then(decode) {
        Some(text) => Text::known(text).labelled(input.labels),
        None => Text::unknown().labelled(input.labels.and(Labels::of(Label::Opaque))),
    }
}

/// Base64, standard and URL alphabet, blanks ignored, padding optional.
pub fn base64(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let mut buffer: u32 = 0;
    let mut bits = 0;
    for b in text.bytes() {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            b if b.is_ascii_whitespace() => continue,
            _ => return None,
        };
        buffer = buffer << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    // Characters of two bytes have a NUL each, which no shell keeps.
    bytes.retain(|b| *b != 0);
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Hexadecimal digits, with or without `\x`, `0x`, blanks and an `xxd` offset column.
pub fn hex(text: &str) -> Option<String> {
    let mut digits = String::new();
    for line in text.lines() {
        let line = match line.split_once(": ") {
            // `00000000: 726d 202d  rm -`
            Some((offset, rest)) if offset.len() == 8 && offset.bytes().all(|b| b.is_ascii_hexdigit()) => {
                rest.split_once("  ").map_or(rest, |(hex, _)| hex)
            }
            _ => line,
        };
        digits.extend(line.replace("\\x", "").replace("0x", "").chars().filter(char::is_ascii_hexdigit));
    }
    if digits.is_empty() || digits.len() % 2 != 0 {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).ok()).collect();
    Some(String::from_utf8_lossy(&bytes?).into_owned())
}

fn rot13(c: char) -> char {
    match c {
        'a'..='z' => ((c as u8 - b'a' + 13) % 26 + b'a') as char,
        'A'..='Z' => ((c as u8 - b'A' + 13) % 26 + b'A') as char,
        other => other,
    }
}

/// `tr SET1 SET2` and `tr -d SET1` on known text.
fn translate(input: &Text, operands: &[Text]) -> Text {
    let set = |at: usize| operands.get(at).and_then(Text::as_known).map(expand_set);
    let (Some(text), Some(from)) = (input.as_known(), set(0)) else { return Text::unknown().labelled(input.labels) };
    let to = set(1).unwrap_or_default();
    let map = |c: char| match from.iter().position(|f| *f == c) {
        Some(at) => to.get(at).or(to.last()).copied(),
        None => Some(c),
    };
    Text::known(text.chars().filter_map(map).collect::<String>()).labelled(input.labels)
}

fn expand_set(set: &str) -> Vec<char> {
    let chars: Vec<char> = unescape(set, true).chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if at + 2 < chars.len() && chars[at + 1] == '-' && chars[at] <= chars[at + 2] {
            out.extend(chars[at]..=chars[at + 2]);
            at += 3;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// The operands as `echo` prints them; options are among the words only if the spec left them there.
pub fn echo(operands: &[Text]) -> Text {
    let mut out = join(operands);
    out.push_str("\n");
    out
}

/// `printf FORMAT ARGS…`: the format with its arguments, repeated while arguments are left.
pub fn printf(operands: &[Text]) -> Text {
    let Some((format, mut arguments)) = operands.split_first() else { return Text::default() };
    let Some(format) = format.as_known() else {
        let labels = operands.iter().fold(Labels::NONE, |all, t| all.and(t.labels));
        return Text::unknown().labelled(labels);
    };
    let mut out = Text::default();
    for _ in 0..64 {
        let before = arguments.len();
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            out.push_str(&unescape(&rest[..at], true));
            rest = &rest[at + 1..];
            let end = rest.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(rest.len());
            let conversion = rest[end..].chars().next();
            rest = rest.get(end + 1..).unwrap_or("");
            match conversion {
                Some('%') => out.push_str("%"),
                Some(c) => {
                    let Some((first, others)) = arguments.split_first() else { continue };
                    arguments = others;
                    if c == 'b' {
                        for part in first.parts() {
                            match part {
                                Part::Known(t) => out.push_str(&unescape(t, true)),
                                Part::Glob(g) => out.push_glob(g),
                                Part::Unknown => out.push_unknown(),
                            }
                        }
                        out.labels.add(first.labels);
                    } else if matches!(c, 's' | 'd' | 'i' | 'q' | 'c') {
                        out.push(first);
                    } else {
                        out.push_unknown();
                    }
                }
                None => out.push_str("%"),
            }
        }
        out.push_str(&unescape(rest, true));
        if arguments.is_empty() || arguments.len() == before {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoders() {
        assert_eq!(base64("cm0gLXJm\n").as_deref(), Some("rm -rf"));
        assert_eq!(hex("726d\\x20").as_deref(), Some("rm "));
        let words: Vec<Text> = ["%s-%b\\n", "a", "\\x62"].into_iter().map(Text::known).collect();
        assert_eq!(printf(&words).as_known(), Some("a-b\n"));
    }
}
