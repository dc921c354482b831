//! The vocabulary of what a call would do: [`Effect`], its [`Action`], [`Target`] and the [`Plan`] they make up.

mod arithmetic;
pub mod arity;
mod builtin;
mod code;
mod command;
mod cut;
mod executed;
mod expand;
mod files;
mod filter;
mod find;
mod flow;
mod generic;
mod given;
mod git;
mod guess;
pub mod inline;
mod interpret;
mod make;
mod manifest;
pub mod network;
mod outcome;
mod parameter;
pub mod path;
mod phrase;
mod pieces;
mod redirect;
mod reenter;
mod script;
mod simple;
pub mod spec;
mod special;
mod state;
mod taken;
pub mod text;
pub mod tool;
mod value;
mod walker;
mod world;

use crate::label::Labels;
use crate::verdict::{Certainty, Span};
use std::collections::BTreeMap;
use std::fmt;
pub use text::{Part, Text};
pub use walker::MAX_STEPS;
pub use tool::plan;
pub use world::World;

/// What an effect does. The names in rule files are those of [`Action::name`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// Reads a file's content.
    Read,
    /// Creates or changes a file.
    Write,
    /// Removes a file or folder.
    Delete,
    /// Takes a file away from its place.
    Move,
    /// Changes mode, owner or attributes.
    Perm,
    /// Runs a program or code; `data` says where the code comes from.
    Execute,
    /// Data leaves the machine; `data` says what it is.
    Send,
    /// Data is brought in from the network.
    Fetch,
    /// A credential is shown to a host as authentication; `own-service` says that it is that host's.
    Present,
    /// Opens a raw connection or listens.
    Connect,
    /// A path is named to a program that guard does not know: it reads or writes it, perhaps.
    Touch,
    /// A destructive word among the first words of a program that guard does not know.
    Verb,
    /// A variable is set; the target is its name, `data` its value's labels.
    Assign,
    /// A variable is removed.
    Unset,
    /// A name is redefined: function, alias. The target is the name.
    Define,
    /// A function calls itself without end.
    Recurse,
    /// A piece of shell text that could not be read.
    Unparsed,
    /// The raw text of the call, for the weak `call` rules.
    Call,
    /// A verb of a system with its own verbs: `git.push`, `kubectl.delete`, `guard.too-large`.
    Operate(String),
}

impl Action {
    /// The name used in rule files and printed plans.
    pub fn name(&self) -> &str {
        match self {
            Action::Read => "read",
            Action::Write => "write",
            Action::Delete => "delete",
            Action::Move => "move",
            Action::Perm => "perm",
            Action::Execute => "execute",
            Action::Send => "send",
            Action::Fetch => "fetch",
            Action::Present => "present",
            Action::Connect => "connect",
            Action::Touch => "touch",
            Action::Verb => "verb",
            Action::Assign => "assign",
            Action::Unset => "unset",
            Action::Define => "define",
            Action::Recurse => "recurse",
            Action::Unparsed => "unparsed",
            Action::Call => "call",
            Action::Operate(name) => name,
        }
    }

    /// The simple (undotted) action names that rules may use.
    pub const SIMPLE: [&'static str; 18] = [
        "read", "write", "delete", "move", "perm", "execute", "send", "fetch", "present", "connect", "touch", "verb", "assign", "unset",
        "define", "recurse", "unparsed", "call",
    ];

    /// The action of that name; a dotted name is an operation.
    pub fn from_name(name: &str) -> Option<Action> {
        Some(match name {
            "read" => Action::Read,
            "write" => Action::Write,
            "delete" => Action::Delete,
            "move" => Action::Move,
            "perm" => Action::Perm,
            "execute" => Action::Execute,
            "send" => Action::Send,
            "fetch" => Action::Fetch,
            "present" => Action::Present,
            "connect" => Action::Connect,
            "touch" => Action::Touch,
            "verb" => Action::Verb,
            "assign" => Action::Assign,
            "unset" => Action::Unset,
            "define" => Action::Define,
            "recurse" => Action::Recurse,
            "unparsed" => Action::Unparsed,
            "call" => Action::Call,
            _ if name.contains('.') => Action::Operate(name.into()),
            _ => return None,
        })
    }
}

