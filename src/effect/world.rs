//! [`World`]: the knowledge that effects need: what programs do, named lists, variables and tools.

use super::spec::{Specs, ValueType, precision, simple_glob};
use super::text::Text;
use crate::credential::Credential;
use crate::fixed::{List, Str};
use crate::label::{Label, Labels, MAX_KINDS};
use crate::list::{Asked, Lists, Vars};
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
    pub environment: List<(Str, ValueType)>,
    /// Tool glob, argument glob → type of the argument.
    pub tools: List<(Str, Str, ValueType)>,
    /// Kind → what holds such a credential, and who may be shown it. The place in the list is its number in labels.
    pub credentials: List<(Str, Credential)>,
}

impl World {
    /// How surely `text` is in the list; a list that does not exist holds nothing.
    pub fn in_list(&self, name: &str, text: &Text, vars: &Vars) -> Certainty {
        self.lists.contains(name, text, vars)
    }

    /// A list of hosts names the host for certain.
    pub fn in_list_of_hosts(&self, name: &str, host: &Text, vars: &Vars) -> bool {
        self.lists.any([format!("@{name}").as_str()], &Asked::host(host), vars) == Certainty::Yes
    }

    /// The type of a variable's value, when it is code, a program or a library.
    pub fn environment(&self, name: &str) -> Option<&ValueType> {
        self.environment.iter().find(|(glob, _)| simple_glob(glob, name)).map(|(_, kind)| kind)
    }

    /// The type of a tool's argument.
    pub fn tool_argument(&self, tool: &str, argument: &str) -> Option<&ValueType> {
        self.tools
            .iter()
            .find(|(t, a, _)| simple_glob(t, tool) && simple_glob(a, argument))
            .map(|(_, _, kind)| kind)
    }

    /// The label of a variable's value: a secret of a kind, a secret, or nothing.
    pub fn variable_labels(&self, name: &Text, vars: &Vars) -> Labels {
        if self.in_list("secret-variables", name, vars) != Certainty::Yes {
            return Labels::NONE;
        }
        let Some(known) = name.as_known() else { return Labels::of(Label::Secret) };
        self.credential(|c| c.variables.iter().filter(|glob| simple_glob(glob, known)).map(|glob| precision(glob)).max())
    }

    /// The label of a secret file's content: a secret of a kind where its path tells it.
    pub fn file_credential(&self, path: &Text, vars: &Vars) -> Labels {
        let asked = Asked::text(path);
        let is = |pattern: &Str| self.lists.any([&**pattern], &asked, vars) == Certainty::Yes;
        self.credential(|c| c.files.iter().filter(|p| is(p)).map(|p| precision(p)).max())
    }

    /// The label of a secret of the kind of that name.
    pub fn credential_named(&self, kind: &str) -> Labels {
        self.credentials.iter().zip(0..MAX_KINDS).find(|((name, _), _)| name == kind).map_or(Labels::of(Label::Secret), |(_, number)| Labels::credential(number))
    }

    /// The label of the kind that fits most precisely.
    fn credential(&self, fits: impl Fn(&Credential) -> Option<(bool, usize)>) -> Labels {
        let kinds = self.credentials.iter().zip(0..MAX_KINDS).filter_map(|((_, c), number)| Some((fits(c)?, number)));
        kinds.max().map_or(Labels::of(Label::Secret), |(_, number)| Labels::credential(number))
    }

    /// Whether every secret among the labels is a credential that fulfils the condition.
    pub fn all_credentials(&self, labels: Labels, is: impl Fn(&Credential) -> bool) -> bool {
        let fulfils = |number: u32| self.credentials.get(number as usize).is_some_and(|(_, c)| is(c));
        labels.credentials().is_some_and(|mut numbers| numbers.all(fulfils))
    }

    /// Whether every secret among the labels may be shown to `host` in this form.
    pub fn belongs(&self, labels: Labels, host: &Text, form: &str, vars: &Vars) -> bool {
        let host = Asked::host(host);
        self.all_credentials(labels, |c| {
            c.forms.iter().any(|f| simple_glob(f, form)) && (form == "url" || self.lists.any(&c.hosts, &host, vars) == Certainty::Yes)
        })
    }
}
