//! `guard metrics`: counts for monitoring.

use crate::audit::metrics::{Metrics, prometheus};
use crate::io::config::{self, Place};
use crate::io::store::{self, Filter, Store};
use crate::io::drain::{self, Patience};
use crate::io::{chain, rotate};
use std::process::ExitCode;

const HOUR_MS: i64 = 3_600_000;

/// Prints what Prometheus scrapes, for its textfile collector or the Pushgateway.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn run() -> anyhow::Result<ExitCode> {
    let state = config::load(&Place::real(std::env::current_dir()?)).state;
    drain::drain(&state, Patience::Person)?;
    let open = Store::open(&state)?;
    let recent = Filter { since_ms: Some(store::now_ms() - HOUR_MS), ..Filter::default() };
    let latency_us = open.records(&recent)?.into_iter().filter(|(_, r)| r.decision.is_some()).map(|(_, r)| r.guard_us).collect();
    let totals = open.totals()?;
    #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit")]
    let metrics = Metrics {
        calls: totals.calls,
        findings: totals.findings,
        latency_us,
        errors: totals.errors,
        unjudged: open.unjudged(&Filter::default())?,
        backlog_bytes: rotate::waiting_bytes(&state),
        chain_intact: chain::verify(&state, None)?.changed.is_none(),
        last_record_s: totals.newest_ms as f64 / 1000.0,
    };
    print!("{}", prometheus(&metrics));
    Ok(ExitCode::from(super::exit::OK))
}
