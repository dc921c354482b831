//! The handful of commands with a private grammar: which they are, and the small ones.

use super::Action;
use super::state::Shell;
use super::text::Text;
use super::walker::{Call, Walker};
use crate::label::Label;

impl Walker<'_> {
    /// Runs a command with a grammar of its own; `None` when the spec, or nothing, decides.
    pub(super) fn special(&mut self, shell: &mut Shell, program: &str, call: &Call) -> Option<Text> {
        match program {
            "find" | "gfind" | "bfs" => Some(self.find(shell, call)),
            "dd" => Some(self.dd(shell, call)),
            "mktemp" => self.mktemp(shell, call),
            "printenv" if call.words.len() == 1 => Some(self.environment_printed(shell, &call.about)),
            "env" if call.words[1..].iter().all(|w| w.prefix().starts_with('-') && w.prefix() != "-S" && w.prefix() != "-u") => {
                Some(self.environment_printed(shell, &call.about))
            }
            "git" => {
                // A name of git's own wins over an alias, and the options before it count either way: the spec judges the words too.
                self.git_alias(shell, call);
                None
            }
            "make" | "gmake" => self.make(shell, call),
            "npm" | "pnpm" | "yarn" | "bun" => self.package_script(shell, call),
            _ => None,
        }
    }

    /// A new file or folder below /tmp, under a name that nothing else has; `None` when it may lie elsewhere.
    fn mktemp(&mut self, shell: &Shell, call: &Call) -> Option<Text> {
        let plain = call.words[1..].iter().all(|w| matches!(w.as_known(), Some("-d" | "-q" | "-u" | "-dq" | "-qd" | "--directory" | "--quiet")));
        let moved = shell.variables.contains_key("TMPDIR") || call.environment.iter().any(|(name, _)| name == "TMPDIR");
        if !plain || moved {
            return None;
        }
        self.made_up += 1;
        Some(Text::known(format!("/tmp/tmp.mktemp-{}\n", self.made_up)))
    }

    /// `dd if=A of=B`
    fn dd(&mut self, shell: &mut Shell, call: &Call) -> Text {
        let mut data = call.stdin.clone();
        let mut to = None;
        for word in &call.words[1..] {
            if let Some(file) = word.strip_prefix("if=") {
                let path = self.absolute(shell, &file);
                data = self.read_file(shell, &path, &call.about);
            } else if let Some(file) = word.strip_prefix("of=") {
                to = Some(self.absolute(shell, &file));
            }
        }
        match to {
            Some(path) => {
                let mut about = call.about.clone();
                about.data.add(data.labels.without(Label::Outside));
                self.effect(shell, Action::Write, path.clone(), &about);
                self.written(shell, &path, &data, &call.about);
                Text::default()
            }
            None => data,
        }
    }

    /// `npm run NAME`: the script of that name, and its `pre` and `post`.
    fn package_script(&mut self, shell: &mut Shell, call: &Call) -> Option<Text> {
        let words: Vec<&str> = call.words[1..].iter().map(|w| w.as_known().unwrap_or("")).filter(|w| !w.starts_with('-')).collect();
        let (name, rest) = match words.as_slice() {
            ["run" | "run-script" | "rum" | "urn", name, rest @ ..] => (*name, rest.len()),
            [name @ ("test" | "start" | "stop" | "restart"), rest @ ..] => (*name, rest.len()),
            ["t" | "tst", rest @ ..] => ("test", rest.len()),
            ["install" | "i" | "ci" | "add"] => ("install", 0),
            _ => return None,
        };
        let path = self.absolute(shell, &Text::known("package.json"));
        let text = self.script_text(&path)?;
        let Ok(package) = serde_json::from_str::<serde_json::Value>(text.as_known()?) else {
            self.unread(&path);
            return None;
        };
        let scripts = package.get("scripts")?.as_object()?;
        let extra = &call.words[call.words.len() - rest..];
        for part in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
            let Some(script) = scripts.get(&part).and_then(serde_json::Value::as_str) else { continue };
            let mut script = Text::known(script).labelled(text.labels);
            if part == name {
                for word in extra {
                    script.push_str(" ");
                    script.push(&super::command::quoted(word));
                }
            }
            let mut inner = shell.other_process();
            self.run_at(&mut inner, &script, Text::default(), call.about.span);
        }
        // Install scripts of packages are not read: the spec says what installing means.
        (name != "install").then(Text::unknown)
    }
}
