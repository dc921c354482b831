//! A word in pieces: literal characters, quoting, parameters, substitutions, globs, braces, tildes.
//!
//! Reads the source text of one word (or here-document body) itself. The parser crate finds where words begin and end;
//! what it says of their inside is not used, because its literals are decoded inconsistently and some nested
//! substitutions are lost. Bodies of substitutions stay text: whoever walks the script parses them again.

use super::skip;

/// One stretch of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Characters that stand for themselves; `quoted` ones are not split, and not looked at for tildes.
    Literal { text: String, quoted: bool },
    /// An unquoted glob: `*`, `?`, `[a-z]`, `@(a|b)`.
    Glob(String),
    /// `~` or `~name` at the beginning of a word.
    Tilde(String),
    /// `$x`, `${x…}`.
    Parameter(Box<Parameter>),
    /// `$(…)` or backticks.
    Command { body: String, quoted: bool },
    /// `<(…)` (`input`) or `>(…)`.
    Process { body: String, input: bool },
    /// `$((…))`: the expression's own pieces.
    Arithmetic { inner: Vec<Piece>, quoted: bool },
    /// An unquoted `{`, `,` or `}`: a brace expansion, if they belong together.
    Brace(char),
}

/// A parameter expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name, digit or special character (`@`, `*`, `#`, `?`, `-`, `$`, `!`).
    pub name: String,
    /// What stands between `[` and `]`.
    pub subscript: Option<Vec<Piece>>,
    /// `${!x}`.
    pub indirect: bool,
    pub op: ParameterOp,
    /// Inside double quotes: not split.
    pub quoted: bool,
}

/// What a parameter expansion does with the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterOp {
    Value,
    /// `${#x}`
    Length,
    /// `${!prefix*}`
    Names,
    /// `-`, `=`, `?`, `+`; with `colon`, an empty value counts as unset.
    Default { kind: char, colon: bool, word: Vec<Piece> },
    /// `#`, `##`, `%`, `%%`
    Trim { suffix: bool, long: bool, pattern: Vec<Piece> },
    /// `/`, `//`, `/#`, `/%`: `mode` is the second character or a blank.
    Replace { mode: char, pattern: Vec<Piece>, with: Vec<Piece> },
    /// `^`, `^^`, `,`, `,,`
    Case { upper: bool, all: bool },
    /// `${x:offset:length}`
    Slice { offset: Vec<Piece>, length: Option<Vec<Piece>> },
    /// `${x@Q}`
    Transform(char),
}

/// Where the text stands, which decides what its characters mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A word of a command.
    Word,
    /// Inside double quotes.
    DoubleQuoted,
    /// A here-document's body: like double quotes, but `"` stands for itself.
    Heredoc,
    /// An arithmetic expression: only parameters and substitutions mean something.
    Arithmetic,
}

/// The name of a parameter that stands for text nested too deeply to be read.
pub const TOO_DEEP: &str = "\u{1}";

/// Nesting of quotes and expansions inside one word; deeper text is not read and stands as [`TOO_DEEP`].
const MAX_NESTING: u32 = 40;

/// The pieces of `source`.
pub fn pieces(source: &str, place: Place) -> Vec<Piece> {
    pieces_at(source, place, 0)
}

fn pieces_at(source: &str, place: Place, depth: u32) -> Vec<Piece> {
    if depth > MAX_NESTING {
        return vec![too_deep(place != Place::Word)];
    }
    let mut reader = Reader { source, at: 0, place, depth, out: Vec::with_capacity(1) };
    reader.run();
    reader.out
}

fn too_deep(quoted: bool) -> Piece {
    Piece::Parameter(Box::new(Parameter { name: TOO_DEEP.into(), subscript: None, indirect: false, op: ParameterOp::Value, quoted }))
}

