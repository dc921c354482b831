//! A folder of data files → everything in it, checked. One reader for `build.rs`, for `--rules DIR` and for layers.

use super::load::{self, LoadError};
use crate::credential::Credential;
use crate::detector::{Detector, DetectorFile};
use crate::egress::Egress;
use super::types::{Exception, Rule};
use crate::effect::spec::{Choice, CommandSpec, ValueType, precision};
use crate::fixed::Str;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// The content of one rules folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Bundle {
    pub rules: Vec<Rule>,
    pub lists: BTreeMap<String, Vec<String>>,
    /// File stem → spec.
    pub commands: BTreeMap<String, CommandSpec>,
    /// Changes when any file does.
    #[serde(default)]
    pub version: String,
    pub tables: BTreeMap<String, Choice>,
    /// Variable glob → type of its value.
    pub environment: BTreeMap<String, ValueType>,
    /// Tool glob → argument glob → type.
    pub tools: BTreeMap<String, BTreeMap<String, ValueType>>,
    /// Language → its lexical facts and call tables, as `effect::inline` reads them.
    pub languages: BTreeMap<String, Value>,
    /// Path pattern → how commands stand in such a file.
    #[serde(default)]
    pub executed: BTreeMap<String, String>,
    /// Where connections may go.
    #[serde(default)]
    pub egress: Egress,
    /// Kind → what holds such a credential, and who may be shown it.
    #[serde(default)]
    pub credentials: BTreeMap<String, Credential>,
    #[serde(default)]
    pub detectors: Vec<Detector>,
    pub exceptions: Vec<Exception>,
    /// Data that nothing reads yet but that must stay well-formed.
    pub other: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolFile {
    tool: BTreeMap<String, BTreeMap<String, ValueType>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionFile {
    exception: Vec<Exception>,
}

/// Types a value may have; see `rules/README.md`.
const TYPES: &[&str] = &[
    "", "text", "read", "write", "edit", "delete", "land", "move", "perm", "path", "url", "host", "send", "read-and-send", "remote",
    "remote-to", "script", "script-rest", "script-file", "code", "code-rest", "encoded-code", "arguments-file", "code-file", "program", "command", "arguments", "assign", "cwd",
    "object", "mount", "served", "sql", "unknown", "git-remote", "git-refspec", "git-config", "git-alias", "env-print", "placeholder", "text2",
    "module", "git-config-key", "send-auth", "linked", "verb-words", "edit-maybe", "library", "label", "path-object", "package-command", "described-command", "write-aside", "archive", "search-path", "options-of", "header",
    "manifest",
];

impl Bundle {
    /// Reads files given as path relative to the folder, and text. `known_lists` names lists of the layers below.
    pub fn read(folder: &str, files: &[(String, String)], known_lists: &[String]) -> (Bundle, Vec<LoadError>) {
        let mut bundle = Bundle::default();
        let mut errors = Vec::new();
        // Lists first: rules name them.
        for (path, text) in files.iter().filter(|(p, _)| p == "lists.toml") {
            match load::parse::<BTreeMap<String, Vec<String>>>(&format!("{folder}/{path}"), text) {
                Ok(lists) => bundle.lists = lists,
                Err(error) => errors.push(error),
            }
        }
        // The hosts of the egress list are a list that rules may name.
        for (path, text) in files.iter().filter(|(p, _)| p == "egress.toml") {
            let file = format!("{folder}/{path}");
            match load::parse::<Egress>(&file, text) {
                Ok(mut egress) => {
                    errors.extend(egress.locate(&file, text).into_iter().map(|(line, what)| LoadError { file: file.clone(), line, what }));
                    bundle.lists.insert("egress-hosts".into(), egress.patterns());
                    bundle.egress = egress;
                }
                Err(error) => errors.push(error),
            }
        }
        let lists: Vec<String> = bundle.lists.keys().cloned().chain(known_lists.iter().cloned()).collect();
        for (list, entries) in &bundle.lists {
            for entry in entries {
                if let Some(other) = entry.strip_prefix('@')
                    && !lists.iter().any(|l| l == other)
                {
                    let what = format!("list `{list}` names the unknown list `@{other}`");
                    errors.push(LoadError { file: format!("{folder}/lists.toml"), line: 1, what });
                }
            }
        }
        for (path, text) in files {
            let file = format!("{folder}/{path}");
            if let Err(error) = bundle.add(&file, path, text, &lists) {
                errors.push(error);
            }
        }
        errors.extend(bundle.names_twice(folder));
        let mut hasher = DefaultHasher::new();
        files.hash(&mut hasher);
        bundle.version = format!("{:016x}", hasher.finish());
        bundle.rules.sort_by(|a, b| a.id.cmp(&b.id));
        for pair in bundle.rules.windows(2) {
            if pair[0].id == pair[1].id {
                let what = format!("there are two rules `{}`; ids are file names and must differ", pair[0].id);
                errors.push(LoadError { file: format!("{folder}/policy/{}/{}.toml", pair[1].subject, pair[1].id), line: 1, what });
            }
        }
        (bundle, errors)
    }

    /// Programs that two files of the folder describe: one of them would be read by nobody.
    fn names_twice(&self, folder: &str) -> Vec<LoadError> {
        let mut described = BTreeMap::new();
        let names = self.commands.iter().flat_map(|(file, spec)| spec.names.iter().map(move |name| (&**name, file)));
        names
            .filter_map(|(name, file)| {
                let other = described.insert(name, file)?;
                let what = format!("`{name}` is described in {other}.toml too; one file describes a program");
                Some(LoadError { file: format!("{folder}/commands/{file}.toml"), line: 1, what })
            })
            .collect()
    }

    /// Variables with the types of their values, the most precise name first.
    pub fn environment_in_order(&self) -> Vec<(Str, ValueType)> {
        let mut all: Vec<(Str, ValueType)> = self.environment.iter().map(|(name, kind)| (name.clone().into(), kind.clone())).collect();
        all.sort_by_cached_key(|(name, _)| std::cmp::Reverse(precision(name)));
        all
    }

    /// Tools, their arguments and the types of these, the most precise names first.
    pub fn tools_in_order(&self) -> Vec<(Str, Str, ValueType)> {
        let of = |(tool, arguments): (&String, &BTreeMap<String, ValueType>)| {
            let tool = tool.clone();
            arguments.iter().map(move |(name, kind)| (tool.clone().into(), name.clone().into(), kind.clone())).collect::<Vec<_>>()
        };
        let mut all: Vec<(Str, Str, ValueType)> = self.tools.iter().flat_map(of).collect();
        all.sort_by_cached_key(|(tool, name, _)| std::cmp::Reverse((precision(tool), precision(name))));
        all
    }

    /// Path patterns, and how commands stand in such files; the most precise pattern first: a list is the vaguest, then the one with
    /// more wildcards, then the shorter one.
    pub fn executed_in_order(&self) -> Vec<(Str, Str)> {
        let mut all: Vec<(Str, Str)> = self.executed.iter().map(|(path, form)| (path.clone().into(), form.clone().into())).collect();
        all.sort_by_cached_key(|(path, _)| (path.starts_with('@'), path.matches('*').count(), std::cmp::Reverse(path.len())));
        all
    }

    /// Kinds of credentials with their names.
    pub fn credentials_in_order(&self) -> Vec<(Str, Credential)> {
        self.credentials.iter().map(|(kind, credential)| (kind.clone().into(), credential.clone())).collect()
    }

    fn add(&mut self, file: &str, path: &str, text: &str, lists: &[String]) -> Result<(), LoadError> {
        let parts: Vec<&str> = path.split('/').collect();
        let stem = parts.last().and_then(|l| l.strip_suffix(".toml")).unwrap_or("");
        match parts.as_slice() {
            ["lists.toml" | "config.toml" | "egress.toml"] => {}
            ["executed.toml"] => self.executed = load::parse(file, text)?,
            ["policy", .., subject, _] => {
                let subject = if *subject == "policy" { "" } else { subject };
                self.rules.push(load::rule(file, stem, subject, text, &|name| lists.iter().any(|l| l == name))?);
            }
            ["policy", _] => self.rules.push(load::rule(file, stem, "", text, &|name| lists.iter().any(|l| l == name))?),
            ["commands", "_tables.toml"] => self.tables = load::parse(file, text)?,
            ["commands", _] => {
                let mut spec: CommandSpec = load::parse(file, text)?;
                if spec.names.is_empty() {
                    spec.names = vec![stem.to_owned().into()].into();
                }
                check_spec(file, text, &spec)?;
                self.commands.insert(stem.to_owned(), spec);
            }
            ["environment.toml"] => {
                self.environment = load::parse(file, text)?;
                check_types(file, text, self.environment.values())?;
            }
            ["credentials.toml"] => self.credentials = load::parse(file, text)?,
            ["tools", _] => {
                let tools = load::parse::<ToolFile>(file, text)?.tool;
                check_types(file, text, tools.values().flat_map(BTreeMap::values))?;
                self.tools.extend(tools);
            }
            ["languages", _] => {
                self.languages.insert(stem.to_owned(), load::parse(file, text)?);
            }
            ["detectors.toml"] => self.detectors = load::parse::<DetectorFile>(file, text)?.detector,
            ["exceptions.toml"] => self.exceptions = load::parse::<ExceptionFile>(file, text)?.exception,
            [other] if other.ends_with(".toml") => {
                self.other.insert(stem.to_owned(), load::parse(file, text)?);
            }
            _ => {
                let what = "guard does not know this file; expected policy/, commands/, tools/, languages/ or a named list file".into();
                return Err(LoadError { file: file.to_owned(), line: 1, what });
            }
        }
        Ok(())
    }
}

/// Every type that is written must exist.
fn check_types<'v>(file: &str, text: &str, values: impl IntoIterator<Item = &'v ValueType>) -> Result<(), LoadError> {
    let check = |written: &str| {
        let parts = crate::effect::spec::type_parts(written);
        if let Some(bad) = parts.modifiers.split_whitespace().find(|m| !m.starts_with('+')) {
            return complain(file, text, written, format!("`{bad}` in `{written}` is no modifier; modifiers begin with `+`"));
        }
        let name = parts.name.rsplit(':').next().unwrap_or(parts.name);
        let name = name.strip_prefix("text-").unwrap_or(name);
        let name = if name.starts_with("options-of-") { "options-of" } else { name };
        if parts.name.starts_with("table:") || TYPES.contains(&name) {
            return Ok(());
        }
        complain(file, text, written, format!("unknown value type `{}`; the types are in rules/README.md", parts.name))
    };
    values.into_iter().try_for_each(|value| match value {
        ValueType::One(written) => check(written),
        ValueType::Choice(choice) => choice.values().try_for_each(|w| check(w)),
    })
}

