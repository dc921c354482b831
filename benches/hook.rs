//! What one call costs: the static binary as a whole process, turn by turn with the least process and `/bin/true`, then the parts in
//! process. Times are printed and never asserted; ratios travel, microseconds do not.
//!
//! `./build-static.sh && ./build-static.sh --bench hook`; with `--beside BINARY` another build takes turns with it.
#![allow(clippy::print_stdout, reason = "a bench prints")]

#[path = "support/process.rs"]
mod process;

use guard::knowledge::Knowledge;
use guard::record::{Facts, Record};
use guard::rule::{example, types::Example};
use process::{event, run};
use std::path::{Path, PathBuf};
use std::process::Command;
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
    let script: String = (0..694)
        .map(|at| format!("if [ -f src/file{at}.txt ]; then echo \"found {at}\" >> out/log.txt; cp src/file{at}.txt build/; fi\n"))
        .collect();
    vec![
        ("plain command", "git status".into()),
        ("six commands in a pipe", "cat README.md | grep -v '^#' | sort | uniq -c | sort -rn | head -20".into()),
        ("here-document of 300 lines", format!("cat > notes.md <<'EOF'\n{prose}EOF\n")),
        ("64 KB of shell", script),
    ]
}

fn quantile(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() - 1) as f64 * share) as usize]
}

/// The least process that a hook can be.
fn least(folder: &Path) -> PathBuf {
    let floor = folder.join("floor");
    let flags = ["-O", "-Ctarget-feature=+crt-static", "-Crelocation-model=static", "-Cpanic=abort", "-Cstrip=symbols", "benches/support/floor.rs", "-o"];
    assert!(Command::new("rustc").args(flags).arg(&floor).status().expect("rustc").success());
    floor
}

fn whole_processes(folder: &Path, beside: Option<&Path>) {
    let guard = process::shipped();
    let floor = least(folder);
    println!("whole processes, {ROUNDS} turns; built-in rules, a user layer of 50 rules (compiled), verdict allow, record written");
    for (name, command) in cases() {
        let input = event(&command);
        let (mut ours, mut other, mut base, mut dynamic, mut peak) = (vec![], vec![], vec![], vec![], 0.0f64);
        for _ in 0..ROUNDS {
            let ended = run(&guard, &["hook"], &input, folder);
            assert_eq!(ended.answer, "", "{name} was to be let through in silence");
            ours.push(ended.micros);
            peak = peak.max(ended.peak_mb);
            other.extend(beside.map(|binary| run(binary, &["hook"], &input, folder).micros));
            base.push(run(&floor, &[], &input, folder).micros);
            dynamic.push(run(Path::new("/bin/true"), &[], &input, folder).micros);
        }
        let median = quantile(&mut ours, 0.5);
        println!(
            "  {name:<28} median {median:>8.0} µs  p99 {:>8.0}  {:>6.2} × the least process, {:>6.2} × /bin/true, peak {peak:>5.1} MB",
            quantile(&mut ours, 0.99),
            median / quantile(&mut base, 0.5),
            median / quantile(&mut dynamic, 0.5)
        );
        if beside.is_some() {
            println!("  {:<28} {:>6.2} × that", "  the build beside it", quantile(&mut other, 0.5) / median);
        }
    }
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

fn in_process(folder: &Path) {
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
        inside("append", || guard::io::journal::append(&folder.join(".local/state/guard"), &record).expect("a journal"));
    }
}

fn main() {
    let beside = std::env::args().skip_while(|a| a != "--beside").nth(1).map(PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder");
    fifty_rules(folder.path());
    whole_processes(folder.path(), beside.as_deref());
    if beside.is_none() {
        in_process(folder.path());
    }
}
