//! [`World`]: the knowledge that effects need: what programs do, named lists, variables and tools.

use super::spec::{Specs, simple_glob};
use super::text::Text;
use crate::fixed::{List, Str};
use crate::list::{Lists, Vars};
use crate::verdict::Certainty;

/// What is known of programs, files, variables and tools.
#[derive(Default)]
pub struct World {
    pub specs: Specs,
    /// What others have collected about programs.
    pub arity: super::arity::Arity,
    pub lists: Lists,
    /// Path pattern → how commands stand in such a file.
    pub executed: List<(Str, Str)>,
    pub languages: super::inline::Languages,
    /// Name glob → type of the variable's value.
    pub environment: List<(Str, Str)>,
    /// Tool glob, argument glob → type of the argument.
    pub tools: List<(Str, Str, Str)>,
}

impl World {
    /// How surely `text` is in the list; a list that does not exist holds nothing.
    pub fn in_list(&self, name: &str, text: &Text, vars: &Vars) -> Certainty {
        self.lists.contains(name, text, vars)
    }

    /// The type of a variable's value, when it is code, a program or a library.
    pub fn environment(&self, name: &str) -> Option<&str> {
        self.environment.iter().find(|(glob, _)| simple_glob(glob, name)).map(|(_, kind)| &**kind)
    }

    /// The type of a tool's argument.
    pub fn tool_argument(&self, tool: &str, argument: &str) -> Option<&str> {
        self.tools
            .iter()
            .find(|(t, a, _)| simple_glob(t, tool) && simple_glob(a, argument))
            .map(|(_, _, kind)| &**kind)
    }
}
