//! The HTTP side: `POST /alerts` with the bearer secret, `/healthz`, `/readyz`.

use crate::Settings;
use crate::alert::Webhook;
use crate::github::GitHub;
use crate::http::{Answer, Request};
use crate::tell::tell;
use sha2::{Digest as _, Sha256};
use std::net::TcpListener;
use std::sync::Mutex;
use subtle::ConstantTimeEq as _;

/// Bytes of a webhook's body.
const BODY: usize = 256 << 10;
/// Alerts in one webhook that are looked at; Alertmanager is told to send no more (`max_alerts`).
const ALERTS: usize = 100;

/// Serves until the process is ended.
#[allow(clippy::print_stdout, reason = "says where it listens: a test asks for any free port")]
pub fn serve(settings: &Settings) -> Result<(), String> {
    let cannot = |error| format!("cannot listen on `{}`: {error}", settings.listen);
    let listener = TcpListener::bind(&settings.listen).map_err(cannot)?;
    println!("health-bridge: listening on {}", listener.local_addr().map_err(cannot)?);
    let github = GitHub::new(settings);
    // One delivery at a time: two at once would both look, and both tell.
    let turn = Mutex::new(());
    crate::http::serve(&listener, BODY, &|request| answer(request, &github, settings, &turn));
    Ok(())
}

fn answer(request: &Request, github: &GitHub, settings: &Settings, turn: &Mutex<()>) -> Answer {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/healthz") => (200, "alive".into()),
        ("GET", "/readyz") => match github.reachable() {
            Ok(()) => (200, "ready".into()),
            Err(failure) => (503, failure.to_string()),
        },
        ("POST", "/alerts") if !authorised(request, &settings.secret) => (401, "the bearer secret is wrong or missing".into()),
        ("POST", "/alerts") => match webhook(&request.body) {
            Err(refused) => refused,
            Ok(webhook) => {
                let _turn = turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                deliver(&webhook, github, settings)
            }
        },
        (_, "/alerts" | "/healthz" | "/readyz") => (405, "method not allowed".into()),
        _ => (404, "not found".into()),
    }
}

/// Both sides are hashed first, so that neither content nor length shows in the time.
fn authorised(request: &Request, secret: &str) -> bool {
    let shown = request.authorization.strip_prefix("Bearer ").unwrap_or("");
    Sha256::digest(shown).ct_eq(&Sha256::digest(secret)).into()
}

fn webhook(body: &[u8]) -> Result<Webhook, Answer> {
    let webhook: Webhook = serde_json::from_slice(body).map_err(|error| (400, format!("no webhook of Alertmanager: {error}")))?;
    if webhook.alerts.len() > ALERTS {
        return Err((413, format!("more than {ALERTS} alerts at once")));
    }
    Ok(webhook)
}

/// 502 when anything could not be told: Alertmanager then sends all of it again, and what was told is known.
fn deliver(webhook: &Webhook, github: &GitHub, settings: &Settings) -> Answer {
    let mut failed = false;
    let mut lines = Vec::new();
    for alert in &webhook.alerts {
        let line = tell(alert, settings, github).unwrap_or_else(|failure| {
            failed = true;
            format!("failed: {failure}")
        });
        lines.push(format!("{} {}: {line}", alert.name(), alert.status.word()));
    }
    for line in &lines {
        eprintln!("health-bridge: {line}");
    }
    (if failed { 502 } else { 200 }, lines.join("\n"))
}
