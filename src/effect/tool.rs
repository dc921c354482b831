//! A tool call → its plan. Shell text goes to the walker; file and web tools are an effect or two each.

use super::command::modifiers;
use super::network;
use super::spec;
use super::walker::{About, Walker};
use super::state::Shell;
use super::text::Text;
use super::{Action, Effect, Plan, World};
use crate::call::{Tool, ToolCall};
use crate::context::Context;
use crate::label::{Label, Labels};
use crate::list::Vars;
use crate::verdict::{Certainty, Span};
use serde_json::Value;

/// Everything the call would do.
pub fn plan(call: &ToolCall, know: &World, context: &Context<'_>, vars: &Vars) -> Plan {
    let mut walker = Walker::new(know, context, vars.clone());
    let shell = walker.shell();
    match &call.tool {
        Tool::Bash { command } | Tool::Monitor { command } => return walker.plan_shell(command),
        Tool::Read { path } => walker.tool_path(&shell, Action::Read, path),
        Tool::Write { path, content } => walker.tool_write(&shell, path, content),
        Tool::Edit { path, old, new } => walker.tool_edit(&shell, path, old, new),
        Tool::NotebookEdit { path, source } => walker.tool_write(&shell, path, source),
        Tool::Glob { .. } => {}
        Tool::Grep { path, glob, .. } => {
            let mut target = path.clone().unwrap_or_else(|| ".".into());
            if let Some(glob) = glob.as_ref().filter(|g| !g.contains('*')) {
                target = format!("{}/{glob}", target.trim_end_matches('/'));
            }
            walker.tool_path(&shell, Action::Read, &target);
        }
        Tool::WebFetch { url, prompt } => walker.tool_fetch(&shell, url, prompt),
        Tool::WebSearch { query: text } | Tool::Agent { prompt: text } => walker.tool_text(&shell, &call.tool.name(), text),
        // A condition of guard itself: a rule decides about it like about anything else.
        Tool::Other { name, .. } if name.starts_with("guard.") => {
            walker.push(&shell, Effect::new(Action::Operate(name.clone()), Text::default(), Span::default()));
        }
        Tool::Mcp { input, .. } | Tool::Other { input, .. } => walker.tool_arguments(&shell, &call.tool.name(), input),
    }
    walker.finish()
}

impl Walker<'_> {
    fn tool_path(&mut self, shell: &Shell, action: Action, path: &str) {
        let path = self.absolute(shell, &Text::known(path));
        let mut about = About::at(Span::default());
        about.data = self.labels_of(&path);
        self.effect(shell, action, path, &about);
    }

    fn tool_write(&mut self, shell: &Shell, path: &str, content: &str) {
        let path = self.absolute(shell, &Text::known(path));
        let about = About::at(Span::default());
        let content = Text::known(content);
        self.effect(shell, Action::Write, path.clone(), &about);
        self.written(shell, &path, &content, &about);
    }

    fn tool_edit(&mut self, shell: &Shell, path: &str, old: &str, new: &str) {
        let path = self.absolute(shell, &Text::known(path));
        let about = About::at(Span::default());
        self.effect(shell, Action::Write, path.clone(), &about);
        self.content_edited(shell, &path, old, new, &about);
    }

    fn tool_fetch(&mut self, shell: &Shell, url: &str, prompt: &str) {
        let secret = self.holds_a_secret(url) || self.holds_a_secret(prompt);
        let url = Text::known(url);
        let mut effect = Effect::new(if secret { Action::Send } else { Action::Fetch }, url.clone(), Span::default());
        effect.target.host = network::of_url(&url);
        if secret {
            effect.data = Labels::of(Label::Secret);
        }
        self.push(shell, effect);
    }

    /// Text that leaves for somebody else's program: a search, a subagent, a server's tool.
    fn tool_text(&mut self, shell: &Shell, tool: &str, text: &str) {
        if self.holds_a_secret(text) {
            let mut effect = Effect::new(Action::Send, Text::known(tool), Span::default());
            effect.data = Labels::of(Label::Secret);
            self.push(shell, effect);
        }
    }

    /// Whether the value of a secret variable stands in the text. Short values are too common to tell.
    fn holds_a_secret(&self, text: &str) -> bool {
        const SHORTEST: usize = 8;
        self.context.env.iter().any(|(name, value)| {
            value.len() >= SHORTEST
                && text.contains(value.as_str())
                && self.know.in_list("secret-variables", &Text::known(name.clone()), &self.vars) == Certainty::Yes
        })
    }

    /// Arguments of a tool by the types that `rules/tools/` gives them; without types a path to a secret in any argument is
    /// a read.
    fn tool_arguments(&mut self, shell: &Shell, tool: &str, input: &Value) {
        let mut strings = Vec::new();
        collect(input, "", 0, &mut strings);
        let mut shell = shell.clone();
        for (key, value) in strings {
            self.tool_text(&shell, tool, value);
            let text = Text::known(value);
            let mut about = About::at(Span::default());
            tool.clone_into(&mut about.program);
            match self.know.tool_argument(tool, &key).map(|kind| self.written_type(kind, Some(&text))) {
                Some(written) => {
                    let parts = spec::type_parts(&written);
                    for modifier in modifiers(parts.modifiers) {
                        about.with.add(&modifier);
                    }
                    self.typed(&mut shell, parts.name, &text, &about, None);
                }
                None => {
                    if value.contains(['\n', ' ']) || value.len() > 4096 || !value.contains(['/', '.']) {
                        continue;
                    }
                    let path = self.absolute(&shell, &text);
                    let labels = self.labels_of(&path).without(Label::Outside);
                    let listed = ["startup-files", "guard-files", "client-settings"]
                        .iter()
                        .any(|l| self.know.in_list(l, &path, &self.vars) == Certainty::Yes);
                    if labels.has(Label::Secret) {
                        about.data = labels;
                        self.effect(&shell, Action::Read, path, &about);
                    } else if labels != Labels::NONE || listed {
                        about.data = labels;
                        about.certainty = Certainty::Maybe;
                        self.effect(&shell, Action::Touch, path, &about);
                    }
                }
            }
        }
    }
}

/// Every string of a JSON value with the key it stands under; bounded.
fn collect<'v>(value: &'v Value, key: &str, depth: u32, out: &mut Vec<(String, &'v str)>) {
    if depth > 16 || out.len() > 256 {
        return;
    }
    match value {
        Value::String(text) => out.push((key.to_owned(), text)),
        Value::Array(items) => items.iter().for_each(|v| collect(v, key, depth + 1, out)),
        Value::Object(map) => map.iter().for_each(|(k, v)| collect(v, k, depth + 1, out)),
        _ => {}
    }
}
