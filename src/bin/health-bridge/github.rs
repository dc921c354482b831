//! The few calls of GitHub's API that are needed, each tried again when trying again can help.

use crate::Settings;
use serde_json::{Value, json};
use std::time::Duration;

pub struct GitHub {
    agent: ureq::Agent,
    api: String,
    token: String,
    pause: Duration,
}

/// Tries for one call.
const TRIES: u32 = 4;
/// Pages of 100 that are looked through for a mark; more alerts than that on one issue are a case for a person.
const PAGES: u32 = 20;
/// Bytes of an answer.
const ANSWER: u64 = 8 << 20;

enum Method<'a> {
    Get,
    Delete,
    Post(&'a Value),
    Patch(&'a Value),
}

impl GitHub {
    pub fn new(settings: &Settings) -> GitHub {
        let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).http_status_as_error(false).build().into();
        GitHub { agent, api: settings.api.clone(), token: settings.token.clone(), pause: settings.pause }
    }

    /// Whether the API answers and takes the token.
    pub fn reachable(&self) -> Result<(), String> {
        self.once("/rate_limit", &Method::Get).map(|_| ()).map_err(|(what, _)| what)
    }

    /// Open and closed issues with the label, as far as `PAGES` go.
    pub fn issues(&self, repository: &str, label: &str) -> Result<Vec<Value>, String> {
        self.pages(&format!("/repos/{repository}/issues?state=all&labels={label}"))
    }

    pub fn comments(&self, repository: &str, number: u64) -> Result<Vec<Value>, String> {
        self.pages(&format!("/repos/{repository}/issues/{number}/comments?sort=created"))
    }

    pub fn comment(&self, repository: &str, number: u64, body: &str) -> Result<(), String> {
        self.call(&format!("/repos/{repository}/issues/{number}/comments"), &Method::Post(&json!({ "body": body }))).map(|_| ())
    }

    pub fn create(&self, repository: &str, title: &str, body: &str, labels: &[&str]) -> Result<(), String> {
        self.call(&format!("/repos/{repository}/issues"), &Method::Post(&json!({ "title": title, "body": body, "labels": labels }))).map(|_| ())
    }

    pub fn add_label(&self, repository: &str, number: u64, label: &str) -> Result<(), String> {
        self.call(&format!("/repos/{repository}/issues/{number}/labels"), &Method::Post(&json!({ "labels": [label] }))).map(|_| ())
    }

    /// A label that is not there counts as removed.
    pub fn remove_label(&self, repository: &str, number: u64, label: &str) -> Result<(), String> {
        match self.call(&format!("/repos/{repository}/issues/{number}/labels/{label}"), &Method::Delete) {
            Err(what) if what.contains("answered 404") => Ok(()),
            other => other.map(|_| ()),
        }
    }

    pub fn close(&self, repository: &str, number: u64) -> Result<(), String> {
        self.call(&format!("/repos/{repository}/issues/{number}"), &Method::Patch(&json!({ "state": "closed" }))).map(|_| ())
    }

    fn pages(&self, path: &str) -> Result<Vec<Value>, String> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let Value::Array(some) = self.call(&format!("{path}&per_page=100&page={page}"), &Method::Get)? else {
                return Err(format!("{path} answered with something that is no list"));
            };
            let last = some.len() < 100;
            all.extend(some);
            if last {
                return Ok(all);
            }
        }
        Err(format!("{path} has more than {PAGES} pages"))
    }

    fn call(&self, path: &str, method: &Method<'_>) -> Result<Value, String> {
        let mut pause = self.pause;
        for attempt in 1.. {
            match self.once(path, method) {
                Ok(value) => return Ok(value),
                Err((what, again)) if !again || attempt == TRIES => return Err(what),
                Err((what, _)) => eprintln!("health-bridge: {what}; trying again"),
            }
            std::thread::sleep(pause);
            pause *= 2;
        }
        unreachable!("the last try returns")
    }

    /// One try. An error says whether another try may help.
    fn once(&self, path: &str, method: &Method<'_>) -> Result<Value, (String, bool)> {
        let url = format!("{}{path}", self.api);
        let bearer = format!("Bearer {}", self.token);
        let head = [("authorization", bearer.as_str()), ("accept", "application/vnd.github+json"), ("user-agent", "health-bridge"), ("x-github-api-version", "2022-11-28")];
        let done = match method {
            Method::Get => head.iter().fold(self.agent.get(&url), |r, (k, v)| r.header(*k, *v)).call(),
            Method::Delete => head.iter().fold(self.agent.delete(&url), |r, (k, v)| r.header(*k, *v)).call(),
            Method::Post(body) => head.iter().fold(self.agent.post(&url), |r, (k, v)| r.header(*k, *v)).send(body.to_string()),
            Method::Patch(body) => head.iter().fold(self.agent.patch(&url), |r, (k, v)| r.header(*k, *v)).send(body.to_string()),
        };
        let mut answer = done.map_err(|error| (format!("{path}: {error}"), true))?;
        let status = answer.status().as_u16();
        if !(200..300).contains(&status) {
            return Err((format!("{path} answered {status}"), status >= 500 || status == 429));
        }
        let text = answer.body_mut().with_config().limit(ANSWER).read_to_string().map_err(|error| (format!("{path}: {error}"), true))?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| (format!("{path}: {error}"), false))
    }
}
