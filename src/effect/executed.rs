//! Files that something runs later: package scripts, container builds, workflows, start files, programs on the search path. Where
//! the commands stand in them is data (`rules/executed.toml`); each is judged like a command of its own.

use super::pieces::pieces;
use super::state::Shell;
use super::text::Text;
use super::walker::{About, Walker};
use super::{Action, path};
use crate::context::FileText;
use crate::list::Asked;
use crate::verdict::Certainty;

/// Pieces of one file that are followed.
const MAX_PIECES: usize = 200;

impl Walker<'_> {
    /// A file got content. If something will run it, the content is judged.
    pub(super) fn content_written(&mut self, shell: &Shell, path: &Text, content: &Text, about: &About) {
        self.content_changed(shell, path, None, content, about);
    }

    /// A file's content changes from `before`, where that is known: what stood there already is not judged again.
    fn content_changed(&mut self, shell: &Shell, path: &Text, before: Option<&str>, content: &Text, about: &About) {
        if content.is_empty() {
            return;
        }
        let mut inner = shell.other_process();
        inner.descriptors.clear();
        if self.know.in_list("executed-files", path, &self.vars) == Certainty::Yes {
            inner.ambient.add("written");
            self.run_at(&mut inner, &content.clone(), Text::default(), about.span);
            return;
        }
        let Some(form) = self.form_of(path) else { return };
        if content.as_known().is_some() {
            self.note_known_content(path);
        }
        inner.ambient.add("later");
        let (kind, keys) = form.split_once(' ').unwrap_or((&form, ""));
        let keys: Vec<&str> = keys.split_whitespace().collect();
        match kind {
            "program" => return self.program_written(&mut inner, path, content, about),
            "code" => {
                let mut about = about.clone();
                about.with.add("later");
                self.code(&mut inner, keys.first().copied().unwrap_or("generic"), content, &about);
                return;
            }
            "instructions" => return self.instructions_written(&inner, content, about),
            "dockerfile" => inner.ambient.add("container"),
            _ => {}
        }
        let old = before.and_then(|text| pieces(kind, &keys, text)).unwrap_or_default();
        let new = pieces(kind, &keys, content.prefix()).unwrap_or_default();
        let mut new: Vec<String> = new.into_iter().filter(|p| !old.contains(p)).collect();
        if new.is_empty() && before.is_none() && content.as_known().is_none() {
            // A part of a line is put into the file: it counts when it looks like commands.
            let joined = |line: &&str| ["|", "&&", ";", "$(", "`"].iter().any(|mark| line.contains(mark));
            new = content.prefix().lines().filter(joined).map(str::to_owned).collect();
        }
        if new.len() > MAX_PIECES {
            self.give_up(&inner);
        }
        for piece in new.into_iter().take(MAX_PIECES) {
            let mut own = inner.clone();
            self.run_at(&mut own, &Text::known(piece).labelled(content.labels), Text::default(), about.span);
        }
    }

    /// What agents read as instructions: lines that want something kept from the user, or what they were told forgotten.
    fn instructions_written(&mut self, shell: &Shell, content: &Text, about: &About) {
        let hidden = |line: &&str| self.listed("hidden-instructions", &Text::known(line.trim().to_lowercase()));
        if let Some(line) = content.prefix().lines().find(hidden).map(str::to_owned) {
            self.operate(shell, "instructions.hidden", Text::known(line), None, about);
        }
    }

    /// A text in a file is replaced by another: the file is read where something runs it, to see what the whole becomes.
    pub(super) fn content_edited(&mut self, shell: &Shell, path: &Text, old: &str, new: &str, about: &About) {
        let new = Text::known(new);
        let in_pieces = self.form_of(path).is_some_and(|form| pieces(form.split(' ').next().unwrap_or(""), &[], "").is_some());
        if let Some(known) = path.as_known()
            && in_pieces
            && !old.is_empty()
            && let FileText::Text(before) = self.context.files.read(std::path::Path::new(known))
            && before.contains(old)
        {
            let after = Text::known(before.replace(old, new.prefix()));
            self.content_changed(shell, path, Some(&before), &after, about);
        } else {
            self.content_written(shell, path, &new, about);
        }
    }

    /// How commands stand in the file, if something runs it.
    fn form_of(&self, path: &Text) -> Option<String> {
        let asked = Asked::text(path);
        let listed = |pattern: &str| self.know.lists.any([pattern], &asked, &self.vars) == Certainty::Yes;
        // The most precise pattern stands first.
        self.know.executed.iter().find(|(pattern, _)| listed(pattern)).map(|(_, form)| form.to_string())
    }

    /// The call gave the file all its content, and something runs it: it was judged when it was written.
    pub(super) fn is_judged(&self, path: &Text) -> bool {
        path.as_known().and_then(|p| self.files.get(p)).is_some_and(|text| text.as_known().is_some_and(|t| !t.is_empty())) && self.form_of(path).is_some()
    }

    /// The write that was noted for a path is one whose text was judged.
    fn note_known_content(&mut self, path: &Text) {
        if let Some(effect) = self.plan.effects.iter_mut().rev().take(64).find(|e| e.action == Action::Write && e.target.text == *path) {
            effect.with.add("content:known");
        }
    }

    /// A program is put where programs are looked for: a script is judged by what it does, and one with the name of a program that
    /// guard knows stands in that one's place.
    fn program_written(&mut self, shell: &mut Shell, path: &Text, content: &Text, about: &About) {
        // Without a first line that names one, the shell that starts it reads it itself.
        let named = content.prefix().strip_prefix("#!").and_then(|t| t.lines().next());
        let Some(interpreter) = named.or(content.as_known().filter(|t| !t.contains('\0')).map(|_| "sh")) else { return };
        let name = path::base_name(path).unwrap_or_default();
        if self.know.specs.find(&name).is_some() && self.listed("program-folders", path) {
            self.operate(shell, "path.shadow", path.clone(), None, about);
        }
        let mut words = interpreter.split_whitespace().filter(|w| !w.ends_with("/env") && !w.starts_with('-'));
        let program = words.next().and_then(|p| p.rsplit('/').next()).unwrap_or("").to_owned();
        match self.know.specs.find(&program).and_then(|s| s.lang.clone()) {
            Some(language) => {
                let mut about = about.clone();
                about.with.add("later");
                self.code(shell, &language, content, &about);
            }
            None => {
                self.run_at(shell, content, Text::default(), about.span);
            }
        }
    }

    /// A name gets another meaning for the shell. In a file that shells read later, what it will do is judged too, and so is
    /// whether it is a known program's name.
    pub(super) fn define(&mut self, shell: &Shell, name: &str, meaning: &Text, is_alias: bool, about: &About) {
        let mut about = about.clone();
        let known = self.know.specs.find(name);
        if is_alias {
            about.with.add("alias");
            // `alias ls='ls --color'`, `alias k=kubectl`: it stays the same program.
            let meant = meaning.prefix().split_whitespace().next().unwrap_or("");
            let same_spec = known.zip(self.know.specs.find(meant)).is_some_and(|(a, b)| std::ptr::eq(a, b));
            if meant == name || same_spec {
                about.with.add("same-program");
            }
        }
        if known.is_some() || self.know.in_list("core-programs", &Text::known(name), &self.vars) == Certainty::Yes {
            about.with.add("known-program");
        }
        self.effect(shell, Action::Define, Text::known(name), &about);
        if shell.ambient.has("written") {
            let mut inner = shell.other_process();
            inner.ambient.remove("written");
            inner.ambient.add("later");
            inner.functions.remove(name);
            inner.aliases.remove(name);
            self.run_at(&mut inner, meaning, Text::default(), about.span);
        }
    }
}
