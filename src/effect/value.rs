//! One value of a command: an arm for every value type that `rules/README.md` lists.

use super::command::{Claim, Sorted, in_force};
use super::expand::join;
use super::flow;
use super::git;
use super::interpret::Sum;
use super::network;
use super::path;
use super::state::Shell;
use super::text::Text;
use super::walker::{About, Call, Walker};
use super::Action;
use crate::label::{Label, Labels};
use crate::verdict::Certainty;

impl Walker<'_> {
    /// One value: the arm of its type.
    #[allow(clippy::too_many_arguments, reason = "the arms of one table need what the table knows")]
    pub(super) fn one(
        &mut self,
        shell: &mut Shell,
        claim: &Claim,
        following: &[Claim],
        sorted: &Sorted<'_>,
        call: &Call,
        about: &About,
        sources: &[Text],
        sum: &mut Sum,
    ) {
        let value = &claim.value;
        let rest = || -> Vec<Text> {
            match claim.operand {
                Some(at) => sorted.operands[at..].to_vec(),
                None => vec![value.clone()],
            }
        };
        match claim.kind.as_str() {
            "text" if value.prefix().starts_with("file") && value.prefix().contains("://") => self.touch(shell, value, about),
            "" | "text" | "cwd" | "path" => {}
            "read" => {
                if value.as_known() == Some("-") {
                    sum.read.push(call.stdin.clone());
                    return;
                }
                let path = self.absolute(shell, value);
                let text = self.read_file(shell, &path, about);
                sum.read.push(text);
            }
            "write" => {
                if value.as_known() == Some("-") {
                    return;
                }
                sum.outputs.push(value.clone());
            }
            "archive" if sorted.modifiers.iter().any(|m| m == "create") => sum.outputs.push(value.clone()),
            "archive" => {
                let path = self.absolute(shell, value);
                let text = self.read_file(shell, &path, about);
                sum.read.push(text);
            }
            "write-aside" => {
                let path = self.absolute(shell, value);
                if about.with.has("remote") {
                    // A log lies here, wherever the work is done.
                    let (mut about, mut here) = (about.clone(), shell.other_process());
                    about.with.remove("remote");
                    here.ambient.remove("remote");
                    self.effect(&here, Action::Write, path, &about);
                } else {
                    self.effect(shell, Action::Write, path, about);
                }
            }
            "edit" => {
                let path = self.absolute(shell, value);
                let labels = self.labels_of(&path);
                let mut about = about.clone();
                about.data.add(labels);
                self.effect(shell, Action::Write, path.clone(), &about);
                // What sed, or perl as sed, puts into a file that something runs.
                let scripts = sorted.claims.iter().filter(|c| c.kind == "code").filter_map(|c| c.value.as_known());
                let mut content = Text::known(scripts.map(super::inline::inserted).collect::<String>());
                content.push_unknown();
                self.content_written(shell, &path, &content, &about);
            }
            "delete" => {
                let path = self.absolute(shell, value);
                self.effect(shell, Action::Delete, path.clone(), about);
                if let Some(folder) = path::whole_folder(&path) {
                    let mut about = about.clone();
                    about.with.add("content");
                    self.effect(shell, Action::Delete, folder, &about);
                }
                if let Some(known) = path.as_known() {
                    self.files.remove(known);
                }
            }
            "move" => {
                let path = self.absolute(shell, value);
                let text = self.read_file(shell, &path, about);
                if let Some(folder) = path::whole_folder(&path) {
                    let mut about = about.clone();
                    about.with.add("content");
                    self.effect(shell, Action::Move, folder, &about);
                }
                self.effect(shell, Action::Move, path, about);
                sum.read.push(text);
            }
            "perm" => {
                let path = self.absolute(shell, value);
                let mut about = about.clone();
                if self.is_judged(&path) {
                    about.with.add("content:known");
                }
                self.effect(shell, Action::Perm, path, &about);
            }
            "land" => self.land(shell, value, sources, about, sum),
            "url" if value.prefix().starts_with("file:") => {
                let path = self.absolute(shell, value);
                let text = self.read_file(shell, &path, about);
                sum.read.push(text);
            }
            "url" => {
                if let Some(host) = network::of_url(value) {
                    let form = network::place_of_unknown(value).filter(|form| self.know.belongs(value.labels, &host, form, &self.vars));
                    match form {
                        Some(form) if value.labels.has(Label::Secret) => sum.presented.push((form, value.labels)),
                        _ => {
                            sum.sent.add(value.labels);
                            sum.sends |= value.labels.has(Label::Secret);
                        }
                    }
                    sum.peers.push((value.clone(), host));
                }
            }
            "host" => {
                let host = match value.split_once("@") {
                    Some((_, host)) => host,
                    None => value.clone(),
                };
                if let Some(host) = network::of_url(&host) {
                    // A name that is looked up or connected to carries its labels to the network.
                    sum.sent.add(value.labels);
                    sum.sends |= value.labels.has(Label::Secret);
                    sum.peers.push((value.clone(), host));
                }
            }
            "send" => {
                sum.sends = true;
                sum.sent.add(self.sent_labels(shell, value, about, &call.stdin));
            }
            "send-auth" => sum.presented.push(("user".into(), value.labels)),
            // `-H @file` sends a file's lines.
            "header" if value.prefix().starts_with('@') => {
                sum.sends = true;
                sum.sent.add(self.sent_labels(shell, value, about, &call.stdin));
            }
            "header" => {
                let name = value.split_once(":").map_or_else(|| "cookie".into(), |(name, _)| name.to_string().to_lowercase());
                sum.presented.push((format!("header:{name}"), value.labels));
            }
            "linked" => {
                // Another name for a file: reading the name is reading the file.
                let path = self.absolute(shell, value);
                let labels = self.labels_of(&path);
                let path_of_link = path.as_known().map(str::to_owned);
                let content = path.as_known().and_then(|p| self.files.get(p)).cloned().unwrap_or_else(Text::unknown);
                self.effect(shell, Action::Operate("file.link".into()), path, &About { data: labels, ..about.clone() });
                sum.linked.extend(path_of_link);
                sum.read.push(content.labelled(labels));
            }
            "edit-maybe" => self.touch(shell, value, about),
            "manifest" => self.manifest_value(shell, value, call, about, sum),
            "verb-words" => {
                if claim.operand == Some(0) {
                    self.verb_words(shell, sorted, call, about);
                }
                self.touch(shell, value, about);
            }
            "module" => {
                if let Some(name) = value.as_known()
                    && self.know.specs.find(name).is_some()
                {
                    let mut words = vec![value.clone()];
                    words.extend(sorted.operands.iter().cloned());
                    let out = self.inner_command(shell, words, call, about, sorted);
                    sum.inner = Some(out);
                }
            }
            "described-command" => {
                let mut words = rest();
                match value.as_known().map(program_of_package) {
                    Some(program) if self.know.specs.find(program).is_some() => {
                        words[0] = Text::known(program).labelled(value.labels);
                        sum.inner = Some(self.inner_command(shell, words, call, about, sorted));
                    }
                    _ => words[1..].iter().for_each(|word| self.touch(shell, word, about)),
                }
            }
            "library" => {
                let path = self.absolute(shell, value);
                let labels = path.as_known().and_then(|p| self.files.get(p)).map_or(Labels::NONE, |t| t.labels);
                let mut about = about.clone();
                about.data.add(labels.and(value.labels));
                about.with.add("library");
                self.effect(shell, Action::Execute, path, &about);
            }
            "git-config-key" => {
                let mut setting = value.clone();
                if let Some(next) = following.iter().find(|c| c.operand.is_some()) {
                    setting.push_str("=");
                    setting.push(&next.value);
                }
                if !about.with.has("query") && following.iter().any(|c| c.operand.is_some()) {
                    self.git_config(shell, &setting, about);
                }
            }
            "read-and-send" => {
                sum.sends = true;
                if value.as_known() == Some("-") || value.as_known() == Some(".") {
                    sum.sent.add(call.stdin.labels);
                } else {
                    let path = self.absolute(shell, value);
                    sum.sent.add(self.read_file(shell, &path, about).labels);
                }
            }
            "remote" | "remote-to" => {
                let to = claim.kind == "remote-to";
                match network::remote(value) {
                    Some(host) => {
                        if to {
                            sum.sends = true;
                            for text in &sum.read {
                                sum.sent.add(text.labels);
                            }
                        } else {
                            sum.read.push(Text::unknown().labelled(Labels::of(Label::Network)));
                        }
                        sum.peers.push((value.clone(), host));
                    }
                    None if to => self.land(shell, value, sources, about, sum),
                    None => {
                        let path = self.absolute(shell, value);
                        let text = self.read_file(shell, &path, about);
                        sum.read.push(text);
                    }
                }
            }
            "script" => {
                // `bash -c TEXT NAME ARGUMENTS`: what follows the name are the text's own parameters.
                let outer = match claim.operand {
                    None if sorted.modifiers.iter().any(|m| m == "command") => {
                        Some(std::mem::replace(&mut self.parameters, sorted.operands.iter().skip(1).cloned().collect()))
                    }
                    _ => None,
                };
                let out = self.inner_script(shell, value, call, about);
                if let Some(outer) = outer {
                    self.parameters = outer;
                }
                sum.inner = Some(out);
            }
            "script-rest" => {
                let text = join(&rest());
                let out = self.inner_script(shell, &text, call, about);
                sum.inner = Some(out);
            }
            "script-file" | "code-file" | "program" => {
                if matches!(value.as_known(), Some("-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")) {
                    self.standard_input_runs(shell, claim.kind == "code-file", sorted, call, about, sum);
                    return;
                }
                if network::is_url(value) {
                    sum.peers.extend(network::of_url(value).map(|host| (value.clone(), host)));
                    let run = About { data: Labels::of(Label::Network), ..about.clone() };
                    self.effect(shell, Action::Execute, value.clone(), &run);
                    return;
                }
                let path = self.absolute(shell, value);
                let text = self.script_text(&path);
                let mut run = about.clone();
                run.data.add(value.labels.and(self.strange_folder(&path)));
                if let Some(text) = &text {
                    run.data.add(text.labels);
                } else if let Some(labels) = path.as_known().and_then(|p| self.files.get(p)).map(|t| t.labels) {
                    run.data.add(labels);
                }
                self.effect(shell, Action::Execute, path, &run);
                if claim.kind == "code-file" {
                    let printed = self.described_script(shell, rest(), call, about);
                    sum.prints(Text::empty(printed.labels));
                }
                let Some(text) = text else { return };
                if claim.kind == "code-file" {
                    let language = in_force(&sorted.chain, &sorted.modifiers, |s| s.lang.as_deref()).unwrap_or("").to_owned();
                    let printed = self.code(shell, &language, &text, about);
                    sum.prints(printed);
                } else {
                    let words = rest();
                    let inner = Call { words, ..call.clone() };
                    let out = self.run_script_file(shell, &text, &inner);
                    sum.inner = Some(out);
                }
            }
            "code" | "code-rest" | "encoded-code" => {
                let value = &match claim.kind.as_str() {
                    "code-rest" => join(&rest()),
                    // What PowerShell takes: base64 of characters of two bytes.
                    "encoded-code" => value.as_known().and_then(flow::base64).map_or_else(Text::unknown, |t| Text::known(t.replace('\0', ""))).labelled(value.labels),
                    _ => value.clone(),
                };
                let language = in_force(&sorted.chain, &sorted.modifiers, |s| s.lang.as_deref()).unwrap_or("").to_owned();
                let mut run = about.clone();
                run.data.add(value.labels);
                if !(value.labels.is_empty()) || value.has_unknown() {
                    if !value.labels.is_empty() {
                        self.effect(shell, Action::Execute, Text::known(format!("{language} code")), &run);
                    }
                }
                let printed = self.code(shell, &language, value, about);
                sum.prints(printed);
            }
            "sql" => {
                self.code(shell, "sql", value, about);
            }
            "command" => {
                let words = if claim.operand.is_some() { rest() } else { vec![value.clone()] };
                let before = self.plan.effects.len();
                let out = self.inner_command(shell, words, call, about, sorted);
                sum.only_looks = self.only_looks(before);
                sum.inner = Some(out);
            }
            "served" => {
                let text = if claim.operand.is_some() { join(&rest()) } else { value.clone() };
                let mut inner = shell.other_process();
                inner.ambient.add("served");
                let stdin = Text::unknown().labelled(Labels::of(Label::Network));
                let out = self.run_at(&mut inner, &text, stdin, about.span);
                sum.sends = true;
                sum.sent.add(out.labels);
            }
            "assign" => {
                if let Some((name, text)) = value.split_once("=")
                    && let Some(name) = name.as_known().map(str::to_owned)
                {
                    self.assigned(shell, &name, &text, about.span);
                    shell.set(&name, text);
                }
            }
            "arguments" => {
                // Options for the program itself, in one string.
                if let Some(known) = value.as_known()
                    && let Ok(words) = shell_words::split(known)
                    && let Some((spec, _)) = sorted.chain.first()
                    && let Some(program) = call.words.first()
                {
                    let mut all = vec![program.clone()];
                    all.extend(words.into_iter().map(Text::known));
                    let inner = Call { words: all, environment: Vec::new(), ..call.clone() };
                    self.by_spec(shell, spec, &inner);
                }
            }
            "arguments-file" => {
                // `name = "value"` or an option as it is typed, one a line.
                let text = match value.as_known() {
                    Some("-") => call.stdin.clone(),
                    _ => {
                        let path = self.absolute(shell, value);
                        let read = self.read_file(shell, &path, about);
                        sum.read.push(read);
                        self.script_text(&path).unwrap_or_default()
                    }
                };
                let Some(program) = call.words.first().filter(|_| !text.is_empty()).cloned() else { return };
                let mut words = vec![program];
                for line in text.prefix().lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
                    let (name, rest) = line.split_once(['=', ' ', ':']).map_or((line, ""), |(name, rest)| (name.trim(), rest.trim_start_matches(['=', ':', ' '])));
                    words.push(Text::known(if name.starts_with('-') { name.to_owned() } else { format!("--{name}") }));
                    if !rest.is_empty() {
                        words.push(Text::known(rest.trim_matches('"')).labelled(text.labels));
                    }
                }
                if let Some((spec, _)) = sorted.chain.first() {
                    let inner = Call { words, environment: Vec::new(), stdin: Text::default(), ..call.clone() };
                    self.by_spec(shell, spec, &inner);
                }
            }
            "search-path" => {
                let first = value.split_once(":").map_or_else(|| value.clone(), |(first, _)| first);
                let folder = self.absolute(shell, &first);
                let open = ["tmp", "tmp-roots"].iter().any(|list| self.know.in_list(list, &folder, &self.vars) == Certainty::Yes);
                if open && first.prefix().starts_with('/') {
                    // What stands there is not known.
                    let about = About { certainty: Certainty::Maybe, ..about.clone() };
                    self.operate(shell, "path.shadow", folder, None, &about);
                }
            }
            options if options.starts_with("options-of-") => {
                let program = &options["options-of-".len()..];
                if let Some(spec) = self.know.specs.find(program)
                    && let Some(words) = value.as_known().and_then(|v| shell_words::split(v).ok())
                {
                    let words = std::iter::once(Text::known(program)).chain(words.into_iter().map(Text::known)).collect();
                    let inner = Call { words, declared: Vec::new(), environment: Vec::new(), stdin: Text::default(), about: about.clone() };
                    self.by_spec(shell, spec, &inner);
                }
            }
            "path-object" => sum.objects.push((self.absolute(shell, value), claim.modifiers.clone())),
            "object" => sum.objects.push((value.clone(), claim.modifiers.clone())),
            "package-command" => {
                sum.objects.push((value.clone(), claim.modifiers.clone()));
                let mut words = rest();
                if let Some(program) = value.as_known().map(program_of_package) {
                    words[0] = Text::known(program).labelled(value.labels);
                    sum.inner = Some(self.inner_command(shell, words, call, about, sorted));
                }
            }
            "git-refspec" => sum.objects.push(git::refspec(value, claim.modifiers.clone())),
            "git-remote" => {
                if let Some(transport) = value.strip_prefix("ext::") {
                    self.git_transport(shell, &transport, about);
                }
                let host = network::of_git_remote(value);
                if let Some(host) = &host
                    && value.labels.has(Label::Secret)
                {
                    let form = network::place_of_unknown(value).unwrap_or_else(|| "url".into());
                    self.present(shell, &form, value.labels, value, host, about);
                }
                sum.git_hosts.push((value.clone(), host));
            }
            "mount" => {
                let source = value.split_once(":").map_or(value.clone(), |(s, _)| s);
                let source = source.split_once("source=").or_else(|| source.split_once("src=")).map_or(source.clone(), |(_, s)| {
                    s.split_once(",").map_or(s.clone(), |(s, _)| s)
                });
                if source.prefix().starts_with(['/', '~', '.', '$']) || source.prefix().is_empty() {
                    let path = self.absolute(shell, &source);
                    let mut about = about.clone();
                    about.with.add("host-mount");
                    self.operate(shell, "container.mount", path, None, &about);
                }
            }
            "unknown" => self.touch(shell, value, about),
            "git-config" => self.git_config(shell, value, about),
            "env-print" => {
                let labels = self.know.variable_labels(value, &self.vars);
                if !labels.is_empty() {
                    sum.read.push(Text::unknown().labelled(labels));
                    let mut about = about.clone();
                    about.data = labels;
                    self.operate(shell, "env.print", value.clone(), None, &about);
                }
            }
            other => self.part_of_value(shell, other, claim, following, sorted, call, about, sources, sum),
        }
    }

    /// `after:SEP:TYPE`, `before:SEP:TYPE`, `list:SEP:TYPE`, `within:AB:TYPE`: a part of the value has a type.
    #[allow(clippy::too_many_arguments, reason = "passes on what the table knows")]
    fn part_of_value(
        &mut self,
        shell: &mut Shell,
        kind: &str,
        claim: &Claim,
        following: &[Claim],
        sorted: &Sorted<'_>,
        call: &Call,
        about: &About,
        sources: &[Text],
        sum: &mut Sum,
    ) {
        let Some((how, (separator, inner))) = kind.split_once(':').and_then(|(how, rest)| Some((how, rest.rsplit_once(':')?))) else {
            self.touch(shell, &claim.value, about);
            return;
        };
        // A blank ends the type's name, so it is spelled out.
        let separator = if separator == "blank" { " " } else { separator };
        let parts: Vec<Text> = match how {
            "after" => claim.value.split_once(separator).map(|(_, tail)| tail).into_iter().collect(),
            "within" => {
                let (open, close) = separator.split_at(separator.chars().next().map_or(0, char::len_utf8));
                let tail = claim.value.split_once(open).map(|(_, tail)| tail);
                tail.map(|tail| tail.split_once(close).map_or(tail.clone(), |(head, _)| head)).into_iter().collect()
            }
            "before" => vec![claim.value.split_once(separator).map_or(claim.value.clone(), |(head, _)| head)],
            "list" => {
                let mut all = Vec::new();
                let mut rest = claim.value.clone();
                while let Some((head, tail)) = rest.split_once(separator) {
                    all.push(head);
                    rest = tail;
                    if all.len() > 64 {
                        break;
                    }
                }
                all.push(rest);
                all
            }
            _ => Vec::new(),
        };
        for value in parts {
            let part = Claim { kind: inner.to_owned(), value, modifiers: claim.modifiers.clone(), operand: None };
            self.one(shell, &part, following, sorted, call, about, sources, sum);
        }
    }

    /// Writes a file, or into a folder under each source's name; the sources' labels land with it.
    pub(super) fn land(&mut self, shell: &mut Shell, value: &Text, sources: &[Text], about: &About, sum: &mut Sum) {
        let path = self.absolute(shell, value);
        let mut content = Text::default();
        for text in &sum.read {
            content.push(text);
        }
        let mut write = about.clone();
        write.data.add(content.labels.without(Label::Outside));
        self.effect(shell, Action::Write, path.clone(), &write);
        self.link(&path, sources, sum);
        let folder = value.suffix().ends_with('/')
            || matches!(value.as_known(), Some("." | ".."))
            || sources.len() > 1
            || path.as_known().is_some_and(|p| self.context.files.is_dir(std::path::Path::new(p)));
        if folder {
            for source in sources {
                let there = network::remote(source).and_then(|_| source.split_once(":")).map(|(_, path)| path);
                if let Some(name) = path::base_name(&there.unwrap_or_else(|| source.clone())) {
                    let mut inside = path.clone();
                    inside.push_str("/");
                    inside.push_str(&name);
                    self.effect(shell, Action::Write, inside.clone(), &write);
                    self.written(shell, &inside, &content, about);
                }
            }
        }
        if let Some(known) = path.as_known() {
            self.files.insert(known.to_owned(), Text::default());
        }
        self.written(shell, &path, &content, about);
        sum.inner = Some(Text::default());
    }

    /// The path is another name for what was linked, and so is a name in it for each.
    fn link(&mut self, path: &Text, sources: &[Text], sum: &Sum) {
        let Some(known) = path.as_known() else { return };
        for to in &sum.linked {
            let name = to.rsplit('/').next().unwrap_or("");
            let inside = format!("{known}/{name}");
            if sum.linked.len() == 1 && sources.len() <= 1 {
                self.links.insert(known.to_owned(), to.clone());
            }
            self.links.insert(inside, to.clone());
        }
    }

    /// A script that is a described program itself: `python manage.py flush`, `php artisan migrate:fresh`. Gives what it prints.
    fn described_script(&mut self, shell: &mut Shell, words: Vec<Text>, call: &Call, about: &About) -> Text {
        let Some(name) = words.first().and_then(path::base_name) else { return Text::default() };
        let common = self.know.in_list("sub-command-names", &Text::known(name.as_str()), &self.vars) == Certainty::Yes;
        if let Some(spec) = self.know.specs.find(&name).filter(|_| !common) {
            let about = About { program: name, ..about.clone() };
            return self.by_spec(shell, spec, &Call { words, environment: call.environment.clone(), about, ..call.clone() });
        }
        Text::default()
    }

    /// The labels of a value that is sent; `@file` is a file's content.
    pub(super) fn sent_labels(&mut self, shell: &Shell, value: &Text, about: &About, stdin: &Text) -> Labels {
        let file = value
            .strip_prefix("@")
            .or_else(|| value.split_once("=@").map(|(_, f)| f))
            .or_else(|| value.split_once("=<").map(|(_, f)| f))
            .or_else(|| value.split_once("@").filter(|(name, _)| !name.prefix().contains([' ', ':', '/', '.'])).map(|(_, f)| f));
        match file {
            Some(file) if file.as_known() == Some("-") => value.labels.and(stdin.labels),
            Some(file) if !file.prefix().contains([' ', '{', '"']) && !(file.is_empty()) => {
                let file = file.split_once(";").map_or(file.clone(), |(f, _)| f);
                let path = self.absolute(shell, &file);
                self.read_file(shell, &path, about).labels.and(value.labels)
            }
            _ => value.labels,
        }
    }
}

/// The program that a package brings, by the package's name: `prisma@5` → `prisma`, `@angular/cli@17` → `cli`.
fn program_of_package(package: &str) -> &str {
    let name = package.rsplit('/').next().unwrap_or(package);
    name.split('@').next().unwrap_or(name)
}
