//! What one call costs: the static binary as a whole process, turn by turn with the least process and `/bin/true`, then the parts in
//! process. Times are printed and never asserted; ratios travel, microseconds do not. `./build-static.sh && cargo bench --bench hook`.
#![allow(clippy::print_stdout, reason = "a bench prints")]

use guard::knowledge::Knowledge;
use guard::record::{Facts, Record};
use guard::rule::{example, types::Example};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Turns for each case.
const ROUNDS: usize = 300;

/// The user layer that every whole call has beside the built-in rules.
fn fifty_rules(home: &Path) {
    let folder = home.join(".config/guard/policy/own");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::create_dir_all(home.join(".local/state/guard")).expect("a folder");
    for at in 0..50 {
        let text = format!(
            "summary = \"Writes to folder {at}\"\ndecision = \"deny\"\nwhy = \"A bench.\"\n\n[[match]]\naction = [\"write\"]\ntarget = [\"/srv/own-{at}/**\"]\n"
        );
        std::fs::write(folder.join(format!("own-{at}.toml")), text).expect("a rule");
    }
}

fn cases() -> Vec<(&'static str, String)> {
    let prose: String = (0..300).map(|at| format!("line {at} of some notes about the project and its parts\n")).collect();
    let script: String = (0..640)
        .map(|at| format!("if [ -f src/file{at}.txt ]; then echo \"found {at}\" >> out/log.txt; cp src/file{at}.txt build/; fi\n"))
        .collect();
    vec![
        ("plain command", "git status".into()),
        ("six commands in a pipe", "cat README.md | grep -v '^#' | sort | uniq -c | sort -rn | head -20".into()),
        ("here-document of 300 lines", format!("cat > notes.md <<'EOF'\n{prose}EOF\n")),
        ("64 KB of shell", script),
    ]
}

fn event(command: &str) -> Vec<u8> {
    serde_json::json!({"session_id": "s", "transcript_path": "/t", "cwd": "/srv/work", "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "t"})
    .to_string()
    .into_bytes()
}

/// Microseconds of one process.
fn process(program: &Path, arguments: &[&str], input: &[u8], home: &Path) -> f64 {
    let before = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait().expect("it ends");
    before.elapsed().as_secs_f64() * 1e6
}

fn quantile(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() - 1) as f64 * share) as usize]
}

/// Microseconds of one run of `what`, the median of many.
fn inside(name: &str, mut what: impl FnMut()) {
    let mut times: Vec<f64> = (0..500)
        .map(|_| {
            let before = Instant::now();
            what();
            before.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    println!("  {name:<28} median {:>8.1} µs  p99 {:>8.1}", quantile(&mut times, 0.5), quantile(&mut times, 0.99));
}

fn main() {
    let arch = std::env::consts::ARCH;
    let places = ["musl", "gnu"].map(|libc| PathBuf::from(format!("target/{arch}-unknown-linux-{libc}/release/guard")));
    let Some(guard) = places.into_iter().find(|p| p.is_file()) else {
        println!("there is no static binary: run ./build-static.sh first");
        std::process::exit(2);
    };
    let folder = tempfile::tempdir().expect("a folder");
    fifty_rules(folder.path());
    let floor = folder.path().join("floor");
    let flags = ["-O", "-Ctarget-feature=+crt-static", "-Crelocation-model=static", "-Cpanic=abort", "-Cstrip=symbols", "benches/floor.rs", "-o"];
    assert!(Command::new("rustc").args(flags).arg(&floor).status().expect("rustc").success());
    println!("whole processes, {ROUNDS} turns; built-in rules, a user layer of 50 rules (compiled), verdict allow, record written");
    for (name, command) in cases() {
        let input = event(&command);
        let (mut ours, mut least, mut truth) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(process(&guard, &["hook"], &input, folder.path()));
            least.push(process(&floor, &[], &input, folder.path()));
            truth.push(process(Path::new("/bin/true"), &[], &input, folder.path()));
        }
        let (own, base, dynamic) = (quantile(&mut ours, 0.5), quantile(&mut least, 0.5), quantile(&mut truth, 0.5));
        println!(
            "  {name:<28} median {own:>8.0} µs  p99 {:>8.0}  {:>6.2} × the least process, {:>6.2} × /bin/true",
            quantile(&mut ours, 0.99),
            own / base,
            own / dynamic
        );
    }
    println!("in process");
    let know = Knowledge::builtin();
    let redactor = Knowledge::builtin_redactor();
    for (name, command) in cases() {
        println!(" {name}");
        let call = example::call(&Example::Command(command.clone())).expect("a command");
        inside("parse", || std::mem::drop(guard::shell::parse(&command)));
        inside("parse, plan and evaluate", || std::mem::drop(guard::cli::test::judge(&know, &call)));
        let facts = Facts { command, ..Facts::default() };
        inside("redact and make a record", || std::mem::drop(Record::new(&facts, &redactor)));
        let record = Record::new(&facts, &redactor);
        inside("append", || guard::io::journal::append(&folder.path().join(".local/state/guard"), &record).expect("a journal"));
    }
}
