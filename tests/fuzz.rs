//! The fuzz targets as property tests: every seed, and deterministic changes of it. Where a nightly compiler and cargo-fuzz are,
//! `fuzz/run` runs the same functions under the fuzzer. `GUARD_FUZZ_SEEDS=DIR` writes the seeds out for it.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

/// Changed inputs per target.
const CHANGED: usize = 4_000;

/// What shell text, rules and events are made of: one of these goes in where a change inserts.
const PIECES: [&str; 36] = [
    "$(", ")", "\"", "'", "`", "${", "}", "{", "((", "))", "[[", "]]", "<<E\n", "\nE\n", "|", "&&", ";", "\n", "\\", "$'\\x", "rm -rf /", "eval ",
    "if ", "fi", "case x in ", "esac", "a=(", "{a,b}", "{1..9}", "<(", ">&", "\u{e000}", "\u{0}", "é", "[[match]]\n", "= [\"",
];

struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).expect("it is below a usize")
    }

    fn changed(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(6) {
                0 => bytes.truncate(at),
                1 => drop(bytes.splice(at..at, PIECES[self.below(PIECES.len())].bytes())),
                2 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).expect("a byte"),
                3 => {
                    let end = at + self.below(bytes.len() - at + 1);
                    bytes.drain(at..end);
                }
                4 => {
                    let other = &seeds[self.below(seeds.len())];
                    bytes.extend_from_slice(&other[self.below(other.len() + 1)..]);
                }
                _ => {
                    let end = at + self.below((bytes.len() - at + 1).min(40));
                    let again = bytes[at..end].repeat(1 + self.below(8));
                    bytes.splice(at..at, again);
                }
            }
        }
        bytes.truncate(64 << 10);
        bytes
    }
}

fn files(folder: &Path, out: &mut Vec<Vec<u8>>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, out);
        } else {
            out.push(std::fs::read(&path).expect("a seed"));
        }
    }
}

/// The committed seeds: fixtures, and what fuzzing found (`fuzz/seeds/TARGET`).
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    files(&Path::new("fuzz/seeds").join(target), &mut out);
    match target {
        "protocol" => files(Path::new("fixtures/hook"), &mut out),
        "rules" => {
            files(Path::new("fixtures/rules"), &mut out);
            files(Path::new("rules/policy"), &mut out);
            files(Path::new("rules/commands"), &mut out);
        }
        "journal" => {
            let frame = |n: u8| guard::io::journal::encode(&[n; 16], format!("{{\"time_ms\":{n}}}").as_bytes());
            out.push(frame(1));
            out.push((0..20).flat_map(frame).collect());
        }
        _ => {
            for name in ["allowed", "ordinary", "refused"] {
                let text = std::fs::read_to_string(format!("fixtures/corpus/{name}.jsonl")).expect("a corpus");
                out.extend(text.lines().map(|line| serde_json::from_str::<String>(line).expect("a command").into_bytes()));
            }
            files(Path::new("fixtures/shell"), &mut out);
        }
    }
    out
}

#[test]
fn every_target_holds_for_its_seeds_and_changes_of_them() {
    for (at, (name, run)) in targets::ALL.into_iter().enumerate() {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        if let Some(folder) = std::env::var_os("GUARD_FUZZ_SEEDS") {
            let folder = Path::new(&folder).join(name);
            std::fs::create_dir_all(&folder).expect("a folder");
            seeds.iter().enumerate().for_each(|(n, seed)| std::fs::write(folder.join(n.to_string()), seed).expect("a seed"));
            continue;
        }
        seeds.iter().for_each(|seed| run(seed));
        let mut dice = Dice(0x1234_5678 + at as u64);
        for n in 0..CHANGED {
            let bytes = dice.changed(&seeds);
            let outcome = std::panic::catch_unwind(|| run(&bytes));
            assert!(outcome.is_ok(), "{name}, change {n}: {:?}", String::from_utf8_lossy(&bytes));
        }
        println!("{name}: {} seeds and {CHANGED} changes of them as property tests", seeds.len());
    }
}
