//! A simple command and its spec → effects: finds the program, sorts its words into flags and operands, and does with
//! each value what its type says.

use super::arity::Kind;
use super::path;
use super::redirect::Descriptors;
use super::walker::{About, Call, Walker};
use super::spec::{self, CommandSpec, ValueType};
use super::state::Shell;
use super::text::{Part, Text};
use super::{Action, Effect};
use crate::verdict::Certainty;

/// A value that a spec gave a type.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// The type's name, without modifiers.
    pub kind: String,
    pub value: Text,
    /// Modifiers of this value alone.
    pub modifiers: Vec<String>,
    /// It is an operand, and the how-manieth.
    pub operand: Option<usize>,
}

/// A command's words, sorted.
pub(super) struct Sorted<'s> {
    /// The spec and the sub-commands that were named, outermost first, each with the name as it was written.
    pub chain: Vec<(&'s CommandSpec, String)>,
    pub claims: Vec<Claim>,
    pub operands: Vec<Text>,
    pub modifiers: Vec<String>,
    /// Words that no spec claimed.
    pub unclaimed: Vec<Text>,
    /// The program and the sub-commands as they were written, joined by blanks: the key of the collected facts.
    pub path: String,
}

impl Walker<'_> {
    /// Runs one command: alias, function, builtin, script, program.
    pub(super) fn command(&mut self, shell: &mut Shell, call: Call, descriptors: &mut Descriptors) -> Text {
        let Some(name) = call.words.first() else { return Text::default() };
        if let Some(known) = name.as_known().map(str::to_owned) {
            if let Some(alias) = shell.aliases.get(&known).cloned() {
                let mut text = alias;
                for word in &call.words[1..] {
                    text.push_str(" ");
                    text.push(&quoted(word));
                }
                let mut inner = shell.clone();
                inner.aliases.remove(&known);
                return self.run_at(&mut inner, &text, call.stdin.clone(), call.about.span);
            }
            if let Some(body) = shell.functions.get(&known).cloned() {
                return self.call_function(shell, &known, &body, &call);
            }
            if let Some(out) = self.builtin(shell, &known, &call, descriptors) {
                return out;
            }
        }
        self.program(shell, call)
    }

    /// Runs a program, found by name or path.
    pub(super) fn program(&mut self, shell: &mut Shell, mut call: Call) -> Text {
        let Some(name) = call.words.first().cloned() else { return Text::default() };
        let name = self.settle_program(shell, &name);
        let base = path::base_name(&name).unwrap_or_default();
        call.about.program.clone_from(&base);
        let is_path = name.prefix().contains('/') || name.suffix().contains('/');
        let place = if is_path { self.absolute(shell, &name) } else { name.clone() };
        let mut about = call.about.clone();
        about.data = name.labels;
        if let Some(text) = place.as_known().and_then(|p| self.files.get(p)) {
            about.data.add(text.labels);
        }
        about.data.add(self.strange_folder(&place));
        if let [_, only] = call.words.as_slice()
            && matches!(only.as_known(), Some("--help" | "-h" | "--version" | "-V" | "-version" | "version" | "help"))
        {
            about.with.add("query");
        }
        self.effect(shell, Action::Execute, place.clone(), &about);
        let written_here = place.as_known().is_some_and(|p| self.files.contains_key(p));
        if is_path
            && (written_here || self.know.in_list("vouched-programs", &place, &self.vars) != Certainty::Yes)
            && let Some(text) = self.script_text(&place)
        {
            return self.run_script_file(shell, &text, &call);
        }
        if !is_path && !base.is_empty() && self.files.contains_key(&format!("{}/{base}", shell.cwd.as_deref().unwrap_or(""))) {
            // A file of that name was just written here: PATH may lead to it, but mostly it does not.
        }
        if self.asks_for_help(&base, &call.words) {
            return Text::unknown();
        }
        self.taken_in(shell, &call);
        self.hidden_in_names(shell, &call);
        self.handed_over(shell, &call);
        if let Some(out) = self.special(shell, &base, &call) {
            return out;
        }
        match self.know.specs.find(&base) {
            Some(spec) => self.by_spec(shell, spec, &call),
            None => self.without_spec(shell, &call),
        }
    }

    /// `PROGRAM --help`, `SYSTEM VERB --help`, `--version`, and nothing else: it prints and does nothing, if it is what it is called.
    fn asks_for_help(&self, base: &str, words: &[Text]) -> bool {
        let [_, verb @ .., last] = words else { return false };
        let asks = |word: &Text| matches!(word.as_known(), Some("--help" | "--version"));
        match verb {
            [] => asks(last),
            [verb] if asks(last) => {
                let verb = verb.as_known().unwrap_or("");
                self.know.specs.find(base).is_some_and(|spec| spec.system.is_some() && spec::choose(&spec.sub, verb).is_some_and(|(pattern, _)| pattern != "*"))
            }
            _ => false,
        }
    }

    /// A program's name with a glob in it (`/b??/rm`): the one program it can mean.
    fn settle_program(&self, shell: &Shell, name: &Text) -> Text {
        if !name.parts().iter().any(|p| matches!(p, Part::Glob(_))) || name.parts().contains(&Part::Unknown) {
            return name.clone();
        }
        let pattern = name.to_string();
        let (folder, last) = pattern.rsplit_once('/').map_or(("", pattern.as_str()), |(f, l)| (f, l));
        let absolute = if pattern.starts_with('/') { pattern.clone() } else { format!("{}/{pattern}", shell.cwd.as_deref().unwrap_or("")) };
        let found = self.context.files.glob(&absolute);
        // The first match is the program, the others are its operands: with a wide glob nobody means that.
        if let [one, ..] = found.as_slice()
            && found.len() <= 4
            && self.know.specs.find(&one.file_name().unwrap_or_default().to_string_lossy()).is_some()
        {
            return Text::known(one.to_string_lossy()).labelled(name.labels);
        }
        match self.know.specs.names_like(last).as_slice() {
            [first, ..] => Text::known(format!("{folder}/{first}")).labelled(name.labels),
            [] => name.clone(),
        }
    }

    /// Runs a script whose text is known, in a shell of its own or by the interpreter its first line names.
    pub(super) fn run_script_file(&mut self, shell: &mut Shell, text: &Text, call: &Call) -> Text {
        let first_line = text.prefix().lines().next().unwrap_or("");
        let interpreter = first_line.strip_prefix("#!").unwrap_or("").trim();
        let mut words = interpreter.split_whitespace().filter(|w| !w.ends_with("/env") && !w.starts_with('-'));
        let program = words.next().and_then(|p| p.rsplit('/').next()).unwrap_or("");
        let language = self.know.specs.find(program).and_then(|s| s.lang.clone());
        if let Some(language) = language {
            self.code(shell, &language, text, &call.about);
            return Text::unknown().labelled(call.stdin.labels);
        }
        let mut inner = shell.other_process();
        inner.positional = call.words[1..].to_vec();
        let body = text.clone();
        self.run_at(&mut inner, &body, call.stdin.clone(), call.about.span)
    }

    /// What a program with a spec does.
    pub(super) fn by_spec(&mut self, shell: &mut Shell, spec: &CommandSpec, call: &Call) -> Text {
        let sorted = self.sort(spec, &call.about.program, &call.words[1..]);
        self.interpret(shell, sorted, call)
    }

    // ---- sorting words

    /// Sorts words into flags' values, sub-commands and operands.
    pub(super) fn sort<'s>(&mut self, spec: &'s CommandSpec, program: &str, words: &[Text]) -> Sorted<'s> {
        let mut sorted = Sorted {
            chain: vec![(spec, String::new())],
            claims: Vec::new(),
            operands: Vec::new(),
            modifiers: Vec::new(),
            unclaimed: Vec::new(),
            path: program.to_owned(),
        };
        let mut words = words.to_vec();
        if spec.bundled
            && let Some(first) = words.first()
            && let Some(known) = first.as_known()
            && !known.starts_with('-')
            && known.chars().all(|c| c.is_ascii_alphanumeric())
        {
            words[0] = Text::known(format!("-{known}"));
        }
        let mut queue: std::collections::VecDeque<Text> = words.into();
        let mut options = true;
        while let Some(word) = queue.pop_front() {
            let word = if spec.windows && options { windows_option(&sorted.chain, word) } else { word };
            let prefix = word.prefix();
            if options && prefix == "--" && word.as_known().is_some() {
                // Before a sub-command it ends the program's own options only.
                let before = sorted.chain.len() == 1 && !spec.sub.is_empty() && sorted.operands.is_empty();
                options = before;
                if !before {
                    sorted.modifiers.push("dashdash".into());
                    if !sorted.operands.is_empty() {
                        sorted.modifiers.push("before-dashdash".into());
                    }
                }
                continue;
            }
            if options && prefix.starts_with("--") && prefix.len() > 2 {
                self.long_flag(&mut sorted, &word, &mut queue);
                continue;
            }
            if options && prefix.starts_with('-') && prefix.len() > 1 {
                self.short_flags(&mut sorted, &word, &mut queue);
                continue;
            }
            if options && prefix.starts_with('+') && prefix.len() > 1 && flag(&sorted.chain, prefix).is_some() {
                self.short_flags(&mut sorted, &word, &mut queue);
                continue;
            }
            if self.sub_command(&mut sorted, &word) {
                continue;
            }
            sorted.operands.push(word);
            let (leaf, _) = sorted.chain[sorted.chain.len() - 1];
            if leaf.options_first || self.stops_options(&sorted) {
                options = false;
            }
        }
        sorted.modifiers.push(format!("operands{}", if sorted.operands.len() > 3 { "N".to_owned() } else { sorted.operands.len().to_string() }));
        sorted
    }

    fn sub_command(&self, sorted: &mut Sorted<'_>, word: &Text) -> bool {
        let (leaf, _) = sorted.chain[sorted.chain.len() - 1];
        if leaf.sub.is_empty() || !sorted.operands.is_empty() {
            return false;
        }
        let Some(name) = word.as_known() else { return false };
        let lower = sorted.chain[0].0.windows.then(|| name.to_lowercase());
        let Some((_, sub)) = spec::choose(&leaf.sub, lower.as_deref().unwrap_or(name)) else { return false };
        sorted.chain.push((sub, name.to_owned()));
        sorted.path.push(' ');
        sorted.path.push_str(name);
        true
    }

    /// The last operand's type takes all that follows, options too.
    fn stops_options(&self, sorted: &Sorted<'_>) -> bool {
        let types = operand_types(&sorted.chain, &sorted.modifiers);
        let Some(kind) = types.get((sorted.operands.len() - 1).min(types.len().saturating_sub(1))) else { return false };
        let written = match kind {
            ValueType::One(written) => &**written,
            ValueType::Choice(choice) => {
                let value = sorted.operands.last().and_then(Text::as_known).unwrap_or("");
                spec::choose(choice, value).map_or("", |(_, w)| &**w)
            }
        };
        let name = spec::type_parts(written).name;
        if name == "assign" {
            return sorted.operands.last().is_some_and(|w| w.split_once("=").is_none());
        }
        matches!(name, "command" | "package-command" | "described-command" | "script-rest" | "code-rest" | "program" | "script-file" | "code-file" | "served")
    }

    fn long_flag(&mut self, sorted: &mut Sorted<'_>, word: &Text, queue: &mut std::collections::VecDeque<Text>) {
        let (name, attached) = match word.split_once("=") {
            Some((name, value)) => (name, Some(value)),
            None => (word.clone(), None),
        };
        let Some(known) = name.as_known() else {
            sorted.unclaimed.push(word.clone());
            return;
        };
        let Some(kind) = flag(&sorted.chain, known).or_else(|| abbreviated(&sorted.chain, known)) else {
            let value = match attached {
                Some(value) => Some(value),
                // A flag that no spec types: its value is none of the operands.
                None if matches!(self.know.arity.option(&sorted.path, known), Some(Kind::Text | Kind::Path)) => queue.pop_front(),
                None => None,
            };
            sorted.unclaimed.extend(value);
            self.plan.untyped.push(format!("{} {known}", sorted.path));
            sorted.modifiers.push(format!("flag:{}", known.trim_start_matches('-')));
            return;
        };
        let kind = kind.clone();
        self.take(sorted, &kind, attached, queue);
    }

    fn short_flags(&mut self, sorted: &mut Sorted<'_>, word: &Text, queue: &mut std::collections::VecDeque<Text>) {
        // `-exec`, `-name`: a flag written as a whole, with or without `=value`; `-javaagent:value` where a spec writes the colon.
        let (name, attached) = match (word.split_once("="), word.split_once(":")) {
            (_, Some((mut name, value))) if name.as_known().is_some_and(|n| flag(&sorted.chain, &format!("{n}:")).is_some()) => {
                name.push_str(":");
                (name, Some(value))
            }
            (Some((name, value)), _) => (name, Some(value)),
            (None, _) => (word.clone(), None),
        };
        if let Some(known) = name.as_known()
            && (known.len() > 2 || attached.is_some() || known.starts_with('+'))
            && let Some(kind) = flag(&sorted.chain, known).or_else(|| {
                let single = sorted.chain.iter().any(|(s, _)| s.single_dash);
                single.then(|| flag(&sorted.chain, &format!("-{known}")).or_else(|| abbreviated(&sorted.chain, known))).flatten()
            })
        {
            let kind = kind.clone();
            self.take(sorted, &kind, attached, queue);
            return;
        }
        let mut rest = word.strip_bytes(1).unwrap_or_default();
        while let Some(c) = rest.prefix().chars().next() {
            let after = rest.strip_bytes(c.len_utf8()).unwrap_or_default();
            let Some(kind) = flag(&sorted.chain, &format!("-{c}")).cloned() else {
                if c.is_ascii_digit() {
                    return;
                }
                self.plan.untyped.push(format!("{} -{c}", sorted.path));
                if matches!(self.know.arity.option(&sorted.path, &format!("-{c}")), Some(Kind::Text | Kind::Path)) {
                    sorted.unclaimed.extend(if after.is_empty() { queue.pop_front() } else { Some(after) });
                    return;
                }
                // An unknown letter: its value may be attached, and may be a path.
                if after.prefix().starts_with(['/', '~', '.']) || after.as_known().is_none() {
                    sorted.unclaimed.push(after);
                    return;
                }
                rest = after;
                continue;
            };
            let optional = matches!(&kind, ValueType::One(w) if spec::type_parts(w).optional);
            if kind.takes_value() || (optional && !after.is_empty()) {
                let attached = (!after.is_empty()).then(|| after.strip_prefix("=").unwrap_or(after));
                self.take(sorted, &kind, attached, queue);
                return;
            }
            self.take(sorted, &kind, None, queue);
            rest = after;
        }
        if !rest.is_empty() {
            sorted.unclaimed.push(rest);
        }
    }

    /// Gives a flag its value and notes what it says.
    fn take(&mut self, sorted: &mut Sorted<'_>, kind: &ValueType, attached: Option<Text>, queue: &mut std::collections::VecDeque<Text>) {
        let takes = kind.takes_value();
        let value = match attached {
            Some(value) => Some(value),
            // `sh -c -- TEXT`: the dashes end the options, the text follows.
            None if takes && matches!(kind, ValueType::One(w) if spec::type_parts(w).name == "script") && queue.front().and_then(Text::as_known) == Some("--") => {
                queue.pop_front();
                queue.pop_front()
            }
            None if takes => queue.pop_front(),
            None => None,
        };
        let written = self.written_type(kind, value.as_ref());
        let parts = spec::type_parts(&written);
        sorted.modifiers.extend(modifiers(parts.modifiers));
        if let Some(two) = parts.name.strip_prefix("text2").filter(|r| r.is_empty()).or_else(|| parts.name.strip_prefix("text-")) {
            // Two values: a name, then the one that counts.
            let second = queue.pop_front().unwrap_or_default();
            if !two.is_empty() {
                sorted.claims.push(Claim { kind: two.to_owned(), value: second, modifiers: Vec::new(), operand: None });
            }
            return;
        }
        if !parts.name.is_empty() {
            let value = value.unwrap_or_default();
            if parts.name == "module" {
                // All that follows is the module's own.
                sorted.operands.extend(queue.drain(..));
            }
            sorted.claims.push(Claim { kind: parts.name.to_owned(), value, modifiers: modifiers(parts.modifiers), operand: None });
        }
    }

    /// The type as written, with choices and tables looked up.
    pub(super) fn written_type(&self, kind: &ValueType, value: Option<&Text>) -> String {
        let known = value.map(|v| v.to_string()).unwrap_or_default();
        let mut written = match kind {
            ValueType::One(written) => written.clone(),
            ValueType::Choice(choice) => spec::choose(choice, &known).map(|(_, w)| w.clone()).unwrap_or_else(|| "text".into()),
        };
        if let Some(table) = written.trim().strip_prefix("table:") {
            written = self.know.specs.table(table).and_then(|t| spec::choose(t, &known)).map_or_else(|| "text".into(), |(_, w)| w.clone());
        }
        written.into_owned()
    }

    /// An operation of a system with its own verbs.
    pub(super) fn operate(&mut self, shell: &Shell, name: &str, target: Text, host: Option<Text>, about: &About) {
        let mut effect = Effect::new(Action::Operate(name.to_owned()), Text::default(), about.span);
        effect.data = about.data.and(target.labels);
        effect.target.text = target;
        effect.target.host = host;
        effect.with = about.with.clone();
        effect.program.clone_from(&about.program);
        effect.certainty = about.certainty;
        self.push(shell, effect);
    }
}

