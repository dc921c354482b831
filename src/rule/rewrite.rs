//! Other spellings of a command that do the same: used to prove that a rule does not depend on the spelling.
//!
//! A form is made only where it is sound: quoting and `$IFS` need a command of plain words, nesting needs text that can stand
//! inside the other quotes.

/// Named forms of `command`.
pub fn forms(command: &str) -> Vec<(&'static str, String)> {
    let mut out: Vec<(&'static str, String)> = Vec::new();
    let nested = |prefix: &str| format!("{prefix} {}", shell_words::quote(command));
    out.push(("bash -c", nested("bash -c")));
    out.push(("sh -c", nested("sh -c")));
    out.push(("eval", nested("eval")));
    out.push(("subshell", format!("({command}\n)")));
    out.push(("group", format!("{{ {command}\n}}")));
    out.push(("and", format!("true && {{ {command}\n}}")));
    out.push(("function", format!("f() {{ {command}\n}}; f")));
    out.push(("here-document", format!("bash <<'GUARD_END'\n{command}\nGUARD_END")));
    out.push(("pipe", format!("printf '%s\\n' {} | sh", shell_words::quote(command))));
    let words: Vec<&str> = command.split(' ').collect();
    let plain = |w: &str| !w.is_empty() && w.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c));
    if words.iter().all(|w| plain(w)) && words[0].chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        let (name, rest) = (words[0], words[1..].join(" "));
        let builtin = ["export", "unset", "cd", "set", "alias", "source", "eval", "exec", "declare", "history", "trap", "hash", "enable", "ulimit"].contains(&name);
        let (first, last) = name.split_at(1);
        out.push(("quoted name", format!("\"{first}\"{last} {rest}")));
        out.push(("escaped name", format!("{first}{} {rest}", if last.is_empty() { String::new() } else { format!("\\{last}") })));
        out.push(("ansi name", format!("$'\\x{:02x}'{last} {rest}", first.as_bytes()[0])));
        out.push(("variable", format!("x={name}; $x {rest}")));
        if words.len() > 1 {
            out.push(("IFS", words.join("${IFS}")));
        }
        if !builtin {
            out.push(("path", format!("/usr/bin/{command}")));
            for wrapper in ["env", "command", "nice", "nohup", "timeout 5"] {
                out.push(("wrapper", format!("{wrapper} {command}")));
            }
        }
    }
    out
}
