//! `$x`, `${x…}`: the value of a parameter, and what an operator makes of it.

use super::cut::{map_known, replace, slice, trim};
use super::expand::join;
use super::state::{Shell, Variable};
use super::text::Text;
use super::walker::Walker;
use crate::label::Labels;
use crate::shell::word::{self, Parameter, ParameterOp, Piece};

impl Walker<'_> {
    /// The value of a variable that the script itself did not set.
    fn environment(&mut self, shell: &Shell, name: &str) -> Option<Text> {
        match name {
            "HOME" => return Some(Text::known(self.home())),
            "PWD" => return Some(shell.cwd.as_deref().map_or_else(Text::unknown, Text::known)),
            "IFS" => return Some(Text::known(" \t\n")),
            _ => {}
        }
        // A known secret stays unknown as text: its characters must not reach a record.
        let labels = self.know.variable_labels(&Text::known(name), &self.vars);
        if !labels.is_empty() {
            return Some(Text::unknown().labelled(labels));
        }
        self.context.env.get(name).map(|value| Text::known(value.clone()))
    }

    /// `None` when nobody knows whether it is set.
    fn lookup(&mut self, shell: &mut Shell, name: &str, subscript: Option<&[Piece]>) -> Option<Vec<Text>> {
        match name {
            "@" | "*" => return Some(shell.positional.clone()),
            "#" => return Some(vec![Text::known(shell.positional.len().to_string())]),
            word::TOO_DEEP => {
                self.give_up(shell);
                return Some(vec![Text::unknown()]);
            }
            "?" | "-" | "$" | "!" | "_" | "RANDOM" | "SECONDS" | "BASHPID" | "\u{0}" => return Some(vec![Text::unknown()]),
            // The client that started the shell: its number is not known, but who it is.
            "PPID" => return Some(vec![Text::known("$PPID")]),
            "0" => return Some(vec![Text::known("bash")]),
            _ => {}
        }
        if let Ok(position) = name.parse::<usize>() {
            return shell.positional.get(position.wrapping_sub(1)).map(|t| vec![t.clone()]);
        }
        // A subscript's substitutions run whether or not the variable is set.
        let key = subscript.map(|s| match s {
            [Piece::Glob(all)] if all == "*" => Text::known("*"),
            other => self.pieces_single(shell, other),
        });
        let Some(variable) = shell.variables.get(name).cloned() else {
            return self.environment(shell, name).map(|t| vec![t]);
        };
        let Some(key) = key else { return Some(vec![variable.scalar()]) };
        match (key.as_known(), variable) {
            (Some("@" | "*"), variable) => Some(variable.values()),
            (Some(key), Variable::Array(items)) => {
                let key = match key.parse::<i64>() {
                    Ok(back) if back < 0 => (items.len() as i64 + back).to_string(),
                    _ => key.to_owned(),
                };
                items.into_iter().find(|(k, _)| *k == key).map(|(_, v)| vec![v])
            }
            (Some("0"), Variable::Scalar(text)) => Some(vec![text]),
            (_, variable) => {
                // Which element is not known: any of them may be meant, so their labels count.
                let labels = variable.values().iter().fold(Labels::NONE, |all, v| all.and(v.labels));
                Some(vec![Text::unknown().labelled(labels)])
            }
        }
    }

    pub(super) fn parameter(&mut self, shell: &mut Shell, p: &Parameter) -> Vec<Text> {
        let mut name = p.name.clone();
        let mut value = self.lookup(shell, &name, p.subscript.as_deref());
        if p.indirect {
            if p.op == ParameterOp::Names || matches!(p.subscript.as_deref(), Some([Piece::Glob(_)])) {
                return vec![Text::unknown()];
            }
            match value.as_ref().and_then(|v| v.first()).and_then(|t| t.as_known().map(str::to_owned)) {
                Some(other) => {
                    value = self.lookup(shell, &other, None);
                    name = other;
                }
                None => return vec![Text::unknown()],
            }
        }
        let joined = name == "*" && p.quoted;
        let unset = value.is_none();
        let found = value.unwrap_or_else(|| vec![Text::unknown()]);
        match &p.op {
            ParameterOp::Value => {
                if joined && found.len() > 1 {
                    return vec![join(&found)];
                }
                found
            }
            ParameterOp::Names => vec![Text::unknown()],
            ParameterOp::Length => vec![found.first().and_then(Text::as_known).map_or_else(Text::unknown, |t| {
                Text::known(t.chars().count().to_string())
            })],
            ParameterOp::Default { kind, colon, word } => {
                let other = self.pieces_single(shell, word);
                let empty = found.iter().all(Text::is_empty);
                match kind {
                    '+' if unset => vec![other],
                    '+' => if empty && *colon { vec![Text::default()] } else { vec![other] },
                    _ if unset || (empty && *colon) => {
                        if *kind == '=' {
                            shell.set(&name, other.clone());
                        }
                        if *kind == '?' { vec![Text::unknown()] } else { vec![other] }
                    }
                    _ => found,
                }
            }
            ParameterOp::Trim { suffix, long, pattern } => {
                let pattern = self.pieces_single(shell, pattern);
                found.iter().map(|t| trim(t, &pattern, *suffix, *long)).collect()
            }
            ParameterOp::Replace { mode, pattern, with } => {
                let pattern = self.pieces_single(shell, pattern);
                let with = self.pieces_single(shell, with);
                found.iter().map(|t| replace(t, &pattern, &with, *mode)).collect()
            }
            ParameterOp::Case { upper, all } => found
                .iter()
                .map(|t| {
                    map_known(t, |s| {
                        let convert = |c: char| if *upper { c.to_uppercase().to_string() } else { c.to_lowercase().to_string() };
                        if *all {
                            s.chars().map(convert).collect()
                        } else {
                            let mut chars = s.chars();
                            chars.next().map(convert).unwrap_or_default() + chars.as_str()
                        }
                    })
                })
                .collect(),
            ParameterOp::Slice { offset, length } => {
                let offset = self.arithmetic(shell, offset);
                let length = length.as_ref().map(|l| self.arithmetic(shell, l));
                if name == "@" || name == "*" || matches!(p.subscript.as_deref(), Some([Piece::Literal { text, .. }]) if text == "@") {
                    let from = offset.as_known().and_then(|o| o.trim().parse::<usize>().ok());
                    let skip = if name == "@" || name == "*" { from.map(|f| f.saturating_sub(1)) } else { from };
                    let count = length.and_then(|l| l.as_known().and_then(|l| l.trim().parse::<usize>().ok()));
                    return match skip {
                        Some(skip) => found.into_iter().skip(skip).take(count.unwrap_or(usize::MAX)).collect(),
                        None => vec![Text::unknown()],
                    };
                }
                found.iter().map(|t| slice(t, &offset, length.as_ref())).collect()
            }
            ParameterOp::Transform(op) => found
                .iter()
                .map(|t| match op {
                    'U' => map_known(t, |s| s.to_uppercase()),
                    'L' => map_known(t, |s| s.to_lowercase()),
                    'Q' | 'A' | 'K' | 'k' | 'a' => t.clone(),
                    'E' => map_known(t, |s| word::unescape(s, false)),
                    'P' => t.clone(),
                    _ => Text::unknown().labelled(t.labels),
                })
                .collect(),
        }
    }
}
