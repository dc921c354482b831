//! The commands in a file's text, by the form in which they stand there (`rules/executed.toml`). Knows no effects: text in, shell
//! text out. A text that is only a part of such a file, as an edit gives it, is read as far as it goes.

use serde_json::Value;

/// The commands in `text`, as shell text. `keys` are what the form names; one that begins with `@` holds variables.
/// `None` for a form that is not about shell text.
pub fn pieces(form: &str, keys: &[&str], text: &str) -> Option<Vec<String>> {
    Some(match form {
        "json" => match serde_json::from_str::<Value>(text) {
            Ok(value) => json(&value, keys),
            Err(_) => json_fragments(text, keys),
        },
        "lines" => lines(text, keys),
        "markdown" => {
            let mut all = front_matter(text).map(|head| lines(head, keys)).unwrap_or_default();
            all.extend(text.split("!`").skip(1).filter_map(|p| p.split_once('`')).map(|(command, _)| command.to_owned()));
            all
        }
        "dockerfile" => dockerfile(text),
        "makefile" => text.lines().filter_map(|l| l.strip_prefix('\t')).map(|l| l.trim_start_matches(['@', '-', '+']).replace("$$", "$")).collect(),
        "justfile" => text.lines().filter(|l| l.starts_with([' ', '\t'])).map(|l| l.trim_start().trim_start_matches(['@', '-']).to_owned()).collect(),
        "procfile" => text.lines().filter_map(|l| l.split_once(':')).map(|(_, command)| command.trim().to_owned()).collect(),
        "shell" => vec![text.to_owned()],
        _ => return None,
    })
}

/// What stands between the first two lines of `---`.
fn front_matter(text: &str) -> Option<&str> {
    text.strip_prefix("---\n")?.split_once("\n---").map(|(head, _)| head)
}

/// `export NAME=value`, the value as it would be read there.
fn export(name: &str, value: &str) -> Option<String> {
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then(|| format!("export {name}={}", shell_words::quote(value)))
}

/// Every string below one of the keys; a `command` with `args` beside it is one command, `headers` beside a `url` one request.
fn json(value: &Value, keys: &[&str]) -> Vec<String> {
    fn below(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::String(text) => out.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|v| below(v, out)),
            Value::Object(map) => map.values().for_each(|v| below(v, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    match value {
        Value::Array(items) => items.iter().for_each(|v| out.extend(json(v, keys))),
        Value::Object(map) => {
            if let (true, Some(Value::String(url)), Some(Value::Object(headers))) = (keys.contains(&"headers"), map.get("url"), map.get("headers")) {
                out.push(request(url, headers));
            }
            for (key, inner) in map {
                if let (Some(_), Value::Object(variables)) = (keys.iter().find(|k| k.strip_prefix('@') == Some(key)), inner) {
                    out.extend(variables.iter().filter_map(|(name, value)| export(name, value.as_str()?)));
                } else if !keys.contains(&key.as_str()) {
                    out.extend(json(inner, keys));
                } else if key == "headers" {
                } else if let (Value::String(command), Some(Value::Array(arguments))) = (inner, map.get("args")) {
                    let words = arguments.iter().filter_map(Value::as_str).map(|a| shell_words::quote(a).into_owned());
                    out.push(std::iter::once(command.clone()).chain(words).collect::<Vec<_>>().join(" "));
                } else {
                    below(inner, &mut out);
                }
            }
        }
        _ => {}
    }
    out
}

/// A request with headers, in which `${NAME}` stands for a variable as it does in the client's files.
fn request(url: &str, headers: &serde_json::Map<String, Value>) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('`', "\\`").replace("$(", "\\$("));
    let headers = headers.iter().filter_map(|(name, value)| Some(format!(" -H {}", quoted(&format!("{name}: {}", value.as_str()?)))));
    format!("curl {}{}", quoted(url), headers.collect::<String>())
}

/// The values of the keys in text that is no whole JSON: a part of it, or JSON with comments.
fn json_fragments(text: &str, keys: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    for key in keys {
        let name = format!("\"{}\"", key.trim_start_matches('@'));
        for (at, _) in text.match_indices(&name) {
            let Some(rest) = text[at + name.len()..].trim_start().strip_prefix(':') else { continue };
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            let Some(Ok(value)) = values.next() else { continue };
            let mut object = serde_json::Map::from_iter([(key.trim_start_matches('@').to_owned(), value)]);
            let after = rest[values.byte_offset()..].trim_start_matches([',', ' ', '\n', '\r', '\t']);
            let arguments = after.strip_prefix("\"args\"").and_then(|a| a.trim_start().strip_prefix(':'));
            if let Some(Ok(arguments)) = arguments.and_then(|a| serde_json::Deserializer::from_str(a).into_iter::<Value>().next()) {
                object.insert("args".into(), arguments);
            }
            out.extend(json(&Value::Object(object), keys));
        }
    }
    out
}

