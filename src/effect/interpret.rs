//! What a program does with its sorted words: operands get their types, every value is done, and the sum of it comes out.

use super::command::{Claim, Sorted, in_force, modifiers, operand_types};
use super::spec::{self, CommandSpec};
use super::network;
use super::state::{Shell, Variable};
use super::text::Text;
use super::Action;
use super::walker::{About, Call, Walker};
use crate::label::Labels;
use crate::verdict::Certainty;

/// What the claims of one command add up to.
#[derive(Default)]
pub(super) struct Sum {
    /// Labels and text of what was read; becomes the output.
    pub(super) read: Vec<Text>,
    /// What is sent.
    pub(super) sent: Labels,
    /// What is presented as authentication, and how: see [`crate::credential::Credential::forms`].
    pub(super) presented: Vec<(String, Labels)>,
    pub(super) sends: bool,
    /// The hosts and URLs that are talked to.
    pub(super) peers: Vec<(Text, Text)>,
    /// Files that get another name.
    pub(super) linked: Vec<String>,
    /// Files that get the output or the download.
    pub(super) outputs: Vec<Text>,
    pub(super) objects: Vec<(Text, Vec<String>)>,
    pub(super) git_hosts: Vec<(Text, Option<Text>)>,
    /// Output of re-entered scripts and commands.
    pub(super) inner: Option<Text>,
    /// The command that was re-entered only looks at the machine.
    pub(super) only_looks: bool,
}

impl Sum {
    /// This comes out of code that was run on the way: a text, or only labels.
    pub(super) fn prints(&mut self, printed: Text) {
        if !printed.is_empty() {
            self.read.push(printed);
        } else if !printed.labels.is_empty() {
            self.read.push(Text::unknown().labelled(printed.labels));
        }
    }
}