/// A parameter that has no value anybody could know.
fn unknown(quoted: bool) -> Piece {
    Piece::Parameter(Box::new(Parameter { name: "\u{0}".into(), subscript: None, indirect: false, op: ParameterOp::Value, quoted }))
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    place: Place,
    depth: u32,
    out: Vec<Piece>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn quoted(&self) -> bool {
        self.place != Place::Word
    }

    fn literal(&mut self, text: &str, quoted: bool) {
        if let Some(Piece::Literal { text: last, quoted: same }) = self.out.last_mut()
            && *same == quoted
        {
            last.push_str(text);
            return;
        }
        self.out.push(Piece::Literal { text: text.to_owned(), quoted });
    }

    fn run(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            match c {
                '\\' => self.backslash(),
                '\'' if self.place == Place::Word => self.single(),
                '"' if self.place == Place::Word || self.place == Place::Arithmetic => self.double(),
                '`' => self.backticks(),
                '$' => self.dollar(),
                '<' | '>' if self.place == Place::Word && self.rest()[1..].starts_with('(') => {
                    let (body, end) = skip::parenthesised(self.source, self.at + 2);
                    let body = body.to_owned();
                    self.out.push(Piece::Process { body, input: c == '<' });
                    self.at = end;
                }
                '?' | '*' | '+' | '@' | '!' if self.place == Place::Word && self.rest()[1..].starts_with('(') => {
                    let (_, end) = skip::parenthesised(self.source, self.at + 2);
                    self.out.push(Piece::Glob(self.source[self.at..end].to_owned()));
                    self.at = end;
                }
                '*' | '?' if self.place == Place::Word => {
                    self.out.push(Piece::Glob(c.to_string()));
                    self.at += 1;
                }
                '[' if self.place == Place::Word => self.class(),
                '{' | ',' | '}' if self.place == Place::Word => {
                    self.out.push(Piece::Brace(c));
                    self.at += 1;
                }
                '~' if self.place == Place::Word && self.tilde_may_stand_here() => {
                    let len = self.rest()[1..].find(|c: char| !(c.is_alphanumeric() || "_-+.".contains(c))).unwrap_or(self.rest().len() - 1);
                    let user = self.rest()[1..=len].to_owned();
                    self.out.push(Piece::Tilde(user));
                    self.at += 1 + len;
                }
                _ => {
                    let quoted = self.quoted();
                    self.literal(c.encode_utf8(&mut [0; 4]), quoted);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// A tilde means a home folder at the beginning of a word and after the `=` or `:` of an assignment.
    fn tilde_may_stand_here(&self) -> bool {
        match self.out.as_slice() {
            [] => true,
            [.., Piece::Literal { text, quoted: false }] => {
                text.ends_with('=') || (text.ends_with(':') && self.source.contains('='))
            }
            [.., Piece::Brace('{' | ',')] => true,
            _ => false,
        }
    }

    fn backslash(&mut self) {
        let next = self.rest()[1..].chars().next();
        let escapes = match (self.place, next) {
            (Place::Word, _) => true,
            (Place::Arithmetic, _) => false,
            (Place::DoubleQuoted, Some(c)) => "$`\"\\\n".contains(c),
            (Place::Heredoc, Some(c)) => "$`\\\n".contains(c),
            (_, None) => false,
        };
        match next {
            Some('\n') if escapes => self.at += 2,
            Some(c) if escapes => {
                self.literal(c.encode_utf8(&mut [0; 4]), true);
                self.at += 1 + c.len_utf8();
            }
            _ => {
                self.literal("\\", true);
                self.at += 1;
            }
        }
    }

    fn single(&mut self) {
        let body = &self.source[self.at + 1..];
        let len = body.find('\'').unwrap_or(body.len());
        let text = body[..len].to_owned();
        self.literal(&text, true);
        self.at = (self.at + len + 2).min(self.source.len());
    }

    fn double(&mut self) {
        let (inner, end) = skip::double_quoted(self.source, self.at + 1);
        // An empty pair of quotes still makes a word.
        self.literal("", true);
        let inner = pieces_at(inner, Place::DoubleQuoted, self.depth + 1);
        self.out.extend(inner);
        self.at = end;
    }

    fn backticks(&mut self) {
        let (inner, end) = skip::backticks(self.source, self.at + 1);
        let mut body = String::with_capacity(inner.len());
        let mut chars = inner.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek()) {
                ('\\', Some('`' | '\\' | '$')) => body.extend(chars.next()),
                ('\\', Some('"')) if self.place == Place::DoubleQuoted => body.extend(chars.next()),
                _ => body.push(c),
            }
        }
        let quoted = self.quoted();
        self.out.push(Piece::Command { body, quoted });
        self.at = end;
    }

    fn dollar(&mut self) {
        let rest = &self.source[self.at + 1..];
        let quoted = self.quoted();
        let Some(c) = rest.chars().next() else {
            self.literal("$", quoted);
            self.at += 1;
            return;
        };
        match c {
            '(' => {
                let (body, end) = skip::parenthesised(self.source, self.at + 2);
                let piece = match skip::arithmetic_body(body) {
                    Some(expression) => {
                        Piece::Arithmetic { inner: pieces_at(expression, Place::Arithmetic, self.depth + 1), quoted }
                    }
                    None => Piece::Command { body: body.to_owned(), quoted },
                };
                self.out.push(piece);
                self.at = end;
            }
            '[' => {
                let (inner, end) = skip::bracketed(self.source, self.at + 2);
                let inner = pieces_at(inner, Place::Arithmetic, self.depth + 1);
                self.out.push(Piece::Arithmetic { inner, quoted });
                self.at = end;
            }
            '{' => {
                let (inner, end) = skip::braced(self.source, self.at + 2);
                let piece = parameter(inner, quoted, self.depth + 1);
                self.out.push(piece);
                self.at = end;
            }
            '\'' if self.place == Place::Word => {
                let (text, len) = ansi_c(&rest[1..]);
                self.literal(&text, true);
                self.at += 2 + len;
            }
            '"' if self.place == Place::Word => {
                self.at += 1;
                self.double();
            }
            _ => {
                let len = name_length(rest);
                let len = if len > 0 { len } else { usize::from("@*#?-$!0123456789".contains(c)) };
                if len == 0 {
                    self.literal("$", quoted);
                    self.at += 1;
                    return;
                }
                let name = rest[..len].to_owned();
                let plain = Parameter { name, subscript: None, indirect: false, op: ParameterOp::Value, quoted };
                self.out.push(Piece::Parameter(Box::new(plain)));
                self.at += 1 + len;
            }
        }
    }

    /// `[…]` is a glob when it closes inside the word; else the bracket stands for itself.
    fn class(&mut self) {
        let body = &self.rest()[1..];
        let from = if body.starts_with("!]") || body.starts_with("^]") { 2 } else { usize::from(body.starts_with(']')) };
        let close = body.get(from..).and_then(|b| b.find(']')).map(|at| at + from);
        match close {
            Some(close) if close > 0 && !body[..close].contains(['\'', '"', '$', '`', '/', ' ', '\\']) => {
                let glob = self.rest()[..close + 2].to_owned();
                self.at += glob.len();
                self.out.push(Piece::Glob(glob));
            }
            _ => {
                self.literal("[", false);
                self.at += 1;
            }
        }
    }
}

fn name_length(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return 0;
    }
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// What stands between `${` and `}`.
fn parameter(inner: &str, quoted: bool, depth: u32) -> Piece {
    if depth > MAX_NESTING {
        return too_deep(quoted);
    }
    // zsh flags (`${(e)x}`) and anything else that bash would refuse: keep its substitutions, know nothing.
    let mut rest = inner;
    let mut indirect = false;
    let mut length = false;
    if let Some(after) = rest.strip_prefix('!')
        && (name_length(after) > 0 || after.starts_with(|c: char| c.is_ascii_digit()))
    {
        indirect = true;
        rest = after;
    } else if let Some(after) = rest.strip_prefix('#')
        && !after.is_empty()
        && !after.starts_with(['-', ':', '%', '#', '='])
    {
        length = true;
        rest = after;
    }
    let mut len = name_length(rest);
    if len == 0 {
        len = match rest.chars().next() {
            Some(c) if c.is_ascii_digit() => rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()),
            Some(c) if "@*#?-$!".contains(c) => 1,
            _ => 0,
        };
    }
    if len == 0 {
        // The substitutions inside still run: keep them as the default of a parameter nobody knows.
        let word = pieces_at(inner, Place::DoubleQuoted, depth + 1);
        let op = ParameterOp::Default { kind: '-', colon: true, word };
        return Piece::Parameter(Box::new(Parameter { name: "\u{0}".into(), subscript: None, indirect: false, op, quoted }));
    }
    let name = rest[..len].to_owned();
    rest = &rest[len..];
    let mut subscript = None;
    if rest.starts_with('[') {
        let (inner, end) = skip::bracketed(rest, 1);
        subscript = Some(pieces_at(inner, Place::Word, depth + 1));
        rest = &rest[end..];
    }
    let place = if quoted { Place::DoubleQuoted } else { Place::Word };
    let sub = |text: &str| pieces_at(text, place, depth + 1);
    let pattern = |text: &str| pieces_at(text, Place::Word, depth + 1);
    let mut chars = rest.chars();
    let op = match (chars.next(), chars.next()) {
        _ if length => ParameterOp::Length,
        (None, _) => ParameterOp::Value,
        (Some(':'), Some(kind @ ('-' | '=' | '?' | '+'))) => ParameterOp::Default { kind, colon: true, word: sub(&rest[2..]) },
        (Some(kind @ ('-' | '=' | '?' | '+')), _) => ParameterOp::Default { kind, colon: false, word: sub(&rest[1..]) },
        (Some(':'), _) => {
            let body = &rest[1..];
            let split = skip::top_level(body, ':');
            let (offset, length) = split.map_or((body, None), |at| (&body[..at], Some(&body[at + 1..])));
            ParameterOp::Slice {
                offset: pieces_at(offset, Place::Arithmetic, depth + 1),
                length: length.map(|l| pieces_at(l, Place::Arithmetic, depth + 1)),
            }
        }
        (Some(c @ ('#' | '%')), next) => {
            let long = next == Some(c);
            ParameterOp::Trim { suffix: c == '%', long, pattern: pattern(&rest[if long { 2 } else { 1 }..]) }
        }
        (Some('/'), next) => {
            let mode = next.filter(|c| "/#%".contains(*c)).unwrap_or(' ');
            let body = &rest[if mode == ' ' { 1 } else { 2 }..];
            let split = skip::top_level(body, '/');
            let (from, to) = split.map_or((body, ""), |at| (&body[..at], &body[at + 1..]));
            ParameterOp::Replace { mode, pattern: pattern(from), with: sub(to) }
        }
        (Some(c @ ('^' | ',')), next) => ParameterOp::Case { upper: c == '^', all: next == Some(c) },
        (Some('@'), Some(c)) => ParameterOp::Transform(c),
        (Some('*' | '@'), None) if indirect => ParameterOp::Names,
        _ => ParameterOp::Default { kind: '-', colon: true, word: sub(rest) },
    };
    Piece::Parameter(Box::new(Parameter { name, subscript, indirect, op, quoted }))
}

