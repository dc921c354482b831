//! Texts made to be slow: each ends by its count of steps, far from any deadline, and the command hidden in it is refused.

mod support;

use guard::cli::test::judge;
use guard::effect::MAX_STEPS;
use guard::knowledge::Knowledge;
use guard::rule::example;
use guard::rule::types::Example;
use guard::verdict::Decision;

#[test]
fn every_hostile_shape_is_refused_within_its_steps() {
    let know = Knowledge::builtin();
    for (name, text) in support::shapes::all() {
        let started = std::time::Instant::now();
        let call = example::call(&Example::Command(text.as_str().into())).expect("a command");
        let (plan, verdict) = judge(&know, &call);
        println!("{:>8.1} ms {:>6} steps {:>5} effects {:<5} {name}", started.elapsed().as_secs_f64() * 1e3, plan.steps, plan.effects.len(), verdict.decision.name());
        assert!(verdict.decision >= Decision::Ask, "{name}: {}", verdict.decision.name());
        // The last step that is asked for and refused may be a long text.
        assert!(plan.steps <= 2 * MAX_STEPS, "{name}: {} steps", plan.steps);
        let again = judge(&know, &call).0.steps;
        assert_eq!(plan.steps, again, "{name}: the count is the same every time");
    }
}

#[test]
fn json_that_is_deep_is_no_event() {
    let text = format!("{{\"hook_event_name\":\"PreToolUse\",\"tool_name\":\"X\",\"tool_input\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(guard::hook::parse(text.as_bytes()).is_err());
    let answer = support::Machine::new().hook(text.as_bytes());
    assert!(support::is_denial(&answer) && answer.contains("guard"), "{answer}");
}
