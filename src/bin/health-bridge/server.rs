//! The HTTP side: `POST /alerts` with the bearer secret, `/healthz`, `/readyz`.

use crate::Settings;
use crate::alert::Webhook;
use crate::github::GitHub;
use crate::tell::tell;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::sync::{Arc, Mutex};
use subtle::ConstantTimeEq as _;
use tiny_http::{Method, Request, Response, Server};

/// Bytes of a webhook's body.
const BODY: usize = 256 << 10;
/// Alerts in one webhook that are looked at; Alertmanager is told to send no more (`max_alerts`).
const ALERTS: usize = 100;
/// Requests at once; more wait.
const THREADS: usize = 4;

/// Serves until the process is ended.
#[allow(clippy::print_stdout, reason = "says where it listens: a test asks for any free port")]
pub fn serve(settings: Settings) -> Result<(), String> {
    let server = Arc::new(Server::http(&settings.listen).map_err(|error| format!("cannot listen on `{}`: {error}", settings.listen))?);
    println!("health-bridge: listening on {}", server.server_addr());
    // One delivery at a time: two at once would both look, and both tell.
    let shared = Arc::new((GitHub::new(&settings), settings, Mutex::new(())));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (server, shared) = (Arc::clone(&server), Arc::clone(&shared));
            std::thread::spawn(move || {
                for mut request in server.incoming_requests() {
                    let (status, text) = answer(&mut request, &shared.0, &shared.1, &shared.2);
                    let _ = request.respond(Response::from_string(text + "\n").with_status_code(status));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| "a thread died".to_owned())?;
    }
    Ok(())
}

fn answer(request: &mut Request, github: &GitHub, settings: &Settings, turn: &Mutex<()>) -> (u16, String) {
    match (request.method(), request.url()) {
        (Method::Get, "/healthz") => (200, "alive".into()),
        (Method::Get, "/readyz") => match github.reachable() {
            Ok(()) => (200, "ready".into()),
            Err(what) => (503, what),
        },
        (Method::Post, "/alerts") if !authorised(request, &settings.secret) => (401, "the bearer secret is wrong or missing".into()),
        (Method::Post, "/alerts") => match body(request) {
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
    let shown = request.headers().iter().find(|h| h.field.equiv("authorization")).map_or("", |h| h.value.as_str());
    let shown = shown.strip_prefix("Bearer ").unwrap_or("");
    Sha256::digest(shown).ct_eq(&Sha256::digest(secret)).into()
}

fn body(request: &mut Request) -> Result<Webhook, (u16, String)> {
    let too_large = || (413, format!("the body is larger than {BODY} bytes"));
    if request.body_length().is_some_and(|n| n > BODY) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    request.as_reader().take(BODY as u64 + 1).read_to_end(&mut bytes).map_err(|error| (400, error.to_string()))?;
    if bytes.len() > BODY {
        return Err(too_large());
    }
    let webhook: Webhook = serde_json::from_slice(&bytes).map_err(|error| (400, format!("no webhook of Alertmanager: {error}")))?;
    if webhook.alerts.len() > ALERTS {
        return Err((413, format!("more than {ALERTS} alerts at once")));
    }
    Ok(webhook)
}

/// 502 when anything could not be told: Alertmanager then sends all of it again, and what was told is known.
fn deliver(webhook: &Webhook, github: &GitHub, settings: &Settings) -> (u16, String) {
    let mut failed = false;
    let mut lines = Vec::new();
    for alert in &webhook.alerts {
        let line = tell(alert, settings, github).unwrap_or_else(|what| {
            failed = true;
            format!("failed: {what}")
        });
        lines.push(format!("{} {}: {line}", alert.name(), alert.status.word()));
    }
    lines.iter().for_each(|line| eprintln!("health-bridge: {line}"));
    (if failed { 502 } else { 200 }, lines.join("\n"))
}
