//! The journal and the store under concurrency and damage.

use guard::io::{journal, store};
use guard::record::{Facts, Record};
use guard::secret::Redactor;
use std::collections::HashSet;
use std::os::unix::fs::{PermissionsExt, symlink};

fn record(n: usize) -> Record {
    let facts = Facts { time_ms: n as i64, event: "PreToolUse".into(), session: "s".into(), command: format!("echo {n}"), ..Facts::default() };
    Record::new(&facts, &Redactor::default())
}

fn stored(state: &std::path::Path) -> Vec<String> {
    let store = store::Store::open(state).expect("the store opens");
    let filter = store::Filter { since_ms: Some(i64::MIN), ..store::Filter::default() };
    store.records(&filter).expect("records").into_iter().map(|(_, r)| r.command.to_string()).collect()
}

#[test]
fn nothing_is_lost_or_doubled_while_many_write_and_drain() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("guard");
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let state = &state;
            scope.spawn(move || {
                for n in 0..125 {
                    journal::append(state, &record(thread * 125 + n)).expect("written");
                    if n % 25 == thread {
                        store::drain(state).expect("drained");
                    }
                }
            });
        }
    });
    while store::drain(&state).expect("drained").busy {}
    let all = stored(&state);
    assert_eq!(all.len(), 2_000);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 2_000);
    assert_eq!(store::drain(&state).expect("drained").stored, 0, "a second drain finds nothing");
}

#[test]
fn the_chain_links_every_record_to_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    for n in 0..20 {
        journal::append(folder.path(), &record(n)).expect("written");
    }
    store::drain(folder.path()).expect("drained");
    let db = rusqlite::Connection::open(folder.path().join("guard.db")).expect("a database");
    let mut query = db.prepare("SELECT seq, id, json, prev_hash, hash FROM record ORDER BY seq").expect("a query");
    let mut previous = String::new();
    let mut rows = query.query([]).expect("rows");
    let mut seen = 0;
    while let Some(row) = rows.next().expect("a row") {
        let (seq, id, json, prev, hash): (i64, String, String, String, String) =
            (row.get(0).expect("seq"), row.get(1).expect("id"), row.get(2).expect("json"), row.get(3).expect("prev"), row.get(4).expect("hash"));
        assert_eq!(prev, previous);
        assert_eq!(hash, store::chain(seq, &id, &json, &prev));
        previous = hash;
        seen += 1;
        assert_eq!(seq, seen);
    }
    assert_eq!(seen, 20);
}

#[test]
fn a_torn_frame_costs_only_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    for n in 0..3 {
        journal::append(folder.path(), &record(n)).expect("written");
    }
    let whole = std::fs::read(folder.path().join(journal::FILE)).expect("bytes");
    let frame = whole.len() / 3;
    let mode = std::fs::metadata(folder.path().join(journal::FILE)).expect("metadata").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for cut in 1..frame {
        // The middle frame loses its tail at every place.
        let torn = [&whole[..frame], &whole[frame..frame + cut], &whole[2 * frame..]].concat();
        let (frames, lost) = journal::decode(&torn);
        assert_eq!((frames.len(), lost), (2, cut), "cut at {cut}");
    }
}

#[test]
fn only_a_plain_file_of_ones_own_is_a_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(journal::FILE);
    let refused = |what: &str| {
        let error = journal::append(folder.path(), &record(1)).expect_err(what).to_string();
        assert!(error.contains("journal"), "{what}: {error}");
    };
    symlink("/dev/null", &path).expect("a link");
    refused("symlink");
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("a folder");
    refused("folder");
    std::fs::remove_dir(&path).expect("removed");
    let status = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(status.success());
    refused("fifo");
    std::fs::remove_file(&path).expect("removed");
    journal::append(folder.path(), &record(1)).expect("written");
    std::fs::hard_link(&path, folder.path().join("other")).expect("a hard link");
    refused("hard link");
    std::fs::remove_file(folder.path().join("other")).expect("removed");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("mode");
    refused("mode");
}

#[test]
fn a_record_of_another_version_is_kept_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    journal::append(folder.path(), &record(1)).expect("written");
    let path = folder.path().join(journal::FILE);
    let mut bytes = std::fs::read(&path).expect("bytes");
    bytes[4] = 9;
    journal::append(folder.path(), &record(2)).expect("written");
    let second = std::fs::read(&path).expect("bytes")[bytes.len()..].to_vec();
    std::fs::write(&path, [bytes, second].concat()).expect("written");
    assert_eq!(store::drain(folder.path()).expect("drained").stored, 1);
    let kept = std::fs::read_dir(folder.path()).expect("a folder").filter(|e| {
        e.as_ref().is_ok_and(|e| e.file_name().to_string_lossy().starts_with("kept-journal-"))
    });
    assert_eq!(kept.count(), 1);
}

