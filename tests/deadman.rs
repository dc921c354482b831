//! The dead man's switch: however a hook dies, one denial is written. Needs the feature `deadman-test`.

use std::process::{Command, Stdio};

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
