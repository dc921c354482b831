//! Git: settings that run something, and aliases.

use super::spec;
use super::state::Shell;
use super::text::Text;
use super::walker::{About, Call, Walker};
use crate::verdict::Certainty;

/// What a refspec changes at the other end: the short name there. `+` forces, an empty source deletes.
pub(super) fn refspec(value: &Text, mut modifiers: Vec<String>) -> (Text, Vec<String>) {
    let plain = value.strip_prefix("+");
    if plain.is_some() {
        modifiers.push("force".into());
    }
    let plain = plain.unwrap_or_else(|| value.clone());
    let there = match plain.split_once(":") {
        Some((here, there)) => {
            if here.is_empty() && !there.is_empty() {
                modifiers.push("delete".into());
            }
            there
        }
        None => plain,
    };
    (there.strip_prefix("refs/heads/").unwrap_or(there), modifiers)
}

impl Walker<'_> {
    /// Stands in a temporary folder that is not the project: what is lost there was made to be lost.
    pub(super) fn is_scratch(&self, shell: &Shell) -> bool {
        let Some(cwd) = shell.cwd.as_deref() else { return false };
        let cwd = Text::known(cwd);
        self.know.in_list("tmp", &cwd, &self.vars) == Certainty::Yes && self.know.in_list("workspace", &cwd, &self.vars) != Certainty::Yes
    }

    /// `git -c alias.NAME=COMMAND NAME …`, and an alias that this script configured before: the command behind the alias.
    pub(super) fn git_alias(&mut self, shell: &Shell, call: &Call) {
        let words = &call.words[1..];
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let value = match word.as_known() {
                Some("-c") => {
                    at += 1;
                    words.get(at)
                }
                Some("-C" | "--git-dir" | "--work-tree" | "--namespace" | "--config-env") => {
                    at += 1;
                    None
                }
                _ if word.prefix().starts_with('-') => None,
                _ => break,
            };
            at += 1;
            if let Some((name, command)) = value.and_then(|v| v.split_once("="))
                && let Some(name) = name.as_known().and_then(|n| n.get(..6).filter(|p| p.eq_ignore_ascii_case("alias.")).map(|_| n[6..].to_owned()))
            {
                self.git_aliases.insert(name, command);
            }
        }
        let Some(command) = words.get(at).and_then(Text::as_known) else { return };
        if command == "config" {
            let setting: Vec<&Text> = words[at + 1..].iter().filter(|w| !w.prefix().starts_with('-') && w.as_known() != Some("set")).collect();
            if let [name, value] = setting.as_slice()
                && let Some(name) = name.as_known().and_then(|n| n.strip_prefix("alias."))
            {
                self.git_aliases.insert(name.to_owned(), (*value).clone());
            }
            return;
        }
        let Some(alias) = self.git_aliases.remove(command) else { return };
        let mut text = match alias.strip_prefix("!") {
            Some(script) => script,
            None => {
                let mut text = Text::known("git ");
                text.push(&alias);
                text
            }
        };
        for word in &words[at + 1..] {
            text.push_str(" ");
            text.push(&super::command::quoted(word));
        }
        let mut inner = shell.other_process();
        self.run_at(&mut inner, &text, call.stdin.clone(), call.about.span);
        // It is there for the next call too.
        self.git_aliases.insert(command.to_owned(), alias);
    }

    /// `key=value` of git's configuration: the table says which keys run something.
    pub(super) fn git_config(&mut self, shell: &mut Shell, value: &Text, about: &About) {
        let Some((key, setting)) = value.split_once("=") else { return };
        let key = key.to_string().to_lowercase();
        let mut about = about.clone();
        about.with.add("config");
        self.operate(shell, "git.config-key", Text::known(key.clone()), None, &about);
        let Some(kind) = self.know.specs.table("git-config").and_then(|t| {
            t.iter().filter(|(p, _)| spec::simple_glob(&p.to_lowercase(), &key)).max_by_key(|(p, _)| spec::precision(p)).map(|(_, w)| w.clone())
        }) else {
            return;
        };
        let parts = spec::type_parts(&kind);
        match parts.name {
            // An alias is a git command unless it begins with `!`.
            "git-alias" => {
                if let Some(script) = setting.strip_prefix("!") {
                    self.typed(shell, "script", &script, &about, None);
                }
            }
            name => self.typed(shell, name, &setting, &about, None),
        }
    }

    /// `ext::COMMAND`: a remote that is a command. A `%` and a blank stand for a blank inside of a word, other letters behind a `%` for
    /// what git puts in.
    pub(super) fn git_transport(&mut self, shell: &Shell, command: &Text, about: &About) {
        let script = match command.as_known() {
            Some(known) => {
                let words = known.replace("% ", "\u{1}");
                let words = words.split_whitespace().map(|word| {
                    let plain = word.replace('\u{1}', " ").replace("%G", "").replace("%V", "").replace("%S", "git-upload-pack").replace("%%", "%");
                    shell_words::quote(&plain).into_owned()
                });
                Text::known(words.collect::<Vec<_>>().join(" ")).labelled(command.labels)
            }
            None => command.clone(),
        };
        let mut inner = shell.other_process();
        self.run_at(&mut inner, &script, Text::default(), about.span);
    }
}
