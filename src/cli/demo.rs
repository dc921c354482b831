//! `guard demo`: judges a dozen recorded events into a temporary store and shows verdicts and digest.

use super::{exit, hook, store};
use anyhow::Context as _;
use serde_json::Value;
use std::process::ExitCode;
use std::time::Instant;

/// One event a line, as the client sends them.
const EVENTS: &str = include_str!("../../fixtures/demo/events.jsonl");

/// Shows what guard says of the events; nothing is executed.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn run() -> anyhow::Result<ExitCode> {
    let state = std::env::temp_dir().join(format!("guard-demo-{}", std::process::id()));
    std::fs::create_dir(&state).with_context(|| format!("`{}` cannot be made", state.display()))?;
    println!("A dozen events as Claude Code sends them. Nothing is executed.\n");
    let now = crate::io::store::now_ms();
    for event in EVENTS.lines().filter(|l| !l.trim().is_empty()) {
        let outcome = hook::handle(Ok(event.as_bytes().to_vec()), Instant::now(), now, Some(&state));
        let shown: Value = serde_json::from_str(event).unwrap_or_default();
        let input = &shown["tool_input"];
        let what = ["command", "file_path", "url"].iter().find_map(|k| input[*k].as_str()).unwrap_or_else(|| shown["hook_event_name"].as_str().unwrap_or("?"));
        let decision = outcome.decision.map_or("recorded", crate::verdict::Decision::name);
        println!("{decision:<8} {:<12} {}", shown["tool_name"].as_str().unwrap_or("-"), what.replace('\n', " "));
        if let Some(finding) = outcome.verdict.findings.first() {
            println!("         {}: {}", finding.rule, finding.effect);
        }
    }
    println!("\n{}", store::digest(&state, now - 1, Some(now + 1), store::DigestFormat::Text));
    std::fs::remove_dir_all(&state).ok();
    Ok(ExitCode::from(exit::OK))
}
