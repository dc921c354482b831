//! Walks a script in order and writes down what it would do. Carries variables, functions, file contents, descriptors,
//! and what flows from standard output to standard input.

use super::network;
use super::path;
use super::state::{Channel, Shell, Variable};
use super::text::{Part, Text};
use super::{Action, Effect, Modifiers, Plan, Target, World};
use crate::budget::Budget;
use crate::context::{Context, FileText};
use crate::label::{Label, Labels};
use crate::list::Vars;
use crate::shell::{
    self, AssignedValue, Assignment, Command, Join, Redirection, RedirectionKind, Script, SimpleCommand, Statement, Word,
};
use crate::verdict::{Certainty, Span};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Steps per call, all together: statements, words, effects, and texts that are read, by their length. Honest commands need hundreds.
pub const MAX_STEPS: u64 = 30_000;
/// Effects of one call: each is compared with every rule about its action.
const MAX_EFFECTS: usize = 3_000;
/// Shells inside shells.
const MAX_DEPTH: u32 = 24;
/// Bytes of shell text that cost one step to read; nested text costs more, as each level is read again.
const BYTES_A_STEP: usize = 128;
/// Calls of one function inside itself that are taken for "without end".
const MAX_RECURSION: usize = 6;

/// Openers in a text that the grammar refuses, above which depth was the reason.
const MAX_NESTING: usize = 90;

/// Stands for an unknown stretch while a partly known text is parsed as a script.
pub(super) const UNKNOWN_MARK: char = '\u{e000}';

/// Descriptor → where it leads.
pub(super) type Descriptors = BTreeMap<u32, Channel>;

/// The walk over one call.
pub struct Walker<'a> {
    pub(super) know: &'a World,
    pub(super) context: &'a Context<'a>,
    pub(super) vars: Vars,
    pub(super) plan: Plan,
    /// Files that the call itself wrote, by absolute path.
    pub(super) files: HashMap<String, Text>,
    /// `>(…)`: the path that stands for it, and its body.
    sinks: Vec<(String, String)>,
    pub(super) calls: Vec<String>,
    /// The parameters of the shell text that is about to run.
    pub(super) parameters: Vec<Text>,
    /// Aliases of git that this call configured.
    pub(super) git_aliases: std::collections::HashMap<String, Text>,
    pub(super) budget: Budget,
    /// Paths made up so far.
    made_up: u32,
    pub(super) depth: u32,
    /// Labels of the unknown stretches of the text that is being read.
    mark_labels: Labels,
    /// The place in the call's own text that nested text came from.
    base: Option<Span>,
    /// How sure it is that the statements being walked run at all.
    pub(super) certainty: Certainty,
    /// A named pipe exists, so data may flow backwards: the script is walked twice.
    fifo: bool,
    exhausted: bool,
    /// What the first of two walks learned of files.
    earlier: HashMap<String, Labels>,
    /// What files were labelled with at any time of this walk.
    ever: HashMap<String, Labels>,
    /// What the lists said of paths: one path is asked about several times in a call.
    asked: RefCell<HashMap<String, Labels>>,
}

impl<'a> Walker<'a> {
    /// A walk that has seen nothing yet.
    pub fn new(know: &'a World, context: &'a Context<'a>, vars: Vars) -> Self {
        Walker {
            know,
            context,
            vars,
            plan: Plan::default(),
            files: HashMap::new(),
            sinks: Vec::new(),
            calls: Vec::new(),
            parameters: Vec::new(),
            git_aliases: std::collections::HashMap::new(),
            budget: Budget::new(MAX_STEPS),
            made_up: 0,
            depth: 0,
            mark_labels: Labels::NONE,
            base: None,
            certainty: Certainty::Yes,
            fifo: false,
            exhausted: false,
            earlier: HashMap::new(),
            ever: HashMap::new(),
            asked: RefCell::default(),
        }
    }

    /// The shell that a tool call starts.
    pub fn shell(&self) -> Shell {
        Shell { cwd: Some(self.context.cwd.to_string_lossy().into_owned()), ..Shell::default() }
    }

