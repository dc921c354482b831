//! Finds and reads the layers: builtin < system < user < project.
//!
//! Where `/etc/guard` exists, the folders and settings come from it and from the passwd home: the client hands the `env` of
//! settings files to its hooks, so no environment variable may move guard's rules or its record.

use super::cache;
use crate::hook::Attended;
use crate::egress::Egress;
use crate::knowledge::Knowledge;
use crate::rule::bundle::Bundle;
use crate::rule::load::{self, LoadError};
use serde::Deserialize;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The system layer's folder.
pub const SYSTEM: &str = "/etc/guard";

/// `config.toml` of a layer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct ConfigFile {
    attended: Option<Attended>,
    /// Layers that may hold exceptions: only read in the system layer.
    may_loosen: Vec<String>,
    /// `enforced`: connections to hosts outside `egress.toml` are refused; only read in the system layer.
    egress: Option<EgressMode>,
    /// Where records go: only read in the system layer.
    state: Option<PathBuf>,
}

/// What happens to connections that the list of hosts does not cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EgressMode {
    Open,
    Enforced,
}

/// What a hook needs to know of the machine.
pub struct Loaded {
    pub know: Knowledge,
    pub redactor: crate::secret::Redactor,
    pub attended: Attended,
    /// Connections to hosts outside the list are refused.
    pub egress_enforced: bool,
    /// What the layers add to the list.
    pub egress: Egress,
    pub state: PathBuf,
    pub home: PathBuf,
    /// Mistakes in layers; while there are any, rule `layer-broken` decides.
    pub errors: Vec<LoadError>,
    /// The folders of the layers with mistakes.
    pub broken: Vec<String>,
}

/// The environment that folders come from.
pub struct Place {
    /// The system layer's folder; a parameter for tests.
    pub system: PathBuf,
    pub project: PathBuf,
    /// Reads a variable.
    pub variable: fn(&str) -> Option<String>,
}

impl Place {
    /// The real machine, for a call in `project`.
    pub fn real(project: PathBuf) -> Place {
        Place { system: SYSTEM.into(), project, variable: |name| std::env::var(name).ok() }
    }
}

