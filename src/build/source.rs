//! Data → the Rust source of a constant that holds it. Used by `build.rs` alone.

use crate::bundle::Bundle;
use crate::credential::Credential;
use crate::detector::Detector;
use crate::effect::spec::{CommandSpec, ValueType, is_glob};
use crate::fixed::{List, Map, Str};
use crate::types::{Match, Rule};
use crate::verdict::Decision;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A value that can be written as a constant.
trait Source {
    fn source(&self) -> String;
}

impl Source for str {
    fn source(&self) -> String {
        format!("Str::Borrowed({self:?})")
    }
}

impl Source for Str {
    fn source(&self) -> String {
        (**self).source()
    }
}

impl<T: Source> Source for Option<T> {
    fn source(&self) -> String {
        self.as_ref().map_or("None".into(), |value| format!("Some({})", value.source()))
    }
}

impl<T: Source> Source for [T] {
    fn source(&self) -> String {
        format!("&[{}]", self.iter().map(Source::source).collect::<Vec<_>>().join(","))
    }
}

impl<T: Source + Clone> Source for List<T> {
    fn source(&self) -> String {
        format!("List(Cow::Borrowed({}))", (**self).source())
    }
}

impl<A: Source, B: Source> Source for (A, B) {
    fn source(&self) -> String {
        format!("({},{})", self.0.source(), self.1.source())
    }
}

impl<A: Source, B: Source, C: Source> Source for (A, B, C) {
    fn source(&self) -> String {
        format!("({},{},{})", self.0.source(), self.1.source(), self.2.source())
    }
}

impl<V: Source + Clone> Source for Map<V> {
    fn source(&self) -> String {
        let entries: Vec<String> = self.iter().map(|(name, value)| format!("({},{})", name.source(), value.source())).collect();
        format!("Map(List(Cow::Borrowed(&[{}])))", entries.join(","))
    }
}

impl Source for bool {
    fn source(&self) -> String {
        self.to_string()
    }
}

impl Source for Decision {
    fn source(&self) -> String {
        format!("Decision::{self:?}")
    }
}

impl Source for ValueType {
    fn source(&self) -> String {
        match self {
            ValueType::One(written) => format!("ValueType::One({})", written.source()),
            ValueType::Choice(choice) => format!("ValueType::Choice({})", choice.source()),
        }
    }
}

/// Names every field, so that a new one cannot be forgotten.
macro_rules! fields {
    ($kind:ident { $($field:ident),* $(,)? } $($rest:literal)?) => {
        impl Source for $kind {
            fn source(&self) -> String {
                let $kind { $($field,)* .. } = self;
                let mut out = String::from(concat!(stringify!($kind), "{"));
                $(let _ = write!(out, "{}:{},", stringify!($field), $field.source());)*
                $(out.push_str($rest);)?
                out.push('}');
                out
            }
        }
    };
}

fields!(CommandSpec {
    names, system, operands, last, modifiers, does, lang, stdin, stdout, strict, bundled, options_first, single_dash, windows, flags, env, sub, when,
});
fields!(Match { action, target, host, data, with, without, program, unless, unless_host, unless_program });
fields!(Rule { id, subject, summary, decision, maybe, why, instead, tags, matches } "examples:Examples{deny:Vec::new(),ask:Vec::new(),warn:Vec::new(),allow:Vec::new(),todo:Vec::new()}");
fields!(Credential { variables, files, hosts, forms, programs, endpoints });