/// Decodes the inside of `$'…'`; returns the text and how many bytes were read, with the closing quote.
pub fn ansi_c(source: &str) -> (String, usize) {
    let mut end = source.len();
    let mut escaped = false;
    for (at, c) in source.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    (unescape(&source[..end], false), (end + 1).min(source.len()))
}

/// Decodes backslash escapes as `$'…'` does (`echo`: as `echo -e` and printf do, where octal may begin with 0).
pub fn unescape(source: &str, echo: bool) -> String {
    let mut bytes: Vec<u8> = Vec::with_capacity(source.len());
    let mut chars = source.chars().peekable();
    let mut utf8 = [0; 4];
    while let Some(c) = chars.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
            continue;
        }
        let Some(c) = chars.next() else {
            bytes.push(b'\\');
            break;
        };
        let mut number = |first: Option<u32>, radix: u32, max: usize| {
            let mut value = first;
            let mut count = usize::from(first.is_some());
            while count < max {
                let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
                value = Some(value.unwrap_or(0) * radix + digit);
                chars.next();
                count += 1;
            }
            value
        };
        match c {
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            'r' => bytes.push(b'\r'),
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'e' | 'E' => bytes.push(27),
            'f' => bytes.push(12),
            'v' => bytes.push(11),
            '\\' => bytes.push(b'\\'),
            '\'' => bytes.push(b'\''),
            '"' => bytes.push(b'"'),
            '?' if !echo => bytes.push(b'?'),
            'x' => match number(None, 16, 2) {
                Some(value) => bytes.push(value as u8),
                None => bytes.extend_from_slice(b"\\x"),
            },
            '0' if echo => bytes.push(number(Some(0), 8, 4).unwrap_or(0) as u8),
            '0'..='7' => bytes.push(number(c.to_digit(8), 8, 3).unwrap_or(0) as u8),
            'u' | 'U' => {
                let value = number(None, 16, if c == 'u' { 4 } else { 8 });
                let c = value.and_then(char::from_u32).unwrap_or('\u{fffd}');
                bytes.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
            }
            'c' if !echo => {
                if let Some(c) = chars.next() {
                    bytes.push((c as u32 as u8) & 0x1f);
                }
            }
            other => {
                bytes.push(b'\\');
                bytes.extend_from_slice(other.encode_utf8(&mut utf8).as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Longest list that a brace expansion is followed into; the rest stands for one unknown word.
pub const MAX_BRACES: usize = 512;

/// Expands braces: one list of pieces for each resulting word.
pub fn expand_braces(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    if !pieces.iter().any(|p| matches!(p, Piece::Brace('{'))) {
        return vec![pieces.into_iter().map(brace_as_literal).collect()];
    }
    let mut done: Vec<Vec<Piece>> = Vec::new();
    let mut open = vec![pieces];
    let mut steps = 0;
    while let Some(word) = open.pop() {
        steps += 1;
        if done.len() + open.len() > MAX_BRACES || steps > 4 * MAX_BRACES {
            done.push(vec![unknown(false)]);
            let all: Vec<Piece> = word.into_iter().map(brace_as_literal).collect();
            done.push(all);
            break;
        }
        match first_expansion(&word) {
            None => done.push(word.into_iter().map(brace_as_literal).collect()),
            Some((from, to, alternatives)) => {
                for alternative in alternatives.into_iter().rev() {
                    let mut next = word[..from].to_vec();
                    next.extend(alternative);
                    next.extend_from_slice(&word[to + 1..]);
                    open.push(next);
                }
            }
        }
    }
    done
}

fn brace_as_literal(piece: Piece) -> Piece {
    match piece {
        Piece::Brace(c) => Piece::Literal { text: c.to_string(), quoted: false },
        other => other,
    }
}

/// The first `{…}` that expands: its first and last piece, and its alternatives.
fn first_expansion(word: &[Piece]) -> Option<(usize, usize, Vec<Vec<Piece>>)> {
    for from in 0..word.len() {
        if word[from] != Piece::Brace('{') {
            continue;
        }
        let mut depth = 0usize;
        let mut commas = Vec::new();
        for (to, piece) in word.iter().enumerate().skip(from) {
            match piece {
                Piece::Brace('{') => depth += 1,
                Piece::Brace(',') if depth == 1 => commas.push(to),
                Piece::Brace('}') => {
                    depth -= 1;
                    if depth > 0 {
                        continue;
                    }
                    if !commas.is_empty() {
                        let mut alternatives = Vec::with_capacity(commas.len() + 1);
                        let mut begin = from + 1;
                        for comma in commas.into_iter().chain([to]) {
                            alternatives.push(word[begin..comma].to_vec());
                            begin = comma + 1;
                        }
                        return Some((from, to, alternatives));
                    }
                    if let [Piece::Literal { text, quoted: false }] = &word[from + 1..to]
                        && let Some(sequence) = sequence(text)
                    {
                        return Some((from, to, sequence));
                    }
                    break;
                }
                _ => {}
            }
        }
    }
    None
}

fn sequence(text: &str) -> Option<Vec<Vec<Piece>>> {
    let mut parts = text.split("..");
    let (from, to) = (parts.next()?, parts.next()?);
    let step: i64 = parts.next().map_or(Some(1), |s| s.parse().ok())?;
    let step = step.unsigned_abs().max(1);
    let literal = |text: String| vec![Piece::Literal { text, quoted: false }];
    let mut out = Vec::new();
    if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let count = (from.abs_diff(to) / step).saturating_add(1);
        for n in 0..count.min(MAX_BRACES as u64) {
            let delta = i64::try_from(n * step).ok()?;
            out.push(literal((if from <= to { from + delta } else { from - delta }).to_string()));
        }
        if count > MAX_BRACES as u64 {
            out.push(vec![unknown(false)]);
        }
        return Some(out);
    }
    let single = |s: &str| {
        let mut chars = s.chars();
        chars.next().filter(|c| chars.next().is_none() && c.is_ascii())
    };
    let (from, to) = (single(from)? as u8, single(to)? as u8);
    let step = u8::try_from(step).ok()?;
    let mut at = from;
    loop {
        out.push(literal((at as char).to_string()));
        let next = if from <= to { at.checked_add(step) } else { at.checked_sub(step) };
        match next {
            Some(n) if (from <= to && n <= to) || (from > to && n >= to) => at = n,
            _ => return Some(out),
        }
    }
}
