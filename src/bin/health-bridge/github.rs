//! The few calls of GitHub's API that are needed, each made once: whether one that failed was done all the same only a look can tell, so
//! trying again is the business of who looks first.

use crate::Settings;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

pub struct GitHub {
    agent: ureq::Agent,
    api: String,
    token: String,
}

/// A call that failed, as far as is known.
#[derive(Debug)]
pub struct Failure {
    what: String,
    cause: Cause,
}

#[derive(Debug, PartialEq, Eq)]
enum Cause {
    /// No whole answer came.
    Silence,
    /// A status that is no success.
    Status(u16),
    /// An answer that means nothing here.
    Nonsense,
}

impl Failure {
    /// Whether another try may be luckier.
    pub fn passing(&self) -> bool {
        match self.cause {
            Cause::Silence => true,
            Cause::Status(status) => status >= 500 || status == 429,
            Cause::Nonsense => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.what)
    }
}

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
        GitHub { agent, api: settings.api.clone(), token: settings.token.clone() }
    }

    /// Whether the API answers and takes the token.
    pub fn reachable(&self) -> Result<(), Failure> {
        self.call("/rate_limit", &Method::Get).map(|_| ())
    }

    /// Open and closed issues with the label, as far as `PAGES` go.
    pub fn issues(&self, repository: &str, label: &str) -> Result<Vec<Value>, Failure> {
        self.pages(&format!("/repos/{repository}/issues?state=all&labels={label}"))
    }

    pub fn comments(&self, repository: &str, number: u64) -> Result<Vec<Value>, Failure> {
        self.pages(&format!("/repos/{repository}/issues/{number}/comments?sort=created"))
    }

    pub fn comment(&self, repository: &str, number: u64, body: &str) -> Result<(), Failure> {
        self.call(&format!("/repos/{repository}/issues/{number}/comments"), &Method::Post(&json!({ "body": body }))).map(|_| ())
    }

    pub fn create(&self, repository: &str, title: &str, body: &str, labels: &[&str]) -> Result<(), Failure> {
        self.call(&format!("/repos/{repository}/issues"), &Method::Post(&json!({ "title": title, "body": body, "labels": labels }))).map(|_| ())
    }

    pub fn add_label(&self, repository: &str, number: u64, label: &str) -> Result<(), Failure> {
        self.call(&format!("/repos/{repository}/issues/{number}/labels"), &Method::Post(&json!({ "labels": [label] }))).map(|_| ())
    }

    /// A label that is not there counts as removed.
    pub fn remove_label(&self, repository: &str, number: u64, label: &str) -> Result<(), Failure> {
        match self.call(&format!("/repos/{repository}/issues/{number}/labels/{label}"), &Method::Delete) {
            Err(failure) if failure.cause == Cause::Status(404) => Ok(()),
            other => other.map(|_| ()),
        }
    }

    pub fn close(&self, repository: &str, number: u64) -> Result<(), Failure> {
        self.call(&format!("/repos/{repository}/issues/{number}"), &Method::Patch(&json!({ "state": "closed" }))).map(|_| ())
    }

    fn pages(&self, path: &str) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let Value::Array(some) = self.call(&format!("{path}&per_page=100&page={page}"), &Method::Get)? else {
                return Err(Failure { what: format!("{path} answered with something that is no list"), cause: Cause::Nonsense });
            };
            let last = some.len() < 100;
            all.extend(some);
            if last {
                return Ok(all);
            }
        }
        Err(Failure { what: format!("{path} has more than {PAGES} pages"), cause: Cause::Nonsense })
    }

    fn call(&self, path: &str, method: &Method<'_>) -> Result<Value, Failure> {
        let silent = |error: &dyn fmt::Display| Failure { what: format!("{path}: {error}"), cause: Cause::Silence };
        let url = format!("{}{path}", self.api);
        let bearer = format!("Bearer {}", self.token);
        let head = [("authorization", bearer.as_str()), ("accept", "application/vnd.github+json"), ("user-agent", "health-bridge"), ("x-github-api-version", "2022-11-28")];
        let done = match method {
            Method::Get => head.iter().fold(self.agent.get(&url), |r, (k, v)| r.header(*k, *v)).call(),
            Method::Delete => head.iter().fold(self.agent.delete(&url), |r, (k, v)| r.header(*k, *v)).call(),
            Method::Post(body) => head.iter().fold(self.agent.post(&url), |r, (k, v)| r.header(*k, *v)).send(body.to_string()),
            Method::Patch(body) => head.iter().fold(self.agent.patch(&url), |r, (k, v)| r.header(*k, *v)).send(body.to_string()),
        };
        let mut answer = done.map_err(|error| silent(&error))?;
        let status = answer.status().as_u16();
        if !(200..300).contains(&status) {
            return Err(Failure { what: format!("{path} answered {status}"), cause: Cause::Status(status) });
        }
        let text = answer.body_mut().with_config().limit(ANSWER).read_to_string().map_err(|error| silent(&error))?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| Failure { what: format!("{path}: {error}"), cause: Cause::Nonsense })
    }
}