/// A finder's source. An error names the detector and the pattern.
fn finder(detector: &Detector) -> Result<String, String> {
    let automaton = |pattern: &str| match crate::automaton::bytes(pattern) {
        Ok(bytes) => Ok(format!("b\"{}\"", bytes.escape_ascii())),
        Err(error) => Err(format!("rules/detectors.toml: detector `{}`: {error}", detector.id)),
    };
    let mut forms = String::new();
    if let Some(odd) = detector.keywords.iter().find(|k| k.is_empty() || !k.is_ascii() || k.bytes().any(|b| b.is_ascii_uppercase())) {
        return Err(format!("rules/detectors.toml: detector `{}`: keyword `{odd}` must be ASCII in lower case", detector.id));
    }
    for form in &detector.forms {
        let before = form.before.as_deref().map(automaton).transpose()?.map_or("None".into(), |bytes| format!("Some({bytes})"));
        let _ = write!(forms, "FinderForm {{ before: {before}, secret: {}, after: {:?} }},", automaton(&form.secret)?, form.after);
    }
    Ok(format!("Finder {{ id: {:?}, forms: &[{forms}] }}", detector.id))
}

/// The source of everything that a hook knows by itself. The examples of rules and detectors are left out. An error is one in a pattern.
pub fn builtin(bundle: Bundle, languages: &[&str]) -> Result<String, String> {
    let mut out = String::new();
    let mut constant = |name: &str, kind: &str, value: String| {
        let _ = writeln!(out, "pub static {name}: {kind} = {value};");
    };
    let lists: Vec<(Str, List<Str>)> = bundle.lists.iter().map(|(name, entries)| (name.clone().into(), entries.iter().map(|e| e.clone().into()).collect::<Vec<Str>>().into())).collect();
    constant("LISTS", "&[(Str, List<Str>)]", lists.source());
    constant("ENVIRONMENT", "&[(Str, ValueType)]", bundle.environment_in_order().source());
    constant("TOOLS", "&[(Str, Str, ValueType)]", bundle.tools_in_order().source());
    constant("EXECUTED", "&[(Str, Str)]", bundle.executed_in_order().source());
    constant("CREDENTIALS", "&[(Str, Credential)]", bundle.credentials_in_order().source());
    let finders = bundle.detectors.iter().map(finder).collect::<Result<Vec<_>, _>>()?;
    constant("FINDERS", "&[Finder]", format!("&[{}]", finders.join(",")));
    let keywords = crate::keywords::tables(bundle.detectors.iter().enumerate().flat_map(|(at, d)| d.keywords.iter().map(move |k| (at, &**k))));
    let found: Vec<String> = keywords.found.iter().map(|(state, what)| format!("({state},&{what:?})")).collect();
    constant("KEYWORDS", "Keywords", format!("Keywords {{ classes: &{:?}, next: &{:?}, found: &[{}] }}", keywords.classes, keywords.next, found.join(",")));
    constant("LANGUAGE_NAMES", "&[&str]", format!("&{languages:?}"));
    constant("VERSION", "&str", format!("{:?}", bundle.version));
    let rules = bundle.rules.source();
    let (open, exact): (Vec<_>, Vec<_>) = crate::index::by_action(&bundle.rules).into_iter().partition(|(key, _)| crate::index::is_open(key));
    let index: Vec<String> = open.iter().chain(&exact).map(|(action, numbers)| format!("({action:?},&{:?})", numbers.iter().collect::<Vec<_>>())).collect();
    constant("RULES", "BuiltinRules", format!("BuiltinRules {{ rules: {rules}, by_action: &[{}] }}", index.join(",")));
    let (mut names, mut globs, mut specs) = (BTreeMap::new(), Vec::new(), Vec::new());
    for (at, spec) in bundle.commands.into_values().enumerate() {
        for name in spec.names.iter() {
            if is_glob(name) {
                globs.insert(0, (name.to_string(), at));
            } else {
                names.insert(name.to_string(), at);
            }
        }
        specs.push(spec);
    }
    let names: Vec<(String, usize)> = names.into_iter().collect();
    let tables: Vec<String> = bundle.tables.iter().map(|(name, choice)| format!("({},{})", name.as_str().source(), choice.source())).collect();
    constant("SPECS", "BuiltinSpecs", format!("BuiltinSpecs {{ names: &{names:?}, globs: &{globs:?}, specs: {}, tables: &[{}] }}", specs.source(), tables.join(",")));
    Ok(out)
}
