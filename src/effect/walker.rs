//! The walk over one call: what it has seen, the effects it writes down, and the work it may spend.

use super::path;
use super::state::{Shell, Variable};
use super::text::Text;
use super::{Action, Effect, Modifiers, Plan, Target, World};
use crate::budget::Budget;
use crate::context::Context;
use crate::label::{Label, Labels};
use crate::list::Vars;
use crate::verdict::{Certainty, Span};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Steps per call, all together: statements, words, effects, and texts that are read, by their length. Honest commands need hundreds.
pub const MAX_STEPS: u64 = 30_000;

/// Effects of one call: each is compared with every rule about its action.
const MAX_EFFECTS: usize = 3_000;

/// Effects of which each is written down, however often it comes; a longer plan has the rest of them once. Most long scripts do the same
/// things again and again, and a rule says the same of each.
const REPEATED: usize = 100;

/// Bytes of shell text that cost one step to read; nested text costs more, as each level is read again.
const BYTES_A_STEP: usize = 128;

/// The walk over one call.
pub struct Walker<'a> {
    pub(super) know: &'a World,
    pub(super) context: &'a Context<'a>,
    pub(super) vars: Vars,
    pub(super) plan: Plan,
    /// Files that the call itself wrote, by absolute path.
    pub(super) files: HashMap<String, Text>,
    /// Links that the call made → where they lead.
    pub(super) links: HashMap<String, String>,
    /// `>(…)`: the path that stands for it, and its body.
    pub(super) sinks: Vec<(String, String)>,
    pub(super) calls: Vec<String>,
    /// The parameters of the shell text that is about to run.
    pub(super) parameters: Vec<Text>,
    /// Aliases of git that this call configured.
    pub(super) git_aliases: std::collections::HashMap<String, Text>,
    pub(super) budget: Budget,
    /// Paths made up so far.
    pub(super) made_up: u32,
    pub(super) depth: u32,
    /// Labels of the unknown stretches of the text that is being read.
    pub(super) mark_labels: Labels,
    /// The place in the call's own text that nested text came from.
    pub(super) base: Option<Span>,
    /// How sure it is that the statements being walked run at all.
    pub(super) certainty: Certainty,
    /// A named pipe exists, so data may flow backwards: the script is walked twice.
    fifo: bool,
    pub(super) exhausted: bool,
    /// Folders that were filled by strangers in this call: what was unpacked or cloned.
    pub(super) came_in: Vec<String>,
    /// What the first of two walks learned of files.
    pub(super) earlier: HashMap<String, Labels>,
    /// What files were labelled with at any time of this walk.
    pub(super) ever: HashMap<String, Labels>,
    /// What the lists said of paths: one path is asked about several times in a call.
    pub(super) asked: RefCell<HashMap<String, Labels>>,
    /// Hash of an effect → the places in a long plan where such ones stand.
    long: HashMap<u64, Vec<usize>>,
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
            links: HashMap::new(),
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
            came_in: Vec::new(),
            earlier: HashMap::new(),
            ever: HashMap::new(),
            asked: RefCell::default(),
            long: HashMap::new(),
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
        if self.plan.effects.last() == Some(&effect) || self.is_repeated(&effect) {
            return;
        }
        if self.plan.effects.len() < MAX_EFFECTS && self.budget.spend(1) {
            self.plan.effects.push(effect);
        } else {
            // What is not written down is not judged, so a rule decides about the whole.
            self.exhaust(effect.span);
        }
    }

    /// Whether the plan is long and has the effect already, from another place.
    fn is_repeated(&mut self, effect: &Effect) -> bool {
        let written = &self.plan.effects;
        if written.len() < REPEATED {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        (&effect.action, &effect.target.text, &effect.program).hash(&mut hasher);
        let places = self.long.entry(hasher.finish()).or_default();
        if places.iter().filter_map(|at| written.get(*at)).any(|one| one.does_the_same(effect)) {
            return true;
        }
        places.push(written.len());
        false
    }

    /// An effect of a program on a target.
    pub(super) fn effect(&mut self, shell: &Shell, action: Action, target: Text, about: &About) {
        let mut effect = Effect::new(action, Text::default(), about.span);
        effect.data = about.data.and(target.labels);
        effect.target = Target { host: None, text: target };
        effect.with = about.with.clone();
        effect.program.clone_from(&about.program);
        effect.certainty = about.certainty;
        if effect.action == Action::Write && self.listed("program-folders", &effect.target.text) {
            let name = path::base_name(&effect.target.text).unwrap_or_default();
            if self.know.in_list("core-programs", &Text::known(name), &self.vars) == Certainty::Yes {
                effect.with.add("shadows");
            }
        }
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

    /// Counts work; past the bound the rest is not walked and a rule decides.
    pub(super) fn step(&mut self, span: Span) -> bool {
        if !self.budget.spend(1) {
            self.exhaust(span);
        }
        !self.exhausted
    }

    /// Counts the reading of a text, which stands in `self.depth` others.
    pub(super) fn step_to_read(&mut self, text: &str) -> bool {
        let steps = (text.len() / BYTES_A_STEP) as u64 * (1 + u64::from(self.depth));
        if !self.budget.spend(steps) {
            self.exhaust(self.base.unwrap_or_default());
        }
        !self.exhausted
    }

    /// Ends the walk; the effect that says so is written down whatever else is.
    pub(super) fn exhaust(&mut self, span: Span) {
        if !self.exhausted {
            self.exhausted = true;
            self.plan.effects.push(Effect::new(Action::Operate("guard.too-complex".into()), Text::default(), span));
        }
    }

    /// The text is deeper or longer than is followed: a rule decides.
    pub(super) fn give_up(&mut self, shell: &Shell) {
        let span = self.base.unwrap_or_default();
        self.push(shell, Effect::new(Action::Operate("guard.too-complex".into()), Text::default(), span));
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

fn whole(text: &str) -> Span {
    Span { start: 0, end: u32::try_from(text.len()).unwrap_or(u32::MAX) }
}
