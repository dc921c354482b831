//! Counts → the text form that Prometheus scrapes and the Pushgateway takes.

use std::fmt::Write as _;

/// What is counted; from the store and the state folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metrics {
    /// Judged calls by decision.
    pub calls: Vec<(String, u64)>,
    /// Findings by rule and decision, most frequent first.
    pub findings: Vec<(String, String, u64)>,
    /// Microseconds that guard took for each call of the last hour.
    pub latency_us: Vec<u64>,
    /// Events that could not be read, and remarks of guard about itself.
    pub errors: u64,
    /// Calls that ran although no record says that they were judged.
    pub unjudged: u64,
    /// Bytes in the journal that are in no database yet.
    pub backlog_bytes: u64,
    pub chain_intact: bool,
    /// Seconds since 1970 of the newest record; 0 without one.
    pub last_record_s: f64,
}

/// Rules that get a series of their own; the rest share one, as layers may bring any number.
const RULES: usize = 100;

/// Names follow the conventions of Prometheus: base units, `_total` for counters.
pub fn prometheus(metrics: &Metrics) -> String {
    let mut out = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, f64)]| {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(out, "{name}{labels} {value}");
        }
    };
    #[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let float = |n: u64| n as f64;
    let calls: Vec<_> = metrics.calls.iter().map(|(decision, n)| (format!("{{decision=\"{}\"}}", escaped(decision)), float(*n))).collect();
    family("guard_calls_total", "counter", "Tool calls that were judged, by decision.", &calls);
    let mut findings: Vec<_> = metrics
        .findings
        .iter()
        .take(RULES)
        .map(|(rule, decision, n)| (format!("{{rule=\"{}\",decision=\"{}\"}}", escaped(rule), escaped(decision)), float(*n)))
        .collect();
    let rest: u64 = metrics.findings.iter().skip(RULES).map(|(.., n)| n).sum();
    if rest > 0 {
        findings.push(("{rule=\"other\",decision=\"any\"}".into(), float(rest)));
    }
    family("guard_findings_total", "counter", "Rules that fired, by rule and decision.", &findings);
    let mut times = metrics.latency_us.clone();
    times.sort_unstable();
    let quantile = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).map_or(0.0, |us| float(*us) / 1e6);
    let latency = [("{quantile=\"0.5\"}".to_owned(), quantile(50)), ("{quantile=\"0.95\"}".to_owned(), quantile(95))];
    family("guard_hook_duration_seconds", "summary", "Time inside a hook over the last hour.", &latency);
    family("guard_errors_total", "counter", "Events that could not be read, and failures of guard itself.", &[(String::new(), float(metrics.errors))]);
    family("guard_unjudged_calls_total", "counter", "Calls that ran without a record of having been judged.", &[(String::new(), float(metrics.unjudged))]);
    family("guard_journal_backlog_bytes", "gauge", "Bytes of the journal that no database holds yet.", &[(String::new(), float(metrics.backlog_bytes))]);
    family("guard_chain_intact", "gauge", "1 while the chain of records is as it was sealed.", &[(String::new(), f64::from(u8::from(metrics.chain_intact)))]);
    family("guard_last_record_timestamp_seconds", "gauge", "When the newest record was made.", &[(String::new(), metrics.last_record_s)]);
    out
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_bounded_and_labels_escaped() {
        let findings = (0..500).map(|n| (format!("rule\"{n}"), "deny".to_owned(), 1)).collect();
        let text = prometheus(&Metrics { findings, latency_us: vec![1_000, 3_000, 2_000], ..Metrics::default() });
        assert_eq!(text.lines().filter(|l| l.starts_with("guard_findings_total{")).count(), RULES + 1);
        assert!(text.contains("{rule=\"rule\\\"0\",decision=\"deny\"} 1"));
        assert!(text.contains("{rule=\"other\",decision=\"any\"} 400"));
        assert!(text.contains("guard_hook_duration_seconds{quantile=\"0.5\"} 0.002"));
    }
}
