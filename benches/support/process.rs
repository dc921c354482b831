//! A process run to its end: how long it took, and what the kernel counted for it.
#![allow(dead_code, reason = "each bench prints its part of this")]
#![allow(unsafe_code, reason = "the standard library tells no child's processor time and memory")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What one process cost.
pub struct Ended {
    /// From before it was started to after its end.
    pub micros: f64,
    /// In its own code and in the kernel; what else the machine does changes it little.
    pub processor_ms: f64,
    pub peak_mb: f64,
    /// What it wrote to standard output.
    pub answer: String,
}

/// The binary that ships, as `./build-static.sh` made it.
pub fn shipped() -> PathBuf {
    let arch = std::env::consts::ARCH;
    let places = ["musl", "gnu"].map(|libc| PathBuf::from(format!("target/{arch}-unknown-linux-{libc}/release/guard")));
    places.into_iter().find(|p| p.is_file()).unwrap_or_else(|| {
        eprintln!("there is no static binary: run ./build-static.sh first");
        std::process::exit(2);
    })
}

/// Runs a program with nothing in its environment but a home folder.
pub fn run(program: &Path, arguments: &[&str], input: &[u8], home: &Path) -> Ended {
    let before = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    // A program that does not read its input may be gone already.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    let mut answer = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut answer).expect("UTF-8");
    let process = i32::try_from(child.id()).expect("a process id");
    // SAFETY: the child is this process's own and nobody else waits for it; both places are written before they are read.
    let used = unsafe {
        let (mut status, mut used) = (0, std::mem::zeroed::<libc::rusage>());
        assert_eq!(libc::wait4(process, &raw mut status, 0, &raw mut used), process, "it ends");
        used
    };
    let micros = before.elapsed().as_secs_f64() * 1e6;
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    Ended { micros, processor_ms: ms(used.ru_utime) + ms(used.ru_stime), peak_mb: used.ru_maxrss as f64 / 1024.0, answer }
}

/// The event of a command in a shell.
pub fn event(command: &str) -> Vec<u8> {
    serde_json::json!({"session_id": "s", "transcript_path": "/t", "cwd": "/srv/work", "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "t"})
    .to_string()
    .into_bytes()
}
