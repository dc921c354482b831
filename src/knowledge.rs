//! [`Knowledge`]: the data of all layers, ready to judge with.

use crate::effect::World;
use crate::effect::spec::{BuiltinSpecs, Specs};
use crate::list::Lists;
use crate::rule::RuleSet;
use crate::rule::bundle::Bundle;
use crate::table::Table;

/// Everything that a verdict depends on besides the call and the machine.
pub struct Knowledge {
    pub world: World,
    pub rules: RuleSet,
    /// Changes when any data file of any layer does; kept in every record.
    pub version: String,
}

/// The data that the binary was built with, as written by `build.rs`.
const BUILTIN: &str = include_str!(concat!(env!("OUT_DIR"), "/knowledge.json"));
/// What others have collected about programs; see `rules/arity/`.
pub(crate) const ARITY: &str = include_str!("../rules/arity/arity.txt");
/// Descriptions of programs by name, and the tables of languages.
const SPEC_NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/names.tsv"));
const SPECS: &str = include_str!(concat!(env!("OUT_DIR"), "/specs.tsv"));
const LANGUAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/languages.tsv"));
/// The examples of its rules, by rule id.
const EXAMPLES: &str = include_str!(concat!(env!("OUT_DIR"), "/examples.json"));

impl Knowledge {
    /// The data that the binary was built with, without the rules' examples.
    ///
    /// Panics if it cannot be read: without rules everything would pass, and in a hook a panic ends in a denial.
    pub fn builtin_for_judging() -> Bundle {
        serde_json::from_str(BUILTIN).unwrap_or_else(|error| panic!("the rules that were built in cannot be read: {error}"))
    }

    /// The data that the binary was built with.
    pub fn builtin_bundle() -> Bundle {
        let mut bundle = Knowledge::builtin_for_judging();
        let mut examples: std::collections::BTreeMap<String, crate::rule::Examples> = serde_json::from_str(EXAMPLES).unwrap_or_else(|error| panic!("the examples that were built in cannot be read: {error}"));
        for rule in &mut bundle.rules {
            rule.examples = examples.remove(&rule.id).unwrap_or_default();
        }
        bundle
    }

    /// Puts a bundle to use. Lists that contain themselves are an error.
    pub fn new(bundle: Bundle) -> Result<Knowledge, String> {
        let lists = Lists::new(&bundle.lists)?;
        let mut environment: Vec<(String, String)> = bundle.environment.into_iter().collect();
        // The most precise name first.
        environment.sort_by_cached_key(|(glob, _)| std::cmp::Reverse(crate::effect::spec::precision(glob)));
        let mut tools: Vec<(String, String, String)> = bundle
            .tools
            .into_iter()
            .flat_map(|(tool, arguments)| arguments.into_iter().map(move |(a, kind)| (tool.clone(), a, kind)))
            .collect();
        tools.sort_by_cached_key(|(tool, a, _)| std::cmp::Reverse((crate::effect::spec::precision(tool), crate::effect::spec::precision(a))));
        let languages = crate::effect::inline::Languages::new(bundle.languages, Table::new(LANGUAGES), bundle.builtin.languages);
        let builtin = BuiltinSpecs { names: Table::new(SPEC_NAMES), specs: Table::new(SPECS) };
        let arity = crate::effect::arity::Arity::new(ARITY);
        let world = World { arity, executed: bundle.executed.into_iter().collect(), languages, specs: Specs::new(builtin, bundle.builtin.specs, bundle.builtin.globs, bundle.commands, bundle.tables), lists, environment, tools };
        let rules = RuleSet { rules: bundle.rules, exceptions: bundle.exceptions };
        Ok(Knowledge { world, rules, version: bundle.version })
    }
}
