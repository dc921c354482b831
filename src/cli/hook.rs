//! `guard hook`: one event in, one answer out, one record kept. Arms the dead man's switch before anything else.

use super::exit;
use crate::call::{Tool, ToolCall};
use crate::context::Context;
use crate::effect::{Action, Plan};
use crate::hook::{self, Event, EventKind, Unreadable};
use crate::io::config::{self, Loaded, Place};
use crate::io::files::Disk;
use crate::io::drain::{self, Patience};
use crate::io::{deadman, journal, last_record, lost, store};
use crate::record::{Facts, Identity, Record, hash_bytes};
use crate::verdict::{Decision, Verdict};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// Bytes of standard input that are read: the largest content that is judged, escaped, with room.
const MAX_INPUT: usize = 24 << 20;
/// Bytes of shell text that are judged.
const MAX_SHELL: usize = 256 << 10;
/// Bytes of file content that are judged.
const MAX_CONTENT: usize = 8 << 20;

/// The denial that is written when guard dies; built from the rule `guard-failed`.
static DENIAL: &str = include_str!(concat!(env!("OUT_DIR"), "/denial.json"));

/// What one event led to.
pub struct Outcome {
    /// What the client reads; may be empty.
    pub answer: String,
    pub verdict: Verdict,
    /// The decision as carried out, for events that are judged.
    pub decision: Option<Decision>,
    /// The event was worth bringing the journal into the store at once.
    pub drain: bool,
    pub state: PathBuf,
    /// Why nothing was recorded.
    pub unrecorded: Option<String>,
}

/// Runs the hook. The exit status is always 0: the client honours an answer only then for sure.
pub fn run(arguments: &[String]) -> ExitCode {
    deadman::arm(DENIAL.as_bytes());
    #[cfg(feature = "deadman-test")]
    deadman::die_if_told("GUARD_TEST_DIE");
    let started = Instant::now();
    let input = read_input(arguments);
    let outcome = handle(input, started, store::now_ms(), None);
    deadman::answer(outcome.answer.as_bytes());
    if let Some(reason) = &outcome.unrecorded {
        eprintln!("guard: nothing was recorded: {reason}");
    }
    if outcome.drain {
        if let Err(error) = drain::drain(&outcome.state, Patience::Hook) {
            eprintln!("guard: the journal was kept but not drained: {error}");
        }
    }
    ExitCode::from(exit::OK)
}

fn read_input(arguments: &[String]) -> Result<Vec<u8>, Unreadable> {
    if let Some(unknown) = arguments.first() {
        return Err(Unreadable::Argument(unknown.clone()));
    }
    let mut bytes = Vec::new();
    match std::io::stdin().lock().take(MAX_INPUT as u64 + 1).read_to_end(&mut bytes) {
        Ok(len) if len > MAX_INPUT => Err(Unreadable::TooLarge(MAX_INPUT)),
        Ok(_) => Ok(bytes),
        Err(error) => Err(Unreadable::Json(format!("it could not be read: {error}"))),
    }
}

