//! Other spellings of a command that do the same: used to prove that a rule does not depend on the spelling.
//!
//! A form is made only where it is sound: taking words apart needs a command of plain words, nesting needs text that can stand
//! inside the other quotes. `tests/rewrite.rs` has bash itself run every kind on a stand-in program.

/// Commands of the shell itself: they cannot stand behind a wrapper or a path.
const BUILTINS: [&str; 20] = [
    "export", "unset", "cd", "set", "alias", "source", ".", "eval", "exec", "declare", "history", "trap", "hash", "enable", "ulimit", "command",
    "builtin", "shopt", "typeset", "readonly",
];

/// The file of the forms that write a script first.
const SCRIPT: &str = "/tmp/guard-form.sh";

/// `text` as one word of the shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Named forms of `command`.
pub fn forms(command: &str) -> Vec<(&'static str, String)> {
    let mut out = nested(command);
    out.extend(coded(command));
    out.extend(in_other_languages(command));
    out.extend(split(command));
    out
}

/// Around the whole text.
fn nested(command: &str) -> Vec<(&'static str, String)> {
    let q = quoted(command);
    let here = |before: &str| format!("{before} <<'GUARD_END'\n{command}\nGUARD_END");
    let mut out = vec![
        ("bash -c", format!("bash -c {q}")),
        ("sh -c", format!("sh -c {q}")),
        ("bash -ec", format!("bash -ec {q}")),
        ("bash with options before -c", format!("bash --norc -c {q}")),
        ("odd path of the shell", format!("/usr/../bin/./bash -c {q}")),
        ("eval", format!("eval {q}")),
        ("subshell", format!("({command}\n)")),
        ("group", format!("{{ {command}\n}}")),
        ("and", format!("true && {{ {command}\n}}")),
        ("or", format!("false || {{ {command}\n}}")),
        ("if", format!("if true; then {command}\nfi")),
        ("else", format!("if false; then :; else {command}\nfi")),
        ("while", format!("while :; do {command}\nbreak; done")),
        ("until", format!("until false; do {command}\nbreak; done")),
        ("for", format!("for i in 1; do {command}\ndone")),
        ("case", format!("case x in x) {command}\n;; esac")),
        ("function", format!("f() {{ {command}\n}}; f")),
        ("function keyword", format!("function f {{ {command}\n}}; f")),
        ("here-document", here("bash")),
        ("here-document with -s", here("bash -s")),
        ("here-document through cat", format!("cat <<'GUARD_END' | sh\n{command}\nGUARD_END")),
        ("here-string", format!("bash <<< {q}")),
        ("printf piped", format!("printf '%s\\n' {q} | sh")),
        ("process substitution read", format!("bash <(printf '%s\\n' {q})")),
        ("process substitution sourced", format!(". <(printf '%s\\n' {q})")),
        ("process substitution output", format!("cat <({command}\n)")),
        ("substitution", format!("echo \"$({command}\n)\"")),
        ("trap", format!("(trap {q} EXIT)")),
        ("variable evaluated", format!("x={q}; eval \"$x\"")),
        ("variable to a shell", format!("x={q}; bash -c \"$x\"")),
        ("exported to a shell", format!("x={q} bash -c 'eval \"$x\"'")),
        ("positional of a shell", format!("bash -c 'eval \"$1\"' _ {q}")),
        ("printf -v evaluated", format!("printf -v x '%s' {q}; eval \"$x\"")),
        ("alias", format!("shopt -s expand_aliases\nalias guard_form={q}\nguard_form")),
        ("script written and run", format!("printf '%s\\n' {q} > {SCRIPT}; sh {SCRIPT}")),
        ("script written and sourced", format!("printf '%s\\n' {q} > {SCRIPT}; . {SCRIPT}")),
        ("script written and made executable", format!("printf '#!/bin/bash\\n%s\\n' {q} > {SCRIPT}; chmod +x {SCRIPT}; {SCRIPT}")),
        ("script fed to a shell", format!("printf '%s\\n' {q} > {SCRIPT}; bash < {SCRIPT}")),
        ("script appended to", format!(": > {SCRIPT}; echo {q} >> {SCRIPT}; bash {SCRIPT}")),
        ("wrapped shell", format!("env timeout 5 bash -c {q}")),
        ("xargs -0", format!("printf '%s' {q} | xargs -0 bash -c")),
        ("xargs -I", format!("printf '%s' {q} | xargs -0 -I{{}} sh -c {{}}")),
        ("find -exec", format!("find . -maxdepth 0 -exec sh -c {q} \\;")),
        ("background", format!("{{ {command}\n}} & wait")),
        ("piped on", format!("{{ {command}\n}} 2>&1 | cat")),
        ("timed", format!("time {{ {command}\n}}")),
        ("negated", format!("! {{ {command}\n}}")),
        ("make", format!("printf 'all:\\n\\t%s\\n' {} > /tmp/guard-form.mk; make -s -f /tmp/guard-form.mk all", quoted(&command.replace('$', "$$")))),
    ];
    // `echo` and `make` take single lines; backquotes read their text once more.
    out.retain(|(name, _)| !(command.contains('\n') && matches!(*name, "make" | "alias")) && !(command.contains('\\') && *name == "script appended to"));
    // find replaces its placeholder wherever it stands.
    out.retain(|(name, _)| !(command.contains("{}") && *name == "find -exec"));
    if !command.contains(['`', '\\', '\n', '!']) {
        out.push(("backquotes", format!("echo `{command}`")));
    }
    out
}

