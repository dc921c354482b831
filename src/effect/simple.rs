//! A simple command of the shell: its words, the variables it sets, the function it calls.

use super::command::modifiers;
use super::network;
use super::redirect::Descriptors;
use super::spec;
use super::state::{Channel, Shell, Variable};
use super::text::Text;
use super::walker::{About, Call, Walker};
use super::Action;
use crate::label::Labels;
use crate::shell::{AssignedValue, Assignment, RedirectionKind, SimpleCommand, Statement};
use crate::verdict::{Certainty, Span};

/// Calls of one function inside itself that are taken for "without end".
const MAX_RECURSION: usize = 6;

impl Walker<'_> {
    pub(super) fn simple(&mut self, shell: &mut Shell, simple: &SimpleCommand, statement: &Statement, stdin: &Text, descriptors: &mut Descriptors) -> Text {
        let mut words: Vec<Text> = Vec::with_capacity(simple.words.len());
        for word in &simple.words {
            if !self.step(statement.span) {
                return Text::unknown();
            }
            words.extend(self.fields(shell, word));
        }
        let mut about = About::at(statement.span);
        if matches!(descriptors.get(&0), Some(Channel::Network(_))) {
            about.with.add("network-stdin");
        }
        let declared: Vec<(String, Variable)> = simple.declared.iter().map(|a| self.value(shell, a)).collect();
        let mut before: Vec<(String, Option<Variable>)> = Vec::new();
        for assignment in &simple.assignments {
            let (name, value) = self.value(shell, assignment);
            self.assigned(shell, &name, &value.scalar(), assignment.span);
            before.push((name.clone(), shell.variables.get(&name).cloned()));
            self.assign(shell, assignment, &name, value);
        }
        if words.is_empty() {
            // `$(<file)` and a bare `<file`: the content is the output.
            return if statement.redirections.iter().any(|r| r.kind == RedirectionKind::Input) { stdin.clone() } else { Text::default() };
        }
        let environment: Vec<(String, Text)> =
            simple.assignments.iter().filter_map(|a| Some((a.name.clone(), shell.variables.get(&a.name)?.scalar()))).collect();
        let call = Call { words, declared, environment, stdin: stdin.clone(), about };
        let out = self.command(shell, call, descriptors);
        for (name, old) in before {
            match old {
                Some(value) => shell.variables.insert(name, value),
                None => shell.variables.remove(&name),
            };
        }
        out
    }

    fn value(&mut self, shell: &mut Shell, a: &Assignment) -> (String, Variable) {
        let value = match &a.value {
            AssignedValue::Scalar(word) => Variable::Scalar(self.single(shell, word)),
            AssignedValue::Array(items) => {
                let mut all: Vec<(String, Text)> = Vec::new();
                for (key, word) in items {
                    match key {
                        Some(key) => {
                            let key = self.single(shell, key).to_string();
                            let value = self.single(shell, word);
                            all.push((key, value));
                        }
                        None => {
                            for value in self.fields(shell, word) {
                                all.push((all.len().to_string(), value));
                            }
                        }
                    }
                }
                Variable::Array(all)
            }
        };
        (a.name.clone(), value)
    }

    fn assign(&mut self, shell: &mut Shell, a: &Assignment, name: &str, value: Variable) {
        let old = shell.variables.get(name).cloned();
        match (&a.subscript, value) {
            (Some(key), value) => {
                let key = self.single(shell, key).to_string();
                let mut items = match old {
                    Some(Variable::Array(items)) => items,
                    Some(Variable::Scalar(text)) => vec![("0".to_owned(), text)],
                    None => Vec::new(),
                };
                match items.iter_mut().find(|(k, _)| *k == key) {
                    Some((_, text)) if a.append => text.push(&value.scalar()),
                    Some((_, text)) => *text = value.scalar(),
                    None => items.push((key, value.scalar())),
                }
                shell.variables.insert(name.to_owned(), Variable::Array(items));
            }
            (None, Variable::Scalar(text)) if a.append => {
                let mut all = old.map(|v| v.scalar()).unwrap_or_default();
                all.push(&text);
                shell.set(name, all);
            }
            (None, Variable::Array(more)) if a.append => {
                let mut items = match old {
                    Some(Variable::Array(items)) => items,
                    Some(Variable::Scalar(text)) => vec![("0".to_owned(), text)],
                    None => Vec::new(),
                };
                for (_, text) in more {
                    items.push((items.len().to_string(), text));
                }
                shell.variables.insert(name.to_owned(), Variable::Array(items));
            }
            (None, Variable::Scalar(text)) => shell.set(name, text),
            (None, array) => {
                shell.variables.insert(name.to_owned(), array);
            }
        }
    }

    /// A variable gets a value: the effect of it, and what the value is if the variable's value is code.
    pub(super) fn assigned(&mut self, shell: &mut Shell, name: &str, value: &Text, span: Span) {
        let mut about = About::at(span);
        about.data = value.labels;
        let written = self.know.environment(name).map(|kind| self.written_type(kind, Some(value)));
        let parts = written.as_deref().map(spec::type_parts);
        for modifier in parts.as_ref().map(|p| modifiers(p.modifiers)).unwrap_or_default() {
            about.with.add(&modifier);
        }
        self.effect(shell, Action::Assign, Text::known(name), &about);
        // git's settings by number: the key stands in another variable.
        if let Some(key) = name.strip_prefix("GIT_CONFIG_VALUE_").and_then(|n| shell.variables.get(&format!("GIT_CONFIG_KEY_{n}"))) {
            let mut setting = key.scalar();
            setting.push_str("=");
            setting.push(value);
            self.typed(shell, "git-config", &setting, &About::at(span), None);
        }
        self.endpoint(shell, name, value, span);
        if let Some(parts) = parts {
            about.data = Labels::NONE;
            about.with.add("environment");
            self.typed(shell, parts.name, value, &about, None);
        }
    }

    /// A variable that says where programs show their credential gets another address.
    fn endpoint(&mut self, shell: &Shell, name: &str, value: &Text, span: Span) {
        let Some((kind, credential)) = self.know.credentials.iter().find(|(_, c)| c.endpoints.iter().any(|e| e == name)) else { return };
        let Some(host) = network::of_url(value) else { return };
        let labels = self.know.credential_named(kind);
        // Whether a program with the credential runs is not known.
        let about = About { certainty: Certainty::Maybe, ..About::at(span) };
        let form = credential.forms.first().map(ToString::to_string).unwrap_or_default();
        self.present(shell, &form, labels, value, &host, &about);
    }

    /// Calls a function of the script.
    pub(super) fn call_function(&mut self, shell: &mut Shell, name: &str, body: &str, call: &Call) -> Text {
        if self.calls.iter().filter(|c| *c == name).count() >= MAX_RECURSION {
            self.effect(shell, Action::Recurse, Text::known(name), &call.about);
            return Text::unknown();
        }
        self.calls.push(name.to_owned());
        let outer = std::mem::replace(&mut shell.positional, call.words[1..].to_vec());
        let locals = std::mem::take(&mut shell.locals);
        let frame = std::mem::replace(&mut shell.frame, shell.conditional);
        let body = self.marked(body);
        let out = self.run(shell, &body, call.stdin.clone());
        shell.positional = outer;
        shell.frame = frame;
        for (name, old) in std::mem::replace(&mut shell.locals, locals) {
            match old {
                Some(value) => shell.variables.insert(name, value),
                None => shell.variables.remove(&name),
            };
        }
        self.calls.pop();
        out
    }
}
