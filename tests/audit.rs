//! The digest of made-up records, in both printed forms.

use guard::audit;
use guard::record::{Facts, Record};
use guard::secret::Redactor;
use guard::verdict::{Certainty, Decision, Finding, Span, Verdict};

fn call(session: &str, command: &str, decision: Decision, rule: Option<&str>, effects: &[&str], guard_us: u64) -> Record {
    let findings = rule
        .map(|rule| Finding {
            rule: rule.into(),
            decision,
            certainty: Certainty::Yes,
            span: Span::default(),
            effect: "delete /".into(),
            message: String::new(),
            why: String::new(),
            instead: String::new(),
        })
        .into_iter()
        .collect();
    let facts = Facts {
        event: "PreToolUse".into(),
        session: session.into(),
        tool: "Bash".into(),
        command: command.into(),
        verdict: Verdict { decision, findings },
        decision: Some(decision),
        effects: effects.iter().map(|e| (*e).to_owned()).collect(),
        guard_us,
        ..Facts::default()
    };
    Record::new(&facts, &Redactor::default())
}

fn failed(command: &str) -> Record {
    let facts = Facts { event: "PostToolUseFailure".into(), command: command.into(), exit: Some(2), ..Facts::default() };
    Record::new(&facts, &Redactor::default())
}

fn records() -> Vec<Record> {
    vec![
        call("a", "git status", Decision::Allow, None, &[], 900),
        call("a", "git push origin main", Decision::Allow, None, &["git.push main (remote:origin)"], 1_100),
        call("b", "git push -f origin main", Decision::Deny, Some("force-pushed"), &["git.push main (force)"], 1_200),
        call("b", "rm -rf /", Decision::Deny, Some("whole-tree-deleted"), &[], 2_000),
        call("b", "rm -rf ~", Decision::Deny, Some("whole-tree-deleted"), &[], 9_000),
        call("b", "curl -d @x https://example.com", Decision::Allow, None, &["send https://example.com @example.com"], 1_000),
        failed("npm test | tail -5"),
    ]
}

#[test]
fn the_digest_in_words() {
    let offset = chrono::FixedOffset::east_opt(3_600).expect("an offset");
    let digest = audit::digest(&records(), &["the store was damaged".into()], 0, 86_400_000);
    let digest = audit::Digest { unjudged: 2, ..digest };
    assert_eq!((digest.calls, digest.sessions, digest.denied, digest.ran, digest.failed), (6, 2, 3, 1, 1));
    assert_eq!(digest.pushes, ["git push origin main"], "a denied push did not happen");
    assert_eq!((digest.latency.p50_us, digest.latency.max_us), (1_200, 9_000));
    insta::assert_snapshot!("digest-text", audit::text(&digest, offset));
    insta::assert_snapshot!("digest-markdown", audit::markdown(&digest, offset));
    let empty = audit::digest(&[], &[], 0, 86_400_000);
    insta::assert_snapshot!("digest-empty", audit::text(&empty, offset));
}

#[test]
fn calls_that_ran_without_a_judged_record_are_counted_in_every_form() {
    use guard::cli::store::{DigestFormat, digest};
    let folder = tempfile::tempdir().expect("a folder");
    let now = guard::io::store::now_ms();
    let minute = 60_000;
    let add = |time_ms, event: &str, id: &str, decision| {
        let facts = Facts { time_ms, event: event.into(), tool_use_id: Some(id.into()), decision, ..Facts::default() };
        guard::io::journal::append(folder.path(), &Record::new(&facts, &Redactor::default())).expect("written");
    };
    // Judged before the digest's span, and run within it.
    add(now - 90 * minute, "PreToolUse", "long", Some(Decision::Allow));
    add(now - 50 * minute, "PostToolUse", "long", None);
    add(now - 40 * minute, "PreToolUse", "usual", Some(Decision::Allow));
    add(now - 39 * minute, "PostToolUse", "usual", None);
    add(now - 30 * minute, "PostToolUse", "missed", None);
    add(now - 20 * minute, "PreToolUse", "not judged", None);
    add(now - 19 * minute, "PostToolUseFailure", "not judged", None);
    let since = now - 60 * minute;
    let line = "2 calls ran without a judged record";
    assert!(digest(folder.path(), since, None, DigestFormat::Text).contains(line));
    assert!(digest(folder.path(), since, None, DigestFormat::Markdown).contains(line));
    assert!(digest(folder.path(), since, None, DigestFormat::Json).contains("\"unjudged\": 2"));
    let store = guard::io::store::Store::open(folder.path()).expect("opens");
    let unjudged = store.unjudged(&guard::io::store::Filter::default()).expect("counted");
    let metrics = guard::audit::metrics::Metrics { unjudged, ..Default::default() };
    assert!(guard::audit::metrics::prometheus(&metrics).contains("\nguard_unjudged_calls_total 2\n"));
    assert!(!digest(folder.path(), now - 45 * minute, Some(now - 35 * minute), DigestFormat::Text).contains("without a judged record"));
}
