//! Programs without a spec: what their words alone say. Everything here is a guess, so its effects are possible, not certain,
//! except where the network is named.

use super::walker::{About, Call, Walker};
use super::spec::CommandSpec;
use super::state::{Shell, Variable};
use super::text::Text;
use super::{Action, Effect};
use crate::label::{Label, Labels};
use crate::verdict::Certainty;

impl Walker<'_> {
    /// A program that no spec describes: its words may be paths, its first words may be destructive.
    pub(super) fn without_spec(&mut self, shell: &mut Shell, call: &Call) -> Text {
        let words = &call.words[1..];
        if !self.removing_program(shell, call) {
            let name = Text::known(call.about.program.to_lowercase());
            let listed = |list: &str| self.know.in_list(list, &name, &self.vars) == Certainty::Yes;
            if listed("destructive-verbs") || (listed("destructive-programs") && words.iter().any(|w| !w.prefix().starts_with('-'))) {
                self.verb(shell, &call.about.program, &call.about);
            }
        }
        let files = self.suggested(shell, call);
        let out = match self.know.arity.spec(&call.about.program) {
            Some(spec) => self.by_collected_facts(shell, &spec, call),
            None => {
                self.verbs(shell, words, &call.about);
                self.paths(shell, words, &call.about);
                Text::unknown().labelled(call.stdin.labels)
            }
        };
        let labels = self.network_words(shell, call, files).and(self.code_words(shell, call)).and(files.without(Label::Outside));
        if labels.has(Label::Network) {
            self.downloaded(shell, words, &call.about);
        }
        out.labelled(labels)
    }

    fn paths(&mut self, shell: &Shell, words: &[Text], about: &About) {
        let mut previous: Option<&str> = None;
        for word in words {
            if previous.is_some_and(|p| matches!(p, "-o" | "--out" | "--outfile") || p == "--output" || p.starts_with("--output-")) {
                let path = self.absolute(shell, word);
                self.effect(shell, Action::Write, path, about);
            } else if let Some(value) = word.strip_prefix("--output=").or_else(|| word.strip_prefix("--out=")) {
                let path = self.absolute(shell, &value);
                self.effect(shell, Action::Write, path, about);
            } else {
                self.touch(shell, word, about);
            }
            previous = word.as_known();
        }
    }

    /// URLs, and a host with its port, among the words: the program talks to them, and what it is fed goes there. Gives the labels
    /// of what comes back.
    fn network_words(&mut self, shell: &Shell, call: &Call, files: Labels) -> Labels {
        let words = &call.words[1..];
        let mut labels = Labels::NONE;
        let deletes = words.iter().any(|w| matches!(w.as_known(), Some("DELETE" | "-XDELETE" | "--method=DELETE" | "--request=DELETE")));
        let mut reached = false;
        for (at, word) in words.iter().enumerate() {
            let url = ["http://", "https://", "ftp://", "tcp://", "ws://", "wss://"].iter().any(|s| word.prefix().starts_with(s));
            let port = words.get(at + 1).and_then(Text::as_known).is_some_and(|p| p.parse::<u16>().is_ok_and(|p| p > 0));
            let dotted = word.as_known().is_some_and(|w| w.contains('.') && !w.starts_with(['-', '.', '/']) && !w.contains('/'));
            // A name with a port behind it, apart: what comes back is the network's.
            if port && word.as_known().is_some_and(|w| w.len() > 2 && w.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) && !w.starts_with('-') && w.parse::<u64>().is_err()) {
                labels.add(Labels::of(Label::Network));
            }
            let name = word.split_once("/").map_or_else(|| word.clone(), |(host, _)| host);
            let public = dotted_name(&name) && self.know.in_list("host-names", &name, &self.vars) == Certainty::Yes;
            if !url && !(dotted && port) && !public {
                continue;
            }
            let Some(host) = super::network::of_url(word) else { continue };
            reached = true;
            let data = call.stdin.labels.and(words.iter().fold(files, |all, w| all.and(w.labels)));
            let action = if data.is_empty() { Action::Fetch } else { Action::Send };
            let mut effect = Effect::new(action, word.clone(), call.about.span);
            effect.target.host = Some(host.clone());
            effect.data = data;
            effect.program.clone_from(&call.about.program);
            self.push(shell, effect);
            if deletes {
                self.operate(shell, "http.delete", word.clone(), Some(host), &call.about);
            }
            labels.add(Labels::of(Label::Network));
        }
        if deletes && !reached {
            self.verb(shell, "DELETE", &call.about);
        }
        // A shell as a flag's value or an address, beside a port: whoever connects gets it.
        let ports = words.iter().any(|w| w.as_known().is_some_and(|w| w.rsplit(':').next().unwrap_or(w).split(',').next().unwrap_or("").parse::<u16>().is_ok_and(|p| p > 0)));
        let served = words.windows(2).any(|pair| matches!(pair[0].as_known(), Some("-e" | "-c" | "--exec" | "--sh-exec" | "--command")) && pair[1].as_known().is_some_and(is_bare_shell));
        let address = words.iter().filter_map(Text::as_known).any(|w| ["exec:", "system:"].iter().any(|p| w.get(..p.len()).is_some_and(|s| s.eq_ignore_ascii_case(p))) && is_shell(w));
        if address || (ports && (served || words.iter().any(|w| w.as_known().is_some_and(is_shell)))) {
            self.operate(shell, "shell.reverse", Text::default(), None, &call.about);
        }
        labels
    }

    /// What came over the network lies where an output flag says, or under the address's last component.
    fn downloaded(&mut self, shell: &Shell, words: &[Text], about: &About) {
        let named = |w: &Text| w.as_known().is_some_and(|w| matches!(w, "-o" | "--out" | "--outfile") || w.starts_with("--output"));
        let mut files: Vec<Text> = words.windows(2).filter(|pair| named(&pair[0])).map(|pair| pair[1].clone()).collect();
        files.extend(words.windows(2).filter(|pair| pair[0].as_known() == Some("-O") && !pair[1].prefix().contains("://") && !pair[1].prefix().starts_with('-')).map(|pair| pair[1].clone()));
        if words.iter().any(|w| matches!(w.as_known(), Some("-O" | "--remote-name" | "-OL" | "-LO" | "-sO" | "-sSLO"))) {
            let last = |w: &Text| w.as_known().and_then(|w| w.split("://").nth(1)?.rsplit('/').next().map(Text::known));
            files.extend(words.iter().filter_map(last));
        }
        for file in files {
            let path = self.absolute(shell, &file);
            self.written(shell, &path, &Text::unknown().labelled(Labels::of(Label::Network)), about);
        }
    }

    /// Values that are code by the name of their flag: read as code of some language, and for `-c` as shell text too. A flag that
    /// decodes makes the output unreadable.
    fn code_words(&mut self, shell: &mut Shell, call: &Call) -> Labels {
        let words = &call.words[1..];
        let mut labels = Labels::NONE;
        for (at, word) in words.iter().enumerate() {
            let known = word.as_known().unwrap_or("");
            let decodes = matches!(known, "-D" | "--decode" | "--decrypt" | "-decode") || (known.starts_with("-d") && known.len() < 5);
            if decodes && !call.stdin.is_empty() {
                labels.add(Labels::of(Label::Opaque));
            }
            let value = match known {
                "-c" | "-e" | "-r" | "-E" | "-x" | "--eval" | "--execute" | "--exec" | "--command" | "--run" | "--code" => words.get(at + 1).cloned(),
                _ => ["--eval=", "--execute=", "--exec=", "--command="].iter().find_map(|p| word.strip_prefix(p)).or_else(|| {
                    // `-e'code'`, and code behind a sub-command that runs it.
                    let attached = ["-e", "-c", "-E"].iter().find_map(|p| word.strip_prefix(p)).filter(|v| v.prefix().contains('('));
                    let before = at.checked_sub(1).and_then(|at| words[at].as_known());
                    attached.or_else(|| matches!(before, Some("eval" | "exec" | "runner" | "run" | "execute")).then(|| word.clone()))
                }),
            };
            // Quotes, brackets or a leading dot make a word look like a program's own language, and no prose: its paths count.
            if value.is_none() && known.contains(' ') && known.contains('/') && known.contains(['(', '"', '{']) {
                for piece in known.split([' ', '"', '\'', '(', ')', '>', '<', ',', ';']).filter(|p| p.starts_with(['/', '~'])).take(32) {
                    self.touch(shell, &Text::known(piece), &call.about);
                }
            } else if known.contains(' ') {
                let mut about = call.about.clone();
                about.certainty = Certainty::Maybe;
                self.own_command(shell, known, &about);
            }
            let Some(value) = value.filter(|v| v.prefix().contains([' ', '(', ';'])) else { continue };
            let mut about = call.about.clone();
            about.certainty = Certainty::Maybe;
            self.code(shell, "generic", &value, &about);
            if matches!(known, "-c" | "-e" | "-x" | "--command" | "--exec" | "--execute") {
                let outer = std::mem::replace(&mut self.certainty, Certainty::Maybe);
                let mut inner = shell.other_process();
                self.run_at(&mut inner, &value, Text::default(), call.about.span);
                self.certainty = outer;
            }
        }
        labels
    }

    /// A program whose sub-commands and options are known, but not what they do: a sub-command that deletes is a verb at any depth,
    /// an option's value is none, a path is touched.
    fn by_collected_facts(&mut self, shell: &mut Shell, spec: &CommandSpec, call: &Call) -> Text {
        let sorted = self.sort(spec, &call.about.program, &call.words[1..]);
        let verbs: Vec<Text> = match sorted.chain.len() {
            1 => call.words[1..].to_vec(),
            _ => {
                let flags = call.words[1..].iter().filter(|w| w.prefix().starts_with("--")).cloned();
                // A sub-command that nobody collected stands first among the operands.
                let (leaf, _) = sorted.chain[sorted.chain.len() - 1];
                let further = sorted.operands.first().filter(|w| leaf.operands.is_none() && self.listed("destructive-verbs", w)).cloned();
                sorted.path.split(' ').skip(1).map(Text::known).chain(further).chain(flags).collect()
            }
        };
        self.verbs(shell, &verbs, &call.about);
        // A sub-command that is forced overrides somebody's protection; the `-f` of one that shows a log follows it.
        let follows = sorted.path.split(' ').next_back().is_some_and(|last| self.listed("following-words", &Text::known(last)));
        let is_force = |w: &str| {
            w.starts_with("--force") || (w == "-f" && !follows && self.know.arity.option(&sorted.path, "-f") == Some(super::arity::Kind::Switch))
        };
        let options = call.words[1..].iter().map_while(Text::as_known).take_while(|w| *w != "--");
        let forced = options.into_iter().find(|w| is_force(w));
        // An output flag that the facts do not have.
        for pair in call.words[1..].windows(2) {
            if pair[0].as_known().is_some_and(|w| matches!(w, "-o" | "--output") && self.know.arity.option(&sorted.path, w).is_none()) {
                let path = self.absolute(shell, &pair[1]);
                self.effect(shell, Action::Write, path, &call.about);
            }
        }
        if let Some(flag) = forced.filter(|_| sorted.chain.len() > 1) {
            self.verb(shell, flag, &call.about);
        }
        self.interpret(shell, sorted, call)
    }

    /// Destructive words among the first words of an unknown program, and `--delete` flags.
    pub(super) fn verbs(&mut self, shell: &Shell, words: &[Text], about: &About) {
        let mut seen = 0;
        // What is removed lies elsewhere: `remove https://…`, `rm s3://…`.
        let elsewhere = words.iter().any(|w| w.prefix().contains("://"));
        for (at, word) in words.iter().enumerate() {
            let Some(known) = word.as_known() else { continue };
            if known.starts_with('-') {
                if known.starts_with("--delete") || self.listed("destructive-flags", word) {
                    let about = self.on_scratch(shell, words, at, about);
                    self.verb(shell, known.trim_start_matches('-'), &about);
                }
                continue;
            }
            let lists: &[&str] = if (1..3).contains(&seen) || (seen == 0 && elsewhere) { &["destructive-verbs", "destructive-second-verbs"] } else { &["destructive-verbs"] };
            if seen < 4 && lists.iter().any(|list| self.listed(list, word)) {
                let about = self.on_scratch(shell, words, at, about);
                self.verb(shell, known, &about);
            }
            seen += 1;
        }
    }

    /// Says `scratch` when all that stands behind the verb, flags apart, is named as something made to be thrown away, or a setting
    /// among the words or variables says that all of it is for tests: `RAILS_ENV=test`.
    fn on_scratch(&self, shell: &Shell, words: &[Text], verb: usize, about: &About) -> About {
        let mut about = about.clone();
        let mut names = words[verb + 1..].iter().filter(|w| !w.prefix().starts_with('-')).peekable();
        let named = names.peek().is_some() && names.all(|w| self.listed("scratch-names", w));
        let set = |(name, value): (&String, &Variable)| name.ends_with("_ENV") && self.listed("scratch-settings", &Text::known(format!("{name}={}", value.scalar())));
        if named || words.iter().any(|w| self.listed("scratch-settings", w)) || shell.variables.iter().any(set) {
            about.with.add("scratch");
        }
        about
    }

    fn verb(&mut self, shell: &Shell, word: &str, about: &About) {
        let mut about = about.clone();
        about.certainty = Certainty::Maybe;
        self.effect(shell, Action::Verb, Text::known(word), &about);
    }

    /// A word given to something unknown: if all of it, or what follows `=`, `@`, `:`, `file://`, names a secret, a start
    /// file or one of guard's own, the path is touched, perhaps. Words with blanks are prose.
    pub(super) fn touch(&mut self, shell: &Shell, word: &Text, about: &About) {
        if (word.prefix().contains([' ', '\n', '\t']) || word.suffix().contains([' ', '\n', '\t'])) && !path_with_blanks(word) {
            return;
        }
        let mut candidates = vec![word.clone()];
        for separator in ["=", "@", ":", "file://"] {
            if let Some((_, tail)) = word.split_once(separator) {
                candidates.push(tail);
            }
        }
        if let Some(rest) = word.strip_prefix("-")
            && let Some(value) = rest.strip_bytes(1)
            && value.prefix().starts_with(['/', '~'])
        {
            candidates.push(value);
        }
        for candidate in candidates {
            if candidate.is_empty() || candidate.prefix().starts_with('-') || candidate.prefix().contains("://") {
                continue;
            }
            let path = self.absolute(shell, &candidate);
            let labels = self.secret_labels(&path);
            let listed = ["startup-files", "guard-files", "client-settings", "control-sockets"]
                .iter()
                .any(|list| self.know.in_list(list, &path, &self.vars) >= Certainty::Maybe);
            if labels.has(Label::Secret) || labels.may_have(Label::Secret) || listed {
                let mut about = about.clone();
                about.data.add(labels);
                about.certainty = Certainty::Maybe;
                self.effect(shell, Action::Touch, path, &about);
                return;
            }
        }
        // A program that shows the credential to its own service alone may have it.
        let passed_on = self.know.all_credentials(word.labels, |c| c.programs.iter().any(|p| *p == about.program));
        if word.labels.has(Label::Secret) && !passed_on {
            let mut about = about.clone();
            about.certainty = Certainty::Maybe;
            self.effect(shell, Action::Touch, Text::unknown(), &About { data: word.labels.only(Label::Secret), ..about });
        }
    }
}

