//! Snapshots of what guard makes of shell text: one file in fixtures/shell, one snapshot.

use guard::cli::test::judge;
use guard::knowledge::Knowledge;
use guard::rule::example;
use guard::rule::types::Example;

#[test]
fn plans_of_shell_fixtures() {
    let know = Knowledge::new(Knowledge::builtin_bundle()).expect("sound lists");
    let mut paths: Vec<_> = std::fs::read_dir("fixtures/shell").expect("fixtures/shell").map(|e| e.expect("entry").path()).collect();
    paths.sort();
    let mut seen = 0;
    for path in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "sh")) {
        let text = std::fs::read_to_string(path).expect("text");
        let call = example::call(&Example::Command(text.clone())).expect("a command");
        let (plan, verdict) = judge(&know, &call);
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../fixtures/shell");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_description(text.clone());
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, guard::cli::explain::script(&text) + &guard::cli::explain::print(&plan, &verdict)));
        seen += 1;
    }
    assert!(seen > 10);
}

/// A command stands in every hole of the grammar that may hold a substitution; it must be found in each.
#[test]
fn a_substitution_is_found_in_every_hole() {
    let know = Knowledge::new(Knowledge::builtin_bundle()).expect("sound lists");
    let holes = [
        "echo HOLE", "echo \"HOLE\"", "x=HOLE", "x=(a HOLE)", "x[HOLE]=1", "declare x=HOLE", "export x=HOLE", "cat <<< HOLE", "cat <<E\nHOLE\nE",
        "cat < HOLE", "cat > HOLE", "echo ${x:-HOLE}", "echo ${x:=HOLE}", "echo ${x:+HOLE}", "echo ${x#HOLE}", "echo ${x%HOLE}", "echo ${x/HOLE/b}", "echo ${x/a/HOLE}",
        "echo ${x:HOLE:2}", "echo ${x[HOLE]}", "echo $((1 + HOLE))", "((x = HOLE))", "for i in HOLE; do :; done", "for ((i=HOLE;i<2;i++)); do :; done",
        "case HOLE in a) ;; esac", "case a in HOLE) ;; esac", "[[ a == HOLE ]]", "[[ HOLE -gt 2 ]]", "[[ a =~ HOLE ]]", "if HOLE; then :; fi", "while HOLE; do break; done",
        "select i in HOLE; do break; done", "exit HOLE", "return HOLE", "f() { HOLE; }; f", "coproc HOLE", "time HOLE", "! HOLE", "HOLE &", "{ HOLE; }", "( HOLE )",
        "a && HOLE", "a || HOLE", "a | HOLE", "cat <(HOLE)", "echo a > >(HOLE)", "echo {a,HOLE}", "trap \"HOLE\" EXIT", "eval \"HOLE\"", "echo $'a'HOLE", "~/HOLE/x", "echo a\\\nHOLE",
    ];
    for hole in holes {
        for substitution in ["$(rm -rf /)", "`rm -rf /`"] {
            let command = hole.replace("HOLE", substitution);
            let call = example::call(&Example::Command(command.clone())).expect("a command");
            let (plan, verdict) = judge(&know, &call);
            assert!(
                verdict.findings.iter().any(|f| f.rule == "whole-tree-deleted"),
                "{command}\n{}",
                guard::cli::explain::print(&plan, &verdict)
            );
        }
    }
}

/// Every command that the project has, and those in the file that `GUARD_CORPUS` names: JSON strings, or objects with a `command`.
fn commands() -> Vec<String> {
    let bundle = Knowledge::builtin_bundle();
    let examples = bundle.rules.iter().flat_map(|r| {
        let e = &r.examples;
        e.deny.iter().chain(&e.ask).chain(&e.warn).chain(&e.allow).chain(&e.todo)
    });
    let mut all: Vec<String> = examples.filter_map(|e| if let Example::Command(text) = e { Some(text.clone()) } else { None }).collect();
    let corpora = ["allowed", "ordinary", "refused", "carriers"].map(|name| format!("fixtures/corpus/{name}.jsonl"));
    for path in corpora.into_iter().chain(std::env::var("GUARD_CORPUS")) {
        let text = std::fs::read_to_string(path).expect("a corpus");
        all.extend(text.lines().filter_map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            value.as_str().or_else(|| value["command"].as_str()).map(str::to_owned)
        }));
    }
    for entry in std::fs::read_dir("fixtures/shell").expect("fixtures/shell") {
        let path = entry.expect("entry").path();
        if path.extension().is_some_and(|e| e == "sh") {
            all.push(std::fs::read_to_string(path).expect("text"));
        }
    }
    all.extend(bundle.commands.values().flat_map(|spec| spec.names.iter()).map(|name| format!("{name} -a b")));
    all.extend(guard::shell::plain::NO_NAMES.iter().flat_map(|name| [format!("{name} a 1"), (*name).to_owned()]));
    all
}

/// Equal trees, with their places, are judged equally: judging depends on nothing else of the text.
#[test]
fn the_short_way_gives_the_grammars_tree() {
    let (mut short, mut all) = (0, 0);
    for command in commands() {
        // The command, its lines and what stands between operators, quotes and blanks: many of these are plain.
        let lines = command.lines();
        let pieces = command.split(['|', ';', '&', '\n', '"', '\'', '(', ')']);
        let turned = command.split_whitespace().rev().collect::<Vec<_>>().join("  ");
        for text in lines.chain(pieces).chain(command.split_whitespace()).chain([command.as_str(), &format!(" {command} "), &turned]) {
            all += 1;
            if let Some(script) = guard::shell::plain::parse(text) {
                short += 1;
                assert_eq!(script, guard::shell::parse_with_grammar(text), "`{text}`");
            }
        }
    }
    assert!(short > 5_000 && short < all, "{short} of {all}");
}
