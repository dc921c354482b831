//! guard as processes, each test on a machine of its own: a home folder that nothing else uses.
#![allow(dead_code, reason = "every test file uses its part of this")]

pub mod shapes;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The binary under test: the one that ships when `GUARD_BINARY` names it.
pub fn binary() -> PathBuf {
    std::env::var_os("GUARD_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_guard").into(), PathBuf::from)
}

/// A home folder and what runs in it.
pub struct Machine {
    pub home: tempfile::TempDir,
}

impl Machine {
    pub fn new() -> Machine {
        Machine { home: tempfile::tempdir().expect("a folder") }
    }

    pub fn state(&self) -> PathBuf {
        self.home.path().join(".local/state/guard")
    }

    /// The state folder, made as guard makes it.
    pub fn made_state(&self) -> PathBuf {
        std::fs::create_dir_all(self.state()).expect("a folder");
        self.state()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).env_clear().env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin").current_dir("/");
        command
    }

    /// Runs guard with arguments.
    pub fn guard(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("guard runs")
    }

    /// What guard prints.
    pub fn text(&self, arguments: &[&str]) -> String {
        let out = self.guard(arguments);
        String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
    }

    /// Starts a hook that has got its event; `at` stops or kills it at a step (`GUARD_TEST_AT`).
    pub fn start(&self, event: &[u8], at: Option<&str>) -> Child {
        let mut command = self.command(&["hook"]);
        if let Some(at) = at {
            command.env("GUARD_TEST_AT", at);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("guard starts");
        // A hook that was killed does not read.
        let _ = child.stdin.take().expect("stdin").write_all(event);
        child
    }

    /// One hook, from its start to its end: its answer. Its exit status must be 0.
    pub fn hook(&self, event: &[u8]) -> String {
        let out = self.start(event, None).wait_with_output().expect("guard ends");
        assert_eq!(out.status.code(), Some(0));
        String::from_utf8(out.stdout).expect("UTF-8")
    }

    /// The `tool_use_id`s in the store, oldest first, after a drain.
    pub fn recorded(&self) -> Vec<String> {
        let out = self.guard(&["log", "--json"]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout)
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a record")["tool_use_id"].as_str().unwrap_or("").to_owned())
            .collect()
    }

    /// `guard log verify` says that everything is sealed and as it was written.
    pub fn assert_intact(&self, count: usize) {
        let text = self.text(&["log", "verify"]);
        assert!(text.starts_with(&format!("intact: {count} records")), "{text}");
    }
}

/// An event before a tool runs.
pub fn event(id: &str, command: &str) -> Vec<u8> {
    serde_json::json!({
        "session_id": "s", "cwd": "/w", "hook_event_name": "PreToolUse", "permission_mode": "default",
        "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": id
    })
    .to_string()
    .into_bytes()
}

/// A command that every rule set allows, and one that none does: it is only ever judged.
pub const ALLOWED: &str = "git status";
pub const DENIED: &str = "rm -rf /";

pub fn is_denial(answer: &str) -> bool {
    answer.contains("\"permissionDecision\":\"deny\"") && serde_json::from_str::<serde_json::Value>(answer).is_ok()
}

/// Waits until a process has stopped itself.
pub fn wait_until_stopped(child: &Child) {
    let stat = PathBuf::from(format!("/proc/{}/stat", child.id()));
    for _ in 0..2_000 {
        let text = std::fs::read_to_string(&stat).expect("the process is there");
        if text.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("the process never stopped itself");
}

/// Sends a signal to one's own child.
pub fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success(), "kill {name}");
}

/// Runs a shell script in a mount namespace of its own, so that what it mounts is seen by nobody else and goes with it.
pub fn in_mount_namespace(script: &str, arguments: &[&Path]) -> Output {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-euc", script, "sh"]);
    command.args(arguments).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let out = command.output().expect("unshare runs");
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    out
}