/// What an effect acts on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// Path (absolute and normalised where it is known), URL, object, variable or program name.
    pub text: Text,
    /// The host, for effects that use the network; lower case, without port.
    pub host: Option<Text>,
}

/// Facts about how an effect happens: `recursive`, `force`, `elevated`, …; sorted, unique.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Modifiers(Vec<String>);

impl Modifiers {
    /// Whether the modifier is present.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|m| m == name)
    }

    /// Adds a modifier once.
    pub fn add(&mut self, name: &str) {
        if let Err(at) = self.0.binary_search_by(|m| m.as_str().cmp(name)) {
            self.0.insert(at, name.to_owned());
        }
    }

    /// Takes a modifier away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|m| m != name);
    }

    /// Adds all of `other`.
    pub fn join(&mut self, other: &Modifiers) {
        for m in &other.0 {
            self.add(m);
        }
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// No modifier at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<&'a str> for Modifiers {
    fn from_iter<I: IntoIterator<Item = &'a str>>(iter: I) -> Self {
        let mut all = Modifiers::default();
        for m in iter {
            all.add(m);
        }
        all
    }
}

/// One thing a tool call would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    pub action: Action,
    pub target: Target,
    /// Labels of the data that is read, written, sent or run.
    pub data: Labels,
    pub with: Modifiers,
    /// The program that does it, by its base name; empty for a redirection or a tool.
    pub program: String,
    /// `Maybe` where it is likely but not certain that this happens (an unknown program was given a path).
    pub certainty: Certainty,
    pub span: Span,
}

impl Effect {
    /// A certain effect with nothing but an action and a target.
    pub fn new(action: Action, text: Text, span: Span) -> Effect {
        Effect {
            action,
            target: Target { text, host: None },
            data: Labels::NONE,
            with: Modifiers::default(),
            program: String::new(),
            certainty: Certainty::Yes,
            span,
        }
    }
}

impl Effect {
    /// Both are one effect, but for where they stand.
    pub fn does_the_same(&self, other: &Effect) -> bool {
        let Effect { action, target, data, with, program, certainty, span: _ } = self;
        (action, target, data, with, program, certainty) == (&other.action, &other.target, &other.data, &other.with, &other.program, &other.certainty)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.action.name())?;
        if !self.target.text.is_empty() {
            write!(f, " {}", self.target.text)?;
        }
        if let Some(host) = &self.target.host {
            write!(f, " @{host}")?;
        }
        // How many operands there were and which flags nobody knows helps rules, not readers.
        let with: Vec<&str> = self.with.iter().filter(|m| !["operands", "flag:", "content:"].iter().any(|hidden| m.starts_with(hidden))).collect();
        if !with.is_empty() {
            write!(f, " ({})", with.join(" "))?;
        }
        if !self.data.is_empty() {
            write!(f, " [{}]", self.data)?;
        }
        if self.certainty == Certainty::Maybe {
            write!(f, " maybe")?;
        }
        Ok(())
    }
}

/// Labels of files, by absolute path.
pub type FileLabels = BTreeMap<String, Labels>;

/// Everything a tool call would do, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub effects: Vec<Effect>,
    /// What files that the call wrote are labelled with.
    pub files: FileLabels,
    /// Words that no spec claimed: shown by `guard explain`, an error in a spec's examples.
    pub unclaimed: Vec<String>,
    /// Flags that no description types, with their program: `git push --x`.
    pub untyped: Vec<String>,
    /// Absolute paths of files whose content was judged.
    pub judged_files: Vec<String>,
    /// Steps that the walk took; see [`MAX_STEPS`].
    pub steps: u64,
}
