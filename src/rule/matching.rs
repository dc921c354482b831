//! One match against one effect.

use super::{Match, Rule};
use crate::effect::spec::simple_glob;
use crate::effect::{Action, Effect, Text};
use crate::fixed::{List, Str};
use crate::label::Label;
use crate::list::{Asked, Lists, Vars};
use crate::verdict::Certainty;
use std::rc::Rc;

/// An effect with the texts that rules ask about, prepared once for all of them.
pub struct Facts<'e> {
    pub effect: &'e Effect,
    pub target: Rc<Asked<'e>>,
    pub host: Option<Asked<'e>>,
    pub program: Rc<Asked<'e>>,
}

/// The matches of a rule that speak about an action; names of actions may be globs: `*` stands for any, `git.*` for a system's.
pub fn about_action<'r>(rule: &'r Rule, action: &str) -> Vec<&'r Match> {
    rule.matches.iter().filter(|one| one.action.is_empty() || one.action.iter().any(|a| simple_glob(a, action))).collect()
}

/// How surely the effect is what the match describes. The match is one [`about_action`] the effect's.
pub fn matches(one: &Match, facts: &Facts<'_>, lists: &Lists, vars: &Vars) -> Certainty {
    let effect = facts.effect;
    if !one.with.iter().all(|m| effect.with.has(m)) || one.without.iter().any(|m| effect.with.has(m)) {
        return Certainty::No;
    }
    let mut sure = effect.certainty;
    if !one.program.is_empty() {
        sure = sure.and(lists.any(&one.program, &facts.program, vars));
    }
    if !one.data.is_empty() {
        let label = one
            .data
            .iter()
            .filter_map(|name| Label::from_name(name))
            .map(|label| match (effect.data.has(label), effect.data.may_have(label)) {
                (true, _) => Certainty::Yes,
                (_, true) => Certainty::Maybe,
                _ => Certainty::No,
            })
            .max()
            .unwrap_or(Certainty::No);
        sure = sure.and(label);
    }
    if sure == Certainty::No {
        return sure;
    }
    if !one.target.is_empty() {
        sure = sure.and(lists.any(&one.target, &facts.target, vars));
    }
    if !one.host.is_empty() {
        sure = sure.and(host(&one.host, facts, lists, vars));
    }
    if sure == Certainty::No {
        return sure;
    }
    if !one.unless.is_empty() {
        let excluded = lists.any(&one.unless, &facts.target, vars);
        sure = sure.and(match (&effect.action, excluded) {
            // The operation is the evidence, whatever it is done to.
            (Action::Operate(_), Certainty::No | Certainty::Unknown) => Certainty::Yes,
            (Action::Operate(_), Certainty::Maybe) => Certainty::Maybe,
            _ => taken_away(excluded, &effect.target.text),
        });
    }
    if !one.unless_host.is_empty() {
        let by = host(&one.unless_host, facts, lists, vars);
        sure = sure.and(match &effect.target.host {
            Some(host) => taken_away(by, host),
            None => Certainty::Yes,
        });
    }
    if !one.unless_program.is_empty() && lists.any(&one.unless_program, &facts.program, vars) == Certainty::Yes {
        return Certainty::No;
    }
    sure
}

fn host(patterns: &List<Str>, facts: &Facts<'_>, lists: &Lists, vars: &Vars) -> Certainty {
    facts.host.as_ref().map_or(Certainty::No, |host| lists.any(patterns, host, vars))
}

/// What an exclusion leaves: nothing when it surely holds; when the target is unknown nobody can say, and ignorance is
/// silent; a target that is partly known and not excluded is evidence.
fn taken_away(excluded: Certainty, target: &Text) -> Certainty {
    match excluded {
        Certainty::Yes => Certainty::No,
        _ if target.as_known().is_some() => Certainty::Yes,
        // `find / -name id_rsa`: most of what it finds lies in none of the folders that are excluded.
        _ if target.prefix() == "/" && !target.suffix().is_empty() => Certainty::Maybe,
        Certainty::Maybe => Certainty::Unknown,
        _ if target.prefix().len() > 1 => Certainty::Maybe,
        _ => Certainty::Unknown,
    }
}
