//! The commands in a file's text, by the form in which they stand there (`rules/executed.toml`). Knows no effects: text in, shell
//! text out. A text that is only a part of such a file, as an edit gives it, is read as far as it goes.

use serde_json::Value;

/// The commands in `text`, as shell text. `keys` are what the form names; one that begins with `@` holds variables.
/// `None` for a form that is not about shell text.
pub fn pieces(form: &str, keys: &[&str], text: &str) -> Option<Vec<String>> {
    Some(match form {
        "json" => match serde_json::from_str::<Value>(text) {
            Ok(value) => json(&value, keys),
            Err(_) => match json_fragments(text, keys) {
                // An edit shows what stands below a key without the key.
                pairs if pairs.is_empty() => json_pairs(text, keys),
                found => found,
            },
        },
        "lines" => lines(text, keys),
        "markdown" => {
            let mut all = front_matter(text).map(|head| lines(head, keys)).unwrap_or_default();
            all.extend(text.split("!`").skip(1).filter_map(|p| p.split_once('`')).map(|(command, _)| command.to_owned()));
            all
        }
        "dockerfile" => dockerfile(text),
        "makefile" => makefile(text),
        "gitconfig" => git_config(text),
        "compose" => compose(text),
        "workflow" => workflow(text, keys),
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

/// The values of `"name": "value"` pairs in a part of JSON, but those of the names that `keys` leaves out with a `-`; only where such
/// names are left out at all.
fn json_pairs(text: &str, keys: &[&str]) -> Vec<String> {
    if !keys.iter().any(|k| k.starts_with('-')) || text.trim_start().starts_with('{') {
        return Vec::new();
    }
    let pairs = text.lines().filter_map(|l| l.trim().trim_end_matches(',').split_once(':'));
    let strings = pairs.filter_map(|(name, value)| Some((serde_json::from_str::<String>(name.trim()).ok()?, serde_json::from_str::<String>(value.trim()).ok()?)));
    strings.filter(|(name, _)| !keys.iter().any(|k| k.strip_prefix('-') == Some(name))).map(|(_, value)| value).collect()
}

/// A value without the quotes around it; a list of words is one command.
fn unquoted(value: &str) -> String {
    if value.starts_with('[')
        && let Ok(words) = serde_json::from_str::<Vec<String>>(value)
    {
        return words.iter().map(|w| shell_words::quote(w).into_owned()).collect::<Vec<_>>().join(" ");
    }
    ['"', '\''].into_iter().find_map(|q| value.strip_prefix(q)?.strip_suffix(q)).unwrap_or(value).to_owned()
}

/// Recipes, and what a makefile runs while it is read. `$(NAME)` is a variable there, which the shell knows by the same name.
fn makefile(text: &str) -> Vec<String> {
    let mut out: Vec<String> = text.lines().filter_map(|l| l.strip_prefix('\t')).map(|l| variables(&l.trim_start_matches(['@', '-', '+']).replace("$$", "$"))).collect();
    for (at, mark) in text.match_indices("$(shell ").take(64) {
        let body = &text[at + mark.len()..];
        let mut depth = 0;
        let end = body.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth < 0
        });
        out.push(variables(&body[..end.unwrap_or(body.len())].replace("$$", "$")));
    }
    out.extend(text.lines().filter_map(|l| l.split_once("!=")).map(|(_, command)| variables(command.trim())));
    out
}

/// `$(NAME)` → `${NAME}`
fn variables(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("$(") {
        out.push_str(before);
        match after.split_once(')') {
            Some((name, tail)) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') => {
                out.push_str(&format!("${{{name}}}"));
                rest = tail;
            }
            _ => {
                out.push_str("$(");
                rest = after;
            }
        }
    }
    out + rest
}

/// The settings of git's own file, as `git config` would make them.
fn git_config(text: &str) -> Vec<String> {
    let mut section = String::new();
    let mut out = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split_once(']')) {
            section = name.0.replace(" \"", ".").trim_end_matches('"').to_owned();
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !section.is_empty() && !line.starts_with(['#', ';'])) {
            out.push(format!("git config {} {}", shell_words::quote(&format!("{section}.{}", key.trim())), shell_words::quote(value.trim())));
        }
    }
    out
}