    /// Walks the text of a Bash call and gives the plan.
    pub fn plan_shell(mut self, text: &str) -> Plan {
        let mut effect = Effect::new(Action::Call, Text::known(text), whole(text));
        effect.span = whole(text);
        self.plan.effects.push(effect);
        let before = self.plan.clone();
        let mut shell = self.shell();
        // What the client gives a call as standard input is not known.
        let mut out = self.run(&mut shell, &Text::known(text), Text::unknown());
        if self.fifo && !self.exhausted {
            // Labels flow backwards through a named pipe: what the first walk learned of files is used in a second one.
            self.plan = before;
            self.earlier = std::mem::take(&mut self.ever);
            let mut shell = self.shell();
            out = self.run(&mut shell, &Text::known(text), Text::unknown());
        }
        if out.labels.has(Label::Secret) {
            let mut effect = Effect::new(Action::Operate("output.secret".into()), Text::default(), whole(text));
            effect.data = out.labels;
            self.plan.effects.push(effect);
        }
        self.finish()
    }

    /// The plan so far.
    pub fn finish(mut self) -> Plan {
        self.plan.steps = self.budget.spent();
        self.plan.files = self.files.iter().filter(|(_, t)| !t.labels.is_empty()).map(|(p, t)| (p.clone(), t.labels)).collect();
        self.plan
    }

    pub(super) fn home(&self) -> String {
        self.context.home.to_string_lossy().into_owned()
    }

    pub(super) fn cwd(shell: &Shell) -> Option<&str> {
        shell.cwd.as_deref()
    }

    pub(super) fn absolute(&self, shell: &Shell, text: &Text) -> Text {
        path::absolute(text, Self::cwd(shell), &self.context.home.to_string_lossy())
    }

    /// Adds an effect, with what is true of everything around it.
    pub(super) fn push(&mut self, shell: &Shell, mut effect: Effect) {
        if let Some(base) = self.base {
            effect.span = base;
        }
        effect.with.join(&shell.ambient);
        effect.certainty = effect.certainty.and(self.certainty);
        if self.plan.effects.last() == Some(&effect) {
            return;
        }
        if self.plan.effects.len() < MAX_EFFECTS && self.budget.spend(1) {
            self.plan.effects.push(effect);
        } else {
            // What is not written down is not judged, so a rule decides about the whole.
            self.exhaust(effect.span);
        }
    }

    /// An effect of a program on a target.
    pub(super) fn effect(&mut self, shell: &Shell, action: Action, target: Text, about: &About) {
        let mut effect = Effect::new(action, Text::default(), about.span);
        effect.data = about.data.and(target.labels);
        effect.target = Target { host: None, text: target };
        effect.with = about.with.clone();
        effect.program.clone_from(&about.program);
        effect.certainty = about.certainty;
        let resolved = self.through_links(&effect.action, &effect.target.text);
        let linked = resolved.map(|path| {
            let mut linked = effect.clone();
            linked.data.add(self.labels_of(&path));
            linked.target.text = path;
            linked.with.add("link");
            linked
        });
        self.push(shell, effect);
        if let Some(linked) = linked {
            self.push(shell, linked);
        }
    }

