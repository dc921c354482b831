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
