//! Finds where quoted and bracketed stretches of shell text end, without recursion on the input's depth.
//!
//! Unclosed stretches end with the text. Here-documents, comments and `case` patterns inside a substitution are known,
//! because each may hold a parenthesis or quote that closes nothing.

/// What is open while a stretch is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `(`, and whether it began a command (then words, comments and here-documents mean something).
    Paren,
    /// `case` … `esac` inside the innermost parenthesis.
    Case,
    Double,
    Brace,
    Bracket,
}

/// From behind a `(`: the text up to its `)`, and the position behind that.
pub fn parenthesised(source: &str, from: usize) -> (&str, usize) {
    stretch(source, from, Open::Paren)
}

/// From behind a `"`: the text up to the closing one, and the position behind that.
pub fn double_quoted(source: &str, from: usize) -> (&str, usize) {
    stretch(source, from, Open::Double)
}

/// From behind a `${`: the text up to its `}`, and the position behind that.
pub fn braced(source: &str, from: usize) -> (&str, usize) {
    stretch(source, from, Open::Brace)
}

/// From behind a `[`: the text up to its `]`, and the position behind that.
pub fn bracketed(source: &str, from: usize) -> (&str, usize) {
    stretch(source, from, Open::Bracket)
}

fn stretch(source: &str, from: usize, open: Open) -> (&str, usize) {
    let (end, closed) = scan(source, from, open, None);
    (source.get(from..end - usize::from(closed)).unwrap_or(""), end)
}

/// From behind a backtick: the text up to the closing one, and the position behind that.
pub fn backticks(source: &str, from: usize) -> (&str, usize) {
    let bytes = source.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'`' => return (&source[from..at], at + 1),
            _ => at += 1,
        }
    }
    (source.get(from..).unwrap_or(""), source.len())
}

/// The expression of `$((…))`, given what stands between `$(` and `)`; `None` when it is a command.
pub fn arithmetic_body(body: &str) -> Option<&str> {
    let inner = body.strip_prefix('(')?;
    let (text, end) = parenthesised(body, 1);
    (end == body.len() && body.ends_with(')') && text.len() + 1 == inner.len()).then_some(text)
}

/// The first `wanted` character that stands outside quotes, substitutions and braces.
pub fn top_level(source: &str, wanted: char) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'\'' => at = source[at + 1..].find('\'').map_or(source.len(), |n| at + n + 2),
            b'"' => at = double_quoted(source, at + 1).1,
            b'`' => at = backticks(source, at + 1).1,
            b'$' if bytes.get(at + 1) == Some(&b'(') => at = parenthesised(source, at + 2).1,
            b'$' if bytes.get(at + 1) == Some(&b'{') => at = braced(source, at + 2).1,
            b if b == wanted as u8 => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Here-documents inside substitutions inside here-documents that [`depth`] follows.
const MAX_DOCUMENTS: u32 = 16;

/// How deep the text nests, in quotes, substitutions, backquotes and here-documents: how often a parser may have to go in.
pub fn depth(source: &str) -> usize {
    measure(source, Open::Paren, 0)
}

fn measure(source: &str, open: Open, documents: u32) -> usize {
    if documents > MAX_DOCUMENTS {
        return usize::MAX;
    }
    let mut deepest = Deepest { depth: 0, documents };
    let mut at = 0;
    // A closing character that closes nothing ends a stretch, not the text.
    while at < source.len() {
        at = scan(source, at, open, Some(&mut deepest)).0;
    }
    deepest.depth
}

/// What a measuring scan has seen. It also looks into backquotes and here-documents.
struct Deepest {
    depth: usize,
    documents: u32,
}

