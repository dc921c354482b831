//! guard works out what a coding agent's tool call would do and compares that with rules.
//!
//! Everything but [`io`] and [`cli`] is pure: it reads no file, clock or environment variable and gets them as arguments.

pub mod audit;
pub mod budget;
pub mod call;
pub mod cli;
pub mod context;
pub mod credential;
pub mod detector;
pub mod effect;
pub mod egress;
pub mod finder;
pub mod fixed;
pub mod glob;
pub mod hook;
pub mod io;
pub mod knowledge;
pub mod label;
pub mod list;
pub mod record;
pub mod render;
pub mod rule;
pub mod secret;
pub mod shell;
pub mod site;
pub mod table;
pub mod verdict;

use call::ToolCall;
use context::Context;
use effect::Plan;
use knowledge::Knowledge;
use list::Vars;
use verdict::Verdict;

/// The folders that patterns may name.
pub fn vars(context: &Context<'_>) -> Vars {
    let mut vars = Vars::default();
    vars.set("cwd", vec![context.cwd.to_string_lossy().into_owned()]);
    vars.set("home", vec![context.home.to_string_lossy().into_owned()]);
    vars.set("project", vec![context.project.to_string_lossy().into_owned()]);
    // Folders in which a program stands before the system's own of that name.
    let path = context.env.get("PATH").map_or("", String::as_str);
    let before = path.split(':').take_while(|folder| *folder != "/usr/bin").filter(|folder| folder.starts_with('/'));
    vars.set("path", before.map(str::to_owned).collect());
    vars
}

/// The whole of guard: what the call would do, and what the rules say of it.
///
/// `conditions` hold for every effect of the call: `record-lost`, `layer-broken`.
pub fn judge(call: &ToolCall, know: &Knowledge, context: &Context<'_>, vars: &Vars, conditions: &[&str]) -> (Plan, Verdict) {
    let mut plan = effect::plan(call, &know.world, context, vars);
    for effect in &mut plan.effects {
        for condition in conditions {
            effect.with.add(condition);
        }
    }
    let verdict = rule::evaluate::evaluate(&know.rules, &know.world.lists, vars, &plan);
    (plan, verdict)
}
