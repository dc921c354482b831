//! Compiles `rules/` into one JSON document, with the same reader that the binary uses for other layers. A mistake in a data
//! file fails the build with its file and line.

#[allow(dead_code, reason = "the build needs only the names")]
#[path = "src/verdict.rs"]
mod verdict;

#[allow(dead_code, reason = "the build needs only the types")]
#[path = "src/effect/spec.rs"]
mod spec;

#[allow(dead_code, reason = "the build needs only the types")]
#[path = "src/egress.rs"]
mod egress;

#[allow(dead_code, reason = "the build needs only the type")]
#[path = "src/table.rs"]
mod table;

mod effect {
    pub(crate) use crate::spec;
}

#[allow(dead_code, reason = "the build needs only the types")]
#[path = "src/rule/types.rs"]
mod types;

#[allow(dead_code, reason = "examples are counted by the test command")]
#[path = "src/rule/load.rs"]
mod load;

#[path = "src/rule/bundle.rs"]
mod bundle;

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    collect(Path::new("rules"), "", &mut files);
    files.sort();
    let (bundle, errors) = bundle::Bundle::read("rules", &files, &[]);
    if !errors.is_empty() {
        for error in errors {
            println!("cargo::error={error}");
        }
        std::process::exit(1);
    }
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let failed = bundle.rules.iter().find(|r| r.id == "guard-failed");
    let text = failed.map_or("guard failed, so this call was not judged and is denied (rule guard-failed)".to_owned(), |r| {
        format!("{} (rule guard-failed). {}", r.summary, r.instead)
    });
    let denial = serde_json::json!({"hookSpecificOutput": {
        "hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": text}});
    std::fs::write(Path::new(&out).join("denial.json"), denial.to_string()).expect("OUT_DIR is writable");
    // The hook never reads examples: they stand apart.
    let mut bundle = bundle;
    tables(&mut bundle, Path::new(&out));
    let examples: std::collections::BTreeMap<String, types::Examples> =
        bundle.rules.iter_mut().map(|r| (r.id.clone(), std::mem::take(&mut r.examples))).collect();
    let json = serde_json::to_string(&examples).expect("examples are plain data");
    std::fs::write(Path::new(&out).join("examples.json"), json).expect("OUT_DIR is writable");
    let json = serde_json::to_string(&bundle).expect("a bundle is plain data");
    std::fs::write(Path::new(&out).join("knowledge.json"), json).expect("OUT_DIR is writable");
}

/// Moves what a hook seldom needs into tables that are searched where they lie.
fn tables(bundle: &mut bundle::Bundle, out: &Path) {
    let mut names = std::collections::BTreeMap::new();
    let mut specs = String::new();
    for (at, (stem, mut spec)) in std::mem::take(&mut bundle.commands).into_iter().enumerate() {
        if spec.names.is_empty() {
            spec.names.push(stem);
        }
        for name in &spec.names {
            if name.contains(['*', '?', '[']) {
                bundle.builtin.globs.insert(0, (name.clone(), at));
            } else {
                names.insert(name.clone(), at);
            }
        }
        let json = serde_json::to_string(&spec).expect("a description is plain data");
        specs.push_str(&format!("{}\t{json}\n", spec::number(at)));
        bundle.builtin.specs = at + 1;
    }
    let names: String = names.iter().map(|(name, at)| format!("{name}\t{at}\n")).collect();
    let mut languages = String::new();
    for (name, language) in std::mem::take(&mut bundle.languages) {
        languages.push_str(&format!("{name}\t{language}\n"));
        bundle.builtin.languages.push(name);
    }
    // Two keys of which one begins the other are in the order of their bytes only with the tab behind them.
    for (file, text) in [("names.tsv", names), ("specs.tsv", specs), ("languages.tsv", languages)] {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        std::fs::write(out.join(file), lines.join("\n") + "\n").expect("OUT_DIR is writable");
    }
}

/// Every TOML file below `folder`, with its path relative to `rules/`.
fn collect(folder: &Path, prefix: &str, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("rules/ is readable") {
        let entry = entry.expect("rules/ is readable");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), out);
        } else if name.ends_with(".toml") {
            let text = std::fs::read_to_string(entry.path()).expect("rules are UTF-8");
            out.push((name, text));
        }
    }
}