/// `key: value` and `key = value`, YAML blocks (`key: |`) and lists below a key.
fn lines(text: &str, keys: &[&str]) -> Vec<String> {
    let indent = |l: &str| l.len() - l.trim_start().len();
    let all: Vec<&str> = text.lines().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let line = all[at];
        at += 1;
        let plain = line.trim_start().trim_start_matches("- ");
        let Some((key, value)) = plain.split_once([':', '=']) else { continue };
        let key = key.trim().trim_matches('"');
        let variables = keys.iter().any(|k| k.strip_prefix('@') == Some(key));
        if !variables && !keys.contains(&key) {
            continue;
        }
        let value = value.trim();
        if !(value.is_empty() || value.starts_with(['|', '>'])) {
            out.push(value.trim_matches(['"', '\'']).to_owned());
            continue;
        }
        let depth = indent(line) + (line.trim_start().len() - plain.len());
        let mut block = Vec::new();
        while at < all.len() && (all[at].trim().is_empty() || indent(all[at]) > depth || (value.is_empty() && all[at].trim_start().starts_with("- ") && indent(all[at]) >= depth)) {
            block.push(all[at].trim());
            at += 1;
        }
        if variables {
            let pairs = block.iter().filter_map(|l| l.split_once([':', '=']));
            out.extend(pairs.filter_map(|(name, value)| export(name.trim().trim_start_matches("- "), value.trim().trim_matches(['"', '\'']))));
        } else if value.is_empty() {
            out.extend(block.iter().map(|l| l.trim_start_matches("- ").trim_matches(['"', '\'']).to_owned()));
        } else {
            out.push(block.join("\n"));
        }
    }
    out
}

/// What RUN lines run, in the shell form and as a list, and the variables that ENV sets.
fn dockerfile(text: &str) -> Vec<String> {
    text.replace("\\\n", " ")
        .lines()
        .filter_map(|l| l.trim().split_once(char::is_whitespace))
        .filter_map(|(word, rest)| {
            let rest = rest.trim();
            if word.eq_ignore_ascii_case("ENV") {
                let old_form = !rest.split(' ').next().is_some_and(|first| first.contains('='));
                return if old_form { rest.split_once(' ').and_then(|(name, value)| export(name, value.trim())) } else { Some(format!("export {rest}")) };
            }
            if !["RUN", "CMD", "ENTRYPOINT"].iter().any(|w| word.eq_ignore_ascii_case(w)) {
                return None;
            }
            Some(match serde_json::from_str::<Vec<String>>(rest) {
                Ok(words) => words.iter().map(|w| shell_words::quote(w).into_owned()).collect::<Vec<_>>().join(" "),
                Err(_) => rest.split(' ').skip_while(|w| w.starts_with("--")).collect::<Vec<_>>().join(" "),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(form: &str, text: &str) -> Vec<String> {
        let (kind, keys) = form.split_once(' ').unwrap_or((form, ""));
        pieces(kind, &keys.split_whitespace().collect::<Vec<_>>(), text).expect("a form with pieces")
    }

    #[test]
    fn commands_are_found_where_they_stand() {
        let package = r#"{"name":"x","scripts":{"a":"make a","b":"rm b"},"m":{"command":"npx","args":["y","z w"]}}"#;
        let yaml = "jobs:\n  a:\n    env:\n      PAGER: 'less'\n    steps:\n      - run: make\n      - name: x\n        run: |\n          one\n          two\n      - uses: y\nscript:\n  - three\n";
        let skill = "---\nname: x\nhooks:\n  Stop:\n    - command: a b\n---\nSee !`git status` and `rm x`.\n";
        let docker = "FROM x\nENV A=1 B=2\nENV C d e\nRUN --mount=type=cache a \\\n  b\nCMD [\"c\", \"d e\"]\n";
        for (form, text, wanted) in [
            ("json scripts", package, &["make a", "rm b"][..]),
            ("json command", package, &["npx y 'z w'"]),
            ("json @env", r#"{"env":{"A":"b c"},"x":{"env":{"D":"e"}}}"#, &["export A='b c'", "export D=e"]),
            ("json headers", r#"{"url":"https://h/x","headers":{"A":"b ${C}"}}"#, &["curl \"https://h/x\" -H \"A: b ${C}\""]),
            ("json command", "\"command\": \"a\", \"args\": [\"b c\"]", &["a 'b c'"]),
            ("json command", "{ // jsonc\n \"command\": \"a\" }", &["a"]),
            ("lines run", yaml, &["make", "one\ntwo"]),
            ("lines script", yaml, &["three"]),
            ("lines @env", yaml, &["export PAGER=less"]),
            ("lines script-shell", "script-shell=/tmp/x\nother=1\n", &["/tmp/x"]),
            ("markdown command", skill, &["a b", "git status"]),
            ("dockerfile", docker, &["export A=1 B=2", "export C='d e'", "a    b", "c 'd e'"]),
            ("justfile", "build:\n    @cargo build\n", &["cargo build"]),
            ("procfile", "web: node x.js\n", &["node x.js"]),
        ] {
            assert_eq!(all(form, text), wanted, "{form}");
        }
    }
}
