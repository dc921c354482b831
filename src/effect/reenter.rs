//! Commands inside commands: text and words that a program runs, and what it makes of its standard input.

use super::command::{Sorted, in_force};
use super::expand::join;
use super::interpret::Sum;
use super::spec::CommandSpec;
use super::state::Shell;
use super::text::Text;
use super::walker::{About, Call, Walker};
use super::Action;

/// Bytes of a word in which what stands for an argument is replaced.
const MAX_REPLACED: usize = 64 * 1024;

impl Walker<'_> {
    /// Shell text that the program runs.
    pub(super) fn inner_script(&mut self, shell: &mut Shell, text: &Text, call: &Call, about: &About) -> Text {
        if !text.labels.is_empty() {
            let mut run = about.clone();
            run.data.add(text.labels);
            self.effect(shell, Action::Execute, Text::known("shell code"), &run);
        }
        let mut inner = shell.other_process();
        inner.positional = std::mem::take(&mut self.parameters);
        self.run_at(&mut inner, text, call.stdin.clone(), about.span)
    }

    /// The words from here on are a command; leading assignments belong to it.
    pub(super) fn inner_command(&mut self, shell: &mut Shell, mut words: Vec<Text>, call: &Call, about: &About, sorted: &Sorted<'_>) -> Text {
        let mut inner = shell.other_process();
        let mut environment = Vec::new();
        while let Some((name, value)) = words.first().and_then(|w| w.split_once("="))
            && name.as_known().is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        {
            let name = name.to_string();
            self.assigned(&mut inner, &name, &value, about.span);
            inner.set(&name, value.clone());
            environment.push((name, value));
            words.remove(0);
        }
        // What stands for each input line (`xargs -I{}`) is replaced by what flows in.
        let takes_arguments = in_force(&sorted.chain, &sorted.modifiers, |s| s.stdin.as_deref()) == Some("arguments");
        let mut stdin = call.stdin.clone();
        if takes_arguments {
            let placeholder = sorted.claims.iter().find(|c| c.kind == "placeholder" && !c.value.is_empty()).map(|c| c.value.to_string());
            words = self.with_arguments(&inner, words, &call.stdin, placeholder.as_deref().unwrap_or("{}"), sorted);
            stdin = Text::default();
        }
        if words.is_empty() {
            return Text::default();
        }
        // Another program starts programs: it knows neither functions nor aliases.
        if let Some(name) = words.first().and_then(Text::as_known) {
            inner.functions.remove(name);
            inner.aliases.remove(name);
        }
        let mut about = About::at(about.span);
        about.certainty = call.about.certainty;
        let inner_call = Call { words, declared: Vec::new(), environment, stdin, about };
        let mut descriptors = super::redirect::Descriptors::new();
        self.command(&mut inner, inner_call, &mut descriptors)
    }

    /// Whether all that was done since the plan had `before` effects is to start programs that print what there is, and to read
    /// what anybody may see.
    pub(super) fn only_looks(&self, before: usize) -> bool {
        let since = self.plan.effects.get(before..).unwrap_or_default();
        !since.is_empty()
            && since.iter().all(|effect| match &effect.action {
                Action::Execute => {
                    let name = &effect.target.text;
                    let in_its_place = !name.prefix().contains('/') || self.listed("vouched-programs", name);
                    effect.data.is_empty() && in_its_place && self.listed("looking-programs", &Text::known(effect.program.clone()))
                }
                Action::Read => self.listed("read-as-root", &effect.target.text),
                Action::Operate(operation) => effect.with.has("query") || self.listed("looking-operations", &Text::known(operation.clone())),
                _ => false,
            })
    }

    /// The words of a command with the arguments that xargs or parallel add.
    pub(super) fn with_arguments(&mut self, shell: &Shell, words: Vec<Text>, input: &Text, placeholder: &str, sorted: &Sorted<'_>) -> Vec<Text> {
        let replaces = sorted.modifiers.iter().any(|m| m == "replace") || words.iter().any(|w| w.to_string().contains(placeholder));
        let mut arguments: Vec<Text> = match input.as_known() {
            // Arguments that end at a NUL or a line's end keep their blanks and quotes.
            Some(known) if sorted.modifiers.iter().any(|m| m == "whole") => {
                let end = if known.contains('\0') || !known.trim_end().contains('\n') { '\0' } else { '\n' };
                known.split(end).filter(|w| !w.is_empty()).take(64).map(|w| Text::known(w).labelled(input.labels)).collect()
            }
            Some(known) => known.split_whitespace().take(64).map(|w| Text::known(w.trim_matches(['"', '\''])).labelled(input.labels)).collect(),
            // Each line is an argument, as far as it is known.
            None => lines(input),
        };
        if arguments.is_empty() {
            arguments.push(Text::unknown().labelled(input.labels));
        }
        if replaces {
            let value = join(&arguments);
            return words
                .into_iter()
                .map(|word| {
                    let mut out = Text::default();
                    let mut rest = word;
                    while let Some((head, tail)) = rest.split_once(placeholder) {
                        // Long values must not multiply; what is too long is given up, as anything may stand behind it.
                        if out.len() + value.len() > MAX_REPLACED {
                            self.give_up(shell);
                            break;
                        }
                        out.push(&head);
                        out.push(&value);
                        rest = tail;
                    }
                    out.push(&rest);
                    out
                })
                .collect();
        }
        let mut words = words;
        if words.is_empty() {
            words.push(Text::known("echo"));
        }
        words.extend(arguments);
        words
    }

    /// What the program does with its standard input.
    #[allow(clippy::too_many_arguments, reason = "the last step of the table")]
    pub(super) fn stdin_of(
        &mut self,
        shell: &mut Shell,
        inner: &mut Shell,
        kind: &str,
        chain: &[(&CommandSpec, String)],
        mods: &[String],
        call: &Call,
        about: &About,
        sum: &mut Sum,
    ) {
        let has_operand_code = sum.inner.is_some();
        match kind {
            "execute" | "code" => {
                let flag_code = mods.iter().any(|m| m == "stdin");
                if call.stdin.is_empty() || (has_operand_code && !flag_code) {
                    return;
                }
                let mut run = about.clone();
                run.data.add(call.stdin.labels);
                run.with.add("stdin");
                if !call.stdin.labels.is_empty() || call.stdin.as_known().is_none() {
                    self.effect(shell, Action::Execute, Text::known("standard input"), &run);
                }
                if kind == "execute" {
                    let out = self.run_at(inner, &call.stdin, Text::default(), about.span);
                    sum.inner = Some(out);
                } else {
                    let language = in_force(chain, mods, |s| s.lang.as_deref()).unwrap_or("").to_owned();
                    let printed = self.code(inner, &language, &call.stdin, about);
                    sum.prints(printed);
                }
            }
            "paths" => {
                for name in lines(&call.stdin) {
                    let path = self.absolute(shell, &name);
                    let text = self.read_file(shell, &path, about);
                    sum.read.push(text);
                }
            }
            "dockerfile" if call.stdin.as_known().is_some() => self.content_written(shell, &Text::known("/Dockerfile"), &call.stdin, about),
            "send-auth" => sum.presented.push(("user".into(), call.stdin.labels)),
            "send" => {
                if !call.stdin.is_empty() {
                    sum.sends = true;
                    sum.sent.add(call.stdin.labels);
                }
            }
            "arguments" if sum.inner.is_none() && !call.stdin.is_empty() => {}
            _ => {}
        }
    }

    pub(super) fn standard_input_runs(&mut self, shell: &mut Shell, code: bool, sorted: &Sorted<'_>, call: &Call, about: &About, sum: &mut Sum) {
        let kind = if code { "code" } else { "execute" };
        let mut inner = shell.other_process();
        sum.inner = None;
        self.stdin_of(shell, &mut inner, kind, &sorted.chain, &sorted.modifiers, call, about, sum);
    }
}

/// The lines of a partly known text.
fn lines(input: &Text) -> Vec<Text> {
    let mut all = Vec::new();
    let mut rest = input.clone();
    while let Some((line, tail)) = rest.split_once("\n") {
        if !line.is_empty() {
            all.push(line);
        }
        rest = tail;
        if all.len() >= 16 {
            break;
        }
    }
    if !rest.is_empty() {
        all.push(rest);
    }
    all
}