/// Encoded, and decoded on the way into a shell.
fn coded(command: &str) -> Vec<(&'static str, String)> {
    let base64 = base64(command.as_bytes());
    let hex: String = command.bytes().map(|b| format!("{b:02x}")).collect();
    let escaped: String = command.bytes().map(|b| format!("\\x{b:02x}")).collect();
    let octal: String = command.bytes().map(|b| format!("\\{b:03o}")).collect();
    let mut out = vec![
        ("base64 piped", format!("echo {base64} | base64 -d | sh")),
        ("base64 evaluated", format!("eval \"$(echo {base64} | base64 --decode)\"")),
        ("base64 here-string", format!("bash -c \"$(base64 -d <<< {base64})\"")),
        ("hex piped", format!("echo {hex} | xxd -r -p | sh")),
        ("printf escapes", format!("printf '{escaped}' | bash")),
        ("ANSI-C text", format!("eval $'{escaped}'")),
        ("octal", format!("eval \"$(printf '{octal}')\"")),
    ];
    if command.is_ascii() && !command.contains('\n') {
        let reversed: String = command.chars().rev().collect();
        out.push(("reversed", format!("echo {} | rev | sh", quoted(&reversed))));
    }
    if command.is_ascii() {
        let turn = |c: char| match c {
            'a'..='m' | 'A'..='M' => (c as u8 + 13) as char,
            'n'..='z' | 'N'..='Z' => (c as u8 - 13) as char,
            other => other,
        };
        let turned: String = command.chars().map(turn).collect();
        out.push(("letters turned", format!("printf '%s\\n' {} | tr 'A-Za-z' 'N-ZA-Mn-za-m' | sh", quoted(&turned))));
    }
    out
}

/// Given to the shell by another language.
fn in_other_languages(command: &str) -> Vec<(&'static str, String)> {
    if command.contains('\n') {
        return Vec::new();
    }
    let literal = format!("\"{}\"", command.replace('\\', "\\\\").replace('"', "\\\""));
    let mut out = vec![("python os.system", format!("python3 -c {}", quoted(&format!("import os; os.system({literal})"))))];
    out.push(("python subprocess", format!("python3 -c {}", quoted(&format!("import subprocess; subprocess.run({literal}, shell=True)")))));
    out.push(("awk system", format!("awk {}", quoted(&format!("BEGIN {{ system({literal}) }}")))));
    if !command.contains(['$', '@', '%']) {
        out.push(("perl system", format!("perl -e {}", quoted(&format!("system({literal})")))));
    }
    out
}

