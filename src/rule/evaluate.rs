//! Rules × plan → verdict.

use super::matching::{Facts, about_action, matches};
use super::{Exception, Match, Rule, RuleSet};
use crate::effect::{Effect, Plan, Target, Text};
use crate::list::{Asked, Lists, Vars};
use crate::verdict::{Certainty, Decision, Finding, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Longest printed effect in a finding, in characters.
const MAX_EFFECT: usize = 240;

/// Judges a plan: every rule that fires gives one finding, its strongest; the greatest decision wins.
pub fn evaluate(rules: &RuleSet, lists: &Lists, vars: &Vars, plan: &Plan) -> Verdict {
    let mut about: BTreeMap<&str, Vec<(&Rule, Vec<&Match>)>> = BTreeMap::new();
    let mut strongest: BTreeMap<&str, (Decision, Certainty, &Rule, &Effect)> = BTreeMap::new();
    let programs: BTreeMap<&str, Text> = plan.effects.iter().map(|e| (e.program.as_str(), Text::known(e.program.as_str()))).collect();
    let mut asked = AskedOnce::default();
    let mut judged = BTreeSet::new();
    for effect in &plan.effects {
        let Effect { action, target: Target { text, host }, data, with, program, certainty, span: _ } = effect;
        let action = action.name();
        let (number, target) = asked.text(text);
        // A loop or a long script does the same thing many times: where it stands is all that differs, and the first place is named.
        if !judged.insert((action, number, host, data, with, program, certainty)) {
            continue;
        }
        let (_, program) = asked.text(&programs[program.as_str()]);
        let facts = Facts { effect, target, host: host.as_ref().map(Asked::host), program };
        for (rule, of_action) in about.entry(action).or_insert_with(|| rules.about(action).into_iter().map(|rule| (rule, about_action(rule, action))).collect()) {
            let sure = of_action.iter().map(|m| matches(m, &facts, lists, vars)).max().unwrap_or(Certainty::No);
            let decision = match sure {
                Certainty::Yes => rule.decision,
                Certainty::Maybe => rule.maybe.unwrap_or(rule.decision.lowered()),
                Certainty::Unknown | Certainty::No => continue,
            };
            if decision == Decision::Allow || rules.exceptions.iter().any(|e| excepted(e, rule, &facts, lists, vars)) {
                continue;
            }
            let before = strongest.get(&*rule.id).map(|(decision, ..)| *decision);
            if before.is_none_or(|before| decision > before) {
                strongest.insert(&rule.id, (decision, sure, rule, effect));
            }
        }
    }
    let mut findings: Vec<Finding> = strongest.into_values().map(|(decision, sure, rule, effect)| finding(decision, sure, rule, effect)).collect();
    findings.sort_by(|a, b| b.decision.cmp(&a.decision).then_with(|| a.rule.cmp(&b.rule)));
    Verdict { decision: findings.first().map_or(Decision::Allow, |f| f.decision), findings }
}

/// Texts that were asked about, each with a number and what lists said of it: many effects share a target or a program.
#[derive(Default)]
struct AskedOnce<'t>(BTreeMap<&'t Text, (usize, Rc<Asked<'t>>)>);

impl<'t> AskedOnce<'t> {
    fn text(&mut self, text: &'t Text) -> (usize, Rc<Asked<'t>>) {
        let number = self.0.len();
        let (number, asked) = self.0.entry(text).or_insert_with(|| (number, Rc::new(Asked::text(text))));
        (*number, Rc::clone(asked))
    }
}

fn finding(decision: Decision, certainty: Certainty, rule: &Rule, effect: &Effect) -> Finding {
    let mut printed = effect.to_string();
    if printed.chars().count() > MAX_EFFECT {
        printed = printed.chars().take(MAX_EFFECT).collect::<String>() + "…";
    }
    Finding {
        rule: rule.id.to_string(),
        decision,
        certainty,
        span: effect.span,
        effect: printed,
        message: rule.summary.to_string(),
        why: rule.why.to_string(),
        instead: rule.instead.to_string(),
    }
}

fn excepted(exception: &Exception, rule: &Rule, facts: &Facts<'_>, lists: &Lists, vars: &Vars) -> bool {
    let holds = |patterns: &[String], text: Option<&Asked<'_>>| patterns.is_empty() || text.is_some_and(|t| lists.any(patterns, t, vars) == Certainty::Yes);
    exception.rule == rule.id && holds(&exception.target, Some(&facts.target)) && holds(&exception.host, facts.host.as_ref()) && holds(&exception.program, Some(&facts.program))
}
