//! What inline code in other languages would do, as effects.

use super::inline::{self, Found};
use super::network;
use super::redirect::Descriptors;
use super::walker::{About, Call, Walker};
use super::state::Shell;
use super::text::Text;
use super::{Action, Effect};
use crate::label::{Label, Labels};
use crate::verdict::Certainty;

impl Walker<'_> {
    /// Reads code in `language` and adds what it would do. Gives what it prints, as far as that is known: the
    /// labels of what the programs print that it starts, and the text that a query puts together.
    pub(super) fn code(&mut self, shell: &mut Shell, language: &str, text: &Text, about: &About) -> Text {
        let Some(table) = self.know.languages.get(language) else { return Text::default() };
        let found = match table.grammar.as_deref() {
            Some("sed") => inline::scan_sed(text),
            Some("sql") => inline::scan_sql(text, table),
            Some("lines") => inline::scan_lines(text, table, &self.home()),
            Some("words") => inline::scan_words(text, table),
            Some("macros") => inline::scan_macros(text, table, &self.home()),
            _ => inline::scan(text, table, &self.home()),
        };
        let mut about = about.clone();
        about.with.add("inline");
        // One look for all that the code does: which call works on which database is not followed.
        if found.iter().any(|f| matches!(f, Found::Operate(..) | Found::Sql(_))) && self.know.in_list("throwaway-code", text, &self.vars) == Certainty::Yes {
            about.with.add("scratch");
        }
        let connects = found.iter().any(|f| matches!(f, Found::Connect(_)));
        let runs = found.iter().any(|f| matches!(f, Found::Shell(_) | Found::Argv(_) | Found::Serve | Found::Opaque("executes")));
        if connects && runs {
            self.operate(shell, "shell.reverse", Text::default(), None, &about);
        }
        let decodes = found.contains(&Found::Decode);
        let (mut secret, mut outside) = (Labels::NONE, Labels::NONE);
        let mut shell = shell.other_process();
        let mut printed = Text::default();
        for one in &found {
            if let Found::Printed(text) = one {
                printed.push(text);
                printed.push_str("\n");
            }
            printed.labels.add(self.found(&mut shell, one, &about, decodes, &mut secret));
            if let Found::Read(path) = one {
                outside.add(self.labels_of(&self.absolute(&shell, path)).only(Label::Outside));
            }
        }
        // A file from elsewhere that was read, and data that is sent by the same code.
        for one in found.iter().filter(|_| !outside.is_empty()) {
            let (Found::Send(url) | Found::Connect(url)) = one else { continue };
            let Some(host) = network::of_url(url).filter(|host| host.as_known().is_some_and(|h| h.contains('.'))) else { continue };
            let mut effect = Effect::new(Action::Send, url.clone(), about.span);
            effect.target.host = Some(host);
            effect.data = outside;
            effect.with = about.with.clone();
            self.push(&shell, effect);
        }
        // A secret that was read in the same code and a request in it: the one may carry the other.
        if !secret.is_empty() {
            for one in &found {
                let (Found::Send(url) | Found::Connect(url) | Found::Fetch(url)) = one else { continue };
                let host = network::of_url(url).unwrap_or_else(Text::unknown);
                // A header in all likelihood, where it is the host's own; a body is still possible when there is one.
                let own = self.know.belongs(secret, &host, "header:authorization", &self.vars) && url.as_known().is_some();
                if own && matches!(one, Found::Fetch(_)) {
                    self.present(&shell, "header:authorization", secret, url, &host, &about);
                    continue;
                }
                let mut effect = Effect::new(Action::Send, url.clone(), about.span);
                effect.target.host = Some(host);
                effect.data = secret;
                effect.with = about.with.clone();
                if own {
                    effect.certainty = Certainty::Maybe;
                }
                self.push(&shell, effect);
            }
        }
        printed
    }

    fn found(&mut self, shell: &mut Shell, one: &Found, about: &About, decodes: bool, secret: &mut Labels) -> Labels {
        match one {
            Found::Shell(text) if decodes && text.prefix().is_empty() && text.has_unknown() => {
                let mut about = about.clone();
                about.data.add(Labels::of(Label::Opaque));
                self.operate(shell, "code.opaque", Text::default(), None, &about);
            }
            Found::Shell(text) => return self.run_at(shell, text, Text::default(), about.span).labels,
            Found::Argv(words) => {
                let mut inner = About::at(about.span);
                inner.certainty = about.certainty;
                let call = Call { words: words.clone(), declared: Vec::new(), environment: Vec::new(), stdin: Text::default(), about: inner };
                return self.command(shell, call, &mut Descriptors::new()).labels;
            }
            Found::Read(path) => {
                let path = self.absolute(shell, path);
                secret.add(self.read_file(shell, &path, about).labels.only(Label::Secret));
            }
            Found::Include(url) if network::is_url(url) => {
                self.reach(shell, Action::Fetch, url, about);
                self.effect(shell, Action::Execute, url.clone(), &About { data: Labels::of(Label::Network), ..about.clone() });
            }
            Found::Include(path) => {
                let path = self.absolute(shell, path);
                secret.add(self.read_file(shell, &path, about).labels.only(Label::Secret));
            }
            Found::Code(language, text) => return self.code(shell, language, text, about).labels,
            Found::Write(path) => {
                let path = self.absolute(shell, path);
                self.effect(shell, Action::Write, path, about);
            }
            Found::Put { path, content } => {
                let path = self.absolute(shell, path);
                self.effect(shell, Action::Write, path.clone(), about);
                self.written(shell, &path, content, about);
            }
            Found::Delete { path, recursive } => {
                let path = self.absolute(shell, path);
                let mut about = about.clone();
                if *recursive {
                    about.with.add("recursive");
                }
                self.effect(shell, Action::Delete, path, &about);
            }
            Found::Move(from, to) => {
                let from = self.absolute(shell, from);
                let to = self.absolute(shell, to);
                let labels = self.labels_of(&from);
                let mut moved = about.clone();
                moved.data.add(labels);
                self.effect(shell, Action::Read, from.clone(), &moved);
                self.effect(shell, Action::Move, from, &moved);
                self.effect(shell, Action::Write, to, about);
            }
            Found::Copy(from, to) => {
                let from = self.absolute(shell, from);
                let to = self.absolute(shell, to);
                let text = self.read_file(shell, &from, about);
                secret.add(text.labels.only(Label::Secret));
                let mut written = about.clone();
                written.data.add(text.labels.without(Label::Outside));
                self.effect(shell, Action::Write, to.clone(), &written);
                self.written(shell, &to, &text, about);
            }
            Found::Perm(path) => {
                let path = self.absolute(shell, path);
                self.effect(shell, Action::Perm, path, about);
            }
            Found::Connect(host) => self.reach(shell, Action::Connect, host, about),
            Found::Fetch(url) => self.reach(shell, Action::Fetch, url, about),
            Found::Send(url) => self.reach(shell, Action::Send, url, about),
            Found::Environment(None) => {
                self.environment_printed(shell, about);
            }
            Found::Environment(Some(name)) => {
                secret.add(self.know.variable_labels(name, &self.vars));
            }
            Found::Opaque(what) => {
                let mut about = about.clone();
                if decodes {
                    about.data.add(Labels::of(Label::Opaque));
                }
                about.with.add(what);
                if decodes || *what == "executes" {
                    self.operate(shell, "code.opaque", Text::default(), None, &about);
                }
            }
            Found::Sql(text) => return self.code(shell, "sql", text, about).labels,
            Found::Operate(name, target) if target.prefix().contains("://") => {
                self.operate(shell, name, target.clone(), network::of_url(target), about);
            }
            Found::Operate(name, target) if target.prefix().starts_with(['/', '~']) => {
                let path = self.absolute(shell, target);
                let about = About { data: self.labels_of(&path), ..about.clone() };
                self.operate(shell, name, path, None, &about);
            }
            Found::Operate(name, target) => self.operate(shell, name, target.clone(), None, about),
            Found::Literal(path) => {
                let absolute = self.absolute(shell, path);
                if !self.secret_labels(&absolute).only(Label::Secret).is_empty() {
                    secret.add(Labels::perhaps(Label::Secret));
                }
                self.touch(shell, path, about);
            }
            Found::Decode | Found::Serve | Found::Printed(_) => {}
        }
        Labels::NONE
    }

    fn reach(&mut self, shell: &Shell, action: Action, url: &Text, about: &About) {
        let mut effect = Effect::new(action, url.clone(), about.span);
        effect.target.host = network::of_url(url);
        effect.data = url.labels;
        effect.with = about.with.clone();
        effect.program.clone_from(&about.program);
        self.push(shell, effect);
    }
}