/// The modifiers of a written type: `+force +all` → `force`, `all`.
pub(super) fn modifiers(written: &str) -> Vec<String> {
    written.split_whitespace().filter_map(|m| m.strip_prefix('+')).map(str::to_owned).collect()
}

/// An option as programs of Windows take it, `/Name:value` or `-NAME`, in the form that specs have: `-name=value`.
fn windows_option(chain: &[(&CommandSpec, String)], word: Text) -> Text {
    let known = word.prefix();
    // A path on a drive, of which the shell may have taken the backslashes.
    if let Some((drive, path)) = known.split_once(':').filter(|(drive, _)| drive.len() == 1 && drive.starts_with(|c: char| c.is_ascii_alphabetic()))
        && !word.has_unknown()
    {
        let path = path.trim_start_matches(['\\', '/']).replace('\\', "/");
        return Text::known(format!("/{}:/{path}", drive.to_ascii_lowercase())).labelled(word.labels);
    }
    let Some(rest) = known.strip_prefix(['/', '-']) else { return word };
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let name = format!("-{}", rest[..end].to_lowercase());
    let is_flag = flag(chain, &name).is_some() || (known.starts_with('-') && abbreviated(chain, &name).is_some());
    if end == 0 || !is_flag {
        return word;
    }
    let mut out = Text::known(name).labelled(word.labels);
    let value = word.strip_bytes(1 + end).unwrap_or_default();
    match value.strip_prefix(":").or_else(|| value.strip_prefix("=")) {
        Some(value) => {
            out.push_str("=");
            out.push(&value);
        }
        None => out.push(&value),
    }
    out
}

