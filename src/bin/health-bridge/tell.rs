//! What becomes of one alert. Every step looks first whether it was done, so that a second delivery of the same alert changes nothing.

use crate::Settings;
use crate::alert::{Alert, Status};
use crate::github::{Failure, GitHub};
use serde_json::Value;

/// The label of issues that the bridge made.
const BUG: &str = "health-alert";

/// Tries for one alert, each with its own look.
const TRIES: u32 = 4;

/// Tells GitHub, and tries again when that can help. `Ok` says what was done; an error that another delivery may be luckier.
pub fn tell(alert: &Alert, settings: &Settings, github: &GitHub) -> Result<String, Failure> {
    let mut pause = settings.pause;
    for attempt in 1.. {
        match once(alert, settings, github) {
            Err(failure) if failure.passing() && attempt < TRIES => eprintln!("health-bridge: {failure}; trying again"),
            done => return done,
        }
        std::thread::sleep(pause);
        pause *= 2;
    }
    unreachable!("the last try returns")
}

/// One try. `Ok` says what was done.
fn once(alert: &Alert, settings: &Settings, github: &GitHub) -> Result<String, Failure> {
    if !alert.sound() {
        return Ok("passed over: its fingerprint or time is malformed".into());
    }
    match alert.issue() {
        Some(Err(what)) => Ok(format!("passed over: {what}")),
        Some(Ok((repository, _))) if !allowed(&repository, settings) => Ok("passed over: the repository is not among REPOSITORIES".into()),
        Some(Ok((repository, number))) => on_issue(alert, &repository, number, github),
        None => match &settings.bugs {
            Some(repository) if alert.critical() => bug(alert, repository, github),
            _ => Ok("passed over: it names no issue and is not critical".into()),
        },
    }
}

/// A comment and a label that says the state.
fn on_issue(alert: &Alert, repository: &str, number: u64, github: &GitHub) -> Result<String, Failure> {
    let comments = github.comments(repository, number)?;
    let known = comments.iter().any(|c| holds(c, &alert.mark()));
    let (now, before) = match alert.status {
        Status::Firing => ("alert-firing", "alert-resolved"),
        Status::Resolved => ("alert-resolved", "alert-firing"),
    };
    // Labels first: the comment is the mark that everything was done.
    if !known {
        github.add_label(repository, number, now)?;
        github.remove_label(repository, number, before)?;
        github.comment(repository, number, &format!("{}\n{}", alert.text(), alert.mark()))?;
    }
    Ok(format!("{repository}#{number}: {}", if known { "known already" } else { "told" }))
}

/// One open issue for one alert; resolved, it is closed with a comment.
fn bug(alert: &Alert, repository: &str, github: &GitHub) -> Result<String, Failure> {
    let issues = github.issues(repository, BUG)?;
    let mut mine = issues.iter().filter(|i| holds(i, &alert.origin()));
    let open = mine.clone().find(|i| i["state"] == "open").and_then(|i| i["number"].as_u64());
    match (alert.status, open) {
        (Status::Firing, Some(number)) => Ok(format!("{repository}#{number}: is open already")),
        // A late second delivery of a spell that was closed meanwhile.
        (Status::Firing, None) if mine.any(|i| holds(i, &alert.mark())) => Ok("was told and closed already".into()),
        (Status::Firing, None) => {
            let body = format!("{}\n{}\n{}", alert.text(), alert.origin(), alert.mark());
            github.create(repository, &format!("Alert: {}", alert.name()), &body, &["bug", BUG])?;
            Ok(format!("{repository}: a new issue"))
        }
        (Status::Resolved, None) => Ok("nothing is open for it".into()),
        (Status::Resolved, Some(number)) => {
            let comments = github.comments(repository, number)?;
            if !comments.iter().any(|c| holds(c, &alert.mark())) {
                github.comment(repository, number, &format!("{}\n{}", alert.text(), alert.mark()))?;
            }
            github.close(repository, number)?;
            Ok(format!("{repository}#{number}: closed"))
        }
    }
}

fn holds(item: &Value, mark: &str) -> bool {
    item["body"].as_str().is_some_and(|body| body.contains(mark))
}

/// `owner/name` of the letters that GitHub takes, and among those that may be written to.
fn allowed(repository: &str, settings: &Settings) -> bool {
    let Some((owner, name)) = repository.split_once('/') else { return false };
    let word = |w: &str| !w.is_empty() && !w.starts_with('.') && w.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    word(owner) && word(name) && settings.repositories.iter().any(|r| r == repository || r.strip_suffix("/*") == Some(owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_repositories_are_written_to() {
        let settings = Settings { listen: String::new(), secret: String::new(), api: String::new(), token: String::new(), repositories: vec!["o/*".into(), "p/q".into()], bugs: None, pause: std::time::Duration::ZERO };
        for (repository, wanted) in [("o/r", true), ("p/q", true), ("p/r", false), ("o/../x", false), ("o/..", false), ("o/r?x", false), ("o", false), ("ox/r", false)] {
            assert_eq!(allowed(repository, &settings), wanted, "{repository}");
        }
    }
}
