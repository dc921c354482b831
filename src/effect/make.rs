//! `make`: the recipes of a Makefile that can be read, and what it does while it is read.

use super::Action;
use super::state::Shell;
use super::text::Text;
use super::walker::{About, Call, Walker};
use crate::label::{Label, Labels};

impl Walker<'_> {
    /// `make TARGETS`: the recipes of a Makefile that can be read.
    pub(super) fn make(&mut self, shell: &mut Shell, call: &Call) -> Option<Text> {
        let mut file = None;
        let mut inner = shell.other_process();
        let mut targets: Vec<String> = Vec::new();
        let mut evaluated = Text::default();
        let mut words = call.words[1..].iter();
        while let Some(word) = words.next() {
            let known = word.as_known().unwrap_or("");
            match known {
                "-f" | "--file" | "--makefile" => file = words.next().cloned(),
                _ if ["--file=", "--makefile="].iter().any(|flag| known.starts_with(flag)) => file = word.split_once("=").map(|(_, file)| file),
                _ if known.starts_with("-f") => file = word.strip_prefix("-f"),
                "-C" | "--directory" => {
                    if let Some(folder) = words.next() {
                        inner.cwd = self.absolute(&inner, folder).as_known().map(str::to_owned);
                    }
                }
                "-E" | "--eval" => {
                    if let Some(more) = words.next() {
                        evaluated.push(more);
                        evaluated.push_str("\n");
                    }
                }
                _ if known.starts_with("--eval=") => {
                    evaluated.push_str(&known["--eval=".len()..]);
                    evaluated.push_str("\n");
                }
                "-n" | "--dry-run" | "--just-print" => return Some(Text::unknown()),
                "-j" | "-l" | "-o" | "-W" | "-I" => {
                    if known != "-j" {
                        words.next();
                    }
                }
                _ if known.starts_with('-') => {}
                _ => match word.split_once("=") {
                    Some((name, value)) if name.as_known().is_some() => inner.set(&name.to_string(), value),
                    _ => targets.push(known.to_owned()),
                },
            }
        }
        let text = match file {
            Some(file) if matches!(file.as_known(), Some("-" | "/dev/stdin" | "/dev/fd/0")) => Some(call.stdin.clone()),
            Some(file) => {
                let path = self.absolute(&inner, &file);
                self.script_text(&path)
            }
            None => ["GNUmakefile", "makefile", "Makefile"].iter().find_map(|name| {
                let path = self.absolute(&inner, &Text::known(*name));
                self.script_text(&path)
            }),
        };
        let text = match (text, evaluated.is_empty()) {
            (text, true) => text?,
            (Some(mut text), false) => {
                text.push(&evaluated);
                text
            }
            (None, false) => evaluated,
        };
        if text.labels.has(Label::Network) {
            let about = About { data: text.labels.only(Label::Network), ..call.about.clone() };
            self.effect(shell, Action::Execute, Text::known("Makefile"), &about);
        }
        self.make_functions(&mut inner, text.prefix(), call);
        let recipes = recipes(text.prefix(), &targets);
        // Includes, computed names and generated recipes are not followed.
        let followed = !["include ", "$(shell", "$(eval", "$(call", "define "].iter().any(|word| text.prefix().contains(word));
        if !followed || recipes.is_empty() {
            self.unread(&Text::known("Makefile"));
        }
        let mut printed = Labels::NONE;
        for line in recipes {
            let line = Text::known(line).labelled(text.labels);
            let mut sub = inner.clone();
            printed.add(self.run_at(&mut sub, &line, Text::default(), call.about.span).labels);
        }
        Some(Text::unknown().labelled(printed))
    }

    /// What a Makefile does while it is read: `$(shell …)`, `$(file <…)`, `$(file >…)`.
    fn make_functions(&mut self, shell: &mut Shell, text: &str, call: &Call) {
        for (name, end) in text.match_indices("$(file ").map(|(at, m)| (m, at + m.len())).chain(text.match_indices("$(shell ").map(|(at, m)| (m, at + m.len()))).take(200) {
            let body = balanced(&text[end..]);
            if name == "$(shell " {
                let mut inner = shell.other_process();
                self.run_at(&mut inner, &Text::known(body.replace("$$", "$")), Text::default(), call.about.span);
                continue;
            }
            let path = body.split(',').next().unwrap_or("").trim();
            let (reads, path) = path.strip_prefix('<').map_or((false, path.trim_start_matches('>')), |p| (true, p));
            let path = self.absolute(shell, &Text::known(path.trim()));
            if reads {
                self.read_file(shell, &path, &call.about);
            } else {
                self.effect(shell, Action::Write, path, &call.about);
            }
        }
    }
}

/// The text up to the parenthesis that closes it.
fn balanced(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return &text[..at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    text
}

/// The recipe lines of the targets and of what they depend on, `$(VAR)` replaced where the file sets it.
fn recipes(text: &str, targets: &[String]) -> Vec<String> {
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut rules: Vec<(Vec<String>, Vec<String>, Vec<String>)> = Vec::new();
    let joined = text.replace("\\\n", " ");
    for line in joined.lines() {
        if let Some(recipe) = line.strip_prefix('\t') {
            if let Some((_, _, lines)) = rules.last_mut() {
                lines.push(recipe.trim_start_matches(['@', '-', '+']).to_owned());
            }
            continue;
        }
        let plain = line.split('#').next().unwrap_or("");
        if let Some((name, value)) = plain.split_once('=').filter(|(n, _)| !n.contains(':') || n.trim_end().ends_with(':')) {
            variables.push((name.trim_end_matches([':', '?', '+', ' ']).trim().to_owned(), value.trim().to_owned()));
        } else if let Some((names, needs)) = plain.split_once(':') {
            let split = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let (needs, inline) = needs.split_once(';').map_or((needs, None), |(n, r)| (n, Some(r.to_owned())));
            rules.push((split(names), split(needs.trim_start_matches(':')), inline.into_iter().collect()));
        }
    }
    let mut wanted: Vec<String> = targets.to_vec();
    if wanted.is_empty()
        && let Some(first) = rules.iter().flat_map(|(names, _, _)| names).find(|n| !n.starts_with('.'))
    {
        wanted.push(first.clone());
    }
    let mut out = Vec::new();
    let mut at = 0;
    while at < wanted.len() && at < 100 {
        let name = wanted[at].clone();
        at += 1;
        for (names, needs, lines) in &rules {
            if !names.contains(&name) {
                continue;
            }
            for need in needs {
                if !wanted.contains(need) {
                    wanted.push(need.clone());
                }
            }
            for line in lines {
                let mut line = line.clone();
                for _ in 0..4 {
                    for (variable, value) in &variables {
                        line = line.replace(&format!("$({variable})"), value).replace(&format!("${{{variable}}}"), value);
                    }
                }
                out.push(line.replace("$@", &name).replace("$$", "$"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_makefile_gives_the_recipes_of_a_target_and_its_needs() {
        let text = "D = /x\nall: clean\n\techo all\nclean:\n\t@rm -rf $(D)\nother:\n\tfalse\n";
        assert_eq!(recipes(text, &["all".into()]), ["echo all", "rm -rf /x"]);
        assert_eq!(recipes(text, &[]), ["echo all", "rm -rf /x"]);
    }
}
