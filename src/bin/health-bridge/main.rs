//! `health-bridge`: turns Alertmanager's webhooks into GitHub issues. A binary of its own, as the hook must not be able to talk to a network.
//!
//! It keeps nothing: whether an alert was told already is read off GitHub, so a restart repeats nothing. What could not be told is
//! answered with 502, and Alertmanager sends it again.

mod alert;
mod github;
mod http;
mod server;
mod tell;

use std::process::ExitCode;
use std::time::Duration;

/// What the environment says.
pub struct Settings {
    /// `ADDRESS:PORT` to listen on.
    pub listen: String,
    /// The bearer secret that Alertmanager shows.
    pub secret: String,
    /// Where the API is; another one in tests.
    pub api: String,
    pub token: String,
    /// `owner/name` or `owner/*` of every repository that may be written to.
    pub repositories: Vec<String>,
    /// Where critical alerts without an issue of their own become one.
    pub bugs: Option<String>,
    /// Time before the second try; doubled for each further one.
    pub pause: Duration,
}

fn settings() -> Result<Settings, String> {
    let given = |name: &str| std::env::var(name).ok().filter(|v| !v.trim().is_empty());
    let needed = |name: &str| given(name).ok_or_else(|| format!("the variable `{name}` is not set"));
    let secret = needed("WEBHOOK_SECRET")?;
    if secret.len() < 16 {
        return Err("`WEBHOOK_SECRET` is shorter than 16 characters".into());
    }
    let pause = given("RETRY_PAUSE_MS").map_or(Ok(500), |v| v.parse().map_err(|_| format!("`{v}` is no number of milliseconds")))?;
    Ok(Settings {
        listen: given("LISTEN").unwrap_or_else(|| "0.0.0.0:8080".into()),
        secret,
        api: given("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".into()).trim_end_matches('/').to_owned(),
        token: needed("GITHUB_TOKEN")?,
        repositories: needed("REPOSITORIES")?.split_whitespace().map(str::to_owned).collect(),
        bugs: given("BUG_REPOSITORY"),
        pause: Duration::from_millis(pause),
    })
}

fn main() -> ExitCode {
    match settings().and_then(|settings| server::serve(&settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("health-bridge: {what}");
            ExitCode::FAILURE
        }
    }
}
