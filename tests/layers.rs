//! The compiled form of a layer: current, stale, damaged, forged, and made by many at once. It never decides anything else than the
//! layer's TOML does.

use guard::effect::spec::simple_glob;
use guard::io::{cache, config};
use guard::rule::packed::{PackedRules, pack};
use guard::rule::types::{Examples, Rule};
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

struct Home(tempfile::TempDir);

impl Home {
    /// A home whose user layer has fifty rules, each against one folder.
    fn new() -> Home {
        let home = Home(tempfile::tempdir().expect("a folder"));
        for at in 0..50 {
            home.rule(at, "deny");
        }
        fs::create_dir_all(home.state()).expect("a folder");
        home
    }

    fn layer(&self) -> PathBuf {
        self.0.path().join(".config/guard")
    }

    fn state(&self) -> PathBuf {
        self.0.path().join(".local/state/guard")
    }

    fn rule(&self, at: u32, decision: &str) {
        let folder = self.layer().join("policy/own");
        fs::create_dir_all(&folder).expect("a folder");
        let text = format!(
            "summary = \"Writes to folder {at}\"\ndecision = \"{decision}\"\nwhy = \"A test.\"\n\n[[match]]\naction = [\"write\"]\ntarget = [\"/srv/own-{at}/**\"]\n"
        );
        fs::write(folder.join(format!("own-{at}-changed.toml")), text).expect("a rule");
    }

    fn answer(&self, command: &str) -> String {
        let event = serde_json::json!({"session_id": "s", "cwd": "/srv/work", "permission_mode": "default", "hook_event_name": "PreToolUse",
            "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "t"});
        let mut hook = Command::new(env!("CARGO_BIN_EXE_guard"))
            .arg("hook")
            .env("HOME", self.0.path())
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("guard starts");
        hook.stdin.take().expect("a pipe").write_all(event.to_string().as_bytes()).expect("guard reads");
        String::from_utf8(hook.wait_with_output().expect("guard ends").stdout).expect("text")
    }

    fn compiled(&self) -> PathBuf {
        cache::place(&self.layer(), false, &self.state())
    }

    fn is_current(&self) -> bool {
        let below = guard::knowledge::Knowledge::builtin().version;
        let inventory = cache::inventory(&self.layer(), &below, false).expect("a layer");
        let owner = fs::metadata(self.state()).expect("a folder").uid();
        cache::read(&self.compiled(), &inventory, owner).is_some()
    }

    /// The layer's rules hold, whatever its compiled form is.
    fn holds(&self) {
        assert!(self.answer("echo x > /srv/own-7/x").contains("own-7-changed"));
        assert_eq!(self.answer("echo x > y.txt"), "");
        assert!(self.answer("rm -rf /").contains("\"deny\""));
    }
}

#[test]
fn a_layer_is_compiled_once_and_again_when_a_file_changes() {
    let home = Home::new();
    assert!(!home.is_current());
    home.holds();
    assert!(home.is_current(), "the first call compiles the layer");
    assert_eq!(fs::metadata(home.compiled()).expect("a file").mode() & 0o777, 0o600);
    home.holds();
    home.rule(7, "warn");
    assert!(!home.is_current());
    assert!(home.answer("echo x > /srv/own-7/x").contains("additionalContext"), "the changed rule warns");
    assert!(home.is_current());
    fs::remove_file(home.layer().join("policy/own/own-7-changed.toml")).expect("a rule");
    assert_eq!(home.answer("echo x > /srv/own-7/x"), "");
}

#[test]
fn a_compiled_layer_that_is_damaged_or_foreign_is_as_if_there_were_none() {
    let home = Home::new();
    home.holds();
    let good = fs::read(home.compiled()).expect("a compiled layer");
    for cut in [0, 1, 20, good.len() / 2, good.len() - 1] {
        fs::write(home.compiled(), &good[..cut]).expect("a file");
        assert!(!home.is_current());
        home.holds();
        assert!(home.is_current(), "it is made again");
    }
    let mut other = good.clone();
    other[12] = b'9';
    fs::write(home.compiled(), other).expect("a file");
    home.holds();
    fs::remove_file(home.compiled()).expect("a file");
    std::os::unix::fs::symlink("/etc/passwd", home.compiled()).expect("a link");
    home.holds();
    assert!(fs::read_to_string("/etc/passwd").expect("text").contains("root"), "what the link led to is untouched");
}

/// Who can write the state folder can write a compiled layer that passes every check: it must not be able to loosen.
#[test]
fn a_forged_compiled_layer_cannot_loosen() {
    let home = Home::new();
    home.holds();
    let below = guard::knowledge::Knowledge::builtin().version;
    let inventory = cache::inventory(&home.layer(), &below, false).expect("a layer");
    let mut mild = guard::knowledge::Knowledge::builtin_bundle().rules;
    mild.iter_mut().for_each(|rule| rule.decision = guard::verdict::Decision::Warn);
    cache::write(&home.compiled(), &inventory, "forged", &[], &guard::rule::packed::pack(&mild), 0o600).expect("a forged file");
    assert!(home.answer("rm -rf /").contains("\"deny\""));
    assert!(home.answer("echo x > /srv/own-7/x").contains("own-7-changed"), "a file that names built-in rules is not used at all");
}

#[test]
fn many_hooks_compile_a_layer_at_once() {
    let home = Home::new();
    for round in 0..5 {
        home.rule(50 + round, "deny");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| home.holds());
            }
        });
        assert!(home.is_current());
    }
    let left: Vec<_> = fs::read_dir(home.state()).expect("a folder").filter_map(Result::ok).filter(|e| e.file_name().to_string_lossy().ends_with(".new")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_system_layer_is_compiled_on_request_and_its_mistakes_are_said() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("config.toml"), "attended = \"never\"\n").expect("a file");
    fs::create_dir_all(folder.path().join("policy/own")).expect("a folder");
    let rule = folder.path().join("policy/own/own-rule.toml");
    fs::write(&rule, "summary = \"x\"\ndecision = \"deny\"\nwhy = \"y\"\n[[match]]\naction = [\"write\"]\ntarget = [\"/srv/own/**\"]\n").expect("a rule");
    assert_eq!(config::compile(folder.path()).expect("a sound layer"), Path::new(folder.path()).join("compiled"));
    fs::write(&rule, "summary = \"x\"\n").expect("a rule");
    let errors = config::compile(folder.path()).expect_err("a broken layer");
    assert!(errors[0].to_string().contains("own-rule.toml"), "{errors:?}");
}

#[test]
fn packed_rules_come_back_as_they_were() {
    let rules = guard::knowledge::Knowledge::builtin_bundle().rules;
    let packed = PackedRules::new(pack(&rules)).expect("a packed text");
    let plain: Vec<Rule> = rules.iter().map(|r| Rule { examples: Examples::default(), ..r.clone() }).collect();
    assert!(packed.iter().eq(&plain));
    let reads: Vec<&str> = packed.about("read").iter().map(|r| &*r.id).collect();
    let says_read = |r: &&Rule| r.matches.iter().any(|m| m.action.is_empty() || m.action.iter().any(|a| simple_glob(a, "read")));
    let wanted: Vec<&str> = plain.iter().filter(says_read).map(|r| &*r.id).collect();
    assert_eq!(reads, wanted);
}

#[test]
fn a_text_that_holds_no_packed_rules_is_refused() {
    for text in ["", "x", "x\n\ny", "read\t0\n\nx"] {
        assert!(PackedRules::new(text.into()).is_none(), "{text:?}");
    }
    assert_eq!(PackedRules::new(pack(&[])).expect("no rules").ids().count(), 0);
}
