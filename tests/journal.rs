//! The journal and the store under concurrency and damage.

use guard::io::drain::{Drained, Patience};
use guard::io::{journal, rotate, store};
use guard::record::{Facts, Record};
use guard::secret::Redactor;
use std::collections::HashSet;
use std::os::unix::fs::{PermissionsExt, symlink};

fn record(n: usize) -> Record {
    let facts = Facts { time_ms: n as i64, event: "PreToolUse".into(), session: "s".into(), command: format!("echo {n}"), ..Facts::default() };
    Record::new(&facts, &Redactor::default())
}

fn drain(state: &std::path::Path) -> Result<Drained, store::StoreError> {
    guard::io::drain::drain(state, Patience::Person)
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
                        drain(state).expect("drained");
                    }
                }
            });
        }
    });
    while drain(&state).expect("drained").busy {}
    let all = stored(&state);
    assert_eq!(all.len(), 2_000);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 2_000);
    assert_eq!(drain(&state).expect("drained").stored, 0, "a second drain finds nothing");
}

#[test]
fn the_chain_links_every_record_to_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    for n in 0..20 {
        journal::append(folder.path(), &record(n)).expect("written");
    }
    drain(folder.path()).expect("drained");
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
    assert_eq!(drain(folder.path()).expect("drained").stored, 1);
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
    assert_eq!(drain(folder.path()).expect("drained").stored, 1);
    let store = store::Store::open(folder.path()).expect("opens");
    let notes = store.notes(&store::Filter::default()).expect("notes");
    assert!(notes.iter().any(|n| n.contains("damaged")), "{notes:?}");
}

fn sealed(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for n in 0..count {
        journal::append(folder.path(), &record(n)).expect("written");
    }
    drain(folder.path()).expect("drained");
    folder
}

fn verified(folder: &tempfile::TempDir, head: Option<&str>) -> guard::io::chain::Chain {
    guard::io::chain::verify(folder.path(), head).expect("a walk")
}

#[test]
fn every_kind_of_change_shows_where_it_is() {
    for (what, change, at) in [
        ("altered", "UPDATE record SET json = replace(json, 'echo 4', 'echo 9') WHERE seq = 5", 5),
        ("altered", "UPDATE record SET decision = 'allow' WHERE seq = 3", 3),
        ("altered", "UPDATE record SET time_ms = 7 WHERE seq = 2", 2),
        ("altered", "INSERT INTO finding (seq, rule, decision) VALUES (4, 'x', 'deny')", 4),
        ("removed", "DELETE FROM record WHERE seq = 6", 6),
        ("removed", "DELETE FROM record WHERE seq = 1", 1),
        ("removed", "DELETE FROM record WHERE seq = 6; UPDATE record SET seq = seq - 1 WHERE seq > 6", 6),
        ("reordered", "UPDATE record SET seq = 100 WHERE seq = 7; UPDATE record SET seq = 7 WHERE seq = 8; UPDATE record SET seq = 8 WHERE seq = 100", 7),
        ("altered", "INSERT INTO record SELECT 11, 'made up', time_ms, event, session, tool, decision, json, hash, hash FROM record WHERE seq = 10", 11),
    ] {
        let folder = sealed(10);
        assert_eq!(verified(&folder, None).intact, 10);
        let db = rusqlite::Connection::open(folder.path().join("guard.db")).expect("a database");
        db.execute_batch(change).expect("the change");
        let (seq, how) = verified(&folder, None).changed.expect(change);
        assert_eq!(seq, at, "{change}");
        assert!(how.starts_with(what), "{change}: {how}");
    }
}

#[test]
fn a_record_that_was_put_in_shows_even_when_it_is_made_well() {
    let folder = sealed(10);
    let db = rusqlite::Connection::open(folder.path().join("guard.db")).expect("a database");
    for seq in (5..=10).rev() {
        db.execute("UPDATE record SET seq = ?1 + 1 WHERE seq = ?1", [seq]).expect("room");
    }
    let (json, before): (String, String) =
        db.query_row("SELECT json, hash FROM record WHERE seq = 4", [], |r| Ok((r.get(0)?, r.get(1)?))).expect("the record before");
    let hash = store::chain(5, "made up", &json, &before);
    db.execute(
        "INSERT INTO record SELECT 5, 'made up', time_ms, event, session, tool, decision, json, ?1, ?2 FROM record WHERE seq = 4",
        [before, hash],
    )
    .expect("an insertion");
    let (seq, how) = verified(&folder, None).changed.expect("a change");
    assert_eq!((seq, how.starts_with("inserted")), (5, true), "{how}");
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
    drain(folder.path()).expect("drained");
    let found = verified(&folder, None);
    assert_eq!((found.intact, found.last, found.changed), (1, 11, None), "the chain goes on where it was");
    rusqlite::Connection::open(folder.path().join("guard.db")).expect("a database").execute_batch("UPDATE record SET json = '{}'").expect("the change");
    assert!(chain::prune(folder.path(), i64::MAX).expect("a prune").is_err(), "evidence is not removed");
}