impl Walker<'_> {
    /// Does what the spec says with every value; gives the output.
    pub(super) fn interpret(&mut self, shell: &mut Shell, mut sorted: Sorted<'_>, call: &Call) -> Text {
        self.claim_operands(&mut sorted);
        for (spec, _) in &sorted.chain {
            sorted.modifiers.extend(spec.modifiers.iter().map(ToString::to_string));
            for (name, kind) in &spec.env {
                // Set for this command, or by an earlier one.
                let prefix = call.environment.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
                if let Some(value) = prefix.or_else(|| shell.variables.get(name).map(Variable::scalar)) {
                    sorted.modifiers.extend(modifiers(spec::type_parts(&self.written_type(kind, Some(&value))).modifiers));
                }
            }
        }
        if sorted.modifiers.iter().any(|m| m == "remote") && self.goes_nowhere(&sorted) {
            sorted.modifiers.retain(|m| m != "remote");
        }
        let mut about = call.about.clone();
        for modifier in &sorted.modifiers {
            about.with.add(modifier);
        }
        if sorted.operands.iter().any(|t| t.parts().iter().any(|p| matches!(p, super::Part::Glob(_)))) {
            about.with.add("wildcard");
        }
        let chain = sorted.chain.clone();
        let mods = sorted.modifiers.clone();
        self.environment_of(shell, &chain, call, &about);

        let mut inner_shell = shell.other_process();
        let ambient: Vec<&str> = ["elevated", "remote", "container", "served", "cluster", "scratch", "secret-env"].into_iter().filter(|m| about.with.has(m)).collect();
        for modifier in ambient {
            inner_shell.ambient.add(modifier);
        }
        let mut sum = Sum::default();
        // Folders and assignments first: they change what the other values mean.
        for claim in sorted.claims.iter().filter(|c| c.kind == "cwd") {
            let path = self.absolute(&inner_shell, &claim.value);
            inner_shell.cwd = path.as_known().map(str::to_owned);
            // What is unpacked lands there.
            if about.with.has("into-folder") {
                self.effect(shell, Action::Write, path, &about);
            }
        }
        if chain[0].0.system.as_deref() == Some("git") && self.is_scratch(&inner_shell) {
            about.with.add("scratch");
        }
        let stdin_kind = in_force(&chain, &mods, |s| s.stdin.as_deref()).unwrap_or("read").to_owned();
        // `-t FOLDER` gets what the operands behind it are.
        sorted.claims.sort_by_key(|c| c.kind == "land");
        let sources: Vec<Text> = sorted
            .claims
            .iter()
            .filter(|c| c.operand.is_some() && matches!(c.kind.as_str(), "read" | "move" | "remote" | "read-and-send"))
            .map(|c| c.value.clone())
            .collect();
        for (at, claim) in sorted.claims.iter().enumerate() {
            let mut about = about.clone();
            for modifier in &claim.modifiers {
                about.with.add(modifier);
            }
            self.one(&mut inner_shell, claim, &sorted.claims[at + 1..], &sorted, call, &about, &sources, &mut sum);
            if claim.operand.is_some() && stops(&claim.kind) {
                break;
            }
        }
        self.stdin_of(shell, &mut inner_shell, &stdin_kind, &chain, &mods, call, &about, &mut sum);
        self.peers(shell, &about, &mut sum);
        if sum.only_looks {
            about.with.add("looks");
        }
        self.operations(shell, &sorted, &chain, &mods, &about, &sum);
        let strict = chain.iter().any(|(s, _)| s.strict);
        // `file://` reads a file wherever a value may be given.
        for word in sorted.unclaimed.iter().filter(|w| strict && w.prefix().starts_with("file")) {
            self.touch(shell, word, &about);
        }
        if !strict {
            for word in std::mem::take(&mut sorted.unclaimed) {
                self.plan.unclaimed.push(word.to_string());
                self.touch(shell, &word, &about);
            }
            let (leaf, _) = chain[chain.len() - 1];
            if !leaf.sub.is_empty() && sorted.operands.first().is_some() && leaf.operands.is_none() {
                self.verbs(shell, &sorted.operands, &about);
            }
        }
        // `--dir FOLDER`: relative names of what comes out are meant in it.
        let place = if mods.iter().any(|m| m == "output-folder") { &inner_shell } else { &*shell };
        self.output(place, &chain, &mods, &sorted, call, &about, sum)
    }

    /// The host that a command runs on is this machine.
    fn goes_nowhere(&self, sorted: &Sorted<'_>) -> bool {
        let mut hosts = sorted.claims.iter().filter(|c| c.kind == "host").map(|c| c.value.split_once("@").map_or_else(|| c.value.clone(), |(_, host)| host));
        hosts.any(|host| network::of_url(&host).is_some_and(|host| self.know.in_list("this-machine", &host, &self.vars) == Certainty::Yes))
    }

    /// Gives every operand its type.
    fn claim_operands(&mut self, sorted: &mut Sorted<'_>) {
        let types = operand_types(&sorted.chain, &sorted.modifiers);
        let last = in_force(&sorted.chain, &sorted.modifiers, |s| s.last.as_ref());
        let count = sorted.operands.len();
        let strict = sorted.chain.iter().any(|(s, _)| s.strict);
        for (at, value) in sorted.operands.clone().into_iter().enumerate() {
            let kind = match last {
                Some(last) if at + 1 == count && count >= 2 => Some(last),
                _ => types.get(at).or(types.last()),
            };
            let Some(kind) = kind else {
                if !strict {
                    sorted.unclaimed.push(value);
                }
                continue;
            };
            let written = self.written_type(kind, Some(&value));
            let parts = spec::type_parts(&written);
            let own = modifiers(parts.modifiers);
            // A modifier chosen by an operand counts for the whole command.
            sorted.modifiers.extend(own.iter().cloned());
            if parts.name == "assign" && value.split_once("=").is_none() {
                sorted.claims.push(Claim { kind: "command".into(), value, modifiers: own, operand: Some(at) });
                continue;
            }
            if !parts.name.is_empty() {
                sorted.claims.push(Claim { kind: parts.name.to_owned(), value, modifiers: own, operand: Some(at) });
            }
        }
    }

    /// Variables set for this command that its spec gives a meaning.
    fn environment_of(&mut self, shell: &mut Shell, chain: &[(&CommandSpec, String)], call: &Call, about: &About) {
        let mut about = about.clone();
        about.with.add("environment");
        for (name, value) in &call.environment {
            let kind = chain.iter().rev().find_map(|(s, _)| s.env.get(name));
            if let Some(kind) = kind {
                let written = self.written_type(kind, Some(value));
                let parts = spec::type_parts(&written);
                for modifier in modifiers(parts.modifiers) {
                    about.with.add(&modifier);
                }
                self.typed(shell, parts.name, value, &about, None);
            }
        }
    }

    /// One value of one type, outside a command's own words (variables, tables, tools).
    pub(super) fn typed(&mut self, shell: &mut Shell, kind: &str, value: &Text, about: &About, lang: Option<&str>) {
        let claim = Claim { kind: kind.to_owned(), value: value.clone(), modifiers: Vec::new(), operand: None };
        let spec = CommandSpec { lang: lang.map(|l| l.to_owned().into()), ..CommandSpec::default() };
        let sorted =
            Sorted { chain: vec![(&spec, String::new())], claims: Vec::new(), operands: Vec::new(), modifiers: Vec::new(), unclaimed: Vec::new(), path: String::new() };
        let call = Call {
            words: vec![Text::known(about.program.clone())],
            declared: Vec::new(),
            environment: Vec::new(),
            stdin: Text::default(),
            about: about.clone(),
        };
        let mut sum = Sum::default();
        let mut inner = shell.other_process();
        self.one(&mut inner, &claim, &[], &sorted, &call, about, &[], &mut sum);
        self.peers(shell, about, &mut sum);
    }
}

/// A type that takes all operands from its own on.
fn stops(kind: &str) -> bool {
    matches!(kind, "command" | "package-command" | "described-command" | "script-rest" | "code-rest" | "program" | "script-file" | "code-file" | "served")
}
