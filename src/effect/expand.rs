//! Words → [`Text`]s: every expansion of the shell that can be known without running anything.

use super::script::{UNKNOWN_MARK, Walker};
use super::state::{Shell, Variable};
use super::text::{Part, Text};
use crate::label::{Label, Labels};
use crate::shell::word::{self, Parameter, ParameterOp, Piece};
use crate::shell::Word;
use crate::verdict::Certainty;

/// Longest text an expansion may build; what is longer is unknown (`a=$a$a`, sixty times).
const MAX_TEXT: usize = 64 * 1024;

/// The fields that a word becomes while they are put together.
#[derive(Default)]
struct Fields {
    done: Vec<Text>,
    current: Text,
    /// The current field exists, even if it is empty (`""`).
    begun: bool,
}

impl Fields {
    fn end(&mut self) {
        if self.begun {
            self.done.push(std::mem::take(&mut self.current));
            self.begun = false;
        }
    }

    fn push(&mut self, text: &Text) {
        self.current.push(text);
        self.begun = true;
    }

    /// Adds an unquoted value: split at the separators, its globs alive.
    fn push_split(&mut self, value: &Text, ifs: &str) {
        self.current.labels.add(value.labels);
        for part in value.parts() {
            match part {
                Part::Known(text) => {
                    let mut pieces = text.split(|c| ifs.contains(c));
                    if let Some(first) = pieces.next()
                        && !first.is_empty()
                    {
                        push_with_globs(&mut self.current, first);
                        self.begun = true;
                    }
                    for piece in pieces {
                        self.end();
                        self.current.labels.add(value.labels);
                        if !piece.is_empty() {
                            push_with_globs(&mut self.current, piece);
                            self.begun = true;
                        }
                    }
                }
                Part::Glob(glob) => {
                    self.current.push_glob(glob);
                    self.begun = true;
                }
                Part::Unknown => {
                    self.current.push_unknown();
                    self.begun = true;
                }
            }
        }
    }
}

fn push_with_globs(out: &mut Text, text: &str) {
    let mut known = 0;
    for (at, c) in text.char_indices() {
        if c == '*' || c == '?' {
            out.push_str(&text[known..at]);
            out.push_glob(&text[at..=at]);
            known = at + 1;
        }
    }
    out.push_str(&text[known..]);
}

