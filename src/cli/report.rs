//! Outcomes of `guard test` for people and machines.

use super::test::Format;
use crate::rule::example::{Kind, Outcome};
use serde_json::{Value, json};
use std::fmt::Write;

/// The outcomes in a format.
pub fn print(outcomes: &[Outcome], format: Format) -> String {
    match format {
        Format::Human => human(outcomes),
        Format::Json => lines(outcomes),
        Format::Junit => junit(outcomes),
        Format::Sarif => sarif(outcomes),
    }
}

fn human(outcomes: &[Outcome]) -> String {
    let mut out = String::new();
    for failed in outcomes.iter().filter(|o| o.kind == Kind::Failed) {
        let _ = writeln!(out, "{}\n  {}\n  {}", failed.rule, failed.example.replace('\n', "\n  "), failed.what);
    }
    let count = |kind| outcomes.iter().filter(|o| o.kind == kind).count();
    let _ = writeln!(out, "{} passed, {} failed, {} known gaps", count(Kind::Passed), count(Kind::Failed), count(Kind::Todo));
    out
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Passed => "passed",
        Kind::Failed => "failed",
        Kind::Todo => "todo",
    }
}

fn lines(outcomes: &[Outcome]) -> String {
    outcomes
        .iter()
        .map(|o| format!("{}\n", json!({"rule": o.rule, "example": o.example, "outcome": name(o.kind), "what": o.what})))
        .collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn junit(outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|o| o.kind == Kind::Failed).count();
    let skipped = outcomes.iter().filter(|o| o.kind == Kind::Todo).count();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"guard\" tests=\"{}\" failures=\"{failed}\" skipped=\"{skipped}\">\n",
        outcomes.len()
    );
    for o in outcomes {
        let _ = write!(out, "  <testcase classname=\"{}\" name=\"{}\"", escaped(&o.rule), escaped(&o.example));
        let _ = match o.kind {
            Kind::Passed => writeln!(out, "/>"),
            Kind::Failed => writeln!(out, "><failure message=\"{}\"/></testcase>", escaped(&o.what)),
            Kind::Todo => writeln!(out, "><skipped/></testcase>"),
        };
    }
    out.push_str("</testsuite>\n");
    out
}

fn sarif(outcomes: &[Outcome]) -> String {
    let results: Vec<Value> = outcomes
        .iter()
        .filter(|o| o.kind == Kind::Failed)
        .map(|o| json!({"ruleId": o.rule, "level": "error", "message": {"text": format!("{}: {}", o.example, o.what)}}))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "guard", "version": env!("CARGO_PKG_VERSION")}}, "results": results}],
    });
    format!("{log:#}\n")
}