/// Taken apart: the words must be plain.
fn split(command: &str) -> Vec<(&'static str, String)> {
    let words: Vec<&str> = command.split(' ').collect();
    let plain = |w: &str| !w.is_empty() && w.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c));
    let (name, rest) = (words[0], words[1..].join(" "));
    if !words.iter().all(|w| plain(w)) || name.len() < 2 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Vec::new();
    }
    let (first, last) = name.split_at(1);
    let upper = name.to_ascii_uppercase();
    let list = words.join(" ");
    let mut out = vec![
        ("quoted name", format!("\"{first}\"{last} {rest}")),
        ("single-quoted name", format!("'{name}' {rest}")),
        ("empty quotes", format!("{first}''{last}\"\" {rest}")),
        ("escaped name", format!("{first}\\{last} {rest}")),
        ("ANSI-C name", format!("$'\\x{:02x}'{last} {rest}", first.as_bytes()[0])),
        ("variable name", format!("x={name}; $x {rest}")),
        ("variable in two parts", format!("a={first}; b={last}; $a$b {rest}")),
        ("default value", format!("${{guard_unset:-{name}}} {rest}")),
        ("substring", format!("x=zz{name}; ${{x:2}} {rest}")),
        ("suffix removed", format!("x={name}.zz; ${{x%.zz}} {rest}")),
        ("replaced", format!("x=zz{name}; ${{x/zz/}} {rest}")),
        ("indirect", format!("x={name}; y=x; ${{!y}} {rest}")),
        ("name substituted", format!("$(echo {name}) {rest}")),
        ("name printed", format!("\"$(printf %s {name})\" {rest}")),
        ("name read", format!("read -r x <<< {name}; $x {rest}")),
        ("array", format!("a=({list}); \"${{a[@]}}\"")),
        ("positional parameters", format!("(set -- {list}; \"$@\")")),
        ("for over the name", format!("for x in {name}; do $x {rest}; done")),
        ("redirection first", format!("2>/dev/null {command}")),
        ("assignment first", format!("GUARD_X=1 {command}")),
        ("line continuation", words.join(" \\\n")),
        ("continued name", format!("{first}\\\n{last} {rest}")),
        ("tabs", words.join("\t")),
    ];
    if upper.to_ascii_lowercase() == name && upper != name {
        out.push(("case changed", format!("x={upper}; ${{x,,}} {rest}")));
    }
    if words.len() > 1 {
        out.push(("IFS", words.join("${IFS}")));
        if !command.contains(',') {
            out.push(("braces", format!("{{{}}}", words.join(","))));
        }
        let (before, end) = words.split_at(words.len() - 1);
        if !BUILTINS.contains(&name) {
            out.push(("xargs", format!("echo {} | xargs {}", end[0], before.join(" "))));
        }
    }
    if !BUILTINS.contains(&name) {
        out.push(("path", format!("/usr/bin/{command}")));
        out.push(("odd path", format!("/usr//bin/../bin/./{command}")));
        out.push(("exec", format!("(exec {command})")));
        for (kind, wrapper) in [
            ("env", "env"),
            ("env with a flag", "env -u GUARD_X"),
            ("command", "command"),
            ("nice", "nice -n 5"),
            ("nohup", "nohup"),
            ("timeout", "timeout -k 1 5"),
            ("stdbuf", "stdbuf -o0"),
            ("setsid", "setsid -w"),
        ] {
            out.push((kind, format!("{wrapper} {command}")));
        }
    }
    out
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let n = u32::from(chunk[0]) << 16 | u32::from(*chunk.get(1).unwrap_or(&0)) << 8 | u32::from(*chunk.get(2).unwrap_or(&0));
        for i in 0..4 {
            out.push(if i <= chunk.len() { char::from(ALPHABET[(n >> (18 - 6 * i) & 63) as usize]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_the_usual_one() {
        for (text, wanted) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("rm -rf /", "cm0gLXJmIC8=")] {
            assert_eq!(super::base64(text.as_bytes()), wanted);
        }
    }
}
