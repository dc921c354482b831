//! Paths: absolute, without `.`, `..` and doubled slashes, `/proc` links taken for what they lead to.

use super::text::{Part, Text};

/// The path that `text` means in `cwd`; unknown stretches stay. A relative path in an unknown folder keeps an unknown
/// beginning.
pub fn absolute(text: &Text, cwd: Option<&str>, home: &str) -> Text {
    let text = strip_scheme(text);
    let text = match text.as_known().and_then(|t| t.strip_prefix('"')?.strip_suffix('"')) {
        // Some programs unquote once more what the shell has unquoted already (socat's addresses).
        Some(inner) => Text::known(inner).labelled(text.labels),
        None => text,
    };
    let mut full = Text::empty(text.labels);
    let begin = text.prefix();
    if let Some(rest) = begin.strip_prefix('~').filter(|r| r.is_empty() || r.starts_with('/')) {
        full.push_str(home);
        full.push_str(rest);
        push_rest(&mut full, &text);
    } else if begin.starts_with('/') {
        full.push(&text);
    } else if matches!(text.parts().first(), None | Some(Part::Unknown)) {
        return text;
    } else {
        match cwd {
            Some(cwd) => full.push_str(cwd),
            None => full.push_unknown(),
        }
        full.push_str("/");
        full.push(&text);
    }
    let mut path = normalise(&full);
    // A process's own links: another name for the root, the folder, or an open file.
    for _ in 0..4 {
        match through_proc(&path, cwd) {
            Some(next) => path = normalise(&next),
            None => break,
        }
    }
    path
}

fn strip_scheme(text: &Text) -> Text {
    text.strip_prefix("file://localhost").or_else(|| text.strip_prefix("file://")).unwrap_or_else(|| text.clone())
}

fn push_rest(full: &mut Text, text: &Text) {
    for part in text.parts().iter().skip(1) {
        match part {
            Part::Known(t) => full.push_str(t),
            Part::Glob(g) => full.push_glob(g),
            Part::Unknown => full.push_unknown(),
        }
    }
}

fn through_proc(path: &Text, cwd: Option<&str>) -> Option<Text> {
    let rest = path.strip_prefix("/proc/")?;
    // The process number: `self`, digits, `thread-self`, or unknown; its name ends at the next slash.
    let (_, rest) = rest.split_once("/")?;
    let rest = match rest.strip_prefix("task/") {
        Some(thread) => thread.split_once("/")?.1,
        None => rest,
    };
    let mut out = Text::default();
    if let Some(rest) = rest.strip_prefix("root/") {
        out.push_str("/");
        out.push(&rest);
    } else if rest.as_known() == Some("root") {
        out.push_str("/");
    } else if let Some(rest) = rest.strip_prefix("cwd/") {
        out.push_str(cwd?);
        out.push_str("/");
        out.push(&rest);
    } else {
        return None;
    }
    out.labels = path.labels;
    Some(out)
}

/// Removes `.`, `..` and empty components. A `..` behind an unknown component stays: what it takes back is not known.
fn normalise(text: &Text) -> Text {
    // Components as lists of parts.
    let mut components: Vec<Vec<Part>> = Vec::new();
    let mut current: Vec<Part> = Vec::new();
    let finish = |current: &mut Vec<Part>, components: &mut Vec<Vec<Part>>| {
        let done = std::mem::take(current);
        match done.as_slice() {
            [] => {}
            [Part::Known(t)] if t == "." => {}
            [Part::Known(t)] if t == ".." => match components.last().map(Vec::as_slice) {
                None => {}
                Some([Part::Known(last)]) if last != ".." => {
                    components.pop();
                }
                // A glob is one component of its own unless it is `**`.
                Some([Part::Glob(glob)]) if !glob.contains("**") => {
                    components.pop();
                }
                Some(_) => components.push(done),
            },
            _ => components.push(done),
        }
    };
    let starts_known = text.prefix().starts_with('/');
    for part in text.parts() {
        match part {
            Part::Known(t) => {
                let mut pieces = t.split('/');
                if let Some(first) = pieces.next()
                    && !first.is_empty()
                {
                    match current.last_mut() {
                        Some(Part::Known(last)) => last.push_str(first),
                        _ => current.push(Part::Known(first.to_owned())),
                    }
                }
                for piece in pieces {
                    finish(&mut current, &mut components);
                    if !piece.is_empty() {
                        current.push(Part::Known(piece.to_owned()));
                    }
                }
            }
            other => current.push(other.clone()),
        }
    }
    finish(&mut current, &mut components);
    let mut out = Text::empty(text.labels);
    if starts_known && components.is_empty() {
        out.push_str("/");
    }
    for (at, component) in components.iter().enumerate() {
        if at > 0 || starts_known {
            out.push_str("/");
        }
        for part in component {
            match part {
                Part::Known(t) => out.push_str(t),
                Part::Glob(g) => out.push_glob(g),
                Part::Unknown => out.push_unknown(),
            }
        }
    }
    out
}

/// The last component of a path or program name, as far as it is known.
pub fn base_name(text: &Text) -> Option<String> {
    if let Some(known) = text.as_known() {
        let trimmed = known.trim_end_matches('/');
        return Some(trimmed.rsplit('/').next().unwrap_or(trimmed).to_owned());
    }
    // `$DIR/rm`: what follows the last slash is known.
    let suffix = text.suffix();
    suffix.rsplit_once('/').map(|(_, name)| name.to_owned()).filter(|n| !n.is_empty())
}

/// The folder whose whole content a path with a glob at its end means: `x/*`, `x/.*`, `x/{*,.*}`.
pub fn whole_folder(path: &Text) -> Option<Text> {
    let (last, before) = path.parts().split_last()?;
    let Part::Glob(glob) = last else { return None };
    let [Part::Known(folder)] = before else { return None };
    let folder = folder.strip_suffix("/").or_else(|| folder.strip_suffix("/."))?;
    glob.chars().all(|c| "*?[]!.^".contains(c)).then(|| Text::known(if folder.is_empty() { "/" } else { folder }).labelled(path.labels))
}

/// The folder part of a known absolute path.
pub fn parent(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_absolute() {
        for (given, wanted) in [
            ("a/b", "/w/a/b"),
            ("../x//y/./z/", "/x/y/z"),
            ("~/k", "/h/k"),
            ("/..", "/"),
            ("/proc/self/root/etc/shadow", "/etc/shadow"),
            ("/proc/1/cwd/.env", "/w/.env"),
            ("file:///etc/passwd", "/etc/passwd"),
        ] {
            assert_eq!(absolute(&Text::known(given), Some("/w"), "/h").to_string(), wanted, "{given}");
        }
    }

    #[test]
    fn unknown_parts_stay() {
        let mut text = Text::unknown();
        text.push_str("/../a/.env");
        assert_eq!(absolute(&text, Some("/w"), "/h").to_string(), "‹?›/../a/.env");
    }
}
