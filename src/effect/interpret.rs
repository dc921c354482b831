//! What a program does with its sorted words: one arm per value type.

use super::command::{Claim, Sorted, in_force, modifiers, operand_types};
use super::expand::join;
use super::network;
use super::path;
use super::script::{About, Call, Walker};
use super::spec::{self, CommandSpec};
use super::state::Shell;
use super::text::Text;
use super::{Action, Effect};
use crate::label::{Label, Labels};

/// What the claims of one command add up to.
#[derive(Default)]
struct Sum {
    /// Labels and text of what was read; becomes the output.
    read: Vec<Text>,
    /// What is sent.
    sent: Labels,
    /// What is presented as authentication.
    presented: Labels,
    sends: bool,
    /// The hosts and URLs that are talked to.
    peers: Vec<(Text, Text)>,
    /// Files that get the output or the download.
    outputs: Vec<Text>,
    objects: Vec<(Text, Vec<String>)>,
    git_hosts: Vec<(Text, Option<Text>)>,
    /// Output of re-entered scripts and commands.
    inner: Option<Text>,
}

impl Sum {
    /// Something with these labels comes out of a program that was started on the way.
    fn prints(&mut self, labels: Labels) {
        if !labels.is_empty() {
            self.read.push(Text::unknown().labelled(labels));
        }
    }
}

