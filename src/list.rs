//! Named lists of patterns, and the folders that patterns may name.
//!
//! Depends on texts and certainty alone, so that both the effects (labels of files) and the rules use it.

use crate::effect::Text;
use crate::glob;
use crate::verdict::Certainty;
use std::collections::{BTreeMap, HashMap};

/// What `{cwd}`, `{home}`, `{project}` and other placeholders in patterns stand for; one may have several values.
#[derive(Debug, Clone, Default)]
pub struct Vars {
    values: Vec<(String, Vec<String>)>,
}

impl Vars {
    /// Sets a placeholder.
    pub fn set(&mut self, name: &str, values: Vec<String>) {
        self.values.retain(|(n, _)| n != name);
        self.values.push((name.to_owned(), values));
    }

    /// The pattern with its placeholders replaced; a placeholder without a value matches nothing.
    pub fn expand(&self, pattern: &str) -> Vec<String> {
        let Some((head, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
        let Some((name, tail)) = rest.split_once('}') else { return vec![pattern.to_owned()] };
        if name.contains(',') {
            return vec![pattern.to_owned()];
        }
        match self.values.iter().find(|(n, _)| n == name) {
            Some((_, values)) => values
                .iter()
                .flat_map(|v| self.expand(tail).into_iter().map(move |t| format!("{head}{}{t}", v.trim_end_matches('/'))))
                .collect(),
            None => Vec::new(),
        }
    }
}

/// Lists by name; an entry `@other` stands for that list's entries.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    lists: HashMap<String, Vec<String>>,
}

impl Lists {
    /// Puts lists together; entries that name a list are replaced by its entries. Errors name the list and the entry.
    pub fn new(raw: &BTreeMap<String, Vec<String>>) -> Result<Lists, String> {
        fn flatten(raw: &BTreeMap<String, Vec<String>>, name: &str, depth: u32, out: &mut Vec<String>) -> Result<(), String> {
            if depth > 16 {
                return Err(format!("list `{name}` contains itself"));
            }
            let entries = raw.get(name).ok_or_else(|| format!("there is no list `@{name}`"))?;
            for entry in entries {
                match entry.strip_prefix('@') {
                    Some(other) => flatten(raw, other, depth + 1, out)?,
                    None => out.push(entry.clone()),
                }
            }
            Ok(())
        }
        let mut lists = HashMap::new();
        for name in raw.keys() {
            let mut out = Vec::new();
            flatten(raw, name, 0, &mut out)?;
            lists.insert(name.clone(), out);
        }
        Ok(Lists { lists })
    }

    /// The entries of a list.
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.lists.get(name).map(Vec::as_slice)
    }

    /// The names of all lists.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lists.keys().map(String::as_str)
    }

    /// How surely one of the patterns or `@lists` matches.
    pub fn any(&self, patterns: &[String], text: &Text, vars: &Vars) -> Certainty {
        self.any_by(patterns, text, vars, glob::matches)
    }

    /// The same for hosts.
    pub fn any_host(&self, patterns: &[String], text: &Text, vars: &Vars) -> Certainty {
        self.any_by(patterns, text, vars, glob::matches_host)
    }

    fn any_by(&self, patterns: &[String], text: &Text, vars: &Vars, matches: fn(&str, &Text) -> Certainty) -> Certainty {
        let mut best = Certainty::No;
        for pattern in patterns {
            let found = match pattern.strip_prefix('@') {
                Some(list) => self.any_by(self.get(list).unwrap_or_default(), text, vars, matches),
                None if pattern.contains('{') => {
                    vars.expand(pattern).iter().map(|p| matches(p, text)).max().unwrap_or(Certainty::No)
                }
                None => matches(pattern, text),
            };
            best = best.or(found);
            if best == Certainty::Yes {
                break;
            }
        }
        best
    }
}
