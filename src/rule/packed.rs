//! Rules of a layer as one text that is used without being read whole: an index of actions, then one rule a line, decoded when an
//! effect first asks for it. It says nothing but rules: what loosens cannot be written in it.

use super::index::{ANY, by_action};
use super::types::{Examples, Rule};
use crate::effect::spec::simple_glob;
use std::cell::OnceCell;
use std::fmt::Write;

/// Stands between the index and the rules.
const BOUND: &str = "\n\n";

/// Rules that are decoded when they are asked for.
pub struct PackedRules {
    /// Action as written in rules → numbers of rules.
    index: Vec<(&'static str, &'static str)>,
    rules: Vec<Packed>,
}

struct Packed {
    id: &'static str,
    json: &'static str,
    rule: OnceCell<Box<Rule>>,
    /// A layer above has put another rule in its place.
    replaced: bool,
}

/// Writes rules, without their examples, as [`PackedRules::new`] reads them.
pub fn pack<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> String {
    let rules: Vec<Rule> = rules.into_iter().map(|rule| Rule { examples: Examples::default(), ..rule.clone() }).collect();
    let mut out = String::new();
    for (action, numbers) in by_action(&rules) {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "{action}\t{}", numbers.join(" "));
    }
    out.push('\n');
    for rule in &rules {
        let json = serde_json::to_string(rule).unwrap_or_default();
        let _ = writeln!(out, "{}\t{json}", rule.id);
    }
    out
}

impl PackedRules {
    /// Takes a text that [`pack`] wrote; `None` for any other. The text is kept for as long as the process lives.
    pub fn new(text: String) -> Option<PackedRules> {
        let text: &'static str = Box::leak(text.into_boxed_str());
        let (index, rules) = if let Some(rules) = text.strip_prefix('\n') { ("", rules) } else { text.split_once(BOUND)? };
        let index = index.lines().map(|line| line.split_once('\t')).collect::<Option<Vec<_>>>()?;
        let rules = rules.lines().map(|line| line.split_once('\t').map(|(id, json)| Packed { id, json, rule: OnceCell::new(), replaced: false })).collect::<Option<Vec<_>>>()?;
        Some(PackedRules { index, rules })
    }

    /// The ids of all rules.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter(|p| !p.replaced).map(|p| p.id)
    }

    /// Every rule.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|p| !p.replaced).map(Packed::decoded)
    }

    /// The rule of that id.
    pub fn find(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|p| !p.replaced && p.id == id).map(Packed::decoded)
    }

    /// Takes a rule out.
    pub fn remove(&mut self, id: &str) {
        self.rules.iter_mut().filter(|p| p.id == id).for_each(|p| p.replaced = true);
    }

    /// The rules that may speak about an action.
    pub fn about(&self, action: &str) -> Vec<&Rule> {
        let named = self.index.iter().filter(|(key, _)| *key == ANY || simple_glob(key, action));
        let mut numbers: Vec<usize> = named.flat_map(|(_, numbers)| numbers.split(' ').filter_map(|n| n.parse().ok())).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|at| self.rules.get(at)).filter(|p| !p.replaced).map(Packed::decoded).collect()
    }
}

impl Packed {
    /// Panics on a line that [`pack`] did not write: in a hook that ends in a denial.
    fn decoded(&self) -> &Rule {
        self.rule.get_or_init(|| {
            serde_json::from_str(self.json).unwrap_or_else(|error| panic!("the compiled rule `{}` cannot be read: {error}; remove the compiled layer", self.id))
        })
    }
}