/// A flag by its name as written, in the innermost spec first.
fn flag<'s>(chain: &[(&'s CommandSpec, String)], name: &str) -> Option<&'s ValueType> {
    chain.iter().rev().find_map(|(spec, _)| {
        spec.flags.get(name).or_else(|| {
            spec.flags.iter().find(|(key, _)| key.split(',').any(|k| k.trim() == name)).map(|(_, kind)| kind)
        })
    })
}

/// A long flag that is cut short, when only one begins so.
fn abbreviated<'s>(chain: &[(&'s CommandSpec, String)], name: &str) -> Option<&'s ValueType> {
    if name.len() < 3 {
        return None;
    }
    let mut found: Option<&ValueType> = None;
    for (spec, _) in chain.iter().rev() {
        for (key, kind) in &spec.flags {
            if key.split(',').any(|k| k.trim().starts_with(name)) {
                match found {
                    Some(other) if other != kind => return None,
                    _ => found = Some(kind),
                }
            }
        }
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The operand types in force: the innermost spec that names some, changed by the modifiers that are set.
pub(super) fn operand_types<'s>(chain: &[(&'s CommandSpec, String)], modifiers: &[String]) -> &'s [ValueType] {
    for (spec, _) in chain.iter().rev() {
        for (modifier, change) in &spec.when {
            if modifiers.iter().any(|m| m == modifier)
                && let Some(types) = &change.operands
            {
                return types;
            }
        }
        if let Some(types) = &spec.operands {
            return types;
        }
    }
    &[]
}

/// A field of the spec chain, innermost first, changed by the modifiers that are set.
pub(super) fn in_force<'s, T: ?Sized>(
    chain: &[(&'s CommandSpec, String)],
    modifiers: &[String],
    field: impl Fn(&'s CommandSpec) -> Option<&'s T>,
) -> Option<&'s T> {
    for (spec, _) in chain.iter().rev() {
        for (modifier, change) in &spec.when {
            if modifiers.iter().any(|m| m == modifier)
                && let Some(value) = field(change)
            {
                return Some(value);
            }
        }
        if let Some(value) = field(spec) {
            return Some(value);
        }
    }
    None
}

/// A word as shell source again, so that it stays one word.
pub(super) fn quoted(word: &Text) -> Text {
    let mut out = Text::empty(word.labels);
    for part in word.parts() {
        match part {
            Part::Known(text) => out.push_str(&shell_words::quote(text)),
            Part::Glob(glob) => out.push_glob(glob),
            Part::Unknown => out.push_unknown(),
        }
    }
    if word.is_empty() {
        out.push_str("''");
    }
    out
}