/// Folders that do not depend on rules: home, state, the user layer.
pub fn folders(place: &Place) -> (PathBuf, PathBuf, PathBuf) {
    let governed = place.system.is_dir();
    let variable = |name: &str| (place.variable)(name).filter(|v| Path::new(v).is_absolute()).map(PathBuf::from);
    let home = if governed { passwd_home() } else { None }
        .or_else(|| variable("HOME"))
        .or_else(passwd_home)
        .unwrap_or_else(|| "/".into());
    let given = |name: &str| if governed { None } else { variable(name) };
    let state = given("XDG_STATE_HOME").unwrap_or_else(|| home.join(".local/state")).join("guard");
    let user = given("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("guard");
    (home, state, user)
}

/// Reads every layer. Mistakes never stop it: they are in [`Loaded::errors`].
pub fn load(place: &Place) -> Loaded {
    let (home, mut state, user) = folders(place);
    let mut know = Knowledge::builtin();
    let redactor = Knowledge::builtin_redactor();
    let mut attended = None;
    let mut egress_enforced = false;
    let mut egress = Egress::default();
    let mut errors = Vec::new();
    let mut broken = Vec::new();
    // Without a system layer the user may loosen; with one, only who it names. The project never may.
    let mut may_loosen: Vec<String> = vec!["user".into()];
    let layers = [("system", place.system.clone()), ("user", user), ("project", place.project.join(".guard"))];
    for (name, folder) in layers {
        if !folder.is_dir() {
            continue;
        }
        let before = errors.len();
        let config = read_config(&folder, &mut errors);
        if name == "system" {
            may_loosen = config.may_loosen;
            egress_enforced = config.egress == Some(EgressMode::Enforced);
            if let Some(folder) = config.state {
                state = folder;
            }
        }
        if name != "project" && attended.is_none() {
            attended = config.attended;
        }
        let loosens = name == "system" || may_loosen.iter().any(|l| l == name);
        let layer = Layer { folder: &folder, name, loosens: loosens && name != "project" };
        merge(&mut know, &mut egress, &layer, &state, &mut errors);
        if errors.len() > before {
            broken.push(folder.to_string_lossy().into_owned());
        }
    }
    if let Err(what) = know.world.lists.check_layers() {
        // The layers' lists do not fit together: judge with what is built in, under the rule for broken layers.
        errors.push(LoadError { file: "lists.toml".into(), line: 1, what });
        know = Knowledge::builtin();
    }
    Loaded { know, redactor, attended: attended.unwrap_or_default(), egress_enforced, egress, state, home, errors, broken }
}

fn read_config(folder: &Path, errors: &mut Vec<LoadError>) -> ConfigFile {
    let path = folder.join("config.toml");
    let file = path.to_string_lossy().into_owned();
    match std::fs::read_to_string(&path) {
        Ok(text) => load::parse(&file, &text).unwrap_or_else(|error| {
            errors.push(error);
            ConfigFile::default()
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => ConfigFile::default(),
        Err(error) => {
            errors.push(LoadError { file, line: 1, what: format!("it cannot be read: {error}") });
            ConfigFile::default()
        }
    }
}

/// One layer's folder, and what it may do.
#[derive(Clone, Copy)]
struct Layer<'a> {
    folder: &'a Path,
    name: &'a str,
    loosens: bool,
}

/// Compiles the rules of the system layer, so that hooks read no TOML of them: `compiled` beside its files. Gives the file's path, or
/// the layer's mistakes.
pub fn compile(folder: &Path) -> Result<PathBuf, Vec<LoadError>> {
    let mut errors = Vec::new();
    let mut know = Knowledge::builtin();
    let layer = Layer { folder, name: "system", loosens: true };
    let path = cache::place(folder, true, Path::new(""));
    let complain = |error: &std::io::Error| vec![LoadError { file: path.to_string_lossy().into_owned(), line: 1, what: format!("it cannot be written: {error}") }];
    let inventory = cache::inventory(folder, &know.version, true).map_err(|error| complain(&error))?;
    read_config(folder, &mut errors);
    let packed = merge_toml(&mut know, &mut Egress::default(), &layer, &inventory.files, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    cache::write(&path, &inventory, &packed.version, &packed.toml, &packed.rules, 0o644).map_err(|error| complain(&error))?;
    Ok(path)
}

/// What a compiled layer is made of.
struct Packed {
    version: String,
    toml: Vec<String>,
    rules: String,
}

/// Adds a layer, from its compiled form where that is current; makes it otherwise.
fn merge(know: &mut Knowledge, egress: &mut Egress, layer: &Layer<'_>, state: &Path, errors: &mut Vec<LoadError>) {
    let system = layer.name == "system";
    let inventory = match cache::inventory(layer.folder, &know.version, system) {
        Ok(inventory) => inventory,
        Err(error) => {
            errors.push(LoadError { file: layer.folder.to_string_lossy().into_owned(), line: 1, what: format!("the layer cannot be read: {error}") });
            return;
        }
    };
    let path = cache::place(layer.folder, system, state);
    let owner = if system { Some(0) } else { std::fs::metadata(state).ok().map(|m| m.uid()) };
    let has_rules = inventory.files.iter().any(|f| is_rule(f));
    if has_rules
        && let Some(owner) = owner
        && let Some(compiled) = cache::read(&path, &inventory, owner)
        && know.rules.put_packed(compiled.rules).is_ok()
    {
        let rest: Vec<String> = inventory.files.iter().filter(|f| !is_rule(f) || compiled.toml.contains(f)).cloned().collect();
        let below = know.version.clone();
        merge_toml(know, egress, layer, &rest, errors);
        know.version = format!("{below}+{}", compiled.version);
        return;
    }
    let before = errors.len();
    let packed = merge_toml(know, egress, layer, &inventory.files, errors);
    if has_rules && !system && owner.is_some() && errors.len() == before {
        // Without it the next call reads the TOML again: slower, not wrong.
        let _ = cache::write(&path, &inventory, &packed.version, &packed.toml, &packed.rules, 0o600);
    }
}

fn is_rule(file: &str) -> bool {
    file.starts_with("policy/")
}

/// Adds what stands in these files of a layer. One that may not loosen adds rules, and lists and programs under new names; it
/// replaces nothing. Gives what may be compiled: rules with new ids.
fn merge_toml(know: &mut Knowledge, egress: &mut Egress, layer: &Layer<'_>, files: &[String], errors: &mut Vec<LoadError>) -> Packed {
    let Layer { folder, name, loosens } = *layer;
    let shown = folder.to_string_lossy().into_owned();
    let mut packed = Packed { version: String::new(), toml: Vec::new(), rules: String::new() };
    let texts = files.iter().map(|file| std::fs::read_to_string(folder.join(file)).map(|text| (file.clone(), text))).collect::<Result<Vec<_>, _>>();
    let texts = match texts {
        Ok(texts) => texts,
        Err(error) => {
            errors.push(LoadError { file: shown, line: 1, what: format!("the layer cannot be read: {error}") });
            return packed;
        }
    };
    let known: Vec<String> = know.world.lists.names().map(str::to_owned).collect();
    let (layer, mistakes) = Bundle::read(&shown, &texts, &known);
    errors.extend(mistakes);
    know.version = format!("{}+{}", know.version, layer.version);
    packed.version.clone_from(&layer.version);
    packed.rules = crate::rule::packed::pack(layer.rules.iter().filter(|rule| know.rules.find(&rule.id).is_none()));
    let replaces = |file: &&String| is_rule(file) && Path::new(file).file_stem().is_some_and(|id| know.rules.find(&id.to_string_lossy()).is_some());
    packed.toml = files.iter().filter(replaces).cloned().collect();
    let mut refuse = |file: &str, what: String| errors.push(LoadError { file: format!("{shown}/{file}"), line: 1, what });
    for rule in layer.rules {
        match know.rules.find(&rule.id) {
            Some(old) if !(loosens || rule.decision >= old.decision && rule.matches == old.matches) => refuse(
                &format!("policy/{}.toml", rule.id),
                format!("rule `{}` exists below; the {name} layer may only make its decision stricter, or use another id", rule.id),
            ),
            _ => know.rules.put(rule),
        }
    }
    if loosens {
        egress.destination.extend(layer.egress.destination);
        egress.range.extend(layer.egress.range);
    }
    for (list, entries) in layer.lists {
        if loosens || !know.world.lists.has(&list) {
            know.world.lists.extend(&list, entries.into_iter().map(Into::into));
        } else {
            refuse("lists.toml", format!("list `{list}` exists below; the {name} layer may not add to it, as entries may loosen a rule"));
        }
    }
    if loosens {
        know.world.credentials.to_mut().extend(layer.credentials.into_iter().map(|(kind, credential)| (kind.into(), credential)));
    } else if !layer.credentials.is_empty() {
        refuse("credentials.toml", format!("the {name} layer may not say who is shown a credential"));
    }
    for (stem, spec) in layer.commands {
        if loosens {
            know.world.specs.add(spec);
        } else {
            refuse(&format!("commands/{stem}.toml"), format!("the {name} layer may not describe programs, as a description may hide what one does"));
        }
    }
    if !layer.exceptions.is_empty() && !loosens {
        refuse("exceptions.toml", format!("the {name} layer may not hold exceptions"));
    } else {
        let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
        for exception in layer.exceptions {
            if exception.reason.trim().is_empty() {
                refuse("exceptions.toml", format!("the exception to `{}` has no reason", exception.rule));
            } else if exception.until >= today {
                know.rules.exceptions.push(exception);
            }
        }
    }
    packed
}

/// The home folder that the passwd file gives this process's user.
fn passwd_home() -> Option<PathBuf> {
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let text = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = text.lines().find(|l| l.split(':').nth(2) == Some(uid.as_str()))?;
    line.split(':').nth(5).filter(|h| h.starts_with('/')).map(PathBuf::from)
}
