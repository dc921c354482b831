//! A digest as text, Markdown and JSON. Times are shown with the offset they are given.

use super::Digest;
use chrono::{FixedOffset, TimeZone};
use std::fmt::Write;

fn time(ms: i64, offset: FixedOffset) -> String {
    offset.timestamp_millis_opt(ms).single().map_or_else(|| "?".into(), |t| t.format("%Y-%m-%d %H:%M").to_string())
}

fn milliseconds(us: u64) -> String {
    format!("{}.{} ms", us / 1000, us % 1000 / 100)
}

/// The digest for a terminal or a message: one screen.
pub fn text(digest: &Digest, offset: FixedOffset) -> String {
    let mut out = format!("guard, {} to {}\n", time(digest.since_ms, offset), time(digest.until_ms, offset));
    if digest.calls == 0 && digest.ran == 0 && digest.errors.is_empty() {
        out.push_str("Nothing to report: no tool call was judged.\n");
        out.push_str(&probes(digest));
        return out;
    }
    let _ = writeln!(
        out,
        "{} calls in {} sessions: {} allowed, {} warned, {} asked, {} denied; {} ran, {} failed",
        digest.calls, digest.sessions, digest.allowed, digest.warned, digest.asked, digest.denied, digest.ran, digest.failed
    );
    out.push_str(&unjudged(digest));
    if !digest.rules.is_empty() {
        out.push_str("Rules\n");
        for rule in &digest.rules {
            let _ = writeln!(out, "  {:>4}  {}: {}", rule.count, rule.rule, rule.example);
        }
    }
    for (title, lines) in sections(digest) {
        if !lines.is_empty() {
            let _ = writeln!(out, "{title}");
            for line in lines {
                let _ = writeln!(out, "  {line}");
            }
        }
    }
    let _ = writeln!(
        out,
        "guard took {} (median), {} (95 %), {} at most",
        milliseconds(digest.latency.p50_us),
        milliseconds(digest.latency.p95_us),
        milliseconds(digest.latency.max_us)
    );
    out.push_str(&probes(digest));
    out.push_str(&head(digest));
    out
}

/// That calls got past the hook, or their records past the store.
fn unjudged(digest: &Digest) -> String {
    if digest.unjudged == 0 { String::new() } else { format!("{} calls ran without a judged record: the hook was missing, or its record was lost\n", digest.unjudged) }
}

/// That the hook was seen to work from outside.
fn probes(digest: &Digest) -> String {
    if digest.probes == 0 { String::new() } else { format!("{} probes of the hook were denied, as they must be\n", digest.probes) }
}

/// The line that fixes everything before it once it has left the machine.
fn head(digest: &Digest) -> String {
    match &digest.head {
        Some((seq, hash)) if !hash.is_empty() => format!("chain: {seq} records, head {hash}\n"),
        _ => String::new(),
    }
}

fn sections(digest: &Digest) -> [(&'static str, &[String]); 4] {
    [
        ("Git pushes", &digest.pushes),
        ("Network uploads", &digest.uploads),
        ("Failures", &digest.failures),
        ("Errors of guard", &digest.errors),
    ]
}

/// The digest as Markdown.
pub fn markdown(digest: &Digest, offset: FixedOffset) -> String {
    let mut out = format!("# guard, {} to {}\n\n", time(digest.since_ms, offset), time(digest.until_ms, offset));
    if digest.calls == 0 && digest.ran == 0 && digest.errors.is_empty() {
        out.push_str("Nothing to report: no tool call was judged.\n");
        out.push_str(&probes(digest));
        return out;
    }
    out.push_str("| calls | sessions | allowed | warned | asked | denied | ran | failed |\n|---|---|---|---|---|---|---|---|\n");
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
        digest.calls, digest.sessions, digest.allowed, digest.warned, digest.asked, digest.denied, digest.ran, digest.failed
    );
    if digest.unjudged > 0 {
        let _ = writeln!(out, "**{}**\n", unjudged(digest).trim_end());
    }
    let code = |text: &str| format!("`{}`", text.replace('`', "ˋ"));
    if !digest.rules.is_empty() {
        out.push_str("| times | rule | example |\n|---|---|---|\n");
        for rule in &digest.rules {
            let _ = writeln!(out, "| {} | {} | {} |", rule.count, rule.rule, code(&rule.example).replace('|', "\\|"));
        }
        out.push('\n');
    }
    for (title, lines) in sections(digest) {
        if !lines.is_empty() {
            let _ = writeln!(out, "## {title}\n");
            for line in lines {
                let _ = writeln!(out, "- {}", code(line));
            }
            out.push('\n');
        }
    }
    let _ = writeln!(
        out,
        "guard took {} (median), {} (95 %), {} at most.",
        milliseconds(digest.latency.p50_us),
        milliseconds(digest.latency.p95_us),
        milliseconds(digest.latency.max_us)
    );
    out.push('\n');
    out.push_str(&head(digest));
    out
}

/// The digest as JSON.
pub fn json(digest: &Digest) -> String {
    serde_json::to_string_pretty(digest).unwrap_or_default() + "\n"
}
