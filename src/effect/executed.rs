//! The content of files that something runs later: package scripts, container builds, workflows, start files. Where the commands
//! stand in them is data (`rules/executed.toml`); each is judged like a command of its own.

use super::walker::{About, Walker};
use super::state::Shell;
use super::text::Text;
use crate::list::Asked;
use crate::verdict::Certainty;
use serde_json::Value;

/// Pieces of one file that are followed.
const MAX_PIECES: usize = 200;

impl Walker<'_> {
    /// A file got content. If something will run it, the content is judged.
    pub(super) fn content_written(&mut self, shell: &Shell, path: &Text, content: &Text, about: &About) {
        if content.is_empty() {
            return;
        }
        let mut inner = shell.other_process();
        inner.descriptors.clear();
        if self.know.in_list("executed-files", path, &self.vars) == Certainty::Yes {
            inner.ambient.add("written");
            self.run_at(&mut inner, &content.clone(), Text::default(), about.span);
            return;
        }
        let asked = Asked::text(path);
        let Some(form) = self.know.executed.iter().find(|(pattern, _)| self.know.lists.any([&**pattern], &asked, &self.vars) == Certainty::Yes) else {
            return;
        };
        let form = form.1.clone();
        inner.ambient.add("later");
        let (kind, keys) = form.split_once(' ').unwrap_or((&form, ""));
        let keys: Vec<&str> = keys.split_whitespace().collect();
        let text = content.prefix().to_owned();
        let pieces: Vec<String> = match kind {
            "json" => serde_json::from_str::<Value>(&text).map(|v| json(&v, &keys)).unwrap_or_default(),
            "lines" => lines(&text, &keys),
            "dockerfile" => {
                inner.ambient.add("container");
                dockerfile(&text)
            }
            "makefile" => text.lines().filter_map(|l| l.strip_prefix('\t')).map(|l| l.trim_start_matches(['@', '-', '+']).replace("$$", "$")).collect(),
            "backticks" => text.split("!`").skip(1).filter_map(|p| p.split_once('`')).map(|(c, _)| c.to_owned()).collect(),
            "shell" => vec![text],
            "code" => {
                let mut about = about.clone();
                about.with.add("later");
                self.code(&mut inner, keys.first().copied().unwrap_or("generic"), &content.clone(), &about);
                Vec::new()
            }
            _ => Vec::new(),
        };
        for piece in pieces.into_iter().take(MAX_PIECES) {
            let mut own = inner.clone();
            self.run_at(&mut own, &Text::known(piece).labelled(content.labels), Text::default(), about.span);
        }
    }
}

/// Every string below one of the keys; a `command` with `args` beside it is one command.
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
            for (key, inner) in map {
                if !keys.contains(&key.as_str()) {
                    out.extend(json(inner, keys));
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
        if !keys.contains(&key.trim().trim_matches('"')) {
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
        if value.is_empty() {
            out.extend(block.iter().map(|l| l.trim_start_matches("- ").trim_matches(['"', '\'']).to_owned()));
        } else {
            out.push(block.join("\n"));
        }
    }
    out
}

/// What RUN lines run, in the shell form and as a list.
fn dockerfile(text: &str) -> Vec<String> {
    text.replace("\\\n", " ")
        .lines()
        .filter_map(|l| l.trim().split_once(char::is_whitespace))
        .filter(|(word, _)| ["RUN", "CMD", "ENTRYPOINT"].iter().any(|w| word.eq_ignore_ascii_case(w)))
        .map(|(_, rest)| {
            let rest = rest.trim();
            match serde_json::from_str::<Vec<String>>(rest) {
                Ok(words) => words.iter().map(|w| shell_words::quote(w).into_owned()).collect::<Vec<_>>().join(" "),
                Err(_) => rest.split(' ').skip_while(|w| w.starts_with("--")).collect::<Vec<_>>().join(" "),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_where_they_stand() {
        let value: Value = serde_json::from_str(r#"{"name":"x","scripts":{"a":"make a","b":"rm b"},"m":{"command":"npx","args":["y","z w"]}}"#).expect("JSON");
        assert_eq!(json(&value, &["scripts"]), ["make a", "rm b"]);
        assert_eq!(json(&value, &["command"]), ["npx y 'z w'"]);
        let yaml = "jobs:\n  a:\n    steps:\n      - run: make\n      - name: x\n        run: |\n          one\n          two\n      - uses: y\nscript:\n  - three\n";
        assert_eq!(lines(yaml, &["run"]), ["make", "one\ntwo"]);
        assert_eq!(lines(yaml, &["script"]), ["three"]);
        assert_eq!(lines("script-shell=/tmp/x\nother=1\n", &["script-shell"]), ["/tmp/x"]);
        assert_eq!(dockerfile("FROM x\nRUN --mount=type=cache a \\\n  b\nCMD [\"c\", \"d e\"]\n"), ["a    b", "c 'd e'"]);
    }
}