/// Each version of the schema is kept as a store that it left, so that no later edit of the schema's text can hide a break.
#[test]
fn a_store_of_every_earlier_version_is_brought_up_to_date() {
    let schema = std::fs::read_to_string("src/io/schema.sql").expect("the schema");
    let versions = schema.matches("-- version ").count();
    for version in 1..=versions {
        let folder = tempfile::tempdir().expect("a folder");
        let db = rusqlite::Connection::open(folder.path().join("guard.db")).expect("a database");
        let kept = std::fs::read_to_string(format!("fixtures/store/version-{version}.sql")).expect("a store of this version");
        db.execute_batch(&kept).expect("an old store");
        let head: String = db.query_row("SELECT hash FROM record WHERE seq = 3", [], |r| r.get(0)).expect("a head");
        drop(db);
        journal::append(folder.path(), &record(1)).expect("written");
        drain(folder.path()).expect("drained");
        let found = verified(&folder, Some(&head));
        assert_eq!((found.intact, found.changed, found.known_head), (4, None, Some(3)), "version {version}");
        let store = store::Store::open(folder.path()).expect("opens");
        assert!(store.notes(&store::Filter::default()).expect("notes").contains(&"a remark".to_owned()), "version {version}");
    }
}

#[test]
fn a_record_that_was_sealed_by_a_drain_that_died_is_not_called_unsealed() {
    let folder = sealed(0);
    journal::append(folder.path(), &record(1)).expect("written");
    let copy = std::fs::read(folder.path().join(journal::FILE)).expect("bytes");
    drain(folder.path()).expect("drained");
    std::fs::write(folder.path().join("journal.1"), copy).expect("what a killed drain leaves");
    assert_eq!(verified(&folder, None).unsealed, 0);
}

#[test]
fn a_clock_that_goes_back_is_said_in_the_digest_of_the_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = store::now_ms();
    let day = 24 * 3_600_000;
    for time_ms in [now - 2_000, now - 1_000, now - 400 * day, now - 400 * day + 1_000, now] {
        let facts = Facts { time_ms, event: "PreToolUse".into(), ..Facts::default() };
        journal::append(folder.path(), &Record::new(&facts, &Redactor::default())).expect("written");
    }
    let digest = guard::cli::store::digest(folder.path(), now - day, None, guard::cli::store::DigestFormat::Text);
    assert!(digest.contains("the clock went back by 34559999 s before record 3"), "{digest}");
    assert_eq!(digest.matches("the clock").count(), 1, "one jump is one remark: {digest}");
    assert_eq!((verified(&folder, None).intact, verified(&folder, None).changed), (5, None));
}

#[test]
fn text_in_a_torn_record_never_passes_for_a_record() {
    let folder = tempfile::tempdir().expect("a folder");
    journal::append(folder.path(), &record(1)).expect("written");
    let inner = std::fs::read(folder.path().join(journal::FILE)).expect("bytes");
    let text = String::from_utf8_lossy(&inner).into_owned();
    let facts = Facts { command: text, ..Facts::default() };
    journal::append(folder.path(), &Record::new(&facts, &Redactor::default())).expect("written");
    let bytes = std::fs::read(folder.path().join(journal::FILE)).expect("bytes");
    assert_eq!(journal::decode(&bytes).0.len(), 2);
    assert_eq!(journal::decode(&bytes[..bytes.len() - 1]).0.len(), 1, "the torn one is gone, and nothing comes out of its text");
}

#[test]
fn a_rotation_leaves_a_journal_with_room_in_its_place() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().expect("a folder");
    let room = || {
        let about = std::fs::metadata(folder.path().join(journal::FILE)).expect("a journal");
        (about.blocks() * 512).saturating_sub(about.len())
    };
    for n in 0..300 {
        journal::append(folder.path(), &record(n)).expect("written");
        assert!(room() >= journal::RESERVE - 4096, "{n}");
    }
    rotate::rotate(folder.path()).expect("rotated");
    assert!(room() >= journal::RESERVE);
    assert_eq!(rotate::waiting(folder.path()).expect("a list").len(), 1);
}
