//! `guard test`: runs the examples of all rules.

use crate::context::{Context, FileText, Files};
use crate::knowledge::Knowledge;
use crate::rule::Rule;
use crate::rule::example::{self, CWD, ExampleCall, HOME, Outcome};
use crate::verdict::Verdict;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files an example brings along; there are no others.
struct ExampleFiles<'a>(&'a BTreeMap<String, String>);

impl Files for ExampleFiles<'_> {
    fn read(&self, path: &Path) -> FileText {
        let path = path.to_string_lossy();
        let relative = path.strip_prefix(CWD).map(|p| p.trim_start_matches('/'));
        let text = self.0.get(path.as_ref()).or_else(|| self.0.get(relative?));
        text.map_or(FileText::Absent, |t| FileText::Text(t.as_str().into()))
    }
    fn resolve(&self, _: &Path) -> Option<PathBuf> {
        None
    }
    fn glob(&self, _: &str) -> Vec<PathBuf> {
        Vec::new()
    }
    fn is_dir(&self, path: &Path) -> bool {
        let prefix = format!("{}/", path.to_string_lossy());
        self.0.keys().any(|k| k.starts_with(&prefix) || format!("{CWD}/{k}").starts_with(&prefix))
    }
}

/// The verdict on one example.
pub fn judge(know: &Knowledge, call: &ExampleCall) -> (crate::effect::Plan, Verdict) {
    let files = ExampleFiles(&call.files);
    let context = Context { cwd: CWD.into(), home: HOME.into(), project: CWD.into(), env: BTreeMap::new(), files: &files };
    let vars = crate::vars(&context);
    let conditions: Vec<&str> = call.condition.iter().map(String::as_str).collect();
    crate::judge(&call.call, know, &context, &vars, &conditions)
}

/// Runs all examples.
pub fn run_examples(know: &Knowledge, rules: &[Rule], only: Option<&str>) -> Vec<Outcome> {
    example::run(rules, only, &|call| judge(know, call).1)
}

/// How outcomes are printed.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Human,
    Json,
    Junit,
    Sarif,
}

/// `guard test [RULE]`
#[derive(clap::Args)]
pub struct Arguments {
    /// A rule's id, its file, or a subject folder; all rules without it
    pub path: Option<String>,
    #[command(flatten)]
    pub rules: super::RulesArgument,
    /// How to print the outcome
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// Runs the examples and prints what failed. Exits with 1 when something did.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn run(arguments: &Arguments) -> anyhow::Result<std::process::ExitCode> {
    let (bundle, know) = super::rules::load(arguments.rules.rules.as_deref())?;
    let only = arguments.path.as_deref().map(|p| p.trim_end_matches('/').rsplit('/').next().unwrap_or(p).trim_end_matches(".toml"));
    if let Some(only) = only
        && !bundle.rules.iter().any(|r| r.id == only || r.subject == only)
    {
        anyhow::bail!("there is no rule or subject `{only}`; see `guard rules`");
    }
    let outcomes = run_examples(&know, &bundle.rules, only);
    print!("{}", super::report::print(&outcomes, arguments.format));
    Ok(super::exit::code(outcomes.iter().any(|o| o.kind == example::Kind::Failed)))
}
