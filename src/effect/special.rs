//! The handful of commands with a private grammar: find, dd, parallel, tests of a shell's own text, make, npm run.

use super::Action;
use super::script::{Call, Walker};
use super::state::Shell;
use super::text::Text;
use crate::label::{Label, Labels};

impl Walker<'_> {
    /// Runs a command with a grammar of its own; `None` when the spec, or nothing, decides.
    pub(super) fn special(&mut self, shell: &mut Shell, program: &str, call: &Call) -> Option<Text> {
        match program {
            "find" | "gfind" | "bfs" => Some(self.find(shell, call)),
            "dd" => Some(self.dd(shell, call)),
            "printenv" if call.words.len() == 1 => Some(self.environment_printed(shell, &call.about)),
            "env" if call.words[1..].iter().all(|w| w.prefix().starts_with('-') && w.prefix() != "-S" && w.prefix() != "-u") => {
                Some(self.environment_printed(shell, &call.about))
            }
            "git" => {
                // A name of git's own wins over an alias, and the options before it count either way: the spec judges the words too.
                self.git_alias(shell, call);
                None
            }
            "make" | "gmake" => self.make(shell, call),
            "npm" | "pnpm" | "yarn" | "bun" => self.package_script(shell, call),
            _ => None,
        }
    }

    /// `git -c alias.NAME=COMMAND NAME …`, and an alias that this script configured before: the command behind the alias.
    fn git_alias(&mut self, shell: &Shell, call: &Call) {
        let words = &call.words[1..];
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let value = match word.as_known() {
                Some("-c") => {
                    at += 1;
                    words.get(at)
                }
                Some("-C" | "--git-dir" | "--work-tree" | "--namespace" | "--config-env") => {
                    at += 1;
                    None
                }
                _ if word.prefix().starts_with('-') => None,
                _ => break,
            };
            at += 1;
            if let Some((name, command)) = value.and_then(|v| v.split_once("="))
                && let Some(name) = name.as_known().and_then(|n| n.get(..6).filter(|p| p.eq_ignore_ascii_case("alias.")).map(|_| n[6..].to_owned()))
            {
                self.git_aliases.insert(name, command);
            }
        }
        let Some(command) = words.get(at).and_then(Text::as_known) else { return };
        if command == "config" {
            let setting: Vec<&Text> = words[at + 1..].iter().filter(|w| !w.prefix().starts_with('-') && w.as_known() != Some("set")).collect();
            if let [name, value] = setting.as_slice()
                && let Some(name) = name.as_known().and_then(|n| n.strip_prefix("alias."))
            {
                self.git_aliases.insert(name.to_owned(), (*value).clone());
            }
            return;
        }
        let Some(alias) = self.git_aliases.remove(command) else { return };
        let mut text = match alias.strip_prefix("!") {
            Some(script) => script,
            None => {
                let mut text = Text::known("git ");
                text.push(&alias);
                text
            }
        };
        for word in &words[at + 1..] {
            text.push_str(" ");
            text.push(&super::command::quoted(word));
        }
        let mut inner = shell.other_process();
        self.run_at(&mut inner, &text, call.stdin.clone(), call.about.span);
        // It is there for the next call too.
        self.git_aliases.insert(command.to_owned(), alias);
    }

    /// `find ROOTS TESTS ACTIONS`: `-delete`, `-exec`, `-fprint` act on what was found below the roots.
    fn find(&mut self, shell: &mut Shell, call: &Call) -> Text {
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
                            out.push(&self.command(&mut sub, call, &mut super::script::Descriptors::new()));
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

    /// `dd if=A of=B`
    fn dd(&mut self, shell: &mut Shell, call: &Call) -> Text {
        let mut data = call.stdin.clone();
        let mut to = None;
        for word in &call.words[1..] {
            if let Some(file) = word.strip_prefix("if=") {
                let path = self.absolute(shell, &file);
                data = self.read_file(shell, &path, &call.about);
            } else if let Some(file) = word.strip_prefix("of=") {
                to = Some(self.absolute(shell, &file));
            }
        }
        match to {
            Some(path) => {
                let mut about = call.about.clone();
                about.data.add(data.labels.without(Label::Outside));
                self.effect(shell, Action::Write, path.clone(), &about);
                self.written(shell, &path, &data, &call.about);
                Text::default()
            }
            None => data,
        }
    }

    /// `make TARGETS`: the recipes of a Makefile that can be read.
    fn make(&mut self, shell: &mut Shell, call: &Call) -> Option<Text> {
        let mut file = None;
        let mut inner = shell.other_process();
        let mut targets: Vec<String> = Vec::new();
        let mut evaluated = Text::default();
        let mut words = call.words[1..].iter();
        while let Some(word) = words.next() {
            let known = word.as_known().unwrap_or("");
            match known {
                "-f" | "--file" | "--makefile" => file = words.next().cloned(),
                "-C" | "--directory" => {
                    if let Some(folder) = words.next() {
                        inner.cwd = self.absolute(&inner, folder).as_known().map(str::to_owned);
                    }
                }
                "-E" | "--eval" => {
                    if let Some(more) = words.next() {
                        evaluated.push(more);
                        evaluated.push_str("\n");
                    }
                }
                _ if known.starts_with("--eval=") => {
                    evaluated.push_str(&known["--eval=".len()..]);
                    evaluated.push_str("\n");
                }
                "-n" | "--dry-run" | "--just-print" => return Some(Text::unknown()),
                "-j" | "-l" | "-o" | "-W" | "-I" => {
                    if known != "-j" {
                        words.next();
                    }
                }
                _ if known.starts_with('-') => {}
                _ => match word.split_once("=") {
                    Some((name, value)) if name.as_known().is_some() => inner.set(&name.to_string(), value),
                    _ => targets.push(known.to_owned()),
                },
            }
        }
        let text = match file {
            Some(file) => {
                let path = self.absolute(&inner, &file);
                self.script_text(&path)
            }
            None => ["GNUmakefile", "makefile", "Makefile"].iter().find_map(|name| {
                let path = self.absolute(&inner, &Text::known(*name));
                self.script_text(&path)
            }),
        };
        let text = match (text, evaluated.is_empty()) {
            (text, true) => text?,
            (Some(mut text), false) => {
                text.push(&evaluated);
                text
            }
            (None, false) => evaluated,
        };
        self.make_functions(&mut inner, text.prefix(), call);
        let recipes = recipes(text.prefix(), &targets);
        // Includes, computed names and generated recipes are not followed.
        let followed = !["include ", "$(shell", "$(eval", "$(call", "define "].iter().any(|word| text.prefix().contains(word));
        if !followed || recipes.is_empty() {
            self.unread(&Text::known("Makefile"));
        }
        let mut printed = Labels::NONE;
        for line in recipes {
            let line = Text::known(line).labelled(text.labels);
            let mut sub = inner.clone();
            printed.add(self.run_at(&mut sub, &line, Text::default(), call.about.span).labels);
        }
        Some(Text::unknown().labelled(printed))
    }

    /// What a Makefile does while it is read: `$(shell …)`, `$(file <…)`, `$(file >…)`.
    fn make_functions(&mut self, shell: &mut Shell, text: &str, call: &Call) {
        for (name, end) in text.match_indices("$(file ").map(|(at, m)| (m, at + m.len())).chain(text.match_indices("$(shell ").map(|(at, m)| (m, at + m.len()))).take(200) {
            let body = balanced(&text[end..]);
            if name == "$(shell " {
                let mut inner = shell.other_process();
                self.run_at(&mut inner, &Text::known(body.replace("$$", "$")), Text::default(), call.about.span);
                continue;
            }
            let path = body.split(',').next().unwrap_or("").trim();
            let (reads, path) = path.strip_prefix('<').map_or((false, path.trim_start_matches('>')), |p| (true, p));
            let path = self.absolute(shell, &Text::known(path.trim()));
            if reads {
                self.read_file(shell, &path, &call.about);
            } else {
                self.effect(shell, Action::Write, path, &call.about);
            }
        }
    }

    /// `npm run NAME`: the script of that name, and its `pre` and `post`.
    fn package_script(&mut self, shell: &mut Shell, call: &Call) -> Option<Text> {
        let words: Vec<&str> = call.words[1..].iter().map(|w| w.as_known().unwrap_or("")).filter(|w| !w.starts_with('-')).collect();
        let (name, rest) = match words.as_slice() {
            ["run" | "run-script" | "rum" | "urn", name, rest @ ..] => (*name, rest.len()),
            [name @ ("test" | "start" | "stop" | "restart"), rest @ ..] => (*name, rest.len()),
            ["t" | "tst", rest @ ..] => ("test", rest.len()),
            ["install" | "i" | "ci" | "add"] => ("install", 0),
            _ => return None,
        };
        let path = self.absolute(shell, &Text::known("package.json"));
        let text = self.script_text(&path)?;
        let Ok(package) = serde_json::from_str::<serde_json::Value>(text.as_known()?) else {
            self.unread(&path);
            return None;
        };
        let scripts = package.get("scripts")?.as_object()?;
        let extra = &call.words[call.words.len() - rest..];
        for part in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
            let Some(script) = scripts.get(&part).and_then(serde_json::Value::as_str) else { continue };
            let mut script = Text::known(script).labelled(text.labels);
            if part == name {
                for word in extra {
                    script.push_str(" ");
                    script.push(&super::command::quoted(word));
                }
            }
            let mut inner = shell.other_process();
            self.run_at(&mut inner, &script, Text::default(), call.about.span);
        }
        // Install scripts of packages are not read: the spec says what installing means.
        (name != "install").then(Text::unknown)
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

/// The text up to the parenthesis that closes it.
fn balanced(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return &text[..at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    text
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

/// The recipe lines of the targets and of what they depend on, `$(VAR)` replaced where the file sets it.
fn recipes(text: &str, targets: &[String]) -> Vec<String> {
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut rules: Vec<(Vec<String>, Vec<String>, Vec<String>)> = Vec::new();
    let joined = text.replace("\\\n", " ");
    for line in joined.lines() {
        if let Some(recipe) = line.strip_prefix('\t') {
            if let Some((_, _, lines)) = rules.last_mut() {
                lines.push(recipe.trim_start_matches(['@', '-', '+']).to_owned());
            }
            continue;
        }
        let plain = line.split('#').next().unwrap_or("");
        if let Some((name, value)) = plain.split_once('=').filter(|(n, _)| !n.contains(':') || n.trim_end().ends_with(':')) {
            variables.push((name.trim_end_matches([':', '?', '+', ' ']).trim().to_owned(), value.trim().to_owned()));
        } else if let Some((names, needs)) = plain.split_once(':') {
            let split = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let (needs, inline) = needs.split_once(';').map_or((needs, None), |(n, r)| (n, Some(r.to_owned())));
            rules.push((split(names), split(needs.trim_start_matches(':')), inline.into_iter().collect()));
        }
    }
    let mut wanted: Vec<String> = targets.to_vec();
    if wanted.is_empty()
        && let Some(first) = rules.iter().flat_map(|(names, _, _)| names).find(|n| !n.starts_with('.'))
    {
        wanted.push(first.clone());
    }
    let mut out = Vec::new();
    let mut at = 0;
    while at < wanted.len() && at < 100 {
        let name = wanted[at].clone();
        at += 1;
        for (names, needs, lines) in &rules {
            if !names.contains(&name) {
                continue;
            }
            for need in needs {
                if !wanted.contains(need) {
                    wanted.push(need.clone());
                }
            }
            for line in lines {
                let mut line = line.clone();
                for _ in 0..4 {
                    for (variable, value) in &variables {
                        line = line.replace(&format!("$({variable})"), value).replace(&format!("${{{variable}}}"), value);
                    }
                }
                out.push(line.replace("$@", &name).replace("$$", "$"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_makefile_gives_the_recipes_of_a_target_and_its_needs() {
        let text = "D = /x\nall: clean\n\techo all\nclean:\n\t@rm -rf $(D)\nother:\n\tfalse\n";
        assert_eq!(recipes(text, &["all".into()]), ["echo all", "rm -rf /x"]);
        assert_eq!(recipes(text, &[]), ["echo all", "rm -rf /x"]);
    }
}