/// A mistake in the line that holds the quoted text.
fn complain(file: &str, text: &str, written: &str, what: String) -> Result<(), LoadError> {
    let line = text.lines().position(|l| l.contains(&format!("\"{written}\""))).map_or(1, |at| at + 1);
    Err(LoadError { file: file.to_owned(), line, what })
}

/// Every type that a spec writes must exist.
fn check_spec(file: &str, text: &str, spec: &CommandSpec) -> Result<(), LoadError> {
    let values = spec
        .operands
        .iter()
        .flat_map(|types| types.iter())
        .chain(&spec.last)
        .chain(spec.flags.values())
        .chain(spec.env.values());
    check_types(file, text, values)?;
    let mut seen = BTreeSet::new();
    for key in spec.flags.keys() {
        for flag in key.split(',').map(str::trim) {
            if !seen.insert(flag) {
                return complain(file, text, key, format!("`{flag}` is typed twice for one command; which type holds would be chance"));
            }
        }
        if let Some(bad) = key.split(',').map(str::trim).find(|k| !k.starts_with(['-', '+'])) {
            return complain(file, text, key, format!("`{bad}` is no flag; flags begin with `-`"));
        }
    }
    spec.sub.values().chain(spec.when.values()).try_for_each(|inner| check_spec(file, text, inner))
}
