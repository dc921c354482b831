//! What holds for every command and every rule set, tried over the corpus and the rules' own examples.

use guard::cli::test::judge;
use guard::knowledge::Knowledge;
use guard::rule::bundle::Bundle;
use guard::rule::example;
use guard::rule::load;
use guard::rule::types::Example;
use guard::verdict::{Decision, Verdict};

fn corpus() -> Vec<String> {
    let mut all = Vec::new();
    for name in ["allowed", "ordinary", "refused"] {
        let text = std::fs::read_to_string(format!("fixtures/corpus/{name}.jsonl")).expect("a corpus");
        all.extend(text.lines().map(|line| serde_json::from_str::<String>(line).expect("a command")));
    }
    all
}

fn denied_examples(bundle: &Bundle) -> Vec<String> {
    let commands = bundle.rules.iter().flat_map(|r| r.examples.deny.iter().chain(r.examples.ask.iter()));
    commands.filter_map(|e| if let Example::Command(text) = e { Some(text.to_string()) } else { None }).collect()
}

fn verdict(know: &Knowledge, command: &str) -> Verdict {
    judge(know, &example::call(&Example::Command(command.to_owned().into())).expect("a command")).1
}

fn know(bundle: Bundle) -> Knowledge {
    Knowledge::new(bundle).expect("sound lists")
}

/// Numbers that look random and are the same in every run.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for at in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        items.swap(at, usize::try_from(state % (at as u64 + 1)).expect("small"));
    }
}

#[test]
fn the_order_of_rules_means_nothing() {
    let bundle = Knowledge::builtin_bundle();
    let commands: Vec<String> = corpus().into_iter().chain(denied_examples(&bundle)).collect();
    let usual = know(bundle.clone());
    let wanted: Vec<Verdict> = commands.iter().map(|c| verdict(&usual, c)).collect();
    for seed in 1..=3 {
        let mut other = bundle.clone();
        shuffle(&mut other.rules, seed);
        let other = know(other);
        for (command, wanted) in commands.iter().zip(&wanted) {
            let mut got = verdict(&other, command);
            let mut wanted = wanted.clone();
            got.findings.sort_by(|a, b| a.rule.cmp(&b.rule));
            wanted.findings.sort_by(|a, b| a.rule.cmp(&b.rule));
            assert_eq!(got, wanted, "{command}");
        }
    }
}

#[test]
fn one_more_deny_rule_never_turns_a_denial_into_less() {
    let bundle = Knowledge::builtin_bundle();
    let commands: Vec<String> = corpus().into_iter().chain(denied_examples(&bundle)).collect();
    let usual = know(bundle.clone());
    let before: Vec<Decision> = commands.iter().map(|c| verdict(&usual, c).decision).collect();
    for action in ["execute", "read", "write", "delete", "send", "fetch", "touch", "git.*", "unparsed", "guard.*"] {
        let text = format!(
            "summary = \"x\"\ndecision = \"deny\"\nwhy = \"x\"\n[[match]]\naction = [\"{action}\"]\n[examples]\ndeny = [\"a\", \"b\"]\nallow = [\"c\", \"d\"]\n"
        );
        let rule = load::rule("policy/x/one-more.toml", "one-more", "x", &text, &|_| true).expect("a rule");
        let mut more = bundle.clone();
        more.rules.push(rule);
        let more = know(more);
        for (command, before) in commands.iter().zip(&before) {
            let after = verdict(&more, command).decision;
            assert!(after >= *before, "{action}: {command}: {} and not {}", after.name(), before.name());
        }
    }
}

/// In single quotes, always: braces would mean something else outside them.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[test]
fn wrapping_a_command_never_lowers_its_decision() {
    let know = Knowledge::builtin();
    let bundle = Knowledge::builtin_bundle();
    let mut tried = 0;
    let mut lowered = Vec::new();
    for command in corpus().into_iter().chain(denied_examples(&bundle)) {
        let plain = verdict(&know, &command).decision;
        let quoted = quote(&command);
        for wrapped in [format!("bash -c {quoted}"), format!("(\n{command}\n)"), format!("true && {{\n{command}\n}}"), format!("bash -c {}", quote(&format!("bash -c {quoted}")))] {
            let got = verdict(&know, &wrapped).decision;
            if got < plain {
                lowered.push(format!("{} and not {}: {wrapped}", got.name(), plain.name()));
            }
            tried += 1;
        }
    }
    assert!(lowered.is_empty(), "{} of {tried}\n{}", lowered.len(), lowered.join("\n"));
    assert!(tried > 2_000, "only {tried}");
}

#[test]
fn the_same_events_give_the_same_verdicts_in_64_orders() {
    let know = Knowledge::builtin();
    let commands: Vec<String> = corpus().into_iter().step_by(4).collect();
    let wanted: Vec<Verdict> = commands.iter().map(|c| verdict(&know, c)).collect();
    for seed in 1..=64 {
        let mut order: Vec<usize> = (0..commands.len()).collect();
        shuffle(&mut order, seed);
        for at in order {
            assert_eq!(verdict(&know, &commands[at]), wanted[at], "{}", commands[at]);
        }
    }
}
