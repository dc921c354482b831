//! Rules × plan → verdict.

use super::matching::{Facts, matches};
use super::{Exception, Rule, RuleSet};
use crate::effect::{Effect, Plan, Text};
use crate::list::{Asked, Lists, Vars};
use crate::verdict::{Certainty, Decision, Finding, Verdict};
use std::collections::BTreeMap;

/// Longest printed effect in a finding, in characters.
const MAX_EFFECT: usize = 240;

/// Judges a plan: every rule that fires gives one finding, its strongest; the greatest decision wins.
pub fn evaluate(rules: &RuleSet, lists: &Lists, vars: &Vars, plan: &Plan) -> Verdict {
    let mut about: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    let mut strongest: BTreeMap<&str, (Decision, Certainty, &Rule, &Effect)> = BTreeMap::new();
    for effect in &plan.effects {
        let program = Text::known(effect.program.clone());
        let facts = Facts::new(effect, &program);
        for rule in about.entry(effect.action.name()).or_insert_with(|| rules.about(effect.action.name())) {
            let sure = rule.matches.iter().map(|m| matches(m, &facts, lists, vars)).max().unwrap_or(Certainty::No);
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