/// What opens the machine to a container, as `docker run` would say it.
fn compose(text: &str) -> Vec<String> {
    let run = |flags: String| format!("docker run {flags} image");
    let one = |line: &str| -> Option<String> {
        let value = unquoted(line.trim().trim_start_matches("- "));
        match value.split_once(':') {
            Some(("privileged", v)) if v.trim() == "true" => Some(run("--privileged".into())),
            Some(("pid", v)) if v.trim() == "host" => Some(run("--pid=host".into())),
            Some((from, _)) if from.starts_with(['/', '~', '$']) => Some(run(format!("-v {}", shell_words::quote(&value)))),
            Some(("source", from)) => Some(run(format!("-v {}:/x", shell_words::quote(from.trim())))),
            _ => None,
        }
    };
    text.lines().filter_map(one).collect()
}

/// A workflow's commands. All secrets of a repository in one value are a secret, whatever variable carries them.
fn workflow(text: &str, keys: &[&str]) -> Vec<String> {
    let lower = text.to_lowercase();
    let all: Vec<&str> = lower.match_indices("tojson(secrets)").map(|(at, m)| &text[at..at + m.len()]).collect();
    let mut plain = text.to_owned();
    for written in &all {
        for form in [format!("${{{{ {written} }}}}"), format!("${{{{{written}}}}}")] {
            plain = plain.replace(&form, "${GITHUB_SECRET}");
        }
    }
    let mut out = lines(&plain, keys);
    let carried = plain.lines().filter_map(|l| l.trim().trim_start_matches("- ").split_once(": ")).filter(|(name, value)| !keys.contains(name) && value.contains("${GITHUB_SECRET}"));
    let exports: String = carried.filter_map(|(name, _)| export(name.trim(), "").map(|e| format!("{}\"$GITHUB_SECRET\"\n", e.trim_end_matches("''")))).collect();
    if !exports.is_empty() {
        out.iter_mut().for_each(|piece| piece.insert_str(0, &exports));
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
        // `key=a+b`: the value is the last word of a command that begins so.
        if let Some(begin) = keys.iter().find_map(|k| k.split_once('=').filter(|(name, _)| *name == key)).map(|(_, begin)| begin.replace('+', " ")) {
            let blank = if begin.ends_with('=') { "" } else { " " };
            out.push(format!("{begin}{blank}{}", shell_words::quote(&unquoted(value.trim()))));
            continue;
        }
        if !variables && !keys.contains(&key) {
            continue;
        }
        let value = value.trim();
        if !(value.is_empty() || value.starts_with(['|', '>'])) {
            out.push(unquoted(value));
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
            out.extend(block.iter().map(|l| unquoted(l.trim_start_matches("- "))));
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
            ("makefile", "X := $(shell a (b))\nall:\n\t@rm $(HOME) $$x\n", &["rm ${HOME} $x", "a (b)"]),
            ("gitconfig", "[core]\n\tpager = a b\n[filter \"x\"]\nclean=c\n", &["git config core.pager 'a b'", "git config filter.x.clean c"]),
            ("compose", "a:\n  privileged: true\n  volumes:\n    - /:/x\n    - ./a:/a\n", &["docker run --privileged image", "docker run -v /:/x image"]),
            ("workflow run", "env:\n  S: ${{ toJSON(secrets) }}\nrun: a ${{toJson(secrets)}}\n", &["export S=\"$GITHUB_SECRET\"\na ${GITHUB_SECRET}"]),
            ("json scripts -version", "\"test\": \"a b\",\n\"version\": \"1\"\n", &["a b"]),
            ("lines runner registry=c+d", "runner = [\"a\", \"b c\"]\nregistry=x\nrunner = \"e 'f'\"\n", &["a 'b c'", "c d x", "e 'f'"]),
            ("justfile", "build:\n    @cargo build\n", &["cargo build"]),
            ("procfile", "web: node x.js\n", &["node x.js"]),
        ] {
            assert_eq!(all(form, text), wanted, "{form}");
        }
    }
}
