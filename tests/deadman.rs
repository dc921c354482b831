//! The dead man's switch: however a hook dies, one denial is written. Needs the feature `deadman-test`.

#[cfg(feature = "deadman-test")]
mod support;

use std::process::{Command, Stdio};
#[cfg(feature = "deadman-test")]
use std::io::Write;
#[cfg(feature = "deadman-test")]
use support::{Machine, event, is_denial};

#[cfg(feature = "deadman-test")]
#[test]
fn every_way_to_die_ends_in_one_written_denial() {
    for death in ["panic", "segv", "abort", "stack", "hang", "bus", "xcpu"] {
        let out = Command::new(env!("CARGO_BIN_EXE_guard"))
            .arg("hook")
            .env("GUARD_TEST_DIE", death)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .expect("guard starts");
        assert_eq!(out.status.code(), Some(0), "{death}");
        let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{death}: {e}: {:?}", out.stdout));
        let answer = &value["hookSpecificOutput"];
        assert_eq!(answer["permissionDecision"], "deny", "{death}");
        assert!(answer["permissionDecisionReason"].as_str().is_some_and(|r| r.contains("guard-failed")), "{death}");
        assert!(out.stdout.len() < 4096, "{death}");
    }
}

/// The call that killed guard is in the store, with the denial and the way it died.
#[cfg(feature = "deadman-test")]
#[test]
fn a_hook_that_dies_while_it_judges_leaves_a_record_of_its_denial() {
    let ways = [
        ("panic", "a panic"),
        ("segv", "SIGSEGV"),
        ("abort", "SIGABRT"),
        ("stack", "SIGSEGV"),
        ("hang", "its deadline passed"),
        ("bus", "SIGBUS"),
        ("xcpu", "SIGXCPU"),
        ("term", "SIGTERM"),
    ];
    let machine = Machine::new();
    machine.made_state();
    let token = ["gh", "p_", "fakefakefakefakefakefake"].concat();
    let long = format!("echo \"ä\u{1}{token}\" {}", "x".repeat(5_000));
    for (death, _) in ways {
        let mut command = machine.command(&["hook"]);
        command.env("GUARD_TEST_DIE_JUDGING", death).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("guard starts");
        child.stdin.take().expect("stdin").write_all(&event(death, &long)).expect("it reads");
        let out = child.wait_with_output().expect("guard ends");
        assert_eq!(out.status.code(), Some(0), "{death}");
        assert!(is_denial(&String::from_utf8_lossy(&out.stdout)), "{death}");
    }
    let log = machine.text(&["log", "--json"]);
    let records: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect("a record")).collect();
    assert_eq!(records.len(), ways.len(), "{log}");
    for (record, (death, cause)) in records.iter().zip(ways) {
        assert_eq!((record["tool_use_id"].as_str(), record["event"].as_str(), record["session"].as_str()), (Some(death), Some("PreToolUse"), Some("s")));
        assert_eq!((record["decision"].as_str(), record["findings"][0]["rule"].as_str()), (Some("deny"), Some("guard-failed")), "{death}");
        assert_eq!(record["error"].as_str(), Some(format!("guard failed: {cause}").as_str()), "{death}");
        let command = record["command"].as_str().expect("a command");
        assert!(command.starts_with("echo \"ä\u{1}‹redacted:github-token›\" xx") && command.ends_with("x…"), "{death}: {command}");
        let whole = long.replace(&token, "‹redacted:github-token›");
        assert_eq!((record["cut"][0]["field"].as_str(), record["cut"][0]["bytes"].as_u64()), (Some("command"), Some(whole.len() as u64)), "{death}");
        assert_eq!(record["cut"][0]["sha256"].as_str(), Some(guard::record::hash(&whole).as_str()), "{death}");
    }
    machine.assert_intact(ways.len());
    let digest = machine.text(&["audit", "--since", "1h"]);
    assert!(digest.contains("guard failed: a panic") && digest.contains("8 denied"), "{digest}");
}

/// Where nothing can be recorded the denial stands all the same.
#[cfg(feature = "deadman-test")]
#[test]
fn a_last_record_never_takes_the_denial_away() {
    for odd in ["folder", "link", "pipe"] {
        let machine = Machine::new();
        let journal = machine.made_state().join("journal");
        match odd {
            "folder" => std::fs::create_dir(&journal).expect("a folder"),
            "link" => std::os::unix::fs::symlink(machine.home.path().join("elsewhere"), &journal).expect("a link"),
            _ => assert!(Command::new("mkfifo").arg(&journal).status().expect("mkfifo").success()),
        }
        let mut command = machine.command(&["hook"]);
        command.env("GUARD_TEST_DIE_JUDGING", "segv").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("guard starts");
        child.stdin.take().expect("stdin").write_all(&event("t", "git status")).expect("it reads");
        let out = child.wait_with_output().expect("guard ends");
        assert_eq!(out.status.code(), Some(0), "{odd}");
        assert!(is_denial(&String::from_utf8_lossy(&out.stdout)), "{odd}");
        assert!(!machine.home.path().join("elsewhere").exists());
    }
}

#[cfg(feature = "deadman-test")]
#[test]
fn signals_that_the_parent_blocked_still_end_in_a_denial() {
    for death in ["hang", "xcpu"] {
        let out = Command::new("env")
            .args(["--block-signal=ALRM,XCPU,SEGV", env!("CARGO_BIN_EXE_guard"), "hook"])
            .env("GUARD_TEST_DIE", death)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .expect("env starts");
        assert_eq!(out.status.code(), Some(0), "{death}");
        assert!(String::from_utf8_lossy(&out.stdout).contains("guard-failed"), "{death}");
    }
}

#[test]
fn a_client_that_does_not_read_does_not_hang_or_fail_the_hook() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_guard"))
        .arg("hook")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("guard starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("guard ends").code(), Some(0));
}
