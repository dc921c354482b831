//! Every way in which a rule's examples are rewritten, run by bash on a harmless stand-in: it must be called with the same words.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

#[test]
fn every_form_calls_the_program_with_the_same_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("standin");
    let log = folder.path().join("log");
    fs::write(&program, format!("#!/bin/bash\nprintf '<%s>' \"$@\" >> '{}'\n", log.display())).expect("the stand-in");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("its mode");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").expect("PATH"));
    let mut kinds = BTreeSet::new();
    let mut wrong = Vec::new();
    for (command, wanted) in [("standin -a two-2 /x/y --k=v", "<-a><two-2></x/y><--k=v>"), ("standin 'b c' \"d\"", "<b c><d>")] {
        for (kind, text) in guard::rule::rewrite::forms(command) {
            kinds.insert(kind);
            let _ = fs::remove_file(&log);
            let text = text
                .replace("/usr/bin/standin", &program.to_string_lossy())
                .replace("/usr//bin/../bin/./standin", &format!("{}//./standin", folder.path().display()))
                .replace("/tmp/guard-form", &folder.path().join("form").to_string_lossy());
            let out = Command::new("timeout")
                .args(["10", "bash", "-c", &text])
                .env("PATH", &path)
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .output()
                .expect("bash runs");
            let called = fs::read_to_string(&log).unwrap_or_default();
            if called != wanted {
                wrong.push(format!("{kind}: {text}\n  called with {called}\n  {}", String::from_utf8_lossy(&out.stderr)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kinds.len() >= 60, "only {} kinds", kinds.len());
}