/// Where the stretch ends, and whether it was closed.
fn scan(source: &str, from: usize, open: Open, mut deepest: Option<&mut Deepest>) -> (usize, bool) {
    let bytes = source.as_bytes();
    let mut stack = vec![open];
    let mut at = from;
    // Here-documents announced on the current line: delimiter, and whether tabs are stripped.
    let mut heredocs: Vec<(String, bool)> = Vec::new();
    let mut word_start = true;
    while at < bytes.len() {
        let top = stack[stack.len() - 1];
        if let Some(deepest) = &mut deepest {
            deepest.depth = deepest.depth.max(stack.len());
        }
        let command = matches!(top, Open::Paren | Open::Case);
        let c = bytes[at];
        let starts_word = word_start;
        word_start = command && matches!(c, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')');
        match c {
            b'\\' => at += 2,
            b'`' if deepest.is_some() => at += 1,
            b'`' => at = backticks(source, at + 1).1,
            b'\'' if top != Open::Double => {
                // Inside `${…}` within double quotes a single quote stands for itself.
                if top == Open::Brace && stack.contains(&Open::Double) {
                    at += 1;
                } else {
                    at = source.get(at + 1..).and_then(|s| s.find('\'')).map_or(source.len(), |n| at + n + 2);
                }
            }
            b'"' if top == Open::Double => {
                stack.pop();
                at += 1;
            }
            b'"' => {
                stack.push(Open::Double);
                at += 1;
            }
            b'$' => match bytes.get(at + 1) {
                Some(b'(') => {
                    stack.push(Open::Paren);
                    word_start = true;
                    at += 2;
                }
                Some(b'{') => {
                    stack.push(Open::Brace);
                    at += 2;
                }
                Some(b'\'') if command => at = at + 2 + super::word::ansi_c(&source[at + 2..]).1,
                Some(_) => {
                    // `$#`, `$$`: the second character opens nothing.
                    at += if bytes.get(at + 1).is_some_and(|b| b"#$".contains(b)) { 2 } else { 1 };
                }
                None => at += 1,
            },
            b'#' if command && starts_word => {
                at = source[at..].find('\n').map_or(source.len(), |n| at + n);
            }
            b'<' if command && source[at..].starts_with("<<") && !source[at..].starts_with("<<<") => {
                let strip = bytes.get(at + 2) == Some(&b'-');
                let (delimiter, len) = delimiter(&source[at + 2 + usize::from(strip)..]);
                heredocs.push((delimiter, strip));
                at += 2 + usize::from(strip) + len;
            }
            b'<' if command && source[at..].starts_with("<<<") => at += 3,
            b'\n' if command && !heredocs.is_empty() => {
                at += 1;
                for (delimiter, strip) in heredocs.drain(..) {
                    let body = at;
                    at = heredoc_end(source, at, &delimiter, strip);
                    if let Some(deepest) = &mut deepest {
                        let inner = measure(source.get(body..at).unwrap_or(""), Open::Double, deepest.documents + 1);
                        deepest.depth = deepest.depth.max(inner.saturating_add(stack.len()));
                    }
                }
                word_start = true;
            }
            b'(' if command => {
                stack.push(Open::Paren);
                at += 1;
            }
            b'(' if top == Open::Bracket => at += 1,
            b')' if top == Open::Paren => {
                stack.pop();
                at += 1;
            }
            b'}' if top == Open::Brace => {
                stack.pop();
                at += 1;
            }
            b'[' if top == Open::Bracket => {
                stack.push(Open::Bracket);
                at += 1;
            }
            b']' if top == Open::Bracket => {
                stack.pop();
                at += 1;
            }
            b'c' if command && starts_word && is_word(source, at, "case") => {
                stack.push(Open::Case);
                at += 4;
            }
            b'e' if top == Open::Case && starts_word && is_word(source, at, "esac") => {
                stack.pop();
                at += 4;
            }
            _ => at += 1,
        }
        if stack.is_empty() {
            return (at.min(source.len()), true);
        }
    }
    (source.len(), false)
}

fn is_word(source: &str, at: usize, word: &str) -> bool {
    source[at..].strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', ';', ')', '&', '|']))
}

/// The delimiter of a here-document without its quotes, and how many bytes it takes in the source.
fn delimiter(source: &str) -> (String, usize) {
    let mut out = String::new();
    let mut quote = None;
    let mut begun = false;
    let mut chars = source.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (None, ' ' | '\t') if !begun => {}
            (None, ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')') => return (out, at),
            (None, '\'' | '"') => {
                quote = Some(c);
                begun = true;
            }
            (Some(q), c) if q == c => quote = None,
            (None, '\\') => {
                begun = true;
                if let Some((_, c)) = chars.next() {
                    out.push(c);
                }
            }
            (_, c) => {
                begun = true;
                out.push(c);
            }
        }
    }
    (out, source.len())
}

/// The position behind the line that ends a here-document whose body begins at `from`. Bash also takes a delimiter that
/// is followed by the `)` of the substitution, so such a line ends the body before the parenthesis.
fn heredoc_end(source: &str, from: usize, delimiter: &str, strip: bool) -> usize {
    let mut at = from.min(source.len());
    while at < source.len() {
        let end = source[at..].find('\n').map_or(source.len(), |n| at + n);
        let line = &source[at..end];
        let text = if strip { line.trim_start_matches('\t') } else { line };
        if text == delimiter {
            return end;
        }
        if !delimiter.is_empty() && text.strip_prefix(delimiter).is_some_and(|rest| rest.trim_start().starts_with(')')) {
            return at + (line.len() - text.len()) + delimiter.len();
        }
        at = end + 1;
    }
    source.len()
}
