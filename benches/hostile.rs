//! Processor time and peak memory of a whole hook that is given each hostile shape, and whether 50 ms and 64 MB hold. Each must be
//! stopped; no time is asserted. `./build-static.sh && ./build-static.sh --bench hostile`.
#![allow(clippy::print_stdout, reason = "a bench prints")]

#[path = "support/process.rs"]
mod process;
#[path = "../tests/support/shapes.rs"]
mod shapes;

/// The command hidden in every shape; only ever judged.
const DENIED: &str = "rm -rf /";

fn main() {
    let guard = process::shipped();
    let home = tempfile::tempdir().expect("a folder");
    let shapes = shapes::all();
    let (mut held, mut slowest, mut largest) = (0, 0.0f64, 0.0f64);
    for (name, text) in &shapes {
        let ended = process::run(&guard, &["hook"], &process::event(text), home.path());
        assert!(ended.answer.contains("permissionDecision"), "{name} was let through");
        let holds = ended.processor_ms <= 50.0 && ended.peak_mb <= 64.0;
        held += u32::from(holds);
        (slowest, largest) = (slowest.max(ended.processor_ms), largest.max(ended.peak_mb));
        println!("{:>8.1} ms {:>6.1} MB  {name}{}", ended.processor_ms, ended.peak_mb, if holds { "" } else { "  over 50 ms or 64 MB" });
    }
    println!("{held} of {} shapes within 50 ms and 64 MB; the slowest {slowest:.1} ms, the largest {largest:.1} MB", shapes.len());
}
