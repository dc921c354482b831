//! Events recorded from the real client, and odd ones, through the hook as a process.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn hook(input: &[u8], home: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_guard"))
        .arg("hook")
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("guard starts");
    // A hook may answer before it has read everything.
    let _ = child.stdin.take().expect("stdin").write_all(input);
    let out = child.wait_with_output().expect("guard ends");
    (String::from_utf8(out.stdout).expect("UTF-8"), out.status.code())
}

fn is_denial(answer: &str) -> bool {
    let value: serde_json::Value = serde_json::from_str(answer).expect("exactly one JSON object");
    value["hookSpecificOutput"]["permissionDecision"] == "deny"
        && value["hookSpecificOutput"]["hookEventName"] == "PreToolUse"
        && value["hookSpecificOutput"]["permissionDecisionReason"].as_str().is_some_and(|r| r.contains('['))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).expect(folder).map(|e| e.expect("entry").path()).filter(|p| p.is_file()).collect();
    all.sort();
    all
}

#[test]
fn recorded_events_are_read_and_answered() {
    let home = tempfile::tempdir().expect("a folder");
    let mut seen = 0;
    for path in files("fixtures/hook").into_iter().chain(files("fixtures/hook/older-2.1.197")) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if !name.ends_with(".json") {
            continue;
        }
        let bytes = std::fs::read(&path).expect("bytes");
        let event = guard::hook::parse(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(event.name, name.split('.').next().unwrap_or(""), "{name}");
        let (answer, code) = hook(&bytes, home.path(), &[]);
        assert_eq!(code, Some(0), "{name}");
        if name.contains("lone-surrogate") || name == "PreToolUse.Write.needs-approval.json" {
            // The second writes below /etc.
            assert!(is_denial(&answer), "{name}: {answer}");
        } else {
            assert_eq!(answer, "", "{name}");
        }
        seen += 1;
    }
    assert!(seen > 80);
}

#[test]
fn odd_input_is_denied_with_a_reason_and_never_silent() {
    let home = tempfile::tempdir().expect("a folder");
    let mut seen = 0;
    for path in files("fixtures/hook/odd") {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let (answer, code) = hook(&std::fs::read(&path).expect("bytes"), home.path(), &[]);
        assert_eq!(code, Some(0), "{name}");
        if name.ends_with("expect-denied") {
            assert!(is_denial(&answer), "{name}: {answer}");
        } else {
            assert_eq!(answer, "", "{name}");
        }
        seen += 1;
    }
    assert!(seen >= 18);
}

#[test]
fn sizes_and_arguments() {
    let home = tempfile::tempdir().expect("a folder");
    let event = |tool: &str, input: serde_json::Value| {
        serde_json::json!({"session_id": "s", "cwd": "/w", "hook_event_name": "PreToolUse", "permission_mode": "default", "tool_name": tool, "tool_input": input})
            .to_string()
            .into_bytes()
    };
    let reason = |answer: &str| answer.to_owned();
    let (answer, _) = hook(&event("Bash", serde_json::json!({"command": format!("echo {}", "x".repeat(300 << 10))})), home.path(), &[]);
    assert!(answer.contains("too-large") && answer.contains("\"ask\""), "{}", reason(&answer));
    let (answer, _) = hook(&event("Write", serde_json::json!({"file_path": "/w/a", "content": "x".repeat(2 << 20)})), home.path(), &[]);
    assert_eq!(answer, "", "2 MB of content are judged");
    let (answer, _) = hook(&event("Write", serde_json::json!({"file_path": "/w/a", "content": "x".repeat(9 << 20)})), home.path(), &[]);
    assert!(answer.contains("too-large"), "{}", reason(&answer));
    let (answer, code) = hook(&event("Bash", serde_json::json!({"command": "ls"})), home.path(), &["--verbos"]);
    assert!(is_denial(&answer) && answer.contains("--verbos") && code == Some(0), "{}", reason(&answer));
}

