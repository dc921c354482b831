//! What the words of a program without a spec suggest beyond paths and verbs: commands inside it, files that it may send, trees
//! that it may change, text that it is fed. Every effect here is possible, not certain.

use super::Action;
use super::path;
use super::walker::{About, Call, Walker};
use super::state::Shell;
use super::text::{Part, Text};
use crate::label::{Label, Labels};
use crate::verdict::Certainty;

/// At most this many words and lines are looked at: what is longer is data.
const MOST: usize = 64;

impl Walker<'_> {
    /// Everything that words suggest. Gives the labels of files that the program may read.
    pub(super) fn suggested(&mut self, shell: &mut Shell, call: &Call) -> Labels {
        let mut about = call.about.clone();
        about.certainty = Certainty::Maybe;
        self.said_words(shell, call, &about);
        self.said_by_name(shell, call, &about);
        self.inner_commands(shell, call, &about);
        self.changed_places(shell, call, &about);
        self.fed_text(shell, call, &about);
        self.fresh_files(shell, call, &about)
    }

    /// The program is named after what it does to its operands: `rm`, `my-wipe`.
    pub(super) fn removing_program(&mut self, shell: &Shell, call: &Call) -> bool {
        let name = Text::known(call.about.program.to_lowercase());
        let removes = self.listed("removing-programs", &name);
        if removes {
            let mut about = call.about.clone();
            about.certainty = Certainty::Maybe;
            let flags: String = call.words[1..].iter().filter_map(Text::as_known).filter(|w| w.starts_with('-')).collect();
            if flags.contains(['r', 'R']) {
                about.with.add("recursive");
            }
            for word in call.words[1..].iter().filter(|w| !w.prefix().starts_with('-')).take(MOST) {
                let path = self.absolute(shell, word);
                if let Some(folder) = path::whole_folder(&path) {
                    let mut about = about.clone();
                    about.with.add("content");
                    self.effect(shell, Action::Delete, folder, &about);
                }
                self.effect(shell, Action::Delete, path, &about);
            }
        }
        removes
    }

    /// Words that say what is done: keys and roles, secrets in plain text, doors for everybody, doors out of a container.
    fn said_words(&mut self, shell: &Shell, call: &Call, about: &About) {
        self.said_phrases(shell, &call.words, &call.about);
        for (at, word) in call.words.iter().enumerate().take(MOST) {
            if at > 0 && self.listed("public-words", word) {
                self.operate(shell, "cloud.made-public", Text::default(), None, &call.about);
            }
            if at > 0 && self.listed("escape-words", word) {
                self.operate(shell, "container.escape", Text::default(), None, about);
            }
            // A socket as a file that is handed over, or as what a container sees of it.
            let whole = tail(word);
            let before = whole.split_once(":").map(|(before, _)| before);
            for part in std::iter::once(whole).chain(before).filter(|_| at > 0) {
                let path = self.absolute(shell, &part);
                if self.listed("control-sockets", &path) {
                    self.effect(shell, Action::Touch, path, about);
                }
            }
        }
    }

    /// What the program's own name says: it keeps a record that a flag clears, or it guards the machine; and a word that stops
    /// something beside the name of a service that watches.
    fn said_by_name(&mut self, shell: &Shell, call: &Call, about: &About) {
        let name = Text::known(call.about.program.to_lowercase());
        let words = &call.words[1..call.words.len().min(MOST)];
        if self.listed("record-programs", &name) && words.iter().any(|w| self.listed("clearing-words", w)) {
            let mut about = about.clone();
            about.with.add("clear");
            self.operate(shell, "history.change", name.clone(), None, &about);
        }
        if self.listed("protecting-programs", &name) && !words.is_empty() && !words.iter().any(|w| self.listed("looking-words", w)) {
            self.operate(shell, "firewall.change", name, None, about);
        }
        if let Some(service) = words.iter().find(|w| self.listed("watching-services", w))
            && words.iter().any(|w| self.listed("stopping-words", w))
        {
            self.effect(shell, Action::Verb, service.clone(), about);
        }
    }

    /// A list names the word for certain.
    pub(super) fn listed(&self, list: &str, word: &Text) -> bool {
        self.know.in_list(list, word, &self.vars) == Certainty::Yes
    }

    /// A program that runs another: `wrapper rm -rf /`, `box -- rm -rf /`, `ssh-like host 'rm -rf /'`, `--hook-script='rm -rf /'`.
    fn inner_commands(&mut self, shell: &Shell, call: &Call, about: &About) {
        let words = &call.words[1..];
        let first = words.iter().position(|w| !w.prefix().starts_with('-'));
        let dashes = words.iter().position(|w| w.as_known() == Some("--")).map(|at| at + 1);
        for at in [first, dashes].into_iter().flatten() {
            let Some(name) = words.get(at).and_then(Text::as_known) else { continue };
            let plain = words.len() > at + 1 && !self.listed("sub-command-names", &words[at]);
            if plain && self.runs(name) {
                self.maybe_command(shell, words[at..].to_vec(), call);
            }
        }
        // The last word, behind an operand: a script for another place.
        if let [.., before, last] = words
            && (!before.prefix().starts_with('-') || self.says_code(before.prefix()))
            && words.iter().filter(|w| w.prefix().contains(' ')).count() == 1
            && last.prefix().split_once(' ').is_some_and(|(name, _)| self.runs(name))
        {
            self.maybe_script(shell, last, about);
        }
        for word in words.iter().take(MOST) {
            if let Some((name, value)) = word.split_once("=")
                && self.says_code(name.prefix())
                && value.prefix().split_once(' ').is_some_and(|(name, _)| self.runs(name))
            {
                self.maybe_script(shell, &value, about);
            }
        }
    }

    /// The name of a flag or key says that its value is run.
    fn says_code(&self, name: &str) -> bool {
        self.listed("code-flags", &Text::known(name.to_lowercase()))
    }

    /// A name that some description knows as a program.
    fn runs(&self, name: &str) -> bool {
        let base = name.rsplit('/').next().unwrap_or(name);
        !base.is_empty() && !base.contains(['=', ':', '.']) && self.know.specs.find(base).is_some()
    }

    fn maybe_command(&mut self, shell: &Shell, words: Vec<Text>, call: &Call) {
        let outer = std::mem::replace(&mut self.certainty, Certainty::Maybe);
        let mut inner = shell.other_process();
        let about = About::at(call.about.span);
        let inner_call = Call { words, declared: Vec::new(), environment: Vec::new(), stdin: call.stdin.clone(), about };
        if self.depth < 8 {
            self.depth += 1;
            self.command(&mut inner, inner_call, &mut super::redirect::Descriptors::new());
            self.depth -= 1;
        }
        self.certainty = outer;
    }

    fn maybe_script(&mut self, shell: &Shell, text: &Text, about: &About) {
        let outer = std::mem::replace(&mut self.certainty, Certainty::Maybe);
        let mut inner = shell.other_process();
        self.run_at(&mut inner, text, Text::default(), about.span);
        self.certainty = outer;
    }

    /// Whole trees given to something recursive, files of the system given to something that edits in place.
    fn changed_places(&mut self, shell: &Shell, call: &Call, about: &About) {
        let words = &call.words[1..];
        let known: Vec<&str> = words.iter().filter_map(Text::as_known).collect();
        let recursive = known.iter().any(|w| matches!(*w, "-R" | "-r") || (w.len() > 4 && "--recursive".starts_with(w)));
        let in_place = words.iter().filter(|w| w.prefix().starts_with('-')).any(|w| self.listed("in-place-flags", w));
        for word in words.iter().filter(|w| w.prefix().starts_with(['/', '~'])).take(MOST) {
            let path = self.absolute(shell, word);
            let folder = path::whole_folder(&path);
            if recursive || folder.is_some() {
                let mut about = about.clone();
                about.with.add("recursive");
                self.effect(shell, Action::Touch, folder.unwrap_or_else(|| path.clone()), &about);
            }
            if in_place {
                self.effect(shell, Action::Write, path, about);
            }
        }
        // `get SOURCE /etc/x`: the last of several operands is mostly where the result goes.
        let operands: Vec<&Text> = words.iter().filter(|w| !w.prefix().starts_with('-')).collect();
        if let [.., source, last] = operands.as_slice()
            && last.prefix().starts_with("/etc/")
            && !source.prefix().starts_with("/etc/")
            && source.prefix().contains('/')
        {
            let path = self.absolute(shell, last);
            self.effect(shell, Action::Write, path, about);
        }
    }

    /// Text on standard input: names of files, one a line, and a program's own commands (`.import FILE`).
    fn fed_text(&mut self, shell: &Shell, call: &Call, about: &About) {
        let Some(text) = call.stdin.as_known() else { return };
        for line in text.lines().map(str::trim).take(MOST) {
            if !line.contains(' ') {
                self.touch(shell, &Text::known(line), about);
            } else {
                self.own_command(shell, line, about);
            }
        }
    }

    /// A command of the program's own language, by its leading dot or backslash (`.import FILE`, `\\o FILE`): its words may be paths,
    /// and a word for output says that the path is written.
    pub(super) fn own_command(&mut self, shell: &Shell, line: &str, about: &About) {
        let mut words = line.split_whitespace();
        let Some(name) = words.next().filter(|n| n.starts_with(['.', '\\']) && n.len() > 1) else { return };
        let writes = self.listed("writing-words", &Text::known(&name[1..]));
        for word in words {
            let word = Text::known(word);
            if writes && word.prefix().starts_with(['/', '~']) {
                self.effect(shell, Action::Write, self.absolute(shell, &word), about);
            } else {
                self.touch(shell, &word, about);
            }
        }
    }

    /// Files of code that this call wrote are run, perhaps. Gives what the program may read of all files it is given.
    fn fresh_files(&mut self, shell: &mut Shell, call: &Call, about: &About) -> Labels {
        let mut labels = Labels::NONE;
        for word in call.words[1..].iter().take(MOST) {
            let file = tail(word);
            let prefix = file.prefix();
            if prefix.contains([' ', '\n']) || prefix.contains("://") || (prefix.starts_with('-') && file == *word) {
                continue;
            }
            if file.parts().iter().any(|p| matches!(p, Part::Glob(_))) && prefix.contains('/') {
                labels.add(Labels::of(Label::Archive));
            }
            let path = self.absolute(shell, &file);
            let Some(known) = path.as_known().map(str::to_owned) else { continue };
            let own = self.labels_of(&path);
            if own.has(Label::Secret) || own.may_have(Label::Secret) {
                labels.add(Labels::perhaps(Label::Secret));
            }
            if own.has(Label::Outside) && (word.prefix().starts_with(['/', '~']) || file != *word) {
                labels.add(if file == *word { Labels::perhaps(Label::Outside) } else { Labels::of(Label::Outside) });
            }
            let within = format!("{}/", known.trim_end_matches('/'));
            if self.files.iter().any(|(p, text)| p.starts_with(&within) && (text.labels.has(Label::Secret) || self.secret_labels(&Text::known(p.clone())).has(Label::Secret))) {
                labels.add(Labels::of(Label::Secret));
            }
            if let Some(text) = self.files.get(&known).cloned().filter(|t| t.as_known().is_some())
                && !self.listed("data-files", &path)
            {
                self.code(shell, "generic", &text, about);
            }
        }
        labels
    }
}

/// What follows `@`, `=` or `=@` in a word: a file that is handed over. The word itself when there is none.
fn tail(word: &Text) -> Text {
    if word.prefix().contains([' ', '{', '"']) {
        return word.clone();
    }
    let value = word.split_once("=").filter(|(name, _)| !name.prefix().contains('/')).map_or_else(|| word.clone(), |(_, value)| value);
    value.strip_prefix("@").unwrap_or(value)
}
