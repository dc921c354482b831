//! `$((…))`: integers, variables, `+ - * / %` and parentheses.

use super::state::Shell;
use super::text::Text;
use super::walker::Walker;
use crate::shell::word::Piece;

impl Walker<'_> {
    /// Evaluates plain integer arithmetic; substitutions inside run, anything else is unknown.
    pub(super) fn arithmetic(&mut self, shell: &mut Shell, pieces: &[Piece]) -> Text {
        let text = self.pieces_single(shell, pieces);
        let Some(known) = text.as_known() else { return Text::unknown().labelled(text.labels) };
        let mut parser = Arithmetic { source: known.as_bytes(), at: 0, depth: 0, shell };
        match parser.sum() {
            Some(value) if parser.finished() => Text::known(value.to_string()),
            _ => Text::unknown().labelled(text.labels),
        }
    }
}

/// Integers, variables, `+ - * / %` and parentheses.
struct Arithmetic<'a> {
    source: &'a [u8],
    at: usize,
    depth: u32,
    shell: &'a Shell,
}

impl Arithmetic<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.source.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.source.get(self.at).copied()
    }

    fn finished(&mut self) -> bool {
        self.peek().is_none()
    }

    fn sum(&mut self) -> Option<i64> {
        let mut value = self.product()?;
        while let Some(op @ (b'+' | b'-')) = self.peek() {
            self.at += 1;
            let right = self.product()?;
            value = if op == b'+' { value.checked_add(right)? } else { value.checked_sub(right)? };
        }
        Some(value)
    }

    fn product(&mut self) -> Option<i64> {
        let mut value = self.atom()?;
        while let Some(op @ (b'*' | b'/' | b'%')) = self.peek() {
            self.at += 1;
            let right = self.atom()?;
            value = match op {
                b'*' => value.checked_mul(right)?,
                b'/' => value.checked_div(right)?,
                _ => value.checked_rem(right)?,
            };
        }
        Some(value)
    }

    fn atom(&mut self) -> Option<i64> {
        self.depth += 1;
        if self.depth > 64 {
            return None;
        }
        match self.peek()? {
            b'(' => {
                self.at += 1;
                let value = self.sum()?;
                (self.peek()? == b')').then(|| self.at += 1)?;
                Some(value)
            }
            b'-' => {
                self.at += 1;
                self.atom()?.checked_neg()
            }
            b'0'..=b'9' => {
                let from = self.at;
                while self.source.get(self.at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'#') {
                    self.at += 1;
                }
                number(std::str::from_utf8(&self.source[from..self.at]).ok()?)
            }
            b if b.is_ascii_alphabetic() || b == b'_' => {
                let from = self.at;
                while self.source.get(self.at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
                    self.at += 1;
                }
                let name = std::str::from_utf8(&self.source[from..self.at]).ok()?;
                let value = self.shell.variables.get(name)?.scalar();
                number(value.as_known()?.trim())
            }
            _ => None,
        }
    }
}

fn number(text: &str) -> Option<i64> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok();
    }
    if let Some((base, digits)) = text.split_once('#') {
        return i64::from_str_radix(digits, base.parse().ok().filter(|b| (2..=36).contains(b))?).ok();
    }
    match text.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => i64::from_str_radix(octal, 8).ok(),
        _ => text.parse().ok(),
    }
}
