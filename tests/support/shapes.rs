//! Shell texts made to be slow or to hide what they do, each with one command in it that must be refused. They are only judged.

use super::DENIED;

/// Levels of nesting.
const DEEP: usize = 10_000;

/// What goes round a command, one level: its beginning and end.
const NESTED: [(&str, &str, &str); 8] = [
    ("parentheses", "( ", " )"),
    ("braces", "{ ", "; }"),
    ("substitutions", "$( ", " )"),
    ("defaults", "${a:-", "}"),
    ("quoted substitutions", "\"$( ", " )\""),
    ("tests", "[[ ( ", " ) ]]"),
    ("if", "if ", "; then :; fi"),
    ("case", "case x in x) ", ";; esac"),
];

/// Name and text of every shape.
pub fn all() -> Vec<(String, String)> {
    let mut shapes = Vec::new();
    for (name, open, close) in NESTED {
        shapes.push((format!("{name}, closed"), format!("echo; {}{DENIED}{}", open.repeat(DEEP), close.repeat(DEEP))));
        shapes.push((format!("{name}, open"), format!("echo; {}{DENIED}", open.repeat(DEEP))));
        shapes.push((format!("{name}, open, the command outside"), format!("{DENIED}; {}", open.repeat(DEEP))));
    }
    let mut more = |name: &str, text: String| shapes.push((name.to_owned(), text));
    more("backquotes", format!("echo {}{DENIED}{}", "`".repeat(DEEP - 1), "`".repeat(DEEP - 1)));
    more("a pipeline of 20,000", format!("{}{DENIED}", "cat | ".repeat(20_000)));
    let documents: String = (0..2_000).map(|n| format!("cat <<E{n}\nx\nE{n}\n")).collect();
    more("2,000 here-documents", format!("{documents}{DENIED}\n"));
    let announced: String = (0..2_000).map(|n| format!(" <<E{n}")).collect();
    let bodies: String = (0..2_000).map(|n| format!("x\nE{n}\n")).collect();
    more("2,000 here-documents on one line", format!("cat{announced}\n{bodies}{DENIED}\n"));
    more("a word of 1 MB", format!("echo {}; {DENIED}", "x".repeat(1 << 20)));
    more("a word of 200 KB", format!("echo {}; {DENIED}", "x".repeat(200 << 10)));
    more("30,000 quoted pieces", format!("echo {}; {DENIED}", "'a'\"b\"".repeat(15_000)));
    more("30,000 quoted pieces that make a name", format!("{}''rm -rf /", "''\"\"".repeat(15_000)));
    more("{a,b} 40 times", format!("echo {}; {DENIED}", "{a,b}".repeat(40)));
    more("{a,b} 40 times round it", format!("{{rm,}} -rf / {}", "{a,b}".repeat(40)));
    more("{1..999999999}", format!("echo {{1..999999999}}; {DENIED}"));
    more("a=$a$a 60 times", format!("a=xxxxxxxx; {}echo $a; {DENIED}", "a=$a$a; ".repeat(60)));
    more("a function that calls itself", format!("f() {{ f; f; {DENIED}; }}; f"));
    more("a function that calls itself in a pipe", "f() { f | f & rm -rf /; }; f".to_owned());
    more("eval in eval", format!("{}{DENIED}", "eval ".repeat(10_000)));
    let doubling: String = (0..40).map(|n| format!("f{}() {{ f{n}; f{n}; }}; ", n + 1)).collect();
    more("functions that call twice", format!("f0() {{ {DENIED}; }}; {doubling}f40"));
    more("loops in loops", format!("{}{DENIED}{}", "for i in 1 2 3 4 5 6 7 8 9; do ".repeat(60), "; done".repeat(60)));
    more("a long list of words", format!("echo {}; {DENIED}", "$a ".repeat(60_000)));
    more("many assignments", format!("{}{DENIED}", "a=1; ".repeat(20_000)));
    more("a long arithmetic", format!("echo $(({}1)); {DENIED}", "1+(".repeat(10_000)));
    shapes
}
