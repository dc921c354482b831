//! What the record does when its place is in the way, gone, full, locked or damaged: the verdict stands or becomes what `record-lost`
//! says, the exit status is 0 (checked by every hook of [`Machine`]), and the digest tells a person.

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use support::{ALLOWED, DENIED, Machine, event, in_mount_namespace, is_denial};

/// The answers that hold while nothing can be recorded.
fn assert_record_lost(machine: &Machine, what: &str) {
    let answer = machine.hook(&event("lost", "make build"));
    assert!(is_denial(&answer) && answer.contains("record-lost"), "{what}: {answer}");
    assert_eq!(machine.hook(&event("lost", "ls")), "", "{what}");
    assert!(machine.hook(&event("lost", DENIED)).contains("whole-tree-deleted"), "{what}");
}

#[test]
fn something_else_where_the_journal_should_be() {
    type Make = fn(&Path);
    let kinds: [(&str, &str, Make); 5] = [
        ("symlink", "a symbolic link", |path| symlink("/dev/null", path).expect("a link")),
        ("folder", "a folder", |path| std::fs::create_dir(path).expect("a folder")),
        ("fifo", "a named pipe", |path| {
            assert!(std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
        }),
        ("hard link", "a file with several names", |path| {
            std::fs::write(path.with_extension("other"), "").expect("a file");
            std::fs::hard_link(path.with_extension("other"), path).expect("a hard link");
        }),
        ("mode", "a file that others may use", |path| {
            std::fs::write(path, "").expect("a file");
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).expect("a mode");
        }),
    ];
    for (what, said, make) in kinds {
        let machine = Machine::new();
        let journal = machine.made_state().join("journal");
        make(&journal);
        assert_record_lost(&machine, what);
        let digest = machine.text(&["audit"]);
        assert!(digest.contains("Errors of guard") && digest.contains(said), "{what}: {digest}");
        if journal.is_dir() {
            std::fs::remove_dir(&journal).expect("removed");
        } else {
            std::fs::remove_file(&journal).expect("removed");
        }
        assert_eq!(machine.hook(&event("after", ALLOWED)), "", "{what}");
        assert_eq!(machine.recorded(), ["after"], "{what}");
        let digest = machine.text(&["audit"]);
        assert!(digest.contains("at least 3 events were not recorded; the first because"), "{what}: {digest}");
    }
}

