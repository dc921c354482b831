//! Walks a script in order: statements, pipelines, branches, loops, and what is substituted into words.

use super::redirect::Descriptors;
use super::state::{Channel, Shell, Variable};
use super::text::{Part, Text};
use super::walker::{About, Walker};
use super::{Action, Effect};
use crate::label::{Label, Labels};
use crate::shell::{self, Command, Join, Script, Statement, Word};
use crate::verdict::{Certainty, Span};
use std::borrow::Borrow;
use std::rc::Rc;

/// Shells inside shells.
const MAX_DEPTH: u32 = 24;

/// Openers in a text that the grammar refuses, above which depth was the reason.
const MAX_NESTING: usize = 90;

/// Stands for an unknown stretch while a partly known text is parsed as a script.
pub(super) const UNKNOWN_MARK: char = '\u{e000}';

impl Walker<'_> {
    /// Runs text as a script in `shell`; gives its output. Unknown stretches of the text stay unknown words.
    pub(super) fn run(&mut self, shell: &mut Shell, text: &Text, stdin: Text) -> Text {
        if !text.parts().iter().any(|p| matches!(p, Part::Known(t) if !t.trim().is_empty())) {
            return Text::default();
        }
        if self.depth >= MAX_DEPTH {
            let span = self.base.unwrap_or_default();
            self.push(shell, Effect::new(Action::Operate("guard.too-complex".into()), Text::default(), span));
            return Text::unknown();
        }
        let source = as_source(text);
        if !self.step(self.base.unwrap_or_default()) || !self.step_to_read(&source) {
            return Text::unknown();
        }
        let script = shell::parse(&source);
        let outer_labels = std::mem::replace(&mut self.mark_labels, text.labels);
        self.depth += 1;
        let out = self.script(shell, script, &source, stdin);
        self.depth -= 1;
        self.mark_labels = outer_labels;
        out
    }

    /// Like [`Self::run`], for text that stands somewhere inside the call: its effects carry that place.
    pub(super) fn run_at(&mut self, shell: &mut Shell, text: &Text, stdin: Text, span: Span) -> Text {
        let outer = self.base;
        self.base = outer.or(Some(span));
        let out = self.run(shell, text, stdin);
        self.base = outer;
        out
    }

    fn script(&mut self, shell: &mut Shell, script: Script, source: &str, stdin: Text) -> Text {
        let out = self.sequence(shell, script.body, &stdin);
        if let Some(first) = script.unread.first() {
            let mut effect = Effect::new(Action::Unparsed, Text::default(), *first);
            effect.certainty = Certainty::Maybe;
            self.push(shell, effect);
            if nesting(source) > MAX_NESTING {
                self.give_up(shell);
            }
            if self.depth <= 2 {
                self.piecewise(shell, source.get(first.start as usize..).unwrap_or(source));
            }
        }
        out
    }

    /// Bash refuses what the grammar refuses, mostly; what its pieces would do counts as possible.
    fn piecewise(&mut self, shell: &Shell, source: &str) {
        let outer = std::mem::replace(&mut self.certainty, Certainty::Maybe);
        for piece in source.split(['\n', ';', '|', '&', '(', ')', '`', '{', '}']).filter(|p| !p.trim().is_empty()).take(200) {
            if !self.step_to_read(piece) {
                break;
            }
            let script = shell::parse(piece);
            if script.unread.is_empty() {
                let mut inner = shell.clone();
                self.sequence(&mut inner, &script.body, &Text::default());
            }
        }
        self.certainty = outer;
    }

    /// Statements that are given away are given back one by one: what a long script leads to takes the place of its tree.
    fn sequence<S: Borrow<Statement>>(&mut self, shell: &mut Shell, body: impl IntoIterator<Item = S>, stdin: &Text) -> Text {
        let mut out = Text::default();
        for statement in body {
            let more = self.statement(shell, statement.borrow(), stdin);
            out.push(&more);
            if self.exhausted {
                break;
            }
        }
        out
    }

    fn branch(&mut self, shell: &mut Shell, body: &[Statement], stdin: &Text) -> Text {
        shell.conditional += 1;
        let out = self.sequence(shell, body, stdin);
        shell.conditional -= 1;
        out
    }

    fn statement(&mut self, shell: &mut Shell, statement: &Statement, stdin: &Text) -> Text {
        if !self.step(statement.span) {
            return Text::unknown();
        }
        let mut descriptors: Descriptors = shell.descriptors.clone();
        if !matches!(descriptors.get(&0), Some(Channel::Network(_) | Channel::Data(_))) || !stdin.is_empty() {
            descriptors.insert(0, Channel::Data(stdin.clone()));
        }
        descriptors.entry(1).or_insert(Channel::Inherited);
        descriptors.entry(2).or_insert(Channel::Inherited);
        let about = About::at(statement.span);
        for redirection in &statement.redirections {
            self.redirect(shell, redirection, &mut descriptors, &about);
        }
        let stdin = match descriptors.get(&0) {
            Some(Channel::Data(text)) => text.clone(),
            Some(Channel::Network(_)) => Text::unknown().labelled(Labels::of(Label::Network)),
            _ => Text::default(),
        };
        let out = match &statement.command {
            Command::Simple(simple) => self.simple(shell, simple, statement, &stdin, &mut descriptors),
            other => self.compound(shell, other, &stdin),
        };
        let rest = self.deliver(shell, out, &descriptors, &about);
        self.drain_sinks(shell);
        rest
    }

    fn compound(&mut self, shell: &mut Shell, command: &Command, stdin: &Text) -> Text {
        match command {
            Command::Simple(_) => Text::default(),
            Command::Pipeline(members) => {
                let mut flow = stdin.clone();
                for (at, (statement, _)) in members.iter().enumerate() {
                    let mut member = shell.clone();
                    // Descriptors opened before stay; what flows in comes from the left.
                    member.descriptors.remove(&0);
                    flow = self.statement(&mut member, statement, &flow);
                    if shell.last_pipe && at + 1 == members.len() {
                        shell.variables = member.variables;
                    }
                }
                flow
            }
            Command::List(first, rest) => {
                let mut out = self.statement(shell, first, stdin);
                for (join, statement) in rest {
                    let conditional = u32::from(*join == Join::Or);
                    shell.conditional += conditional;
                    let more = self.statement(shell, statement, stdin);
                    shell.conditional -= conditional;
                    out.push(&more);
                }
                out
            }
            Command::Subshell(body) => {
                let mut inner = shell.clone();
                self.sequence(&mut inner, body, stdin)
            }
            Command::Group(body) => self.sequence(shell, body, stdin),
            Command::If { branches, otherwise } => {
                let mut out = Text::default();
                for (condition, body) in branches {
                    out.push(&self.sequence(shell, condition, stdin));
                    out.push(&self.branch(shell, body, stdin));
                }
                out.push(&self.branch(shell, otherwise, stdin));
                out
            }
            Command::For { names, words, body } => self.each(shell, names, words.as_deref(), body, stdin),
            Command::Arithmetic { expressions, body } => {
                for expression in expressions {
                    self.single(shell, expression);
                }
                self.branch(shell, body, stdin)
            }
            Command::Loop { condition, body } => {
                let mut out = self.sequence(shell, condition, stdin);
                out.push(&self.branch(shell, body, stdin));
                out
            }
            Command::Case { word, arms } => {
                self.single(shell, word);
                let mut out = Text::default();
                for (patterns, body) in arms {
                    for pattern in patterns {
                        self.single(shell, pattern);
                    }
                    out.push(&self.branch(shell, body, stdin));
                }
                out
            }
            Command::Function { names, body } => {
                for name in names {
                    let name = self.single(shell, name);
                    let about = About::at(Span::default());
                    if let Some(known) = name.as_known() {
                        shell.functions.insert(known.to_owned(), Rc::from(body.as_str()));
                        self.define(shell, known, &Text::known(body.as_str()), false, &about);
                    } else {
                        self.effect(shell, Action::Define, name, &about);
                    }
                }
                Text::default()
            }
            Command::Test(words) => {
                for word in words {
                    self.single(shell, word);
                }
                Text::default()
            }
            Command::Coproc { name, body } => {
                let mut inner = shell.clone();
                let out = self.statement(&mut inner, body, &Text::unknown());
                let network = self.plan.effects.iter().rev().take(8).find_map(|e| {
                    (e.action == Action::Connect).then(|| e.target.host.clone()).flatten()
                });
                let channel = |text: Text| network.clone().map_or(Channel::Data(text), Channel::Network);
                shell.descriptors.insert(63, channel(out));
                shell.descriptors.insert(60, channel(Text::unknown()));
                let name = if name.is_empty() { "COPROC" } else { name };
                let ends = vec![("0".to_owned(), Text::known("63")), ("1".to_owned(), Text::known("60"))];
                shell.variables.insert(name.to_owned(), Variable::Array(ends));
                Text::default()
            }
        }
    }

    /// A loop over words: the body is walked for each of the first words, so that constants are followed.
    fn each(&mut self, shell: &mut Shell, names: &[String], words: Option<&[Word]>, body: &[Statement], stdin: &Text) -> Text {
        let values: Vec<Text> = match words {
            Some(words) => words.iter().flat_map(|w| self.fields(shell, w)).collect(),
            None => shell.positional.clone(),
        };
        let mut out = Text::default();
        let Some(name) = names.first() else {
            return self.branch(shell, body, stdin);
        };
        const FOLLOWED: usize = 12;
        let labels = values.iter().fold(Labels::NONE, |all, v| all.and(v.labels));
        if values.is_empty() {
            shell.set(name, Text::unknown().labelled(labels));
            return self.branch(shell, body, stdin);
        }
        for value in values.iter().take(FOLLOWED) {
            shell.set(name, value.clone());
            out.push(&self.branch(shell, body, stdin));
        }
        if values.len() > FOLLOWED {
            shell.set(name, Text::unknown().labelled(labels));
            out.push(&self.branch(shell, body, stdin));
        }
        out
    }

    /// The output of `$(…)`.
    pub(super) fn substitution(&mut self, shell: &mut Shell, body: &str) -> Text {
        let mut inner = shell.clone();
        inner.descriptors.remove(&1);
        let text = self.marked(body);
        let base = self.base;
        let out = self.run(&mut inner, &text, Text::default());
        self.base = base;
        out
    }

    /// Text cut out of a script that is being read: its unknown stretches become unknown again.
    pub(super) fn marked(&self, body: &str) -> Text {
        let mut text = Text::default();
        for (at, piece) in body.split(UNKNOWN_MARK).enumerate() {
            if at > 0 {
                text.push_unknown();
            }
            text.push_str(piece);
        }
        if text.has_unknown() { text.labelled(self.mark_labels) } else { text }
    }

    pub(super) fn mark_labels(&self) -> Labels {
        self.mark_labels
    }

    /// A path that stands for `<(…)` or `>(…)`.
    pub(super) fn process_substitution(&mut self, shell: &mut Shell, body: &str, input: bool) -> Text {
        let path = format!("/dev/fd/{}", 1000 + self.made_up);
        self.made_up += 1;
        if input {
            let text = self.marked(body);
            let mut inner = shell.clone();
            let out = self.run(&mut inner, &text, Text::default());
            self.files.insert(path.clone(), out);
        } else {
            self.files.insert(path.clone(), Text::default());
            self.sinks.push((path.clone(), body.to_owned()));
        }
        Text::known(path)
    }

    /// Runs the bodies of `>(…)` on what was written to them.
    fn drain_sinks(&mut self, shell: &mut Shell) {
        while let Some((path, body)) = self.sinks.pop() {
            let stdin = self.files.remove(&path).unwrap_or_else(Text::unknown);
            let mut inner = shell.clone();
            self.run(&mut inner, &self.marked(&body), stdin);
        }
    }
}

/// How many stretches a text opens and, counted together, does not close at once: an upper bound of its depth.
fn nesting(text: &str) -> usize {
    let brackets = text.bytes().filter(|b| matches!(b, b'(' | b'{')).count();
    let words = text.split_whitespace().filter(|w| matches!(*w, "if" | "case" | "while" | "until" | "for" | "[[")).count();
    brackets + words
}

/// A partly known text as source: unknown stretches become a mark that the expansion knows.
fn as_source(text: &Text) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.parts() {
        match part {
            Part::Known(t) | Part::Glob(t) => out.push_str(t),
            Part::Unknown => out.push(UNKNOWN_MARK),
        }
    }
    out
}
