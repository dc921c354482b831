//! What each fuzz target tries and what must hold. The fuzzer and, where there is none, the property tests in `tests/fuzz.rs` run
//! these very functions. Inputs are only judged.

use guard::cli::test::judge;
use guard::effect::MAX_STEPS;
use guard::io::journal;
use guard::knowledge::Knowledge;
use guard::rule::bundle::Bundle;
use guard::rule::example;
use guard::rule::types::Example;
use guard::verdict::Decision;

/// A target's name and function.
pub const ALL: [(&str, fn(&[u8])); 5] =
    [("protocol", protocol), ("shell", shell), ("effects", effects), ("rules", rules), ("journal", journal_bytes)];

thread_local! {
    static KNOWLEDGE: Knowledge = Knowledge::builtin();
}

/// A hook's standard input: read or refused, and what is answered is nothing or one whole JSON object.
pub fn protocol(bytes: &[u8]) {
    let Ok(event) = guard::hook::parse(bytes) else { return };
    let guard::hook::EventKind::PreToolUse(call) = &event.kind else { return };
    let context = guard::context::Context {
        cwd: event.cwd.clone(),
        home: "/home/u".into(),
        project: event.cwd.clone(),
        env: std::collections::BTreeMap::new(),
        files: &guard::context::NoFiles,
    };
    let verdict = KNOWLEDGE.with(|know| guard::judge(call, know, &context, &guard::vars(&context), &[]).1);
    for attended in [true, false] {
        let answer = guard::hook::answer(&verdict, attended);
        let whole = answer.is_empty() || serde_json::from_str::<serde_json::Value>(&answer).is_ok_and(|v| v.is_object());
        assert!(whole, "the answer is no JSON: {answer}");
        assert!(answer.len() <= 4096, "the answer has {} bytes", answer.len());
        assert_eq!(answer.is_empty(), verdict.decision == Decision::Allow);
    }
}

/// Shell text: always a tree, whose places lie in the text.
pub fn shell(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let script = guard::shell::parse(&text);
    for statement in &script.body {
        assert!(statement.span.start <= statement.span.end && statement.span.end as usize <= text.len(), "{:?} in {} bytes", statement.span, text.len());
    }
}

/// A Bash call: ends within its steps, and the decision is the strongest finding's.
pub fn effects(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(call) = example::call(&Example::Command(text.as_ref().into())) else { return };
    let (plan, verdict) = KNOWLEDGE.with(|know| judge(know, &call));
    assert!(plan.steps <= 2 * MAX_STEPS, "{} steps", plan.steps);
    assert_eq!(verdict.decision, verdict.findings.iter().map(|f| f.decision).max().unwrap_or(Decision::Allow));
}

/// Files of a layer: read, or a complaint with file and line.
pub fn rules(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    for file in ["policy/x/rule.toml", "commands/program.toml", "lists.toml", "exceptions.toml", "egress.toml"] {
        let (bundle, errors) = Bundle::read("", &[(file.into(), text.clone())], &[]);
        assert!(errors.iter().all(|e| e.line >= 1 && !e.what.is_empty()), "{errors:?}");
        let _ = Knowledge::new(bundle);
    }
}

/// A journal's bytes: every byte belongs to a frame or is counted as lost, and a whole frame after anything is found.
pub fn journal_bytes(bytes: &[u8]) {
    let (frames, torn) = journal::decode(bytes);
    let whole: usize = frames.iter().map(|f| journal::HEADER + f.payload.len()).sum();
    assert_eq!(whole + torn, bytes.len());
    let last = journal::encode(&[7; 16], b"{\"time_ms\":1}");
    let (after, _) = journal::decode(&[bytes, &last].concat());
    assert!(after.last().is_some_and(|f| f.id == "07".repeat(16)), "a torn record took the next one with it");
}
