//! [`CommandSpec`]: what a program does, as data. The language is described in `rules/README.md`.

use crate::table::Table;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happens to a value: a type name, modifiers, or a choice by the value itself.
///
/// Written as a string (`"text +stamp"`, `"?text"`, `"+force"`, `""`) or as a map from glob to such a string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ValueType {
    One(String),
    Choice(Choice),
}

/// Glob of the value → its type. The most precise pattern wins: fewer wildcards, then longer.
pub type Choice = BTreeMap<String, String>;

/// The parts of one written type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TypeParts<'a> {
    /// The value may be missing, and is only ever attached (`-i.bak`, `--color=auto`).
    pub optional: bool,
    /// The type's name; empty for a pure switch.
    pub name: &'a str,
    /// Modifiers, blank-separated, each with its `+`.
    pub modifiers: &'a str,
}

/// Splits `"?text +stamp"` into its parts.
pub fn type_parts(written: &str) -> TypeParts<'_> {
    let written = written.trim();
    let (optional, rest) = written.strip_prefix('?').map_or((false, written), |rest| (true, rest));
    if rest.starts_with('+') || rest.is_empty() {
        return TypeParts { optional, name: "", modifiers: rest };
    }
    let (name, modifiers) = rest.split_once(' ').unwrap_or((rest, ""));
    TypeParts { optional, name, modifiers: modifiers.trim() }
}

impl ValueType {
    /// Whether an option of this type takes a value from the next word.
    pub fn takes_value(&self) -> bool {
        match self {
            ValueType::One(written) => {
                let parts = type_parts(written);
                !parts.optional && !parts.name.is_empty()
            }
            ValueType::Choice(_) => true,
        }
    }
}

/// What a program, or one of its sub-commands, does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CommandSpec {
    /// Names it is called by, globs allowed; only at the top level, default the file's name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operands: Option<Vec<ValueType>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<ValueType>,
    #[serde(rename = "with", skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub does: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bundled: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub options_first: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub single_dash: bool,
    /// Key: `"-o, --output"`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, ValueType>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, ValueType>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sub: BTreeMap<String, CommandSpec>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<String, CommandSpec>,
}

/// The descriptions that are built in, as tables: each is decoded when a call first meets its program, as most calls meet three of
/// hundreds.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltinSpecs {
    /// Exact name → number.
    pub names: Table,
    /// Number → description as JSON.
    pub specs: Table,
}

/// The number of a built-in description as the tables write it.
pub fn number(at: usize) -> String {
    format!("{at:04}")
}

/// All specs, found by program name.
#[derive(Default)]
pub struct Specs {
    /// Exact name → index, of layers.
    names: std::collections::HashMap<String, usize>,
    /// Name globs → index, of layers; the last one first.
    globs: Vec<(String, usize)>,
    specs: Vec<CommandSpec>,
    builtin: BuiltinSpecs,
    builtin_globs: Vec<(String, usize)>,
    cells: Vec<std::cell::OnceCell<Box<CommandSpec>>>,
    forgotten: Option<String>,
    /// Named choices (`table:git-config`).
    pub tables: BTreeMap<String, Choice>,
}

impl Specs {
    /// Builds the lookup. A later spec of the same name replaces an earlier one, and a layer's one that is built in.
    pub fn new(
        builtin: BuiltinSpecs,
        builtin_count: usize,
        builtin_globs: Vec<(String, usize)>,
        layers: impl IntoIterator<Item = (String, CommandSpec)>,
        tables: BTreeMap<String, Choice>,
    ) -> Specs {
        let mut specs = Specs { tables, builtin, builtin_globs, ..Specs::default() };
        specs.cells.resize_with(builtin_count, Default::default);
        for (stem, spec) in layers {
            let at = specs.specs.len();
            if spec.names.is_empty() {
                specs.names.insert(stem, at);
            }
            for name in &spec.names {
                if name.contains(['*', '?', '[']) {
                    specs.globs.insert(0, (name.clone(), at));
                } else {
                    specs.names.insert(name.clone(), at);
                }
            }
            specs.specs.push(spec);
        }
        specs
    }

