//! `find`: what it finds, and what it does with it.

use super::Action;
use super::state::Shell;
use super::text::Text;
use super::walker::{Call, Walker};

impl Walker<'_> {
    /// `find ROOTS TESTS ACTIONS`: `-delete`, `-exec`, `-fprint` act on what was found below the roots.
    pub(super) fn find(&mut self, shell: &mut Shell, call: &Call) -> Text {
        let words = &call.words[1..];
        let about = &call.about;
        let end = words
            .iter()
            .position(|w| w.prefix().starts_with(['-', '(', '!']) && !matches!(w.as_known(), Some("-L" | "-H" | "-P")))
            .unwrap_or(words.len());
        let mut roots: Vec<Text> = words[..end].iter().filter(|w| !w.prefix().starts_with('-')).map(|w| self.absolute(shell, w)).collect();
        if roots.is_empty() {
            roots.push(self.absolute(shell, &Text::known(".")));
        }
        let mut filters: Vec<Text> = Vec::new();
        let mut limited = false;
        let mut at = end;
        let mut out = Text::default();
        while at < words.len() {
            let word = words[at].as_known().unwrap_or("");
            match word {
                "-name" | "-iname" | "-path" | "-ipath" | "-wholename" => {
                    if let Some(pattern) = words.get(at + 1) {
                        filters.push(pattern.clone());
                    }
                    limited = true;
                    at += 1;
                }
                "-regex" | "-iregex" | "-user" | "-group" | "-perm" | "-size" | "-mtime" | "-mmin" | "-atime" | "-amin" | "-ctime"
                | "-cmin" | "-newer" | "-inum" | "-links" | "-samefile" | "-uid" | "-gid" | "-fstype" => {
                    limited = true;
                    at += 1;
                }
                "-maxdepth" | "-mindepth" | "-type" | "-xtype" | "-printf" | "-used" => at += 1,
                "-empty" => limited = true,
                // Nothing is lost with what is empty, unless another test lets more be found.
                "-delete" if words.iter().any(|w| w.as_known() == Some("-empty")) && !words.iter().any(|w| matches!(w.as_known(), Some("-o" | "-or" | "!" | "-not" | ","))) => {}
                "-delete" => {
                    for root in &roots {
                        let mut about = about.clone();
                        about.with.add("recursive");
                        if limited {
                            about.with.add("filtered");
                        }
                        for target in found(root, &filters) {
                            self.effect(shell, Action::Delete, target, &about);
                        }
                    }
                }
                "-fprint" | "-fprint0" | "-fls" | "-fprintf" => {
                    if let Some(file) = words.get(at + 1) {
                        let path = self.absolute(shell, file);
                        self.effect(shell, Action::Write, path, about);
                    }
                    at += 1 + usize::from(word == "-fprintf");
                }
                "-exec" | "-execdir" | "-ok" | "-okdir" => {
                    let stop = words[at + 1..]
                        .iter()
                        .position(|w| matches!(w.as_known(), Some(";" | "+")))
                        .map_or(words.len(), |n| at + 1 + n);
                    for root in &roots {
                        for target in found(root, &filters) {
                            let inner: Vec<Text> = words[at + 1..stop].iter().map(|w| substitute(w, "{}", &target)).collect();
                            if inner.is_empty() {
                                continue;
                            }
                            let mut about = about.clone();
                            about.program = String::new();
                            let mut sub = shell.other_process();
                            // A command without the placeholder does the same as anywhere else.
                            let placed = words[at + 1..stop].iter().any(|w| w.to_string().contains("{}"));
                            if placed {
                                sub.ambient.add("found");
                            }
                            if placed && limited {
                                sub.ambient.add("filtered");
                            }
                            let call = Call { words: inner, declared: Vec::new(), environment: Vec::new(), stdin: Text::default(), about };
                            out.push(&self.command(&mut sub, call, &mut super::redirect::Descriptors::new()));
                        }
                    }
                    at = stop;
                }
                _ => {}
            }
            at += 1;
        }
        if out.is_empty() {
            // The names that were found, for xargs: below the roots, with the filter's known end.
            for root in &roots {
                for target in found(root, &filters) {
                    out.push(&target);
                    out.push_str("\n");
                }
            }
        }
        out
    }
}

/// What `find` finds: below the root, by the name filters.
fn found(root: &Text, filters: &[Text]) -> Vec<Text> {
    if filters.is_empty() {
        return vec![root.clone()];
    }
    filters
        .iter()
        .take(4)
        .map(|filter| {
            let mut target = root.clone();
            target.push_str("/");
            target.push_unknown();
            let pattern = filter.as_known().unwrap_or("");
            if pattern.is_empty() {
                return target;
            }
            if !pattern.starts_with(['*', '/']) {
                target.push_str("/");
            }
            let mut known = String::new();
            for c in pattern.chars() {
                if "*?[]".contains(c) {
                    target.push_str(&std::mem::take(&mut known));
                    target.push_unknown();
                } else {
                    known.push(c);
                }
            }
            target.push_str(&known);
            target
        })
        .collect()
}

fn substitute(word: &Text, placeholder: &str, value: &Text) -> Text {
    match word.split_once(placeholder) {
        Some((mut head, tail)) => {
            head.push(value);
            head.push(&tail);
            head
        }
        None => word.clone(),
    }
}
