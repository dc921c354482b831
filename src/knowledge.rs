//! [`Knowledge`]: the data of all layers, ready to judge with.

use crate::effect::World;
use crate::effect::arity::Arity;
use crate::effect::inline::Languages;
use crate::effect::spec::Specs;
use crate::fixed::List;
use crate::list::Lists;
use crate::rule::RuleSet;
use crate::rule::bundle::Bundle;
use crate::secret::Redactor;
use crate::table::Table;

/// Everything that a verdict depends on besides the call and the machine.
pub struct Knowledge {
    pub world: World,
    pub rules: RuleSet,
    /// Changes when any data file of any layer does; kept in every record.
    pub version: String,
}

/// `rules/` as `build.rs` wrote it: Rust values that a hook uses where they lie.
mod builtin {
    use crate::credential::Credential;
    use crate::finder::{Finder, FinderForm, Keywords};
    use crate::effect::spec::{BuiltinSpecs, CommandSpec, ValueType};
    use crate::fixed::{List, Map, Str};
    use crate::rule::set::BuiltinRules;
    use crate::rule::types::{Examples, Match, Rule};
    use crate::verdict::Decision;
    use std::borrow::Cow;
    include!(concat!(env!("OUT_DIR"), "/builtin.rs"));
}

/// The same as one document, with the rules' examples: for the commands that show or test rules.
const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/bundle.json"));
/// What others have collected about programs; see `rules/arity/`.
pub(crate) const ARITY: &str = include_str!("../rules/arity/arity.txt");
/// The tables of languages, by name.
const LANGUAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/languages.tsv"));

impl Knowledge {
    /// The data that the binary was built with; nothing is read or copied.
    pub fn builtin() -> Knowledge {
        let world = World {
            arity: Arity::new(ARITY),
            executed: List::fixed(builtin::EXECUTED),
            languages: Languages::builtin(Table::new(LANGUAGES), builtin::LANGUAGE_NAMES),
            specs: Specs::new(builtin::SPECS),
            lists: Lists::builtin(builtin::LISTS),
            environment: List::fixed(builtin::ENVIRONMENT),
            tools: List::fixed(builtin::TOOLS),
            credentials: List::fixed(builtin::CREDENTIALS),
        };
        Knowledge { world, rules: RuleSet::builtin(builtin::RULES), version: builtin::VERSION.to_owned() }
    }

    /// Redacts with the detectors that the binary was built with.
    pub fn builtin_redactor() -> Redactor {
        Redactor::new(builtin::FINDERS, &builtin::KEYWORDS)
    }

    /// What [`Knowledge::builtin`] was made of, as if it were read from a folder.
    pub fn builtin_bundle() -> Bundle {
        serde_json::from_str(DOCUMENT).unwrap_or_else(|error| panic!("the rules that were built in cannot be read: {error}"))
    }

    /// A folder's data and nothing that is built in but collected facts. Lists that contain themselves are an error.
    pub fn new(bundle: Bundle) -> Result<Knowledge, String> {
        let (environment, tools, executed) = (bundle.environment_in_order(), bundle.tools_in_order(), bundle.executed_in_order());
        let credentials = bundle.credentials_in_order();
        let mut specs = Specs::default();
        bundle.commands.into_values().for_each(|spec| specs.add(spec));
        bundle.tables.into_iter().for_each(|(name, choice)| specs.add_table(name, choice));
        let mut languages = Languages::default();
        languages.extend(bundle.languages);
        let world = World {
            arity: Arity::new(ARITY),
            executed: executed.into(),
            languages,
            specs,
            lists: Lists::new(&bundle.lists)?,
            environment: environment.into(),
            tools: tools.into(),
            credentials: credentials.into(),
        };
        Ok(Knowledge { world, rules: RuleSet::new(bundle.rules, bundle.exceptions), version: bundle.version })
    }
}
