//! Code in other languages → what it would do: one scanner over call names, string literals and constants. What a call does is
//! data, in `rules/languages/`.
//!
//! It is no parser of any of these languages: it follows constants that are assigned once, joins of literals, and a few known
//! functions, and knows nothing of control flow. What it cannot follow is unknown, and a dangerous call on something unknown is
//! reported as opaque.

mod call;
mod evaluate;
mod lex;
mod lines;
mod macros;
mod scan;
mod sed;
mod sql;
mod words;

use super::text::Text;
use crate::table::Table;
use serde::Deserialize;
use std::collections::BTreeMap;

pub use lines::scan_lines;
pub use macros::scan_macros;
pub use scan::scan;
pub use sed::{inserted, scan as scan_sed};
pub use sql::scan as scan_sql;
pub use words::scan_words;

/// One thing that code does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Shell text that is run.
    Shell(Text),
    /// A program with its arguments.
    Argv(Vec<Text>),
    Read(Text),
    /// A file of code is run, by its path or its address.
    Include(Text),
    /// Code of another language: its name, and the code.
    Code(String, Text),
    Write(Text),
    /// A file gets this content, or more of it.
    Put { path: Text, content: Text },
    Delete { path: Text, recursive: bool },
    Move(Text, Text),
    /// A file gets the content of another, or another name.
    Copy(Text, Text),
    Perm(Text),
    Connect(Text),
    Fetch(Text),
    Send(Text),
    /// A variable of the environment is read; `None` for all of them.
    Environment(Option<Text>),
    /// Code is run that could not be followed.
    Opaque(&'static str),
    /// Text is decoded somewhere in the code.
    Decode,
    /// A descriptor is given away (`dup2`), as a reverse shell does.
    Serve,
    /// SQL that is run.
    Sql(Text),
    /// What a query prints.
    Printed(Text),
    /// An operation with a name: `sql.drop`.
    Operate(String, Text),
    /// A string that is a whole path, given to something unknown.
    Literal(Text),
}

/// The tables of one language.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Language {
    /// `sed` and `sql` have a reader of their own, and so have languages of `lines`, of `words` and of `macros`.
    pub grammar: Option<String>,
    pub comment: Vec<String>,
    pub strings: Vec<String>,
    /// The quotes in which variables are replaced.
    pub interpolated: Vec<String>,
    /// What begins such a place: `$`, `${`, `#{`, `{`.
    pub interpolation: Vec<String>,
    /// Backticks run a command.
    pub backticks: bool,
    /// `/…/` may be a regular expression.
    pub regex: bool,
    /// A call needs no parentheses.
    pub bare_calls: bool,
    /// `print | "cmd"`, `"cmd" | getline`, `print > "file"`.
    pub pipes: bool,
    pub shell: Vec<String>,
    pub argv: Vec<String>,
    /// Adds operands to the program that was named last.
    pub operand: Vec<String>,
    pub delete: Vec<String>,
    pub delete_tree: Vec<String>,
    pub read: Vec<String>,
    /// Reads a file of code, or an address of one, and runs it.
    pub include: Vec<String>,
    /// Language → the words before a line of it.
    pub code: BTreeMap<String, Vec<String>>,
    pub open: Vec<String>,
    pub write: Vec<String>,
    /// Writes to what `open` gave.
    pub put: Vec<String>,
    pub copy: Vec<String>,
    #[serde(rename = "move")]
    pub moves: Vec<String>,
    pub perm: Vec<String>,
    pub connect: Vec<String>,
    pub fetch: Vec<String>,
    /// Fetches its first argument into the file that the second names.
    pub download: Vec<String>,
    pub send: Vec<String>,
    pub eval: Vec<String>,
    /// Runs what lies at the address that is its operand.
    pub load: Vec<String>,
    pub decode: Vec<String>,
    pub join: Vec<String>,
    /// Replaces `~` in its argument.
    pub home: Vec<String>,
    /// Is the home folder.
    pub home_folder: Vec<String>,
    pub environment: Vec<String>,
    /// Gives the paths that match its argument.
    pub glob: Vec<String>,
    /// Calls the function that its first argument names with the others.
    pub apply: Vec<String>,
    pub serve: Vec<String>,
    pub print: Vec<String>,
    /// Languages of `words`: what their own words are called in `rules/commands/`.
    pub prefix: String,
    /// Other names of programs and words, in small letters → the name in `rules/commands/`.
    pub alias: BTreeMap<String, String>,
    /// Variables by their names in small letters → shell text.
    pub variables: BTreeMap<String, String>,
    /// What begins a variable.
    pub variable_mark: Option<char>,
    /// The words that give a variable its value.
    pub assign: Vec<String>,
    /// Means that the next character is itself.
    pub escape: Option<char>,
    /// Characters that end a command; `|` and `&` mean what they mean to a shell.
    pub separators: String,
    /// Characters that part words like a blank does.
    pub blanks: String,
    /// Openers of commands whose output is a word.
    pub groups: String,
    /// Openers of commands that run, perhaps later.
    pub blocks: String,
    /// A group may stand as a command.
    pub statement_groups: bool,
    /// A value alone is a command, and values have methods.
    pub expressions: bool,
    /// Backslashes part folders, programs end in `.exe`, `>` writes.
    pub windows: bool,
    /// Runs its argument as SQL.
    pub sql: Vec<String>,
    /// Operation → the calls that do it.
    pub operate: BTreeMap<String, Vec<String>>,
}

/// Languages by name; one that is built in is decoded when it is first met.
#[derive(Default)]
pub struct Languages {
    own: BTreeMap<String, Language>,
    table: Table,
    names: &'static [&'static str],
    cells: Vec<std::cell::OnceCell<Box<Language>>>,
}

impl Languages {
    /// The languages of a table, whose names are `names` in the order of their bytes.
    pub fn builtin(table: Table, names: &'static [&'static str]) -> Languages {
        let mut cells = Vec::new();
        cells.resize_with(names.len(), Default::default);
        Languages { own: BTreeMap::new(), table, names, cells }
    }

    /// Adds the languages of a folder. One that cannot be read is left out (the build checks them).
    pub fn extend(&mut self, raw: impl IntoIterator<Item = (String, serde_json::Value)>) {
        self.own.extend(raw.into_iter().filter_map(|(name, value)| Some((name, serde_json::from_value(value).ok()?))));
    }

    /// A language's tables.
    pub fn get(&self, name: &str) -> Option<&Language> {
        if let Some(own) = self.own.get(name) {
            return Some(own);
        }
        let at = self.names.binary_search(&name).ok()?;
        Some(self.cells[at].get_or_init(|| {
            let json = self.table.get(name).unwrap_or("");
            serde_json::from_str(json).unwrap_or_else(|error| panic!("the built-in tables of `{name}` cannot be read: {error}"))
        }))
    }

    /// The names of all languages.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.own.keys().map(String::as_str).chain(self.names.iter().copied())
    }
}
