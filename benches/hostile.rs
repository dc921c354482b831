//! Processor time and peak memory of judging each hostile shape, one process each, and whether 50 ms and 64 MB hold. Nothing is asserted.
#![allow(clippy::print_stdout, reason = "a bench prints")]

#[path = "../tests/support/shapes.rs"]
mod shapes;

use guard::cli::test::judge;
use guard::knowledge::Knowledge;
use guard::rule::{example, types::Example};
use std::process::Command;

/// The command hidden in every shape; only ever judged.
const DENIED: &str = "rm -rf /";

/// What this process has used: a machine that is busy with other things does not change it much.
fn processor_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("this process");
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}

fn one(at: usize) {
    let (name, text) = shapes::all().swap_remove(at);
    let know = Knowledge::builtin();
    let call = example::call(&Example::Command(text.as_str().into())).expect("a command");
    let before = processor_ms();
    let (plan, verdict) = judge(&know, &call);
    let ms = processor_ms() - before;
    let status = std::fs::read_to_string("/proc/self/status").expect("this process");
    let peak_kb = status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0);
    let held = if ms <= 50.0 && peak_kb <= 65_536.0 { "" } else { "  over 50 ms or 64 MB" };
    println!("{ms:>8.1} ms {:>6.1} MB {:>6} steps {:<5} {name}{held}", peak_kb / 1024.0, plan.steps, verdict.decision.name());
}

fn main() {
    let told = std::env::args().skip_while(|a| a != "--one").nth(1).and_then(|n| n.parse().ok());
    if let Some(at) = told {
        return one(at);
    }
    let own = std::env::current_exe().expect("this program");
    for at in 0..shapes::all().len() {
        let status = Command::new(&own).args(["--one", &at.to_string()]).status().expect("it runs");
        assert!(status.success(), "shape {at} did not end well");
    }
}