/// Judges and records one event. `state` is a folder that takes the place of the configured one.
pub fn handle(input: Result<Vec<u8>, Unreadable>, started: Instant, now_ms: i64, state: Option<&Path>) -> Outcome {
    let event = input.and_then(|bytes| hook::parse(&bytes));
    let cwd = match &event {
        Ok(event) => event.cwd.clone(),
        Err(_) => "/".into(),
    };
    let project = project(&cwd);
    // The process ends with the answer: cleaning up would only take time.
    let mut loaded = std::mem::ManuallyDrop::new(config::load(&Place::real(project.clone())));
    if let Some(state) = state {
        loaded.state = state.to_owned();
    }
    let disk = Disk::default();
    let context = Context { cwd, home: loaded.home.clone(), project, env: environment(), files: &disk };
    let mut vars = crate::vars(&context);
    vars.set("layers", loaded.broken.clone());
    let mut facts = Facts { time_ms: now_ms, rules_version: loaded.know.version.clone(), cwd: context.cwd.to_string_lossy().into_owned(), ..Facts::default() };
    match &event {
        Ok(event) => describe(event, &mut facts),
        Err(error) => {
            facts.event = "unreadable".into();
            facts.error = Some(error.to_string());
        }
    }
    let judged = !event.as_ref().is_ok_and(|event| !matches!(event.kind, EventKind::PreToolUse(_)));
    let identity = Arc::new(Identity::new(&facts, &loaded.redactor));
    last_record::prepare(&loaded.state, &identity, judged);
    #[cfg(feature = "deadman-test")]
    deadman::die_if_told("GUARD_TEST_DIE_JUDGING");
    let mut plan = match &event {
        Ok(event) => match &event.kind {
            EventKind::PreToolUse(call) => plan(call, event, &loaded, &context, &vars),
            _ => Plan::default(),
        },
        Err(error) => {
            let name = if matches!(error, Unreadable::TooLarge(_)) { "guard.too-large" } else { "guard.unreadable" };
            condition(name, &error.to_string())
        }
    };
    let attended = hook::attended(
        loaded.attended,
        event.as_ref().ok().and_then(|e| e.permission_mode.as_deref()),
        std::env::var("CLAUDE_CODE_SESSION_ATTENDED").ok().as_deref(),
    );
    let mut conditions = Vec::new();
    if loaded.egress_enforced {
        conditions.push("egress-enforced");
    }
    if !loaded.errors.is_empty() {
        conditions.push("layer-broken");
        facts.error = Some(loaded.errors[0].to_string());
    }
    let mut verdict = if judged { evaluate(&mut plan, &conditions, &loaded, &vars) } else { Verdict::default() };
    name_the_broken_file(&mut verdict, &loaded);
    let decision = judged.then(|| hook::effective(verdict.decision, attended));
    facts.decision = decision;
    facts.verdict = verdict.clone();
    facts.effects = plan.effects.iter().filter(|e| matches!(e.action, Action::Send | Action::Operate(_))).map(ToString::to_string).collect();
    facts.files = plan.judged_files.iter().filter_map(|p| file_hash(p)).collect();
    facts.guard_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let record = Record::of(&identity, &facts, &loaded.redactor);
    let mut outcome = Outcome {
        answer: String::new(),
        drain: decision.is_some_and(|d| d > Decision::Allow) || !judged,
        decision,
        verdict,
        state: loaded.state.clone(),
        unrecorded: None,
    };
    if let Err(error) = journal::append(&loaded.state, &record) {
        lost::mark(&loaded.state, now_ms, &error.to_string());
        outcome.unrecorded = Some(error.to_string());
        outcome.drain = false;
        if judged {
            conditions.push("record-lost");
            outcome.verdict = evaluate(&mut plan, &conditions, &loaded, &vars);
            outcome.decision = Some(hook::effective(outcome.verdict.decision, attended));
        }
    }
    if judged {
        // What is answered leaves this process like what is recorded: without secrets.
        for finding in &mut outcome.verdict.findings {
            finding.effect = loaded.redactor.redact(&finding.effect).to_string();
        }
        outcome.answer = hook::answer(&outcome.verdict, attended);
    }
    outcome
}

fn plan(call: &ToolCall, event: &Event, loaded: &Loaded, context: &Context<'_>, vars: &crate::list::Vars) -> Plan {
    let (size, limit) = match &call.tool {
        Tool::Bash { command } | Tool::Monitor { command } => (command.len(), MAX_SHELL),
        Tool::Write { content, .. } => (content.len(), MAX_CONTENT),
        Tool::Edit { new, .. } => (new.len(), MAX_CONTENT),
        Tool::NotebookEdit { source, .. } => (source.len(), MAX_CONTENT),
        _ => (0, MAX_CONTENT),
    };
    if size > limit {
        return condition("guard.too-large", &format!("{size} bytes, {limit} are judged"));
    }
    let mut plan = crate::effect::plan(call, &loaded.know.world, context, vars);
    if let Some(odd) = event.odd_text {
        plan.effects.extend(condition("guard.odd-text", odd).effects);
    }
    plan
}

/// A condition of guard itself, as an effect that a rule decides about.
fn condition(name: &str, detail: &str) -> Plan {
    use crate::effect::{Effect, Text};
    let effect = Effect::new(Action::Operate(name.to_owned()), Text::known(detail), crate::verdict::Span::default());
    Plan { effects: vec![effect], ..Plan::default() }
}