#[test]
fn a_state_folder_that_is_missing_is_made_and_one_that_cannot_be_is_said() {
    let machine = Machine::new();
    assert_eq!(machine.hook(&event("first", ALLOWED)), "");
    assert_eq!(machine.recorded(), ["first"]);
    let mode = std::fs::metadata(machine.state()).expect("a folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    std::fs::remove_dir_all(machine.state()).expect("removed");
    std::fs::write(machine.state(), "in the way").expect("a file");
    assert_record_lost(&machine, "a file in the way");
    let digest = machine.text(&["audit"]);
    assert!(digest.contains("Errors of guard") && digest.contains("cannot be"), "{digest}");
}

#[test]
fn a_locked_store_keeps_nobody_waiting_and_loses_nothing() {
    let machine = Machine::new();
    machine.hook(&event("before", ALLOWED));
    assert_eq!(machine.recorded(), ["before"]);
    let db = rusqlite::Connection::open(machine.state().join("guard.db")).expect("a database");
    db.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    for n in 0..5 {
        assert!(is_denial(&machine.hook(&event(&format!("locked {n}"), DENIED))));
    }
    assert!(machine.text(&["audit"]).contains("locked"), "the digest says it");
    db.execute_batch("ROLLBACK").expect("unlocked");
    assert_eq!(machine.recorded(), ["before", "locked 0", "locked 1", "locked 2", "locked 3", "locked 4"]);
    machine.assert_intact(6);
}

#[test]
fn a_damaged_store_is_kept_and_said_and_the_verdicts_stand() {
    let machine = Machine::new();
    for n in 0..50 {
        machine.hook(&event(&format!("{n}"), ALLOWED));
    }
    assert_eq!(machine.recorded().len(), 50);
    let path = machine.state().join("guard.db");
    let mut bytes = std::fs::read(&path).expect("bytes");
    // Every page but the first: SQLite opens it, and finds out when it reads.
    bytes[4096..].fill(0xA5);
    std::fs::write(&path, bytes).expect("damage");
    let digest = machine.text(&["audit"]);
    assert!(digest.contains("Errors of guard"), "{digest}");
    assert!(is_denial(&machine.hook(&event("after", DENIED))));
    assert_eq!(machine.recorded(), ["after"]);
    assert!(machine.text(&["audit"]).contains("damaged"));
    let kept = std::fs::read_dir(machine.state()).expect("a folder").filter(|e| e.as_ref().is_ok_and(|e| e.file_name().to_string_lossy().contains("corrupt")));
    assert!(kept.count() >= 1);
}

#[test]
fn a_named_pipe_where_the_store_should_be_holds_nobody() {
    let machine = Machine::new();
    let state = machine.made_state();
    for name in ["guard.db", "drain.lock"] {
        let _ = std::fs::remove_file(state.join(name));
        assert!(std::process::Command::new("mkfifo").arg(state.join(name)).status().expect("mkfifo").success());
        assert!(is_denial(&machine.hook(&event(name, DENIED))), "{name}");
        assert!(machine.text(&["audit"]).contains("Errors of guard"), "{name}");
        std::fs::remove_file(state.join(name)).expect("removed");
    }
    assert_eq!(machine.recorded(), ["guard.db", "drain.lock"]);
}

/// A file system of 6 MiB, really filled: what is refused is still recorded until the room that was held is used up.
#[test]
fn a_full_disk_still_records_refusals() {
    let machine = Machine::new();
    let events = tempfile::tempdir().expect("a folder");
    std::fs::write(events.path().join("allowed"), event("allowed", ALLOWED)).expect("an event");
    std::fs::write(events.path().join("denied"), event("denied", &format!("{DENIED} {}", "x".repeat(1_000)))).expect("an event");
    std::fs::write(events.path().join("build"), event("build", &format!("make build {}", "x".repeat(1_400)))).expect("an event");
    let script = r#"
        state=$1 guard=$2 events=$3
        mount -t tmpfs -o size=6m,mode=700 none "$state"
        "$guard" hook <"$events/allowed"
        cat /dev/zero >"$state/filler" 2>/dev/null || true
        i=0
        while [ $i -lt 200 ]; do i=$((i + 1)); "$guard" hook <"$events/denied"; done >"$events/answers" 2>/dev/null
        "$guard" audit >"$events/digest"
        "$guard" hook <"$events/build" >"$events/build.recorded"
        while [ $i -lt 1500 ]; do
          i=$((i + 1))
          "$guard" hook <"$events/build" >"$events/build.answer" 2>/dev/null
          [ ! -s "$events/build.answer" ] || break
        done
        "$guard" hook <"$events/denied" >"$events/denied.answer" 2>/dev/null
        rm "$state/filler"
        "$guard" log --json >"$events/log"
        "$guard" log verify >"$events/verify"
        "$guard" audit >"$events/after"
    "#;
    let script = format!("export HOME={}\n{script}", machine.home.path().display());
    in_mount_namespace(&script, &[&machine.made_state(), &support::binary(), events.path()]);
    let read = |name: &str| std::fs::read_to_string(events.path().join(name)).expect(name);
    assert_eq!(read("answers").matches("\"deny\"").count(), 200);
    assert!(read("digest").contains("Errors of guard") && read("digest").contains("No space left"), "{}", read("digest"));
    assert_eq!(read("build.recorded"), "", "what can be recorded is judged as ever");
    assert!(read("build.answer").contains("record-lost"), "{}", read("build.answer"));
    assert!(read("denied.answer").contains("whole-tree-deleted"));
    let log = read("log");
    assert_eq!(log.lines().filter(|l| l.contains("\"tool_use_id\":\"denied\"")).count(), 200, "every refusal is in the store");
    let lines = log.lines().count();
    assert!(read("verify").starts_with(&format!("intact: {lines} records")) || read("verify").contains(&format!("\nintact: {lines} records")), "{}", read("verify"));
    assert!(read("after").contains("events were not recorded"), "{}", read("after"));
}

#[test]
fn a_read_only_state_folder_is_said() {
    let machine = Machine::new();
    machine.hook(&event("before", ALLOWED));
    machine.hook(&event("waits", ALLOWED));
    let events = tempfile::tempdir().expect("a folder");
    for (name, command) in [("build", "make build"), ("read", "ls"), ("denied", DENIED)] {
        std::fs::write(events.path().join(name), event(name, command)).expect("an event");
    }
    let script = format!(
        r#"
        export HOME={}
        state=$1 guard=$2 events=$3
        mount --bind "$state" "$state"
        mount -o remount,bind,ro "$state"
        for name in build read denied; do "$guard" hook <"$events/$name" >"$events/$name.answer" 2>/dev/null; done
        "$guard" audit >"$events/digest"
    "#,
        machine.home.path().display()
    );
    in_mount_namespace(&script, &[&machine.state(), &support::binary(), events.path()]);
    let read = |name: &str| std::fs::read_to_string(events.path().join(name)).expect(name);
    assert!(read("build.answer").contains("record-lost"));
    assert_eq!(read("read.answer"), "");
    assert!(read("denied.answer").contains("whole-tree-deleted"));
    assert!(read("digest").contains("Errors of guard") && read("digest").contains("Read-only"), "{}", read("digest"));
    assert_eq!(machine.recorded(), ["before", "waits"], "nothing that was there is lost");
}

#[cfg(feature = "deadman-test")]
mod stopped {
    use super::support::{ALLOWED, DENIED, Machine, event, is_denial, signal, wait_until_stopped};

    const DRAIN_STEPS: [&str; 7] =
        ["drain-locked", "drain-spare", "drain-exchanged", "drain-rotated", "drain-adding", "drain-stored", "drain-removed"];

    #[test]
    fn a_drain_that_is_killed_at_any_step_loses_and_doubles_nothing() {
        for step in DRAIN_STEPS {
            let machine = Machine::new();
            let ids: Vec<String> = (0..6).map(|n| n.to_string()).collect();
            for id in &ids[..3] {
                machine.hook(&event(id, ALLOWED));
            }
            let out = machine.command(&["drain"]).env("GUARD_TEST_AT", format!("kill:{step}")).output().expect("guard runs");
            assert_eq!(std::os::unix::process::ExitStatusExt::signal(&out.status), Some(9), "{step} was reached");
            for id in &ids[3..] {
                machine.hook(&event(id, ALLOWED));
            }
            assert_eq!(machine.recorded(), ids, "{step}");
            machine.assert_intact(6);
            assert!(!machine.text(&["audit"]).contains("Errors of guard"), "{step}");
        }
    }

    /// The hook has opened, or written, a journal that a drain then sets aside, reads and removes.
    #[test]
    fn a_hook_that_is_overtaken_by_a_drain_loses_and_doubles_nothing() {
        for step in ["journal-opened", "journal-written"] {
            let machine = Machine::new();
            machine.hook(&event("first", ALLOWED));
            let mut slow = machine.start(&event("slow", ALLOWED), Some(&format!("stop:{step}")));
            wait_until_stopped(&slow);
            assert!(machine.recorded().contains(&"first".to_owned()));
            machine.hook(&event("second", ALLOWED));
            machine.recorded();
            // Once more at each of its tries: the journal it then opens is set aside as well.
            for _ in 0..2 {
                signal(&slow, "-CONT");
                for _ in 0..400 {
                    if slow.try_wait().expect("a status").is_some() || stopped(&slow) {
                        break;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                machine.recorded();
            }
            signal_if_alive(&mut slow);
            assert!(slow.wait().expect("it ends").success(), "{step}");
            let mut all = machine.recorded();
            all.sort();
            assert_eq!(all, ["first", "second", "slow"], "{step}");
            machine.assert_intact(3);
        }
    }

    fn stopped(child: &std::process::Child) -> bool {
        std::fs::read_to_string(format!("/proc/{}/stat", child.id())).is_ok_and(|t| t.rsplit(") ").next().is_some_and(|r| r.starts_with('T')))
    }

    fn signal_if_alive(child: &mut std::process::Child) {
        for _ in 0..8 {
            if child.try_wait().expect("a status").is_some() {
                return;
            }
            signal(child, "-CONT");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    #[test]
    fn a_process_that_stands_still_at_any_step_blocks_no_hook() {
        for step in DRAIN_STEPS.iter().chain(&["journal-opened", "journal-written"]) {
            let machine = Machine::new();
            machine.hook(&event("before", ALLOWED));
            // A denial drains, so that the hook itself stands still in its drain.
            let mut still = machine.start(&event("still", DENIED), Some(&format!("stop:{step}")));
            wait_until_stopped(&still);
            for n in 0..4 {
                assert_eq!(machine.hook(&event(&format!("allowed {n}"), ALLOWED)), "", "{step}");
                assert!(is_denial(&machine.hook(&event(&format!("denied {n}"), DENIED))), "{step}");
            }
            assert!(stopped(&still), "{step}: the others did not wait for it");
            signal(&still, "-KILL");
            still.wait().expect("it ends");
            let mut all = machine.recorded();
            all.retain(|id| id != "still");
            all.sort();
            let wanted = ["allowed 0", "allowed 1", "allowed 2", "allowed 3", "before", "denied 0", "denied 1", "denied 2", "denied 3"];
            assert_eq!(all, wanted, "{step}");
        }
    }
}
