//! Compiles `rules/` into Rust values that need no reading, with the same reader that the binary uses for other layers. A mistake
//! in a data file fails the build with its file and line.

#[allow(dead_code, reason = "the build needs only the names")]
#[path = "src/verdict.rs"]
mod verdict;

#[allow(dead_code, reason = "the build needs only the types")]
#[path = "src/effect/spec.rs"]
mod spec;

#[allow(dead_code, reason = "the build needs only the types")]
#[path = "src/egress.rs"]
mod egress;

#[allow(dead_code, reason = "the build needs only the types")]
#[path = "src/fixed.rs"]
mod fixed;

#[path = "src/credential.rs"]
mod credential;

#[path = "src/detector.rs"]
mod detector;

#[path = "src/build/automaton.rs"]
mod automaton;

#[path = "src/build/keywords.rs"]
mod keywords;

#[path = "src/build/source.rs"]
mod source;

mod effect {
    pub(crate) use crate::spec;
}

#[allow(dead_code, reason = "the build needs only the types")]
#[path = "src/rule/types.rs"]
mod types;

#[allow(dead_code, reason = "examples are counted by the test command")]
#[path = "src/rule/load.rs"]
mod load;

#[path = "src/rule/index.rs"]
mod index;

#[path = "src/rule/bundle.rs"]
mod bundle;

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    collect(Path::new("rules"), "", &mut files);
    files.sort();
    let (mut bundle, errors) = bundle::Bundle::read("rules", &files, &[]);
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
    let out = Path::new(&out);
    write(out, "bundle.json", &serde_json::to_string(&bundle).expect("a bundle is plain data"));
    let languages: String = std::mem::take(&mut bundle.languages).iter().map(|(name, language)| format!("{name}\t{language}\n")).collect();
    // Two keys of which one begins the other are in the order of their bytes only with the tab behind them.
    let mut lines: Vec<&str> = languages.lines().collect();
    lines.sort_unstable();
    write(out, "languages.tsv", &(lines.join("\n") + "\n"));
    let mut names: Vec<&str> = lines.iter().filter_map(|l| Some(l.split_once('\t')?.0)).collect();
    names.sort_unstable();
    match source::builtin(bundle, &names) {
        Ok(text) => write(out, "builtin.rs", &text),
        Err(error) => {
            println!("cargo::error={error}");
            std::process::exit(1);
        }
    }
}

fn write(out: &Path, name: &str, text: &str) {
    std::fs::write(out.join(name), text).expect("OUT_DIR is writable");
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
