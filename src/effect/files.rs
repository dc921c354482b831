//! What files hold: the content that the call gave them, what the lists say of their paths, and where links lead.

use super::path;
use super::state::Shell;
use super::text::{Part, Text};
use super::walker::{About, Walker};
use super::{Action, Effect};
use crate::context::FileText;
use crate::label::{Label, Labels};
use crate::verdict::{Certainty, Span};

impl Walker<'_> {
    /// Remembers what a file holds now; labels join, because an earlier content may still be there.
    pub(super) fn written(&mut self, shell: &Shell, path: &Text, content: &Text, about: &About) {
        if !content.labels.is_empty() {
            // The redirection's own effect was written before the output was known.
            for effect in self.plan.effects.iter_mut().rev().take(64) {
                if effect.action == Action::Write && effect.target.text == *path {
                    effect.data.add(content.labels);
                    break;
                }
            }
        }
        let Some(known) = path.as_known().map(str::to_owned) else { return };
        self.ever.entry(known.clone()).or_default().add(content.labels);
        // Taken out and put back: a script that appends a thousand lines must not copy the file a thousand times.
        let mut now = self.files.remove(&known).unwrap_or_default();
        now.push(content);
        self.content_written(shell, path, &now, about);
        if let Some(led) = self.through_links(&Action::Write, path) {
            self.content_written(shell, &led, &now, about);
        }
        if let Some(meanwhile) = self.files.remove(&known) {
            now.push(&meanwhile);
        }
        self.files.insert(known, now);
    }

    /// The content of a file that is read, with the effect of reading it.
    pub(super) fn read_file(&mut self, shell: &Shell, path: &Text, about: &About) -> Text {
        let mut labels = self.labels_of(path);
        if let Some(resolved) = self.through_links(&Action::Read, path) {
            labels.add(self.labels_of(&resolved));
        }
        if path.parts().iter().any(|p| matches!(p, Part::Glob(_))) {
            labels.add(Labels::of(Label::Archive));
        }
        let known = path.as_known().map(str::to_owned);
        if let Some(more) = known.as_ref().and_then(|p| self.earlier.get(p)) {
            labels.add(*more);
        }
        let content = known.as_ref().and_then(|p| self.files.get(p)).cloned();
        let mut about = about.clone();
        about.data.add(labels);
        if let Some(content) = &content {
            about.data.add(content.labels);
        }
        self.effect(shell, Action::Read, path.clone(), &about);
        match content {
            Some(content) => content.labelled(labels),
            None => Text::unknown().labelled(labels.and(path.labels)),
        }
    }

    /// The text of a script file: written by this call, or on disk.
    /// A file that exists and cannot be read (a binary, too large) is opaque: the effect says so, and a rule decides.
    pub(super) fn script_text(&mut self, path: &Text) -> Option<Text> {
        let known = path.as_known()?;
        if let Some(text) = self.files.get(known) {
            return Some(text.clone());
        }
        let labels = self.labels_of(path).without(Label::Outside);
        match self.context.files.read(std::path::Path::new(known)) {
            FileText::Absent => None,
            FileText::Text(text) => {
                if !self.plan.judged_files.iter().any(|p| p == known) {
                    self.plan.judged_files.push(known.to_owned());
                }
                Some(Text::known(text.as_ref()).labelled(labels))
            }
            FileText::Opaque => {
                self.unread(path);
                None
            }
        }
    }

    /// Something runs that guard cannot read or does not understand.
    pub(super) fn unread(&mut self, path: &Text) {
        let about = About { data: Labels::of(Label::Opaque), ..About::at(Span::default()) };
        let mut effect = Effect::new(Action::Execute, path.clone(), self.base.unwrap_or_default());
        effect.data = about.data;
        effect.with.add("unread");
        let shell = Shell::default();
        self.push(&shell, effect);
    }

    /// Where a path really leads, when a link is on the way; deleting and moving act on the link itself.
    pub(super) fn through_links(&self, action: &Action, path: &Text) -> Option<Text> {
        let known = path.as_known().filter(|p| p.starts_with('/'))?;
        let made = |p: &str| {
            let (link, to) = self.links.iter().find(|(link, _)| p == link.as_str() || p.strip_prefix(link.as_str()).is_some_and(|rest| rest.starts_with('/')))?;
            Some(format!("{}{}", to.trim_end_matches('/'), &p[link.len()..]))
        };
        let resolve = |p: &str| made(p).or_else(|| self.context.files.resolve(std::path::Path::new(p)).map(|r| r.to_string_lossy().into_owned()));
        match action {
            Action::Read | Action::Write | Action::Execute | Action::Perm | Action::Touch => resolve(known).map(Text::known),
            Action::Delete | Action::Move => {
                let name = known.rsplit('/').next()?;
                let parent = resolve(path::parent(known))?;
                Some(Text::known(format!("{}/{name}", parent.trim_end_matches('/'))))
            }
            _ => None,
        }
    }

    /// Whether a path is a secret, by the lists that say so.
    pub(super) fn secret_labels(&self, path: &Text) -> Labels {
        let mut secret = self.know.in_list("secret-files", path, &self.vars);
        if secret > Certainty::Unknown && self.know.in_list("not-secret-files", path, &self.vars) == Certainty::Yes {
            secret = Certainty::No;
        }
        match secret {
            Certainty::Yes => self.know.file_credential(path, &self.vars),
            Certainty::Maybe => Labels::perhaps(Label::Secret),
            _ => Labels::NONE,
        }
    }

    /// Where a path's content comes from: a secret, a folder that holds some, a place outside the project.
    pub(super) fn labels_of(&self, path: &Text) -> Labels {
        if let Some(labels) = path.as_known().and_then(|known| self.asked.borrow().get(known).copied()) {
            return labels;
        }
        let labels = self.labels_by_lists(path);
        if let Some(known) = path.as_known() {
            self.asked.borrow_mut().insert(known.to_owned(), labels);
        }
        labels
    }

    fn labels_by_lists(&self, path: &Text) -> Labels {
        let mut labels = self.secret_labels(path);
        if labels.is_empty() && self.know.in_list("secret-folders", path, &self.vars) == Certainty::Yes {
            labels.add(Labels::perhaps(Label::Secret));
        }
        if path.prefix().starts_with('/')
            && self.know.in_list("workspace", path, &self.vars) < Certainty::Maybe
            && self.know.in_list("tmp", path, &self.vars) < Certainty::Maybe
            && (!path.prefix().starts_with("/dev/") || self.know.in_list("devices", path, &self.vars) == Certainty::Yes)
        {
            labels.add(Labels::of(Label::Outside));
        }
        labels
    }
}