impl Walker<'_> {
    /// The words a command gets: braces, parameters, splitting, globs.
    pub(super) fn fields(&mut self, shell: &mut Shell, word: &Word) -> Vec<Text> {
        let mut all = Vec::new();
        for pieces in word::expand_braces(word.pieces.clone()) {
            let mut fields = Fields::default();
            self.pieces_into(shell, &pieces, &mut fields, true);
            fields.end();
            all.extend(fields.done);
        }
        for text in &mut all {
            if text.parts().iter().any(|p| matches!(p, Part::Glob(_))) {
                *text = self.settle_globs(shell, text);
            }
        }
        all
    }

    /// The one text of an assignment's value, a redirection's target or a here-document.
    pub(super) fn single(&mut self, shell: &mut Shell, word: &Word) -> Text {
        let pieces: Vec<Piece> = word
            .pieces
            .iter()
            .map(|p| match p {
                Piece::Brace(c) => Piece::Literal { text: c.to_string(), quoted: false },
                other => other.clone(),
            })
            .collect();
        self.pieces_single(shell, &pieces)
    }

    pub(super) fn pieces_single(&mut self, shell: &mut Shell, pieces: &[Piece]) -> Text {
        let mut fields = Fields::default();
        self.pieces_into(shell, pieces, &mut fields, false);
        fields.end();
        let mut out = Text::default();
        for (at, text) in fields.done.iter().enumerate() {
            if at > 0 {
                out.push_str(" ");
            }
            out.push(text);
        }
        out
    }

    fn pieces_into(&mut self, shell: &mut Shell, pieces: &[Piece], fields: &mut Fields, split: bool) {
        let ifs = match shell.variables.get("IFS") {
            Some(value) => value.scalar().as_known().unwrap_or(" \t\n").to_owned(),
            None => " \t\n".to_owned(),
        };
        for piece in pieces {
            match piece {
                Piece::Literal { text, .. } => {
                    for (at, known) in text.split(UNKNOWN_MARK).enumerate() {
                        if at > 0 {
                            fields.current.push_unknown();
                            fields.current.labels.add(self.mark_labels());
                        }
                        fields.current.push_str(known);
                    }
                    fields.begun = true;
                }
                Piece::Glob(glob) => {
                    match single_character_class(glob) {
                        Some(c) => fields.current.push_str(c),
                        None => fields.current.push_glob(glob),
                    }
                    fields.begun = true;
                }
                Piece::Brace(c) => {
                    fields.current.push_str(c.encode_utf8(&mut [0; 4]));
                    fields.begun = true;
                }
                Piece::Tilde(user) => {
                    let home = self.tilde(shell, user);
                    fields.push(&home);
                }
                Piece::Parameter(parameter) => {
                    let values = self.parameter(shell, parameter);
                    self.push_values(fields, values, parameter.quoted || !split, &ifs);
                }
                Piece::Command { body, quoted } => {
                    let mut output = self.substitution(shell, body);
                    trim_newlines(&mut output);
                    self.push_values(fields, vec![output], *quoted || !split, &ifs);
                }
                Piece::Process { body, input } => {
                    let path = self.process_substitution(shell, body, *input);
                    fields.push(&path);
                }
                Piece::Arithmetic { inner, quoted } => {
                    let value = self.arithmetic(shell, inner);
                    self.push_values(fields, vec![value], *quoted || !split, &ifs);
                }
            }
            if fields.current.len() > MAX_TEXT {
                let labels = fields.current.labels;
                fields.current = Text::unknown().labelled(labels);
            }
        }
    }

    fn push_values(&mut self, fields: &mut Fields, values: Vec<Text>, whole: bool, ifs: &str) {
        let many = values.len() > 1;
        for (at, value) in values.iter().enumerate() {
            if many && at > 0 {
                fields.end();
            }
            if whole {
                fields.push(value);
            } else {
                fields.push_split(value, ifs);
            }
        }
    }

    fn tilde(&self, shell: &Shell, user: &str) -> Text {
        match user {
            "" => match shell.variables.get("HOME") {
                Some(value) => value.scalar(),
                None => Text::known(self.home()),
            },
            "+" => shell.cwd.as_deref().map_or_else(Text::unknown, Text::known),
            "-" => Text::unknown(),
            "root" => Text::known("/root"),
            user if self.home().rsplit('/').next() == Some(user) => Text::known(self.home()),
            user => Text::known(format!("/home/{user}")),
        }
    }

    /// A glob that can only mean one thing becomes that thing: one existing match, and not the `*` of a whole folder.
    fn settle_globs(&self, shell: &Shell, text: &Text) -> Text {
        let mut pattern = String::new();
        for part in text.parts() {
            match part {
                Part::Known(t) => {
                    for c in t.chars() {
                        if "*?[]\\".contains(c) {
                            pattern.push('\\');
                        }
                        pattern.push(c);
                    }
                }
                Part::Glob(g) => pattern.push_str(g),
                Part::Unknown => return text.clone(),
            }
        }
        if pattern.ends_with('*') && !pattern.trim_end_matches('*').ends_with(|c: char| c.is_alphanumeric()) {
            return text.clone();
        }
        if !pattern.starts_with('/') {
            match &shell.cwd {
                Some(cwd) => pattern = format!("{cwd}/{pattern}"),
                None => return text.clone(),
            }
        }
        match self.context.files.glob(&pattern).as_slice() {
            [one] => Text::known(one.to_string_lossy()).labelled(text.labels),
            _ => text.clone(),
        }
    }

    /// The value of a variable that the script itself did not set.
    fn environment(&mut self, shell: &Shell, name: &str) -> Option<Text> {
        match name {
            "HOME" => return Some(Text::known(self.home())),
            "PWD" => return Some(shell.cwd.as_deref().map_or_else(Text::unknown, Text::known)),
            "IFS" => return Some(Text::known(" \t\n")),
            _ => {}
        }
        // A known secret stays unknown as text: its characters must not reach a record.
        if self.know.in_list("secret-variables", &Text::known(name), &self.vars) == Certainty::Yes {
            return Some(Text::unknown().labelled(Labels::of(Label::Secret)));
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
            "?" | "-" | "$" | "!" | "_" | "RANDOM" | "SECONDS" | "PPID" | "BASHPID" | "\u{0}" => return Some(vec![Text::unknown()]),
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

    fn parameter(&mut self, shell: &mut Shell, p: &Parameter) -> Vec<Text> {
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

/// `[w]` can only be a `w`.
fn single_character_class(glob: &str) -> Option<&str> {
    let inner = glob.strip_prefix('[')?.strip_suffix(']')?;
    let mut chars = inner.chars();
    let c = chars.next()?;
    (chars.next().is_none() && !"!^".contains(c)).then_some(inner)
}

fn trim_newlines(text: &mut Text) {
    let trimmed = text.suffix().len() - text.suffix().trim_end_matches('\n').len();
    if trimmed > 0 {
        text.drop_suffix(trimmed);
    }
}

/// Texts joined by blanks.
pub(super) fn join(texts: &[Text]) -> Text {
    let mut out = Text::default();
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            out.push_str(" ");
        }
        out.push(text);
    }
    out
}

fn map_known(text: &Text, convert: impl Fn(&str) -> String) -> Text {
    let mut out = Text::empty(text.labels);
    for part in text.parts() {
        match part {
            Part::Known(t) => out.push_str(&convert(t)),
            Part::Glob(g) => out.push_glob(g),
            Part::Unknown => out.push_unknown(),
        }
    }
    out
}

fn slice(text: &Text, offset: &Text, length: Option<&Text>) -> Text {
    let number = |t: &Text| t.as_known().and_then(|t| t.trim().parse::<i64>().ok());
    let (Some(known), Some(offset)) = (text.as_known(), number(offset)) else {
        return Text::unknown().labelled(text.labels);
    };
    let chars: Vec<char> = known.chars().collect();
    let len = chars.len() as i64;
    let from = if offset < 0 { (len + offset).max(0) } else { offset.min(len) };
    let to = match length {
        None => len,
        Some(length) => match number(length) {
            Some(l) if l < 0 => (len + l).max(from),
            Some(l) => from.saturating_add(l).min(len),
            None => return Text::unknown().labelled(text.labels),
        },
    };
    Text::known(chars[from as usize..to as usize].iter().collect::<String>()).labelled(text.labels)
}

/// A pattern as characters: `None` stands for `*`, `Some(None)` for `?`.
fn simple_pattern(pattern: &Text) -> Option<Vec<Option<Option<char>>>> {
    let mut out = Vec::new();
    for part in pattern.parts() {
        match part {
            Part::Known(t) => out.extend(t.chars().map(|c| Some(Some(c)))),
            Part::Glob(g) if g == "*" => out.push(None),
            Part::Glob(g) if g == "?" => out.push(Some(None)),
            _ => return None,
        }
    }
    Some(out)
}

/// Whether the pattern matches all of `text`. Both are short; the work is bounded by their product.
fn pattern_matches(pattern: &[Option<Option<char>>], text: &[char]) -> bool {
    let mut row: Vec<bool> = vec![false; text.len() + 1];
    row[0] = true;
    for step in pattern {
        let mut next = vec![false; text.len() + 1];
        match step {
            None => {
                let mut any = false;
                for (at, reached) in row.iter().enumerate() {
                    any |= reached;
                    next[at] = any;
                }
            }
            Some(wanted) => {
                for at in 0..text.len() {
                    next[at + 1] = row[at] && wanted.is_none_or(|w| w == text[at]);
                }
            }
        }
        row = next;
    }
    row[text.len()]
}

const MAX_PATTERN_TEXT: usize = 512;

fn trim(text: &Text, pattern: &Text, suffix: bool, long: bool) -> Text {
    let (Some(known), Some(steps)) = (text.as_known(), simple_pattern(pattern)) else {
        return Text::unknown().labelled(text.labels);
    };
    let chars: Vec<char> = known.chars().collect();
    if chars.len() > MAX_PATTERN_TEXT {
        return Text::unknown().labelled(text.labels);
    }
    let mut lengths: Vec<usize> = (0..=chars.len()).collect();
    if long {
        lengths.reverse();
    }
    for length in lengths {
        let (cut, keep) = if suffix {
            (&chars[chars.len() - length..], &chars[..chars.len() - length])
        } else {
            (&chars[..length], &chars[length..])
        };
        if pattern_matches(&steps, cut) {
            return Text::known(keep.iter().collect::<String>()).labelled(text.labels);
        }
    }
    text.clone()
}

fn replace(text: &Text, pattern: &Text, with: &Text, mode: char) -> Text {
    let (Some(known), Some(steps)) = (text.as_known(), simple_pattern(pattern)) else {
        return Text::unknown().labelled(text.labels.and(with.labels));
    };
    let chars: Vec<char> = known.chars().collect();
    if chars.len() > MAX_PATTERN_TEXT || steps.is_empty() {
        return if steps.is_empty() { text.clone() } else { Text::unknown().labelled(text.labels) };
    }
    let mut out = Text::empty(text.labels);
    let mut at = 0;
    let mut done = false;
    while at < chars.len() {
        let longest = if done || (mode == '#' && at > 0) {
            None
        } else {
            (at + 1..=chars.len())
                .rev()
                .filter(|end| mode != '%' || *end == chars.len())
                .find(|end| pattern_matches(&steps, &chars[at..*end]))
        };
        match longest {
            Some(end) => {
                out.push(with);
                at = end;
                done = mode != '/';
            }
            None => {
                out.push_str(chars[at].encode_utf8(&mut [0; 4]));
                at += 1;
            }
        }
    }
    out
}