#[test]
fn a_record_that_cannot_be_written_lets_only_harmless_calls_run() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(home.path().join(".local/state")).expect("a folder");
    std::fs::write(home.path().join(".local/state/guard"), "in the way").expect("a file");
    let event = |command: &str| {
        serde_json::json!({"session_id": "s", "cwd": "/w", "hook_event_name": "PreToolUse", "permission_mode": "default", "tool_name": "Bash", "tool_input": {"command": command}})
            .to_string()
            .into_bytes()
    };
    let (answer, code) = hook(&event("make build"), home.path(), &[]);
    assert!(answer.contains("record-lost") && code == Some(0), "{answer}");
    for command in ["ls", "cat README.md", "rm -f out.txt", "rm -rf /tmp/x"] {
        assert_eq!(hook(&event(command), home.path(), &[]).0, "", "{command}");
    }
    assert!(hook(&event("rm -rf /srv/x"), home.path(), &[]).0.contains("deny"));
}

#[test]
fn a_broken_layer_stops_everything_but_its_repair() {
    let home = tempfile::tempdir().expect("a folder");
    let layer = home.path().join(".config/guard");
    std::fs::create_dir_all(layer.join("policy")).expect("a folder");
    std::fs::write(layer.join("policy/mine.toml"), "summary = 3\n").expect("a file");
    let event = |tool: &str, input: serde_json::Value| {
        serde_json::json!({"session_id": "s", "cwd": "/w", "hook_event_name": "PreToolUse", "permission_mode": "default", "tool_name": tool, "tool_input": input})
            .to_string()
            .into_bytes()
    };
    let file = layer.join("policy/mine.toml").to_string_lossy().into_owned();
    let (answer, _) = hook(&event("Bash", serde_json::json!({"command": "make build"})), home.path(), &[]);
    assert!(answer.contains("layer-broken") && answer.contains("mine.toml:1"), "{answer}");
    let (answer, _) = hook(&event("Read", serde_json::json!({"file_path": "/w/a"})), home.path(), &[]);
    assert_eq!(answer, "");
    let (answer, _) = hook(&event("Write", serde_json::json!({"file_path": file, "content": "x"})), home.path(), &[]);
    assert_eq!(answer, "", "the layer's own files can be repaired");
    std::fs::remove_file(layer.join("policy/mine.toml")).expect("removed");
    std::fs::write(layer.join("lists.toml"), "mine = [\"@mine\"]\n").expect("a file");
    let (answer, _) = hook(&event("Bash", serde_json::json!({"command": "make build"})), home.path(), &[]);
    assert!(answer.contains("layer-broken") && answer.contains("contains itself"), "{answer}");
    std::fs::write(layer.join("policy/mine.toml"), "summary = 3\n").expect("a file");
    let (answer, _) = hook(&event("Write", serde_json::json!({"file_path": "/w/a", "content": "x"})), home.path(), &[]);
    assert!(answer.contains("layer-broken"), "{answer}");
}

#[test]
fn a_user_layer_adds_rules_and_a_project_layer_never_loosens() {
    let home = tempfile::tempdir().expect("a folder");
    let project = tempfile::tempdir().expect("a folder");
    let rule = "summary = \"Uses make\"\ndecision = \"deny\"\nwhy = \"here we use just\"\n[[match]]\naction = [\"execute\"]\nprogram = [\"make\"]\n[examples]\ndeny = [\"make\", \"make x\"]\nallow = [\"just\", \"just x\"]\n";
    let event = |command: &str| {
        serde_json::json!({"session_id": "s", "cwd": project.path(), "hook_event_name": "PreToolUse", "permission_mode": "default", "tool_name": "Bash", "tool_input": {"command": command}})
            .to_string()
            .into_bytes()
    };
    let layer = home.path().join(".config/guard/policy");
    std::fs::create_dir_all(&layer).expect("a folder");
    std::fs::write(layer.join("make-used.toml"), rule).expect("a file");
    assert!(hook(&event("make"), home.path(), &[]).0.contains("make-used"));
    let layer = project.path().join(".guard");
    std::fs::create_dir_all(&layer).expect("a folder");
    std::fs::write(layer.join("lists.toml"), "tmp = [\"/srv/**\"]\n").expect("a file");
    let (answer, _) = hook(&event("just"), home.path(), &[]);
    assert!(answer.contains("layer-broken") && answer.contains("lists.toml"), "{answer}");
}