impl Walker<'_> {
    /// Does what the spec says with every value; gives the output.
    pub(super) fn interpret(&mut self, shell: &mut Shell, mut sorted: Sorted<'_>, call: &Call) -> Text {
        self.claim_operands(&mut sorted);
        for (spec, _) in &sorted.chain {
            sorted.modifiers.extend(spec.modifiers.iter().map(ToString::to_string));
        }
        let mut about = call.about.clone();
        for modifier in &sorted.modifiers {
            about.with.add(modifier);
        }
        if sorted.operands.iter().any(|t| t.parts().iter().any(|p| matches!(p, super::Part::Glob(_)))) {
            about.with.add("wildcard");
        }
        let chain = sorted.chain.clone();
        let mods = sorted.modifiers.clone();
        self.environment_of(shell, &chain, call, &about);

        let mut inner_shell = shell.other_process();
        let ambient: Vec<&str> = ["elevated", "remote", "container", "served"].into_iter().filter(|m| about.with.has(m)).collect();
        for modifier in ambient {
            inner_shell.ambient.add(modifier);
        }
        let mut sum = Sum::default();
        // Folders and assignments first: they change what the other values mean.
        for claim in sorted.claims.iter().filter(|c| c.kind == "cwd") {
            let path = self.absolute(&inner_shell, &claim.value);
            inner_shell.cwd = path.as_known().map(str::to_owned);
        }
        let stdin_kind = in_force(&chain, &mods, |s| s.stdin.as_deref()).unwrap_or("read").to_owned();
        let claims = std::mem::take(&mut sorted.claims);
        let sources: Vec<Text> = claims
            .iter()
            .filter(|c| c.operand.is_some() && matches!(c.kind.as_str(), "read" | "move" | "remote" | "read-and-send"))
            .map(|c| c.value.clone())
            .collect();
        for (at, claim) in claims.iter().enumerate() {
            let mut about = about.clone();
            for modifier in &claim.modifiers {
                about.with.add(modifier);
            }
            self.one(&mut inner_shell, claim, &claims[at + 1..], &sorted, call, &about, &sources, &mut sum);
            if claim.operand.is_some() && stops(&claim.kind) {
                break;
            }
        }
        self.stdin_of(shell, &mut inner_shell, &stdin_kind, &chain, &mods, call, &about, &mut sum);
        self.peers(shell, &about, &mut sum);
        self.operations(shell, &sorted, &chain, &mods, &about, &sum);
        let strict = chain.iter().any(|(s, _)| s.strict);
        // `file://` reads a file wherever a value may be given.
        for word in sorted.unclaimed.iter().filter(|w| strict && w.prefix().starts_with("file")) {
            self.touch(shell, word, &about);
        }
        if !strict {
            for word in std::mem::take(&mut sorted.unclaimed) {
                self.plan.unclaimed.push(word.to_string());
                self.touch(shell, &word, &about);
            }
            let (leaf, _) = chain[chain.len() - 1];
            if !leaf.sub.is_empty() && sorted.operands.first().is_some() && leaf.operands.is_none() {
                self.verbs(shell, &sorted.operands, &about);
            }
        }
        self.output(shell, &chain, &mods, &sorted, call, &about, sum)
    }

    /// Gives every operand its type.
    fn claim_operands(&mut self, sorted: &mut Sorted<'_>) {
        let types = operand_types(&sorted.chain, &sorted.modifiers);
        let last = in_force(&sorted.chain, &sorted.modifiers, |s| s.last.as_ref());
        let count = sorted.operands.len();
        let strict = sorted.chain.iter().any(|(s, _)| s.strict);
        for (at, value) in sorted.operands.clone().into_iter().enumerate() {
            let kind = match last {
                Some(last) if at + 1 == count && count >= 2 => Some(last),
                _ => types.get(at).or(types.last()),
            };
            let Some(kind) = kind else {
                if !strict {
                    sorted.unclaimed.push(value);
                }
                continue;
            };
            let written = self.written_type(kind, Some(&value));
            let parts = spec::type_parts(&written);
            let own = modifiers(parts.modifiers);
            // A modifier chosen by an operand counts for the whole command.
            sorted.modifiers.extend(own.iter().cloned());
            if parts.name == "assign" && value.split_once("=").is_none() {
                sorted.claims.push(Claim { kind: "command".into(), value, modifiers: own, operand: Some(at) });
                continue;
            }
            if !parts.name.is_empty() {
                sorted.claims.push(Claim { kind: parts.name.to_owned(), value, modifiers: own, operand: Some(at) });
            }
        }
    }

    /// Variables set for this command that its spec gives a meaning.
    fn environment_of(&mut self, shell: &mut Shell, chain: &[(&CommandSpec, String)], call: &Call, about: &About) {
        let mut about = about.clone();
        about.with.add("environment");
        for (name, value) in &call.environment {
            let kind = chain.iter().rev().find_map(|(s, _)| s.env.get(name));
            if let Some(kind) = kind {
                let written = self.written_type(kind, Some(value));
                let parts = spec::type_parts(&written);
                for modifier in modifiers(parts.modifiers) {
                    about.with.add(&modifier);
                }
                self.typed(shell, parts.name, value, &about, None);
            }
        }
    }

    /// One value of one type, outside a command's own words (variables, tables, tools).
    pub(super) fn typed(&mut self, shell: &mut Shell, kind: &str, value: &Text, about: &About, lang: Option<&str>) {
        let claim = Claim { kind: kind.to_owned(), value: value.clone(), modifiers: Vec::new(), operand: None };
        let spec = CommandSpec { lang: lang.map(|l| l.to_owned().into()), ..CommandSpec::default() };
        let sorted =
            Sorted { chain: vec![(&spec, String::new())], claims: Vec::new(), operands: Vec::new(), modifiers: Vec::new(), unclaimed: Vec::new(), path: String::new() };
        let call = Call {
            words: vec![Text::known(about.program.clone())],
            declared: Vec::new(),
            environment: Vec::new(),
            stdin: Text::default(),
            about: about.clone(),
        };
        let mut sum = Sum::default();
        let mut inner = shell.other_process();
        self.one(&mut inner, &claim, &[], &sorted, &call, about, &[], &mut sum);
        self.peers(shell, about, &mut sum);
    }

    /// One value: the arm of its type.
    #[allow(clippy::too_many_arguments, reason = "the arms of one table need what the table knows")]
    fn one(
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
                self.effect(shell, Action::Write, path, about);
            }
            "edit" => {
                let path = self.absolute(shell, value);
                let labels = self.labels_of(&path);
                let mut about = about.clone();
                about.data.add(labels);
                self.effect(shell, Action::Write, path, &about);
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
                self.effect(shell, Action::Perm, path, about);
            }
            "land" => self.land(shell, value, sources, about, sum),
            "url" if value.prefix().starts_with("file:") => {
                let path = self.absolute(shell, value);
                let text = self.read_file(shell, &path, about);
                sum.read.push(text);
            }
            "url" => {
                if let Some(host) = network::of_url(value) {
                    sum.sent.add(value.labels);
                    sum.sends |= value.labels.has(Label::Secret);
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
            "send-auth" => sum.presented.add(value.labels),
            "linked" => {
                // Another name for a file: reading the name is reading the file.
                let path = self.absolute(shell, value);
                let labels = self.labels_of(&path);
                let content = path.as_known().and_then(|p| self.files.get(p)).cloned().unwrap_or_else(Text::unknown);
                self.effect(shell, Action::Operate("file.link".into()), path, &About { data: labels, ..about.clone() });
                sum.read.push(content.labelled(labels));
            }
            "edit-maybe" => self.touch(shell, value, about),
            "verb-words" => {
                if claim.operand == Some(0) {
                    self.verbs(shell, &call.words[1..], about);
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
                if value.as_known() == Some("-") {
                    self.standard_input_runs(shell, claim.kind == "code-file", sorted, call, about, sum);
                    return;
                }
                let path = self.absolute(shell, value);
                let text = self.script_text(&path);
                let mut run = about.clone();
                run.data.add(value.labels);
                if let Some(text) = &text {
                    run.data.add(text.labels);
                } else if let Some(labels) = path.as_known().and_then(|p| self.files.get(p)).map(|t| t.labels) {
                    run.data.add(labels);
                }
                self.effect(shell, Action::Execute, path, &run);
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
            "code" => {
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
                let out = self.inner_command(shell, words, call, about, sorted);
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
            "search-path" => {
                let first = value.split_once(":").map_or_else(|| value.clone(), |(first, _)| first);
                let folder = self.absolute(shell, &first);
                let open = ["tmp", "tmp-roots"].iter().any(|list| self.know.in_list(list, &folder, &self.vars) == crate::verdict::Certainty::Yes);
                if open && first.prefix().starts_with('/') {
                    self.operate(shell, "path.shadow", folder, None, about);
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
            "git-remote" => sum.git_hosts.push((value.clone(), network::of_git_remote(value))),
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
                if self.know.in_list("secret-variables", value, &self.vars) == crate::verdict::Certainty::Yes {
                    sum.read.push(Text::unknown().labelled(Labels::of(Label::Secret)));
                    let mut about = about.clone();
                    about.data = Labels::of(Label::Secret);
                    self.operate(shell, "env.print", value.clone(), None, &about);
                }
            }
            other => self.part_of_value(shell, other, claim, following, sorted, call, about, sources, sum),
        }
    }

    /// `after:SEP:TYPE`, `before:SEP:TYPE`, `list:SEP:TYPE`: a part of the value has a type.
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
        let parts: Vec<Text> = match how {
            "after" => claim.value.split_once(separator).map(|(_, tail)| tail).into_iter().collect(),
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

    /// `key=value` of git's configuration: the table says which keys run something.
    fn git_config(&mut self, shell: &mut Shell, value: &Text, about: &About) {
        let Some((key, setting)) = value.split_once("=") else { return };
        let key = key.to_string().to_lowercase();
        let mut about = about.clone();
        about.with.add("config");
        self.operate(shell, "git.config-key", Text::known(key.clone()), None, &about);
        let Some(kind) = self.know.specs.table("git-config").and_then(|t| {
            t.iter().filter(|(p, _)| spec::simple_glob(&p.to_lowercase(), &key)).max_by_key(|(p, _)| spec::precision(p)).map(|(_, w)| w.clone())
        }) else {
            return;
        };
        let parts = spec::type_parts(&kind);
        match parts.name {
            // An alias is a git command unless it begins with `!`.
            "git-alias" => {
                if let Some(script) = setting.strip_prefix("!") {
                    self.typed(shell, "script", &script, &about, None);
                }
            }
            name => self.typed(shell, name, &setting, &about, None),
        }
    }

    /// Writes a file, or into a folder under each source's name; the sources' labels land with it.
    fn land(&mut self, shell: &mut Shell, value: &Text, sources: &[Text], about: &About, sum: &mut Sum) {
        let path = self.absolute(shell, value);
        let mut content = Text::default();
        for text in &sum.read {
            content.push(text);
        }
        let mut write = about.clone();
        write.data.add(content.labels.without(Label::Outside));
        self.effect(shell, Action::Write, path.clone(), &write);
        let folder = value.suffix().ends_with('/')
            || sources.len() > 1
            || path.as_known().is_some_and(|p| self.context.files.is_dir(std::path::Path::new(p)));
        if folder {
            for source in sources {
                if let Some(name) = path::base_name(source) {
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

    /// The labels of a value that is sent; `@file` is a file's content.
    fn sent_labels(&mut self, shell: &Shell, value: &Text, about: &About, stdin: &Text) -> Labels {
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

    /// Shell text that the program runs.
    fn inner_script(&mut self, shell: &mut Shell, text: &Text, call: &Call, about: &About) -> Text {
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
    fn inner_command(&mut self, shell: &mut Shell, mut words: Vec<Text>, call: &Call, about: &About, sorted: &Sorted<'_>) -> Text {
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
            let placeholder = sorted.claims.iter().chain([].iter()).find(|c| c.kind == "placeholder").map(|c| c.value.to_string());
            words = self.with_arguments(words, &call.stdin, placeholder.as_deref().unwrap_or("{}"), sorted);
            stdin = Text::default();
        }
        if words.is_empty() {
            return Text::default();
        }
        let mut about = About::at(about.span);
        about.certainty = call.about.certainty;
        let inner_call = Call { words, declared: Vec::new(), environment, stdin, about };
        let mut descriptors = super::script::Descriptors::new();
        self.command(&mut inner, inner_call, &mut descriptors)
    }

    /// The words of a command with the arguments that xargs or parallel add.
    pub(super) fn with_arguments(&mut self, words: Vec<Text>, input: &Text, placeholder: &str, sorted: &Sorted<'_>) -> Vec<Text> {
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
                .map(|w| match w.split_once(placeholder) {
                    Some((mut head, tail)) => {
                        head.push(&value);
                        head.push(&tail);
                        head
                    }
                    None => w,
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
    fn stdin_of(
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

    fn standard_input_runs(&mut self, shell: &mut Shell, code: bool, sorted: &Sorted<'_>, call: &Call, about: &About, sum: &mut Sum) {
        let kind = if code { "code" } else { "execute" };
        let mut inner = shell.other_process();
        sum.inner = None;
        self.stdin_of(shell, &mut inner, kind, &sorted.chain, &sorted.modifiers, call, about, sum);
    }

    /// The network effects of the hosts that were named.
    fn peers(&mut self, shell: &Shell, about: &About, sum: &mut Sum) {
        let changes = about.with.has("method-delete");
        for (target, host) in &sum.peers {
            let sends = sum.sends || about.with.has("upload") || !sum.presented.is_empty();
            let action = if sends { Action::Send } else { Action::Fetch };
            let mut effect = Effect::new(action, target.clone(), about.span);
            effect.target.host = Some(host.clone());
            effect.data = if sends { sum.sent.and(sum.presented) } else { Labels::NONE };
            effect.with = about.with.clone();
            if !sum.presented.is_empty() && sum.sent.without(Label::Outside) == Labels::NONE {
                effect.with.add("auth");
            }
            effect.program.clone_from(&about.program);
            effect.certainty = about.certainty;
            self.push(shell, effect);
            if changes {
                self.operate(shell, "http.delete", target.clone(), Some(host.clone()), about);
            }
        }
        if !sum.peers.is_empty() {
            sum.read.push(Text::unknown().labelled(Labels::of(Label::Network)));
        } else if sum.sends && !about.program.is_empty() {
            let mut effect = Effect::new(Action::Send, Text::default(), about.span);
            effect.data = sum.sent;
            effect.with = about.with.clone();
            effect.program.clone_from(&about.program);
            self.push(shell, effect);
        }
    }

    /// Effects on systems with their own verbs.
    fn operations(&mut self, shell: &Shell, sorted: &Sorted<'_>, chain: &[(&CommandSpec, String)], mods: &[String], about: &About, sum: &Sum) {
        let mut names: Vec<String> = Vec::new();
        for (spec, _) in chain {
            if let Some(more) = &spec.does {
                names.extend(more.iter().map(ToString::to_string));
            }
            for (modifier, change) in &spec.when {
                if mods.iter().any(|m| m == modifier)
                    && let Some(more) = &change.does
                {
                    names.extend(more.iter().map(ToString::to_string));
                }
            }
        }
        if let Some(system) = chain.iter().find_map(|(s, _)| s.system.as_ref()) {
            let subs: Vec<&str> = chain.iter().skip(1).map(|(_, name)| name.as_str()).collect();
            if !subs.is_empty() {
                names.push(format!("{system}.{}", subs.join(".")));
            }
        }
        names.dedup();
        for name in names {
            let host = sum.git_hosts.first().and_then(|(_, host)| host.clone()).or_else(|| sum.peers.first().map(|(_, h)| h.clone()));
            let remote = sum.git_hosts.first().map(|(text, _)| text.clone());
            let mut about = about.clone();
            if let Some(remote) = remote.as_ref().and_then(Text::as_known)
                && host.is_none()
            {
                about.with.add(&format!("remote:{remote}"));
            }
            if sum.objects.is_empty() {
                let target = if sum.git_hosts.is_empty() { Text::default() } else { remote.unwrap_or_default() };
                self.operate(shell, &name, target, host, &about);
                continue;
            }
            for (object, own) in &sum.objects {
                let mut about = about.clone();
                for modifier in own {
                    about.with.add(modifier);
                }
                self.operate(shell, &name, object.clone(), host.clone(), &about);
            }
        }
        let _ = sorted;
    }

    /// What comes out of the program, and where its output flags put it.
    #[allow(clippy::too_many_arguments, reason = "the last step of the table")]
    fn output(
        &mut self,
        shell: &Shell,
        chain: &[(&CommandSpec, String)],
        mods: &[String],
        sorted: &Sorted<'_>,
        call: &Call,
        about: &About,
        sum: Sum,
    ) -> Text {
        let wanted = in_force(chain, mods, |s| s.stdout.as_deref());
        let mut input = Text::default();
        if let Some(inner) = &sum.inner {
            input.push(inner);
        }
        for text in &sum.read {
            input.push(text);
        }
        if sum.read.is_empty() && sum.inner.is_none() {
            input.push(&call.stdin);
        } else {
            input.labels.add(call.stdin.labels);
        }
        if mods.iter().any(|m| m == "remote-name") && !mods.iter().any(|m| m == "to-stdout") && sum.outputs.is_empty() {
            // The file gets the URL's last component as its name.
            for (url, _) in &sum.peers {
                let name = url.as_known().map(|u| u.split(['?', '#']).next().unwrap_or(u)).and_then(|u| u.rsplit('/').next()).filter(|n| !n.is_empty());
                let path = self.absolute(shell, &Text::known(name.unwrap_or("index.html")));
                let mut write = about.clone();
                write.data.add(Labels::of(Label::Network));
                self.effect(shell, Action::Write, path.clone(), &write);
                self.written(shell, &path, &Text::unknown().labelled(Labels::of(Label::Network)), about);
            }
        }
        let inner = sum.inner.is_some() && sum.read.is_empty();
        let system = chain.iter().any(|(s, _)| s.system.is_some());
        // What a system with its own verbs prints is its own, not what it was fed.
        let default = if inner { "copy" } else if system && sum.read.is_empty() { "clean" } else { "" };
        let out = super::flow::transform(wanted.unwrap_or(default), &input, &sorted.operands);
        for path in &sum.outputs {
            let path = self.absolute(shell, path);
            let mut write = about.clone();
            write.data.add(out.labels.without(Label::Outside));
            self.effect(shell, Action::Write, path.clone(), &write);
            if !mods.iter().any(|m| m == "append")
                && let Some(known) = path.as_known()
            {
                self.files.insert(known.to_owned(), Text::default());
            }
            let content = if wanted == Some("copy") { input.clone() } else { out.clone() };
            self.written(shell, &path, &content, about);
        }
        if !sum.outputs.is_empty() && wanted != Some("copy") {
            return Text::unknown().labelled(out.labels.without(Label::Network));
        }
        out
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

/// A type that takes all operands from its own on.
fn stops(kind: &str) -> bool {
    matches!(kind, "command" | "script-rest" | "program" | "script-file" | "code-file" | "served")
}