    /// Where a path really leads, when a link is on the way; deleting and moving act on the link itself.
    fn through_links(&self, action: &Action, path: &Text) -> Option<Text> {
        let known = path.as_known().filter(|p| p.starts_with('/'))?;
        let resolve = |p: &str| self.context.files.resolve(std::path::Path::new(p)).map(|r| r.to_string_lossy().into_owned());
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

    /// Counts work; past the bound the rest is not walked and a rule decides.
    fn step(&mut self, span: Span) -> bool {
        if !self.budget.spend(1) {
            self.exhaust(span);
        }
        !self.exhausted
    }

    /// Counts the reading of a text, which stands in `self.depth` others.
    fn step_to_read(&mut self, text: &str) -> bool {
        let steps = (text.len() / BYTES_A_STEP) as u64 * (1 + u64::from(self.depth));
        if !self.budget.spend(steps) {
            self.exhaust(self.base.unwrap_or_default());
        }
        !self.exhausted
    }

    /// Ends the walk; the effect that says so is written down whatever else is.
    fn exhaust(&mut self, span: Span) {
        if !self.exhausted {
            self.exhausted = true;
            self.plan.effects.push(Effect::new(Action::Operate("guard.too-complex".into()), Text::default(), span));
        }
    }

    /// Runs text as a script in `shell`; gives its output. Unknown stretches of the text stay unknown words.
    pub(super) fn run(&mut self, shell: &mut Shell, text: &Text, stdin: Text) -> Text {
        if !text.parts().iter().any(|p| matches!(p, Part::Known(t) if !t.trim().is_empty())) {
            return Text::default();
        }
        if self.depth >= MAX_DEPTH {
            let span = self.base.unwrap_or_default();
            self.push(shell, Effect::new(Action::Operate("guard.too-complex".into()), Text::default(), span));
            return Text::unknown();
        }
        let source = as_source(text);
        if !self.step(self.base.unwrap_or_default()) || !self.step_to_read(&source) {
            return Text::unknown();
        }
        let script = shell::parse(&source);
        let outer_labels = std::mem::replace(&mut self.mark_labels, text.labels);
        self.depth += 1;
        let out = self.script(shell, &script, &source, stdin);
        self.depth -= 1;
        self.mark_labels = outer_labels;
        out
    }

    /// Like [`Self::run`], for text that stands somewhere inside the call: its effects carry that place.
    pub(super) fn run_at(&mut self, shell: &mut Shell, text: &Text, stdin: Text, span: Span) -> Text {
        let outer = self.base;
        self.base = outer.or(Some(span));
        let out = self.run(shell, text, stdin);
        self.base = outer;
        out
    }

    fn script(&mut self, shell: &mut Shell, script: &Script, source: &str, stdin: Text) -> Text {
        let out = self.sequence(shell, &script.body, &stdin);
        if let Some(first) = script.unread.first() {
            let mut effect = Effect::new(Action::Unparsed, Text::default(), *first);
            effect.certainty = Certainty::Maybe;
            self.push(shell, effect);
            if nesting(source) > MAX_NESTING {
                self.give_up(shell);
            }
            if self.depth <= 2 {
                self.piecewise(shell, source.get(first.start as usize..).unwrap_or(source));
            }
        }
        out
    }

    /// The text is deeper or longer than is followed: a rule decides.
    pub(super) fn give_up(&mut self, shell: &Shell) {
        let span = self.base.unwrap_or_default();
        self.push(shell, Effect::new(Action::Operate("guard.too-complex".into()), Text::default(), span));
    }

    /// Bash refuses what the grammar refuses, mostly; what its pieces would do counts as possible.
    fn piecewise(&mut self, shell: &Shell, source: &str) {
        let outer = std::mem::replace(&mut self.certainty, Certainty::Maybe);
        for piece in source.split(['\n', ';', '|', '&', '(', ')', '`', '{', '}']).filter(|p| !p.trim().is_empty()).take(200) {
            if !self.step_to_read(piece) {
                break;
            }
            let script = shell::parse(piece);
            if script.unread.is_empty() {
                let mut inner = shell.clone();
                self.sequence(&mut inner, &script.body, &Text::default());
            }
        }
        self.certainty = outer;
    }

    fn sequence(&mut self, shell: &mut Shell, body: &[Statement], stdin: &Text) -> Text {
        let mut out = Text::default();
        for statement in body {
            let more = self.statement(shell, statement, stdin);
            out.push(&more);
            if self.exhausted {
                break;
            }
        }
        out
    }

    fn branch(&mut self, shell: &mut Shell, body: &[Statement], stdin: &Text) -> Text {
        shell.conditional += 1;
        let out = self.sequence(shell, body, stdin);
        shell.conditional -= 1;
        out
    }

    fn statement(&mut self, shell: &mut Shell, statement: &Statement, stdin: &Text) -> Text {
        if !self.step(statement.span) {
            return Text::unknown();
        }
        let mut descriptors: Descriptors = shell.descriptors.clone();
        if !matches!(descriptors.get(&0), Some(Channel::Network(_) | Channel::Data(_))) || !stdin.is_empty() {
            descriptors.insert(0, Channel::Data(stdin.clone()));
        }
        descriptors.entry(1).or_insert(Channel::Inherited);
        descriptors.entry(2).or_insert(Channel::Inherited);
        let about = About::at(statement.span);
        for redirection in &statement.redirections {
            self.redirect(shell, redirection, &mut descriptors, &about);
        }
        let stdin = match descriptors.get(&0) {
            Some(Channel::Data(text)) => text.clone(),
            Some(Channel::Network(_)) => Text::unknown().labelled(Labels::of(Label::Network)),
            _ => Text::default(),
        };
        let out = match &statement.command {
            Command::Simple(simple) => self.simple(shell, simple, statement, &stdin, &mut descriptors),
            other => self.compound(shell, other, &stdin),
        };
        let rest = self.deliver(shell, out, &descriptors, &about);
        self.drain_sinks(shell);
        rest
    }

    fn compound(&mut self, shell: &mut Shell, command: &Command, stdin: &Text) -> Text {
        match command {
            Command::Simple(_) => Text::default(),
            Command::Pipeline(members) => {
                let mut flow = stdin.clone();
                for (at, (statement, _)) in members.iter().enumerate() {
                    let mut member = shell.clone();
                    // Descriptors opened before stay; what flows in comes from the left.
                    member.descriptors.remove(&0);
                    flow = self.statement(&mut member, statement, &flow);
                    if shell.last_pipe && at + 1 == members.len() {
                        shell.variables = member.variables;
                    }
                }
                flow
            }
            Command::List(first, rest) => {
                let mut out = self.statement(shell, first, stdin);
                for (join, statement) in rest {
                    let conditional = u32::from(*join == Join::Or);
                    shell.conditional += conditional;
                    let more = self.statement(shell, statement, stdin);
                    shell.conditional -= conditional;
                    out.push(&more);
                }
                out
            }
            Command::Subshell(body) => {
                let mut inner = shell.clone();
                self.sequence(&mut inner, body, stdin)
            }
            Command::Group(body) => self.sequence(shell, body, stdin),
            Command::If { branches, otherwise } => {
                let mut out = Text::default();
                for (condition, body) in branches {
                    out.push(&self.sequence(shell, condition, stdin));
                    out.push(&self.branch(shell, body, stdin));
                }
                out.push(&self.branch(shell, otherwise, stdin));
                out
            }
            Command::For { names, words, body } => self.each(shell, names, words.as_deref(), body, stdin),
            Command::Arithmetic { expressions, body } => {
                for expression in expressions {
                    self.single(shell, expression);
                }
                self.branch(shell, body, stdin)
            }
            Command::Loop { condition, body } => {
                let mut out = self.sequence(shell, condition, stdin);
                out.push(&self.branch(shell, body, stdin));
                out
            }
            Command::Case { word, arms } => {
                self.single(shell, word);
                let mut out = Text::default();
                for (patterns, body) in arms {
                    for pattern in patterns {
                        self.single(shell, pattern);
                    }
                    out.push(&self.branch(shell, body, stdin));
                }
                out
            }
            Command::Function { names, body } => {
                for name in names {
                    let name = self.single(shell, name);
                    if let Some(known) = name.as_known() {
                        shell.functions.insert(known.to_owned(), Rc::from(body.as_str()));
                    }
                    let about = About { data: Labels::NONE, ..About::at(Span::default()) };
                    self.effect(shell, Action::Define, name, &about);
                }
                Text::default()
            }
            Command::Test(words) => {
                for word in words {
                    self.single(shell, word);
                }
                Text::default()
            }
            Command::Coproc { name, body } => {
                let mut inner = shell.clone();
                let out = self.statement(&mut inner, body, &Text::unknown());
                let network = self.plan.effects.iter().rev().take(8).find_map(|e| {
                    (e.action == Action::Connect).then(|| e.target.host.clone()).flatten()
                });
                let channel = |text: Text| network.clone().map_or(Channel::Data(text), Channel::Network);
                shell.descriptors.insert(63, channel(out));
                shell.descriptors.insert(60, channel(Text::unknown()));
                let name = if name.is_empty() { "COPROC" } else { name };
                let ends = vec![("0".to_owned(), Text::known("63")), ("1".to_owned(), Text::known("60"))];
                shell.variables.insert(name.to_owned(), Variable::Array(ends));
                Text::default()
            }
        }
    }

    /// A loop over words: the body is walked for each of the first words, so that constants are followed.
    fn each(&mut self, shell: &mut Shell, names: &[String], words: Option<&[Word]>, body: &[Statement], stdin: &Text) -> Text {
        let values: Vec<Text> = match words {
            Some(words) => words.iter().flat_map(|w| self.fields(shell, w)).collect(),
            None => shell.positional.clone(),
        };
        let mut out = Text::default();
        let Some(name) = names.first() else {
            return self.branch(shell, body, stdin);
        };
        const FOLLOWED: usize = 12;
        let labels = values.iter().fold(Labels::NONE, |all, v| all.and(v.labels));
        if values.is_empty() {
            shell.set(name, Text::unknown().labelled(labels));
            return self.branch(shell, body, stdin);
        }
        for value in values.iter().take(FOLLOWED) {
            shell.set(name, value.clone());
            out.push(&self.branch(shell, body, stdin));
        }
        if values.len() > FOLLOWED {
            shell.set(name, Text::unknown().labelled(labels));
            out.push(&self.branch(shell, body, stdin));
        }
        out
    }

    // ---- substitutions

    /// The output of `$(…)`.
    pub(super) fn substitution(&mut self, shell: &mut Shell, body: &str) -> Text {
        let mut inner = shell.clone();
        inner.descriptors.remove(&1);
        let text = self.marked(body);
        let base = self.base;
        let out = self.run(&mut inner, &text, Text::default());
        self.base = base;
        out
    }

    /// Text cut out of a script that is being read: its unknown stretches become unknown again.
    fn marked(&self, body: &str) -> Text {
        let mut text = Text::default();
        for (at, piece) in body.split(UNKNOWN_MARK).enumerate() {
            if at > 0 {
                text.push_unknown();
            }
            text.push_str(piece);
        }
        if text.has_unknown() { text.labelled(self.mark_labels) } else { text }
    }

    pub(super) fn mark_labels(&self) -> Labels {
        self.mark_labels
    }

    /// A path that stands for `<(…)` or `>(…)`.
    pub(super) fn process_substitution(&mut self, shell: &mut Shell, body: &str, input: bool) -> Text {
        let path = format!("/dev/fd/{}", 1000 + self.made_up);
        self.made_up += 1;
        if input {
            let text = self.marked(body);
            let mut inner = shell.clone();
            let out = self.run(&mut inner, &text, Text::default());
            self.files.insert(path.clone(), out);
        } else {
            self.files.insert(path.clone(), Text::default());
            self.sinks.push((path.clone(), body.to_owned()));
        }
        Text::known(path)
    }

    /// Runs the bodies of `>(…)` on what was written to them.
    fn drain_sinks(&mut self, shell: &mut Shell) {
        while let Some((path, body)) = self.sinks.pop() {
            let stdin = self.files.remove(&path).unwrap_or_else(Text::unknown);
            let mut inner = shell.clone();
            self.run(&mut inner, &self.marked(&body), stdin);
        }
    }

    // ---- descriptors

    fn redirect(&mut self, shell: &mut Shell, r: &Redirection, descriptors: &mut Descriptors, about: &About) {
        use RedirectionKind as K;
        let target = if r.kind == K::HereDocument {
            self.pieces_single(shell, &r.target.pieces)
        } else {
            self.single(shell, &r.target)
        };
        let about = &About { span: if r.target.span.end > 0 { r.target.span } else { about.span }, ..about.clone() };
        let number = match &r.variable {
            Some(name) => {
                let number = 10 + u32::try_from(shell.descriptors.len()).unwrap_or(0);
                shell.set(name, Text::known(number.to_string()));
                number
            }
            None => r.descriptor.unwrap_or(match r.kind {
                K::Input | K::ReadWrite | K::HereString | K::HereDocument | K::DuplicateInput => 0,
                K::Output | K::Append | K::OutputBoth | K::DuplicateOutput => 1,
            }),
        };
        let channel = match r.kind {
            K::HereDocument => Channel::Data(target),
            K::HereString => {
                let mut text = target;
                text.push_str("\n");
                Channel::Data(text)
            }
            K::Input => match self.open(shell, &target, about, false) {
                Channel::File(path) => Channel::Data(self.read_file(shell, &path, about)),
                other => other,
            },
            K::ReadWrite => self.open(shell, &target, about, true),
            K::Output | K::Append | K::OutputBoth => {
                let mut with = about.clone();
                if r.kind == K::Append || r.target.source.starts_with(">>") {
                    with.with.add("append");
                }
                let channel = self.open(shell, &target, about, true);
                if let Channel::File(path) = &channel {
                    if r.kind != K::Append && let Some(known) = path.as_known() {
                        self.files.insert(known.to_owned(), Text::default());
                    }
                    self.effect(shell, Action::Write, path.clone(), &with);
                }
                channel
            }
            K::DuplicateInput | K::DuplicateOutput => {
                let known = target.as_known().unwrap_or("").trim_end_matches('-');
                match known.parse::<u32>() {
                    Ok(from) => descriptors.get(&from).cloned().unwrap_or(Channel::Inherited),
                    Err(_) if known.is_empty() => Channel::Nowhere,
                    Err(_) => Channel::Inherited,
                }
            }
        };
        if r.kind == K::OutputBoth {
            descriptors.insert(2, channel.clone());
        }
        descriptors.insert(number, channel);
    }

    /// What a redirection's target is: a file, a connection, a descriptor, nothing.
    fn open(&mut self, shell: &Shell, target: &Text, about: &About, both: bool) -> Channel {
        if let Some(host) = network::device(target) {
            let mut effect = Effect::new(Action::Connect, target.clone(), about.span);
            effect.target.host = Some(host.clone());
            effect.with.add("device");
            self.push(shell, effect);
            return Channel::Network(host);
        }
        let path = self.absolute(shell, target);
        match path.as_known() {
            Some("/dev/null" | "/dev/full" | "/dev/zero" | "/dev/tty") => Channel::Nowhere,
            Some("/dev/stdout" | "/dev/stderr" | "/dev/stdin" | "/dev/fd/0" | "/dev/fd/1" | "/dev/fd/2") if both => Channel::Inherited,
            _ => Channel::File(path),
        }
    }

    /// Sends output where its descriptor leads; gives what goes on to the surrounding script.
    fn deliver(&mut self, shell: &Shell, out: Text, descriptors: &Descriptors, about: &About) -> Text {
        match descriptors.get(&1) {
            Some(Channel::Network(host)) => {
                if !out.is_empty() {
                    let mut effect = Effect::new(Action::Send, Text::default(), about.span);
                    effect.target.host = Some(host.clone());
                    effect.data = out.labels;
                    effect.with.add("device");
                    self.push(shell, effect);
                }
                Text::default()
            }
            Some(Channel::File(path)) => {
                self.written(shell, path, &out, about);
                Text::default()
            }
            Some(Channel::Nowhere | Channel::Data(_)) => Text::default(),
            _ => out,
        }
    }

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

    /// Whether a path is a secret, by the lists that say so.
    pub(super) fn secret_labels(&self, path: &Text) -> Labels {
        let mut secret = self.know.in_list("secret-files", path, &self.vars);
        if secret > Certainty::Unknown && self.know.in_list("not-secret-files", path, &self.vars) == Certainty::Yes {
            secret = Certainty::No;
        }
        match secret {
            Certainty::Yes => Labels::of(Label::Secret),
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
            && !path.prefix().starts_with("/dev/")
        {
            labels.add(Labels::of(Label::Outside));
        }
        labels
    }

    // ---- simple commands

    fn simple(&mut self, shell: &mut Shell, simple: &SimpleCommand, statement: &Statement, stdin: &Text, descriptors: &mut Descriptors) -> Text {
        let mut words: Vec<Text> = Vec::with_capacity(simple.words.len());
        for word in &simple.words {
            if !self.step(statement.span) {
                return Text::unknown();
            }
            words.extend(self.fields(shell, word));
        }
        let mut about = About::at(statement.span);
        if matches!(descriptors.get(&0), Some(Channel::Network(_))) {
            about.with.add("network-stdin");
        }
        let declared: Vec<(String, Variable)> = simple.declared.iter().map(|a| self.value(shell, a)).collect();
        let mut before: Vec<(String, Option<Variable>)> = Vec::new();
        for assignment in &simple.assignments {
            let (name, value) = self.value(shell, assignment);
            self.assigned(shell, &name, &value.scalar(), assignment.span);
            before.push((name.clone(), shell.variables.get(&name).cloned()));
            self.assign(shell, assignment, &name, value);
        }
        if words.is_empty() {
            // `$(<file)` and a bare `<file`: the content is the output.
            return if statement.redirections.iter().any(|r| r.kind == RedirectionKind::Input) { stdin.clone() } else { Text::default() };
        }
        let environment: Vec<(String, Text)> =
            simple.assignments.iter().filter_map(|a| Some((a.name.clone(), shell.variables.get(&a.name)?.scalar()))).collect();
        let call = Call { words, declared, environment, stdin: stdin.clone(), about };
        let out = self.command(shell, call, descriptors);
        for (name, old) in before {
            match old {
                Some(value) => shell.variables.insert(name, value),
                None => shell.variables.remove(&name),
            };
        }
        out
    }

    fn value(&mut self, shell: &mut Shell, a: &Assignment) -> (String, Variable) {
        let value = match &a.value {
            AssignedValue::Scalar(word) => Variable::Scalar(self.single(shell, word)),
            AssignedValue::Array(items) => {
                let mut all: Vec<(String, Text)> = Vec::new();
                for (key, word) in items {
                    match key {
                        Some(key) => {
                            let key = self.single(shell, key).to_string();
                            let value = self.single(shell, word);
                            all.push((key, value));
                        }
                        None => {
                            for value in self.fields(shell, word) {
                                all.push((all.len().to_string(), value));
                            }
                        }
                    }
                }
                Variable::Array(all)
            }
        };
        (a.name.clone(), value)
    }

    fn assign(&mut self, shell: &mut Shell, a: &Assignment, name: &str, value: Variable) {
        let old = shell.variables.get(name).cloned();
        match (&a.subscript, value) {
            (Some(key), value) => {
                let key = self.single(shell, key).to_string();
                let mut items = match old {
                    Some(Variable::Array(items)) => items,
                    Some(Variable::Scalar(text)) => vec![("0".to_owned(), text)],
                    None => Vec::new(),
                };
                match items.iter_mut().find(|(k, _)| *k == key) {
                    Some((_, text)) if a.append => text.push(&value.scalar()),
                    Some((_, text)) => *text = value.scalar(),
                    None => items.push((key, value.scalar())),
                }
                shell.variables.insert(name.to_owned(), Variable::Array(items));
            }
            (None, Variable::Scalar(text)) if a.append => {
                let mut all = old.map(|v| v.scalar()).unwrap_or_default();
                all.push(&text);
                shell.set(name, all);
            }
            (None, Variable::Array(more)) if a.append => {
                let mut items = match old {
                    Some(Variable::Array(items)) => items,
                    Some(Variable::Scalar(text)) => vec![("0".to_owned(), text)],
                    None => Vec::new(),
                };
                for (_, text) in more {
                    items.push((items.len().to_string(), text));
                }
                shell.variables.insert(name.to_owned(), Variable::Array(items));
            }
            (None, Variable::Scalar(text)) => shell.set(name, text),
            (None, array) => {
                shell.variables.insert(name.to_owned(), array);
            }
        }
    }

    /// A variable gets a value: the effect of it, and what the value is if the variable's value is code.
    pub(super) fn assigned(&mut self, shell: &mut Shell, name: &str, value: &Text, span: Span) {
        let mut about = About::at(span);
        about.data = value.labels;
        self.effect(shell, Action::Assign, Text::known(name), &about);
        // git's settings by number: the key stands in another variable.
        if let Some(key) = name.strip_prefix("GIT_CONFIG_VALUE_").and_then(|n| shell.variables.get(&format!("GIT_CONFIG_KEY_{n}"))) {
            let mut setting = key.scalar();
            setting.push_str("=");
            setting.push(value);
            self.typed(shell, "git-config", &setting, &About::at(span), None);
        }
        if let Some(kind) = self.know.environment(name).map(str::to_owned) {
            about.data = Labels::NONE;
            about.with.add("environment");
            self.typed(shell, &kind, value, &about, None);
        }
    }

    /// Calls a function of the script.
    pub(super) fn call_function(&mut self, shell: &mut Shell, name: &str, body: &str, call: &Call) -> Text {
        if self.calls.iter().filter(|c| *c == name).count() >= MAX_RECURSION {
            self.effect(shell, Action::Recurse, Text::known(name), &call.about);
            return Text::unknown();
        }
        self.calls.push(name.to_owned());
        let outer = std::mem::replace(&mut shell.positional, call.words[1..].to_vec());
        let locals = std::mem::take(&mut shell.locals);
        let frame = std::mem::replace(&mut shell.frame, shell.conditional);
        let body = self.marked(body);
        let out = self.run(shell, &body, call.stdin.clone());
        shell.positional = outer;
        shell.frame = frame;
        for (name, old) in std::mem::replace(&mut shell.locals, locals) {
            match old {
                Some(value) => shell.variables.insert(name, value),
                None => shell.variables.remove(&name),
            };
        }
        self.calls.pop();
        out
    }

    /// Named pipes were made: see [`Self::plan_shell`].
    pub(super) fn note_fifo(&mut self) {
        self.fifo = true;
    }
}

/// A command that is about to run.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Name first.
    pub words: Vec<Text>,
    pub declared: Vec<(String, Variable)>,
    /// Variables set for this command alone.
    pub environment: Vec<(String, Text)>,
    pub stdin: Text,
    pub about: About,
}

/// What is common to the effects of one command.
#[derive(Debug, Clone)]
pub(super) struct About {
    pub span: Span,
    pub program: String,
    pub with: Modifiers,
    pub data: Labels,
    pub certainty: Certainty,
}

impl About {
    pub(super) fn at(span: Span) -> About {
        About { span, program: String::new(), with: Modifiers::default(), data: Labels::NONE, certainty: Certainty::Yes }
    }
}

/// How many stretches a text opens and, counted together, does not close at once: an upper bound of its depth.
fn nesting(text: &str) -> usize {
    let brackets = text.bytes().filter(|b| matches!(b, b'(' | b'{')).count();
    let words = text.split_whitespace().filter(|w| matches!(*w, "if" | "case" | "while" | "until" | "for" | "[[")).count();
    brackets + words
}

fn whole(text: &str) -> Span {
    Span { start: 0, end: u32::try_from(text.len()).unwrap_or(u32::MAX) }
}

/// A partly known text as source: unknown stretches become a mark that the expansion knows.
fn as_source(text: &Text) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.parts() {
        match part {
            Part::Known(t) | Part::Glob(t) => out.push_str(t),
            Part::Unknown => out.push(UNKNOWN_MARK),
        }
    }
    out
}