fn evaluate(plan: &mut Plan, conditions: &[&str], loaded: &Loaded, vars: &crate::list::Vars) -> Verdict {
    for effect in &mut plan.effects {
        for condition in conditions {
            effect.with.add(condition);
        }
    }
    crate::rule::evaluate::evaluate(&loaded.know.rules, &loaded.know.world.lists, vars, plan)
}

/// The hash of a judged file, read as carefully as it was judged.
fn file_hash(path: &str) -> Option<(String, String)> {
    use crate::context::{FileText, Files};
    match Disk::default().read(Path::new(path)) {
        FileText::Text(text) => Some((path.to_owned(), hash_bytes(text.as_bytes()))),
        FileText::Absent | FileText::Opaque => None,
    }
}

/// The one thing a person needs to repair a layer is the file and the line.
fn name_the_broken_file(verdict: &mut Verdict, loaded: &Loaded) {
    let Some(error) = loaded.errors.first() else { return };
    for finding in verdict.findings.iter_mut().filter(|f| f.rule == "layer-broken") {
        finding.message = format!("{} ({error})", finding.message);
    }
}

fn describe(event: &Event, facts: &mut Facts) {
    facts.event.clone_from(&event.name);
    facts.session.clone_from(&event.session);
    facts.agent.clone_from(&event.agent);
    facts.tool_use_id.clone_from(&event.tool_use_id);
    facts.mode.clone_from(&event.permission_mode);
    match &event.kind {
        EventKind::PreToolUse(call) => of_call(call, facts),
        EventKind::PostToolUse { call, exit, duration_ms } => {
            of_call(call, facts);
            facts.exit = *exit;
            facts.duration_ms = *duration_ms;
        }
        EventKind::PostToolUseFailure { call, error, exit, duration_ms } => {
            of_call(call, facts);
            facts.exit = *exit;
            facts.duration_ms = *duration_ms;
            facts.error = Some(error.lines().next().unwrap_or("").to_owned());
        }
        EventKind::SessionStart { source } => facts.command.clone_from(source),
        EventKind::SessionEnd { reason } => facts.command.clone_from(reason),
        EventKind::UserPromptSubmit { prompt } => facts.command.clone_from(prompt),
        EventKind::ConfigChange { source, file } => facts.command = format!("{source} {file}"),
        EventKind::Unknown => {}
    }
}

fn of_call(call: &ToolCall, facts: &mut Facts) {
    facts.tool = call.tool.name();
    facts.command = match &call.tool {
        Tool::Bash { command } | Tool::Monitor { command } => command.clone(),
        Tool::Read { path } => path.clone(),
        Tool::Write { path, content } => format!("{path}\n{content}"),
        Tool::Edit { path, old, new } => format!("{path}\n- {old}\n+ {new}"),
        Tool::NotebookEdit { path, source } => format!("{path}\n{source}"),
        Tool::Glob { pattern, path } => format!("{pattern} {}", path.as_deref().unwrap_or("")),
        Tool::Grep { pattern, path, .. } => format!("{pattern} {}", path.as_deref().unwrap_or("")),
        Tool::WebFetch { url, .. } => url.clone(),
        Tool::WebSearch { query } => query.clone(),
        Tool::Agent { prompt } => prompt.clone(),
        Tool::Mcp { input, .. } | Tool::Other { input, .. } => input.to_string(),
    };
}

/// The project's root as the client says, if it is above the call's folder; a variable may not widen it to a home or the root.
fn project(cwd: &Path) -> PathBuf {
    let said = std::env::var_os("CLAUDE_PROJECT_DIR").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match said {
        Some(said) if cwd.starts_with(&said) && said.components().count() > 2 && Some(&said) != home.as_ref() => said,
        _ => cwd.to_owned(),
    }
}

/// Variables of the agent's shell that may be followed: those that name folders and the user, not arbitrary ones.
fn environment() -> BTreeMap<String, String> {
    ["USER", "LOGNAME", "SHELL", "TMPDIR", "LANG"].iter().filter_map(|n| Some(((*n).to_owned(), std::env::var(n).ok()?))).collect()
}