    /// The spec of a program by its base name.
    pub fn find(&self, name: &str) -> Option<&CommandSpec> {
        if self.forgotten.as_deref() == Some(name) {
            return None;
        }
        if let Some(at) = self.names.get(name) {
            return self.specs.get(*at);
        }
        if let Some(at) = self.exact(name) {
            return self.builtin(at);
        }
        let by_glob = |globs: &[(String, usize)]| globs.iter().find(|(glob, _)| simple_glob(glob, name)).map(|(_, at)| *at);
        match by_glob(&self.globs) {
            Some(at) => self.specs.get(at),
            None => self.builtin(by_glob(&self.builtin_globs)?),
        }
    }

    fn exact(&self, name: &str) -> Option<usize> {
        if self.cells.is_empty() || name.contains(['\t', '\n']) {
            return None;
        }
        self.builtin.names.get(name)?.parse().ok()
    }

    /// Panics on a table that `build.rs` did not make: a hook ends in a denial then.
    fn builtin(&self, at: usize) -> Option<&CommandSpec> {
        let cell = self.cells.get(at)?;
        Some(cell.get_or_init(|| {
            let json = self.builtin.specs.get(&number(at)).unwrap_or("");
            serde_json::from_str(json).unwrap_or_else(|error| panic!("a built-in description of a program cannot be read: {error}"))
        }))
    }

    /// Every description with its names: those built in, then those of layers.
    pub fn all(&self) -> impl Iterator<Item = &CommandSpec> {
        (0..self.cells.len()).filter_map(|at| self.builtin(at)).chain(&self.specs)
    }

    /// Leaves a program without a description, as if nobody had written one.
    pub fn forget(&mut self, name: &str) {
        self.forgotten = Some(name.to_owned());
    }

    /// Every exact name that a shell glob matches, in order.
    pub fn names_like(&self, glob: &str) -> Vec<String> {
        let builtin = if self.cells.is_empty() { Table::default() } else { self.builtin.names };
        let mut names: Vec<String> = self.names.keys().filter(|n| simple_glob(glob, n)).cloned().collect();
        names.extend(builtin.keys().filter(|n| simple_glob(glob, n)).map(str::to_owned));
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// `*`, `?`, `[…]` and `|` between alternatives, on known text; work is bounded by the product of the lengths.
pub fn simple_glob(pattern: &str, text: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    if pattern.contains('|') {
        return pattern.split('|').any(|p| simple_glob(p, text));
    }
    if !pattern.contains(['*', '?', '[']) {
        return pattern == text;
    }
    // Most patterns begin with letters, and most texts with others.
    if pattern.bytes().zip(text.bytes()).take_while(|(p, _)| !b"*?[".contains(p)).any(|(p, t)| p != t) {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p, t));
                p += 1;
                continue;
            }
            Some('?') => {
                p += 1;
                t += 1;
                continue;
            }
            Some('[') => {
                if let Some(close) = pattern[p + 1..].iter().position(|c| *c == ']').filter(|n| *n > 0) {
                    let class = &pattern[p + 1..p + 1 + close];
                    let (negated, class) = match class {
                        ['!' | '^', rest @ ..] => (true, rest),
                        all => (false, all),
                    };
                    let mut hit = false;
                    let mut at = 0;
                    while at < class.len() {
                        if at + 2 < class.len() && class[at + 1] == '-' {
                            hit |= class[at] <= text[t] && text[t] <= class[at + 2];
                            at += 3;
                        } else {
                            hit |= class[at] == text[t];
                            at += 1;
                        }
                    }
                    if hit != negated {
                        p += close + 2;
                        t += 1;
                        continue;
                    }
                }
            }
            Some(c) if *c == text[t] => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        match back {
            Some((bp, bt)) => {
                p = bp + 1;
                t = bt + 1;
                back = Some((bp, bt + 1));
            }
            None => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// How precise a pattern is: patterns without wildcards first, then by their literal characters.
pub fn precision(pattern: &str) -> (bool, usize) {
    (!pattern.contains(['*', '?', '[']), pattern.chars().filter(|c| !"*?[]".contains(*c)).count())
}

/// The most precise entry of a choice that matches.
pub fn choose<'a, V>(choice: &'a BTreeMap<String, V>, value: &str) -> Option<(&'a str, &'a V)> {
    choice
        .iter()
        .flat_map(|(patterns, v)| patterns.split('|').map(move |p| (patterns.as_str(), p, v)))
        .filter(|(_, p, _)| simple_glob(p, value))
        .max_by_key(|(_, p, _)| precision(p))
        .map(|(all, _, v)| (all, v))
}
