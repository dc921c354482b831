//! Rules × plan → verdict.

use super::matching::matches;
use super::{Exception, Rule, RuleSet};
use crate::effect::{Effect, Plan};
use crate::list::{Lists, Vars};
use crate::verdict::{Certainty, Decision, Finding, Verdict};

/// Longest printed effect in a finding, in characters.
const MAX_EFFECT: usize = 240;

/// Judges a plan: every rule that fires gives one finding, its strongest; the greatest decision wins.
pub fn evaluate(rules: &RuleSet, lists: &Lists, vars: &Vars, plan: &Plan) -> Verdict {
    let mut findings: Vec<Finding> = rules.candidates(plan).filter_map(|rule| strongest(rule, &rules.exceptions, lists, vars, plan)).collect();
    findings.sort_by(|a, b| b.decision.cmp(&a.decision).then_with(|| a.rule.cmp(&b.rule)));
    Verdict { decision: findings.first().map_or(Decision::Allow, |f| f.decision), findings }
}

fn strongest(rule: &Rule, exceptions: &[Exception], lists: &Lists, vars: &Vars, plan: &Plan) -> Option<Finding> {
    let mut best: Option<(Decision, Certainty, &Effect)> = None;
    for effect in &plan.effects {
        let sure = rule.matches.iter().map(|m| matches(m, effect, lists, vars)).max().unwrap_or(Certainty::No);
        let decision = match sure {
            Certainty::Yes => rule.decision,
            Certainty::Maybe => rule.maybe.unwrap_or(rule.decision.lowered()),
            Certainty::Unknown | Certainty::No => continue,
        };
        if decision == Decision::Allow || exceptions.iter().any(|e| excepted(e, rule, effect, lists, vars)) {
            continue;
        }
        if best.as_ref().is_none_or(|(d, ..)| decision > *d) {
            best = Some((decision, sure, effect));
        }
    }
    let (decision, certainty, effect) = best?;
    let mut printed = effect.to_string();
    if printed.chars().count() > MAX_EFFECT {
        printed = printed.chars().take(MAX_EFFECT).collect::<String>() + "…";
    }
    Some(Finding {
        rule: rule.id.to_string(),
        decision,
        certainty,
        span: effect.span,
        effect: printed,
        message: rule.summary.to_string(),
        why: rule.why.to_string(),
        instead: rule.instead.to_string(),
    })
}

fn excepted(exception: &Exception, rule: &Rule, effect: &Effect, lists: &Lists, vars: &Vars) -> bool {
    let holds = |patterns: &[String], text: Option<&crate::effect::Text>, host: bool| {
        patterns.is_empty()
            || text.is_some_and(|t| {
                (if host { lists.any_host(patterns, t, vars) } else { lists.any(patterns, t, vars) }) == Certainty::Yes
            })
    };
    exception.rule == rule.id
        && holds(&exception.target, Some(&effect.target.text), false)
        && holds(&exception.host, effect.target.host.as_ref(), true)
        && holds(&exception.program, Some(&crate::effect::Text::known(effect.program.clone())), false)
}