/// A path of a program with windows: `/home/x/Library/Application Support/…`, every word of it with a capital; prose is not like that.
fn path_with_blanks(word: &Text) -> bool {
    word.as_known().is_some_and(|w| w.starts_with(['/', '~']) && w.split(' ').skip(1).all(|part| part.starts_with(|c: char| c.is_ascii_uppercase())))
}

/// Letters, digits, dots and hyphens, as a host's name has them; not a path, not a flag.
fn dotted_name(word: &Text) -> bool {
    word.as_known().is_some_and(|w| {
        let name = w.split(':').next().unwrap_or(w);
        (name.contains('.') || name == "localhost") && !name.starts_with(['.', '-']) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
    })
}

/// `/bin/sh`, `EXEC:/bin/bash,pty`, `--exec='sh -i'`: a shell given to a program as what it shall serve.
fn is_shell(word: &str) -> bool {
    let value = word.rsplit([':', '=']).next().unwrap_or(word).trim_matches(['\'', '"']);
    let program = value.split([',', ' ']).next().unwrap_or(value);
    let last = value.rsplit(' ').next().unwrap_or(value);
    (is_bare_shell(program) && (program.contains('/') || value != word || value.contains(" -i"))) || (word.contains("exec=") && is_bare_shell(last))
}

/// A shell's name, with a folder or without.
fn is_bare_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next().unwrap_or(word), "sh" | "bash" | "zsh" | "dash" | "ksh" | "cmd.exe" | "powershell.exe")
}
