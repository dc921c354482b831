//! Code in other languages: one line of fixtures/inline/cases.jsonl, one case; and input made to be hostile.

use guard::effect::Text;
use guard::effect::inline::{self, Found, Languages};
use guard::knowledge::Knowledge;

fn scan(languages: &Languages, lang: &str, code: &str) -> Vec<Found> {
    let text = Text::known(code);
    match languages.get(lang).expect("a language").grammar.as_deref() {
        Some("sed") => inline::scan_sed(&text),
        Some("sql") => inline::scan_sql(&text, languages.get(lang).expect("a language")),
        Some("lines") => inline::scan_lines(&text, languages.get(lang).expect("a language"), "/home/claude"),
        Some("words") => inline::scan_words(&text, languages.get(lang).expect("a language")),
        _ => inline::scan(&text, languages.get(lang).expect("a language"), "/home/claude"),
    }
}

fn print(found: &Found) -> String {
    match found {
        Found::Shell(t) => format!("Shell({t})"),
        Found::Argv(words) => format!("Argv({})", words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        Found::Read(t) => format!("Read({t})"),
        Found::Write(t) => format!("Write({t})"),
        Found::Put { path, content } => format!("Put({path}, {content})"),
        Found::Copy(from, to) => format!("Copy({from}, {to})"),
        Found::Delete { path, recursive } => format!("Delete({path}{})", if *recursive { " recursive" } else { "" }),
        Found::Environment(t) => format!("Environment({})", t.as_ref().map(ToString::to_string).unwrap_or_default()),
        Found::Opaque(what) => format!("Opaque({what})"),
        Found::Operate(name, t) => format!("Operate({name} {t})"),
        Found::Literal(t) => format!("Literal({t})"),
        Found::Code(language, t) => format!("Code({language}: {t})"),
        Found::Include(t) => format!("Include({t})"),
        Found::Printed(t) => format!("Printed({t})"),
        other => format!("{other:?}"),
    }
}

#[test]
fn cases() {
    let know = Knowledge::new(Knowledge::builtin_bundle()).expect("sound lists");
    let text = std::fs::read_to_string("fixtures/inline/cases.jsonl").expect("cases");
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let (lang, code) = (case["lang"].as_str().expect("lang"), case["code"].as_str().expect("code"));
        let found: Vec<String> = scan(&know.world.languages, lang, code).iter().map(print).collect();
        let wanted: Vec<&str> = case["found"].as_array().expect("found").iter().filter_map(|f| f.as_str()).collect();
        assert_eq!(found, wanted, "{lang}: {}", code.chars().take(200).collect::<String>());
    }
    assert!(text.lines().count() >= 30);
}

#[test]
fn hostile_code_ends() {
    let know = Knowledge::new(Knowledge::builtin_bundle()).expect("sound lists");
    let shapes = ["(", "[", "{", "\"", "'", "`", "eval(", "f('", "x=x+", "\\", "é", "#{", "${", "/*", "qx(", "%s' % ", "\u{e000}"];
    for lang in know.world.languages.names() {
        for shape in shapes {
            scan(&know.world.languages, lang, &shape.repeat(20_000));
            scan(&know.world.languages, lang, &format!("{}os.system('id')", shape.repeat(500)));
        }
    }
}
