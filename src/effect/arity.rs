//! What others have collected about programs: which words are sub-commands, which options take a value, which arguments are
//! paths. The text is `rules/arity/arity.txt`; it is searched by halves, so a program that is not met costs nothing, and it says
//! nothing about what a program does.

use super::spec::{CommandSpec, ValueType};
use crate::table::Table;

/// The collected facts, one command a line, in the order of their bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arity(Table);

/// What stands behind an option or an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Switch,
    Text,
    Path,
    Command,
}

/// Options whose path is written, whatever the program is.
const OUTPUTS: [&str; 8] = ["-o", "--output", "--out", "--outfile", "--output-file", "--out-file", "--output-path", "--dest"];

impl Arity {
    /// Takes the text as `rules/arity/generate.mjs` makes it.
    pub const fn new(text: &'static str) -> Arity {
        Arity(Table::new(text))
    }

    /// The items of a command, by its program and sub-commands joined by blanks; another name is followed.
    fn items(&self, path: &str) -> Option<&'static str> {
        let items = self.0.get(path)?;
        match items.strip_prefix('>') {
            Some(other) => self.0.get(other),
            None => Some(items),
        }
    }

    /// Whether the facts know a command: a program with its sub-commands joined by blanks.
    pub fn knows(&self, path: &str) -> bool {
        self.0.get(path).is_some()
    }

    /// What an option of a command takes; the options of the program itself count everywhere below it.
    pub fn option(&self, path: &str, name: &str) -> Option<Kind> {
        let program = path.split(' ').next().unwrap_or(path);
        [path, program].into_iter().filter_map(|p| self.items(p)).flat_map(str::split_whitespace).find_map(|item| {
            let (option, kind) = parsed(item)?;
            (option == name).then_some(kind)
        })
    }

    /// Everything about a program as a spec without effects of its own; `None` for one that nobody collected.
    pub fn spec(&self, program: &str) -> Option<CommandSpec> {
        let mut root = spec_of(self.items(program)?);
        let prefix = format!("{program} ");
        for line in self.0.from(&prefix).take_while(|l| l.starts_with(&prefix)) {
            let Some((path, items)) = line[prefix.len()..].split_once('\t') else { continue };
            let items = match items.strip_prefix('>') {
                Some(other) => self.items(other).unwrap_or(""),
                None => items,
            };
            let mut here = &mut root;
            for word in path.split(' ') {
                here = here.sub.or_default(word);
            }
            let own = std::mem::replace(here, spec_of(items));
            here.sub = own.sub;
        }
        Some(root)
    }
}

fn parsed(item: &str) -> Option<(&str, Kind)> {
    if !item.starts_with('-') {
        return None;
    }
    let Some((name, kind)) = item.split_once('=') else { return Some((item, Kind::Switch)) };
    // A value that may be missing is only ever attached: the next word is not taken for it.
    let kind = match kind {
        "" => Kind::Text,
        "p" => Kind::Path,
        "c" => Kind::Command,
        _ => Kind::Switch,
    };
    Some((name, kind))
}

fn spec_of(items: &str) -> CommandSpec {
    let mut spec = CommandSpec::default();
    for item in items.split_whitespace() {
        if let Some(operand) = item.strip_prefix(':') {
            let written = if operand == "c" { "command" } else { "unknown" };
            spec.operands.get_or_insert_default().to_mut().push(ValueType::one(written));
        } else if let Some((name, kind)) = parsed(item) {
            let written = match kind {
                Kind::Switch => "",
                Kind::Path if OUTPUTS.contains(&name) => "write",
                Kind::Text if OUTPUTS.contains(&name) => {
                    let choice = [("/*|~*|./*|../*", "write"), ("*", "unknown")].map(|(p, t)| (p, t.into()));
                    spec.flags.insert(name.to_owned(), ValueType::Choice(choice.into_iter().collect()));
                    continue;
                }
                Kind::Text | Kind::Path if name.starts_with("--output-") && !name.ends_with("format") => "write",
                Kind::Text | Kind::Path | Kind::Command => "unknown",
            };
            spec.flags.insert(name.to_owned(), ValueType::one(written));
        }
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Arity = Arity::new("# made\na\t-o=p\na b\t--x= :p\na b c\t\na d\t>a b\na-b\t--y=?\nz\t:c\n");

    #[test]
    fn every_line_is_found_and_nothing_else() {
        for path in ["a", "a b", "a b c", "a d", "a-b", "z"] {
            assert!(FACTS.knows(path), "{path}");
        }
        for path in ["", "b", "a c", "a-", "zz", "# made"] {
            assert!(!FACTS.knows(path), "{path}");
        }
    }

    #[test]
    fn options_count_below_the_program_and_through_other_names() {
        assert_eq!(FACTS.option("a d", "--x"), Some(Kind::Text));
        assert_eq!(FACTS.option("a b c", "-o"), Some(Kind::Path));
        assert_eq!(FACTS.option("a-b", "--y"), Some(Kind::Switch));
        assert_eq!(FACTS.option("a", "--x"), None);
    }

    #[test]
    fn a_spec_has_the_sub_commands_at_any_depth() {
        let spec = FACTS.spec("a").expect("a is collected");
        assert!(spec.sub["b"].sub.get("c").is_some());
        assert!(spec.sub["d"].flags.get("--x").is_some());
        assert!(FACTS.spec("q").is_none());
    }
}
