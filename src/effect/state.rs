//! What a shell knows while a script is walked: variables, functions, folder, descriptors.

use super::Modifiers;
use super::text::Text;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

/// A shell variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    Scalar(Text),
    /// Subscript and value, in order.
    Array(Vec<(String, Text)>),
}

impl Variable {
    /// The value of `$name`.
    pub fn scalar(&self) -> Text {
        match self {
            Variable::Scalar(text) => text.clone(),
            Variable::Array(items) => items.first().map(|(_, v)| v.clone()).unwrap_or_default(),
        }
    }

    /// The values of `"${name[@]}"`.
    pub fn values(&self) -> Vec<Text> {
        match self {
            Variable::Scalar(text) => vec![text.clone()],
            Variable::Array(items) => items.iter().map(|(_, v)| v.clone()).collect(),
        }
    }
}

/// Where a descriptor leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// What the shell was started with, or the pipe it stands in.
    Inherited,
    /// Text that can be read: a here-document, a pipe, a file.
    Data(Text),
    /// A file, by absolute path.
    File(Text),
    /// A connection to `host`.
    Network(Text),
    /// `/dev/null` or closed.
    Nowhere,
}

/// One shell's state; a subshell works on a copy.
#[derive(Debug, Clone, Default)]
pub struct Shell {
    pub variables: HashMap<String, Variable>,
    /// Name → source text of the body.
    pub functions: HashMap<String, Rc<str>>,
    pub aliases: HashMap<String, Text>,
    /// `None` after a `cd` to a folder nobody knows.
    pub cwd: Option<String>,
    pub positional: Vec<Text>,
    /// Descriptors that `exec` opened, `coproc` too.
    pub descriptors: BTreeMap<u32, Channel>,
    /// Modifiers of everything this shell does: `elevated`, `remote`, `container`.
    pub ambient: Modifiers,
    /// Inside a branch or loop: an assignment may not happen.
    pub conditional: u32,
    /// How deep in branches the running function was called.
    pub frame: u32,
    /// What the variables were that the running function declared as its own.
    pub locals: Vec<(String, Option<Variable>)>,
    /// Variables that cannot change any more.
    pub readonly: HashSet<String>,
    /// The last member of a pipeline runs in this shell (`shopt -s lastpipe`).
    pub last_pipe: bool,
}

impl Shell {
    /// The state as another process starts with it: what binds only this process stays behind. Everything else is kept, as it may
    /// have been exported.
    pub fn other_process(&self) -> Shell {
        Shell { readonly: HashSet::new(), locals: Vec::new(), last_pipe: false, ..self.clone() }
    }

    /// Whether what runs now runs whenever the function, or the script, runs at all.
    pub fn is_certain(&self) -> bool {
        self.conditional == self.frame
    }

    /// Sets a scalar. In a branch an empty value does not replace a known one: which of them holds is not known, and the
    /// empty one tells nothing.
    pub fn set(&mut self, name: &str, value: Text) {
        if self.readonly.contains(name) {
            return;
        }
        if self.conditional > 0
            && value.is_empty()
            && self.variables.get(name).is_some_and(|old| !old.scalar().is_empty())
        {
            return;
        }
        self.variables.insert(name.to_owned(), Variable::Scalar(value));
    }
}