#[test]
fn a_damaged_store_is_kept_aside_and_said_in_the_digest() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("guard.db"), "this is no database, but long enough to be taken for one".repeat(40)).expect("a file");
    journal::append(folder.path(), &record(1)).expect("written");
    assert_eq!(store::drain(folder.path()).expect("drained").stored, 1);
    let store = store::Store::open(folder.path()).expect("opens");
    let notes = store.notes(&store::Filter::default()).expect("notes");
    assert!(notes.iter().any(|n| n.contains("damaged")), "{notes:?}");
}

fn sealed(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for n in 0..count {
        journal::append(folder.path(), &record(n)).expect("written");
    }
    store::drain(folder.path()).expect("drained");
    folder
}

fn verified(folder: &tempfile::TempDir, head: Option<&str>) -> guard::io::chain::Chain {
    guard::io::chain::verify(folder.path(), head).expect("a walk")
}

#[test]
fn every_kind_of_change_shows_where_it_is() {
    for (change, at) in [
        ("UPDATE record SET json = replace(json, 'echo 4', 'echo 9') WHERE seq = 5", 5),
        ("UPDATE record SET decision = 'allow' WHERE seq = 3", 3),
        ("UPDATE record SET time_ms = 7 WHERE seq = 2", 2),
        ("INSERT INTO finding (seq, rule, decision) VALUES (4, 'x', 'deny')", 4),
        ("DELETE FROM record WHERE seq = 6", 6),
        ("DELETE FROM record WHERE seq = 1", 1),
        ("UPDATE record SET seq = 100 WHERE seq = 7; UPDATE record SET seq = 7 WHERE seq = 8; UPDATE record SET seq = 8 WHERE seq = 100", 7),
        ("INSERT INTO record SELECT 11, 'made up', time_ms, event, session, tool, decision, json, hash, hash FROM record WHERE seq = 10", 11),
    ] {
        let folder = sealed(10);
        assert_eq!(verified(&folder, None).intact, 10);
        let db = rusqlite::Connection::open(folder.path().join("guard.db")).expect("a database");
        db.execute_batch(change).expect("the change");
        assert_eq!(verified(&folder, None).changed.map(|(seq, _)| seq), Some(at), "{change}");
    }
}

#[test]
fn a_head_that_left_shows_what_was_cut_off() {
    let folder = sealed(10);
    let head = verified(&folder, None).head;
    assert_eq!(verified(&folder, Some(&head)).known_head, Some(10));
    let db = rusqlite::Connection::open(folder.path().join("guard.db")).expect("a database");
    db.execute_batch("DELETE FROM record WHERE seq > 8").expect("the change");
    let found = verified(&folder, Some(&head));
    assert_eq!((found.changed, found.known_head), (None, None), "without the head nobody could tell");
}

#[test]
fn what_is_in_the_journal_is_not_yet_sealed() {
    let folder = sealed(2);
    journal::append(folder.path(), &record(9)).expect("written");
    let found = verified(&folder, None);
    assert_eq!((found.intact, found.unsealed, found.torn), (2, 1, 0));
}

#[test]
fn pruning_keeps_the_chain_verifiable() {
    use guard::io::chain;
    let folder = sealed(10);
    let head = verified(&folder, None).head;
    assert_eq!(chain::prune(folder.path(), 4).expect("a prune").expect("an intact chain"), 4);
    let found = verified(&folder, Some(&head));
    assert_eq!((found.intact, found.last, found.changed, found.known_head), (6, 10, None, Some(10)));
    assert_eq!(chain::prune(folder.path(), i64::MAX).expect("a prune").expect("an intact chain"), 6, "all may go");
    journal::append(folder.path(), &record(11)).expect("written");
    store::drain(folder.path()).expect("drained");
    let found = verified(&folder, None);
    assert_eq!((found.intact, found.last, found.changed), (1, 11, None), "the chain goes on where it was");
    rusqlite::Connection::open(folder.path().join("guard.db")).expect("a database").execute_batch("UPDATE record SET json = '{}'").expect("the change");
    assert!(chain::prune(folder.path(), i64::MAX).expect("a prune").is_err(), "evidence is not removed");
}

#[test]
fn a_store_of_every_earlier_version_is_brought_up_to_date() {
    let schema = std::fs::read_to_string("src/io/schema.sql").expect("the schema");
    let versions: Vec<&str> = schema.split("-- version ").skip(1).collect();
    for version in 1..versions.len() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = rusqlite::Connection::open(folder.path().join("guard.db")).expect("a database");
        for text in &versions[..version] {
            db.execute_batch(text.split_once('\n').expect("a marker").1).expect("an old schema");
        }
        db.pragma_update(None, "user_version", version as i64).expect("a version");
        drop(db);
        journal::append(folder.path(), &record(1)).expect("written");
        store::drain(folder.path()).expect("drained");
        assert_eq!(verified(&folder, None).intact, 1, "version {version}");
    }
}
