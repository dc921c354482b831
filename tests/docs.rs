//! Generated documents say what the rules say.

use guard::cli::knowledge::{commands_document, rules_document};
use guard::knowledge::Knowledge;

fn current(path: &str, wanted: &str, how: &str) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(text == wanted, "{path} is old; make it again: `{how}`");
}

#[test]
fn the_documents_are_current() {
    let bundle = Knowledge::builtin_bundle();
    current("docs/rules.md", &rules_document(&bundle), "cargo run -- rules doc rules > docs/rules.md");
    current("docs/commands.md", &commands_document(&Knowledge::new(bundle.clone()).expect("sound lists")), "cargo run -- rules doc commands > docs/commands.md");
}
