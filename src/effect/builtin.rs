//! The shell's own commands: those that change what the shell knows. What they run or touch comes from specs like anything else's.

use super::command::quoted;
use super::expand::join;
use super::flow;
use super::redirect::Descriptors;
use super::walker::{About, Call, Walker};
use super::state::{Channel, Shell, Variable};
use super::text::Text;
use super::{Action, network};
use crate::label::{Label, Labels};

impl Walker<'_> {
    /// Runs a builtin; `None` when `name` is none.
    pub(super) fn builtin(&mut self, shell: &mut Shell, name: &str, call: &Call, descriptors: &mut Descriptors) -> Option<Text> {
        let words = &call.words[1..];
        match name {
            "cd" | "pushd" | "chdir" => self.change_folder(shell, words),
            "popd" => shell.cwd = None,
            ":" | "true" | "false" | "break" | "continue" | "return" | "exit" | "wait" | "bind" | "ulimit" | "umask"
            | "times" | "jobs" | "fg" | "bg" | "disown" | "suspend" | "getopts" | "let" | "test" | "[" => {}
            "shopt" => {
                if words.iter().any(|w| w.as_known() == Some("lastpipe")) {
                    shell.last_pipe = words.first().and_then(Text::as_known) == Some("-s") && shell.conditional == 0;
                }
            }
            "echo" => return Some(self.echo(words)),
            "printf" => return Some(self.printf(shell, words)),
            "export" | "declare" | "typeset" | "local" | "readonly" | "integer" | "nameref" => {
                return Some(self.declare(shell, name, words, call));
            }
            "read" | "mapfile" | "readarray" => {
                let from = words.iter().position(|w| w.as_known() == Some("-u")).and_then(|at| words.get(at + 1)?.as_known()?.parse().ok());
                let from = from.and_then(|number: u32| descriptors.get(&number));
                let input = match from {
                    Some(Channel::Data(text)) => text.clone(),
                    Some(Channel::Network(_)) => Text::unknown().labelled(Labels::of(Label::Network)),
                    _ => call.stdin.clone(),
                };
                self.read_variables(shell, name, words, &input);
            }
            "set" => return Some(self.set_options(shell, words)),
            "shift" => {
                let count = words.first().and_then(Text::as_known).and_then(|w| w.parse().ok()).unwrap_or(1);
                let count = shell.positional.len().min(count);
                shell.positional.drain(..count);
            }
            "unset" => {
                for word in words.iter().filter(|w| !w.prefix().starts_with('-')) {
                    if let Some(known) = word.as_known().filter(|name| !shell.readonly.contains(*name)) {
                        shell.variables.remove(known);
                        shell.functions.remove(known);
                    }
                    self.effect(shell, Action::Unset, word.clone(), &call.about);
                }
            }
            "alias" => self.alias(shell, words, &call.about),
            "unalias" => {
                for word in words {
                    if word.as_known() == Some("-a") {
                        shell.aliases.clear();
                    } else if let Some(known) = word.as_known() {
                        shell.aliases.remove(known);
                    }
                }
            }
            "exec" if words.iter().all(|w| w.prefix().starts_with('-')) => {
                for (number, channel) in descriptors.iter() {
                    if *channel != Channel::Inherited && !(*number == 0 && matches!(channel, Channel::Data(t) if t.is_empty())) {
                        shell.descriptors.insert(*number, channel.clone());
                    }
                }
            }
            "eval" => {
                let text = join(words);
                if !text.labels.is_empty() {
                    let mut about = call.about.clone();
                    about.data.add(text.labels);
                    "eval".clone_into(&mut about.program);
                    self.effect(shell, Action::Execute, Text::known("shell code"), &about);
                }
                return Some(self.run_at(shell, &text, call.stdin.clone(), call.about.span));
            }
            "source" | "." => return Some(self.source(shell, words, call)),
            "trap" => {
                if let Some(script) = words.first().filter(|w| w.as_known() != Some("-")) {
                    let script = if script.as_known() == Some("--") { words.get(1)? } else { script };
                    if words.len() > 1 {
                        let mut inner = shell.clone();
                        return Some(self.run_at(&mut inner, &script.clone(), Text::default(), call.about.span));
                    }
                }
            }
            "command" | "builtin" => {
                let skip = words.iter().take_while(|w| w.prefix().starts_with('-')).count();
                if words.iter().take(skip).any(|w| w.prefix().contains(['v', 'V'])) {
                    return Some(Text::unknown());
                }
                let inner = Call { words: words[skip..].to_vec(), ..call.clone() };
                let mut without = shell.clone();
                if let Some(known) = inner.words.first().and_then(Text::as_known) {
                    without.functions.remove(known);
                    without.aliases.remove(known);
                }
                let out = self.command(&mut without, inner, descriptors);
                shell.cwd.clone_from(&without.cwd);
                shell.variables = without.variables;
                return Some(out);
            }
            "hash" => {
                // `hash -p FILE NAME`: another name for a file.
                if words.first().and_then(Text::as_known) == Some("-p")
                    && let (Some(file), Some(name)) = (words.get(1), words.get(2).and_then(Text::as_known))
                {
                    let name = name.to_owned();
                    if self.know.specs.find(&name).is_some() {
                        self.operate(shell, "path.shadow", Text::known(name.as_str()), None, &call.about);
                    }
                    shell.aliases.insert(name, quoted(file));
                }
            }
            "mkfifo" => {
                self.note_fifo();
                return None;
            }
            _ => return None,
        }
        Some(Text::default())
    }

    fn change_folder(&mut self, shell: &mut Shell, words: &[Text]) {
        let target = words.iter().find(|w| !w.prefix().starts_with('-') || w.as_known() == Some("-"));
        let path = match target {
            None => Text::known(self.home()),
            Some(target) if target.as_known() == Some("-") => Text::unknown(),
            Some(target) => self.absolute(shell, target),
        };
        shell.cwd = path.as_known().map(|p| {
            self.context.files.resolve(std::path::Path::new(p)).map_or_else(|| p.to_owned(), |r| r.to_string_lossy().into_owned())
        });
    }

    fn echo(&mut self, words: &[Text]) -> Text {
        let skip = words
            .iter()
            .take_while(|w| w.as_known().is_some_and(|w| w.len() > 1 && w.starts_with('-') && w[1..].chars().all(|c| "neE".contains(c))))
            .count();
        let option = |c: char| words[..skip].iter().any(|w| w.prefix().contains(c));
        let mut out = flow::echo(&words[skip..]);
        if option('n') {
            out.drop_suffix(1);
        }
        if option('e') {
            let mut decoded = Text::empty(out.labels);
            for part in out.parts() {
                match part {
                    super::Part::Known(t) => decoded.push_str(&crate::shell::word::unescape(t, true)),
                    super::Part::Glob(g) => decoded.push_glob(g),
                    super::Part::Unknown => decoded.push_unknown(),
                }
            }
            out = decoded;
        }
        out
    }

    fn printf(&mut self, shell: &mut Shell, words: &[Text]) -> Text {
        if words.first().and_then(Text::as_known) == Some("-v")
            && let Some(name) = words.get(1).and_then(Text::as_known)
        {
            let value = flow::printf(&words[2..]);
            shell.set(name, value);
            return Text::default();
        }
        let from = usize::from(words.first().and_then(Text::as_known) == Some("--"));
        flow::printf(&words[from..])
    }

    fn declare(&mut self, shell: &mut Shell, name: &str, words: &[Text], call: &Call) -> Text {
        let mut flags = String::new();
        let mut named = 0;
        for word in words {
            if word.prefix().starts_with(['-', '+']) && word.as_known().is_some() {
                flags.push_str(word.prefix());
                continue;
            }
            named += 1;
            if let Some((variable, value)) = word.split_once("=")
                && let Some(variable) = variable.as_known().map(str::to_owned)
            {
                self.assigned(shell, &variable, &value, call.about.span);
                self.declare_local(shell, name, &flags, &variable);
                shell.set(&variable, value);
                if (name == "readonly" || flags.contains('r')) && shell.conditional == 0 {
                    shell.readonly.insert(variable);
                }
            } else if let Some(variable) = word.as_known() {
                self.declare_local(shell, name, &flags, variable);
            }
        }
        for (variable, value) in &call.declared {
            self.assigned(shell, variable, &value.scalar(), call.about.span);
            if shell.readonly.contains(variable) {
                continue;
            }
            self.declare_local(shell, name, &flags, variable);
            shell.variables.insert(variable.clone(), value.clone());
            if (name == "readonly" || flags.contains('r')) && shell.conditional == 0 {
                shell.readonly.insert(variable.clone());
            }
            if flags.contains('n') && let Some(target) = value.scalar().as_known() {
                // A name reference: the value is another variable.
                let target = shell.variables.get(target).cloned();
                if let Some(target) = target {
                    shell.variables.insert(variable.clone(), target);
                }
            }
        }
        if named == 0 && call.declared.is_empty() && !flags.contains('f') && !flags.contains('F') && name != "local" {
            return self.environment_printed(shell, &call.about);
        }
        Text::default()
    }

    /// A variable that a function declares for itself gets its old value back when the function ends.
    fn declare_local(&self, shell: &mut Shell, builtin: &str, flags: &str, variable: &str) {
        let own = builtin == "local" || (matches!(builtin, "declare" | "typeset") && !flags.contains('g'));
        if own && shell.is_certain() && !self.calls.is_empty() && !shell.locals.iter().any(|(name, _)| name == variable) {
            shell.locals.push((variable.to_owned(), shell.variables.get(variable).cloned()));
        }
    }

    /// The whole environment is printed.
    pub(super) fn environment_printed(&mut self, shell: &Shell, about: &About) -> Text {
        let mut about = about.clone();
        about.data.add(Labels::perhaps(Label::Secret));
        self.operate(shell, "env.dump", Text::default(), None, &about);
        Text::unknown().labelled(Labels::perhaps(Label::Secret))
    }

    fn read_variables(&mut self, shell: &mut Shell, name: &str, words: &[Text], stdin: &Text) {
        let mut names: Vec<&str> = Vec::new();
        let mut array = name != "read";
        let mut skip = false;
        for word in words.iter().filter_map(Text::as_known) {
            if std::mem::take(&mut skip) {
                continue;
            }
            if let Some(flags) = word.strip_prefix('-') {
                if flags.ends_with('a') {
                    array = true;
                }
                skip = flags.ends_with(['p', 'd', 'n', 'N', 't', 'u', 'i', 'O', 's', 'C', 'c']) && !flags.ends_with('s');
                continue;
            }
            names.push(word);
        }
        if names.is_empty() {
            names.push(if array { "MAPFILE" } else { "REPLY" });
        }
        let known = stdin.as_known().map(str::to_owned);
        if array {
            let items: Vec<(String, Text)> = match &known {
                Some(text) => {
                    let items: Vec<&str> =
                        if name == "read" { text.split_whitespace().collect() } else { text.lines().collect() };
                    items.iter().take(256).enumerate().map(|(i, t)| (i.to_string(), Text::known(*t).labelled(stdin.labels))).collect()
                }
                None => vec![("0".to_owned(), Text::unknown().labelled(stdin.labels))],
            };
            shell.variables.insert(names[0].to_owned(), Variable::Array(items));
            return;
        }
        let line = known.as_ref().and_then(|t| t.lines().next());
        let Some(line) = line else {
            for name in names {
                shell.set(name, Text::unknown().labelled(stdin.labels));
            }
            return;
        };
        let ifs = match shell.variables.get("IFS") {
            Some(value) => value.scalar().as_known().unwrap_or(" \t\n").to_owned(),
            None => " \t\n".to_owned(),
        };
        let mut rest = line.trim_matches(|c: char| c.is_whitespace() && ifs.contains(c));
        for (at, name) in names.iter().enumerate() {
            let value = if at + 1 == names.len() {
                std::mem::take(&mut rest)
            } else {
                match rest.find(|c| ifs.contains(c)) {
                    Some(end) => {
                        let value = &rest[..end];
                        rest = rest[end..].trim_start_matches(|c| ifs.contains(c));
                        value
                    }
                    None => std::mem::take(&mut rest),
                }
            };
            shell.set(name, Text::known(value).labelled(stdin.labels));
        }
    }

    fn set_options(&mut self, shell: &mut Shell, words: &[Text]) -> Text {
        if words.is_empty() {
            // It prints the shell's variables, exported ones among them; mostly a filter follows.
            return Text::unknown().labelled(Labels::perhaps(Label::Secret));
        }
        let at = words.iter().position(|w| w.as_known() == Some("--"));
        if let Some(at) = at {
            shell.positional = words[at + 1..].to_vec();
        } else if !words[0].prefix().starts_with(['-', '+']) {
            shell.positional = words.to_vec();
        }
        Text::default()
    }

    fn alias(&mut self, shell: &mut Shell, words: &[Text], about: &About) {
        for word in words {
            if let Some((name, value)) = word.split_once("=")
                && let Some(name) = name.as_known().map(str::to_owned)
            {
                self.define(shell, &name, &value, true, about);
                shell.aliases.insert(name, value);
            }
        }
    }

    fn source(&mut self, shell: &mut Shell, words: &[Text], call: &Call) -> Text {
        let Some(file) = words.iter().find(|w| !w.prefix().starts_with("--")) else { return Text::default() };
        let mut about = call.about.clone();
        "source".clone_into(&mut about.program);
        if let Some(host) = network::device(file) {
            about.data = Labels::of(Label::Network);
            let _ = host;
            self.effect(shell, Action::Execute, file.clone(), &about);
            return Text::default();
        }
        let path = self.absolute(shell, file);
        if matches!(path.as_known(), Some("/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")) {
            about.data = call.stdin.labels;
            self.effect(shell, Action::Execute, path, &about);
            return self.run_at(shell, &call.stdin.clone(), Text::default(), call.about.span);
        }
        let text = self.script_text(&path);
        about.data = path.labels.and(text.as_ref().map_or(Labels::NONE, |t| t.labels));
        about.with.add("sourced");
        self.effect(shell, Action::Execute, path, &about);
        match text {
            Some(text) => {
                let outer = shell.positional.clone();
                if words.len() > 1 {
                    shell.positional = words[1..].to_vec();
                }
                let out = self.run_at(shell, &text, call.stdin.clone(), call.about.span);
                shell.positional = outer;
                out
            }
            None => Text::unknown(),
        }
    }
}
