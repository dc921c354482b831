//! Words → [`Text`]s: every expansion of the shell that can be known without running anything.

use super::script::UNKNOWN_MARK;
use super::state::Shell;
use super::text::{Part, Text};
use super::walker::Walker;
use crate::shell::Word;
use crate::shell::word::{self, Piece};

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
