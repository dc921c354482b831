//! Which rules may speak about an action, so that an effect is held against a few rules and not against all of them. `build.rs`
//! includes this file.

use super::types::Rule;
use std::collections::{BTreeMap, BTreeSet};

/// The key of rules that speak about every action.
pub const ANY: &str = "";

/// Whether a key has to be held against an action: it stands for every action, or for some by a pattern.
pub fn is_open(key: &str) -> bool {
    key == ANY || key.contains(['*', '?', '[', '|'])
}

/// Action as written in rules, or [`ANY`] → the numbers of the rules that name it.
pub fn by_action<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> BTreeMap<&'r str, BTreeSet<usize>> {
    let mut index: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (at, rule) in rules.into_iter().enumerate() {
        for one in rule.matches.iter() {
            if one.action.is_empty() {
                index.entry(ANY).or_default().insert(at);
            }
            for action in one.action.iter() {
                index.entry(action).or_default().insert(at);
            }
        }
    }
    index
}
