//! The store: SQLite, filled from the journal by whoever holds its lock.

use super::deadman::reach;
use super::journal;
use crate::record::{Record, hash};
use crate::verdict::Decision;
use rusqlite::{Connection, OptionalExtension, params};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// The database in the state folder.
pub const FILE: &str = "guard.db";
const SCHEMA: &str = include_str!("schema.sql");
/// Records in one transaction: a drain that is cut short by its deadline has still brought in what it finished.
const BATCH: usize = 1_000;
/// Hooks that run at once are recorded out of order by less than this; more means that the clock went back.
const OUT_OF_ORDER_MS: i64 = 60_000;

/// Why the store could not be used.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("the store `{path}` cannot be used: {error}")]
    Sql { path: PathBuf, error: rusqlite::Error },
    #[error("the store `{path}` was written by a newer guard (schema {version}); use that one")]
    Newer { path: PathBuf, version: i64 },
    #[error("the state folder `{path}` cannot be used: {error}")]
    Io { path: PathBuf, error: std::io::Error },
}

/// The open store.
pub struct Store {
    pub(super) db: Connection,
    path: PathBuf,
}

/// Which records are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub since_ms: Option<i64>,
    pub until_ms: Option<i64>,
    pub session: Option<String>,
    pub rule: Option<String>,
    pub decision: Option<Decision>,
    /// Only records after this sequence number.
    pub after: i64,
}

impl Store {
    /// Opens the store and brings its schema up to date. A database that is none is moved aside, and the new one says so.
    pub fn open(state: &Path) -> Result<Store, StoreError> {
        Store::open_within(state, Duration::from_secs(5))
    }

    /// Opens it, and waits no longer than `patience` for others who use it.
    pub(super) fn open_within(state: &Path, patience: Duration) -> Result<Store, StoreError> {
        let path = state.join(FILE);
        let io = |error| StoreError::Io { path: state.to_owned(), error };
        if !state.is_dir() {
            use std::os::unix::fs::DirBuilderExt;
            fs::DirBuilder::new().recursive(true).mode(0o700).create(state).map_err(io)?;
        }
        if !path.exists() {
            // Made here so that its mode is right from the first byte.
            OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(io)?;
        }
        // SQLite would open a named pipe too, and wait for it.
        if !fs::symlink_metadata(&path).map_err(io)?.is_file() {
            return Err(io(std::io::Error::other("`guard.db` is no regular file")));
        }
        match Store::try_open(&path, patience) {
            Err(StoreError::Sql { error, .. }) if is_corrupt(&error) => {
                let aside = set_aside(state)?;
                OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(io)?;
                let store = Store::try_open(&path, patience)?;
                store.note(&format!("the store was damaged and is kept as {}", aside.display()))?;
                Ok(store)
            }
            other => other,
        }
    }

    fn try_open(path: &Path, patience: Duration) -> Result<Store, StoreError> {
        let sql = |error| StoreError::Sql { path: path.to_owned(), error };
        let db = Connection::open(path).map_err(sql)?;
        db.busy_timeout(patience).map_err(sql)?;
        db.pragma_update(None, "journal_mode", "PERSIST").map_err(sql)?;
        db.pragma_update(None, "synchronous", "NORMAL").map_err(sql)?;
        let version: i64 = db.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(sql)?;
        let upgrades: Vec<&str> = SCHEMA.split("-- version ").skip(1).collect();
        let newest = i64::try_from(upgrades.len()).unwrap_or(i64::MAX);
        if version > newest {
            return Err(StoreError::Newer { path: path.to_owned(), version });
        }
        for (at, upgrade) in upgrades.iter().enumerate() {
            let to = i64::try_from(at + 1).unwrap_or(i64::MAX);
            if version >= to {
                continue;
            }
            // The number stands on the marker's own line.
            let text = upgrade.split_once('\n').map_or("", |(_, text)| text);
            let upgrade = format!("BEGIN IMMEDIATE; {text}; PRAGMA user_version = {to}; COMMIT;");
            if let Err(error) = db.execute_batch(&upgrade) {
                let _ = db.execute_batch("ROLLBACK");
                // Another process may have been first.
                let now: i64 = db.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(sql)?;
                if now < to {
                    return Err(sql(error));
                }
            }
        }
        Ok(Store { db, path: path.to_owned() })
    }

    /// Number and hash of the record before the first one that is kept: nothing, or what a prune left.
    pub(super) fn anchor(&self) -> Result<(i64, String), StoreError> {
        anchor(&self.db).map_err(self.sql())
    }

    pub(super) fn sql(&self) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
        let path = self.path.clone();
        move |error| StoreError::Sql { path: path.clone(), error }
    }

    /// Keeps a remark about guard itself, for the digest.
    pub fn note(&self, text: &str) -> Result<(), StoreError> {
        note(&self.db, text).map_err(self.sql())
    }

    /// Remarks of a time span.
    pub fn notes(&self, filter: &Filter) -> Result<Vec<String>, StoreError> {
        let mut query = self.db.prepare("SELECT text FROM note WHERE time_ms >= ?1 AND time_ms < ?2 ORDER BY time_ms").map_err(self.sql())?;
        let rows = query
            .query_map(params![filter.since_ms.unwrap_or(0), filter.until_ms.unwrap_or(i64::MAX)], |r| r.get(0))
            .map_err(self.sql())?;
        rows.collect::<Result<_, _>>().map_err(self.sql())
    }

    /// Adds frames, each once; gives how many were new and how many could not be read. Sequence numbers and the hash chain are
    /// given here.
    pub(super) fn add(&mut self, frames: &[journal::Frame], torn: usize) -> Result<(usize, usize), StoreError> {
        let (mut stored, mut unread) = (0, 0);
        for batch in frames.chunks(BATCH) {
            let (new, odd) = self.add_batch(batch)?;
            stored += new;
            unread += odd;
        }
        if torn > 0 || unread > 0 {
            self.note(&format!("{torn} bytes of the journal belonged to no whole record, {unread} records could not be read; the file is kept"))?;
        }
        Ok((stored, unread))
    }

    fn add_batch(&mut self, frames: &[journal::Frame]) -> Result<(usize, usize), StoreError> {
        let sql = self.sql();
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&sql)?;
        let last: Option<(i64, String, i64)> = transaction
            .query_row("SELECT seq, hash, time_ms FROM record ORDER BY seq DESC LIMIT 1", [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
            .optional()
            .map_err(&sql)?;
        let (mut seq, mut previous, mut time) = match last {
            Some(last) => last,
            None => anchor(&transaction).map(|(seq, hash)| (seq, hash, i64::MIN)).map_err(&sql)?,
        };
        let mut stored = 0;
        let mut unread = 0;
        {
            let mut insert = transaction
                .prepare(
                    "INSERT OR IGNORE INTO record (seq, id, time_ms, event, session, tool, decision, json, prev_hash, hash) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )
                .map_err(&sql)?;
            let mut finding = transaction.prepare("INSERT INTO finding (seq, rule, decision) VALUES (?1, ?2, ?3)").map_err(&sql)?;
            for frame in frames {
                let Ok(record) = serde_json::from_slice::<Record>(&frame.payload) else {
                    unread += 1;
                    continue;
                };
                let json = String::from_utf8_lossy(&frame.payload);
                let own = chain(seq + 1, &frame.id, &json, &previous);
                let decision = record.decision.map_or("", Decision::name);
                let new = insert
                    .execute(params![
                        seq + 1,
                        frame.id,
                        record.time_ms,
                        record.event,
                        record.session.as_str(),
                        record.tool,
                        decision,
                        json,
                        previous,
                        own
                    ])
                    .map_err(&sql)?;
                if new == 1 {
                    seq += 1;
                    previous = own;
                    stored += 1;
                    for f in &record.findings {
                        finding.execute(params![seq, f.rule, f.decision.name()]).map_err(&sql)?;
                    }
                    if record.time_ms < time.saturating_sub(OUT_OF_ORDER_MS) {
                        let back = (time - record.time_ms) / 1_000;
                        note(&transaction, &format!("the clock went back by {back} s before record {seq}; digests by time may miss records from then on")).map_err(&sql)?;
                    }
                    time = record.time_ms;
                }
            }
        }
        reach("drain-adding");
        transaction.commit().map_err(&sql)?;
        Ok((stored, unread))
    }

    /// The records that a filter wants, oldest first, with their sequence numbers.
    pub fn records(&self, filter: &Filter) -> Result<Vec<(i64, Record)>, StoreError> {
        let mut query = self
            .db
            .prepare(
                "SELECT seq, json FROM record WHERE seq > ?1 AND time_ms >= ?2 AND time_ms < ?3 \
                 AND (?4 IS NULL OR session = ?4) AND (?5 IS NULL OR decision = ?5) \
                 AND (?6 IS NULL OR seq IN (SELECT seq FROM finding WHERE rule = ?6)) ORDER BY seq",
            )
            .map_err(self.sql())?;
        let rows = query
            .query_map(
                params![
                    filter.after,
                    filter.since_ms.unwrap_or(i64::MIN),
                    filter.until_ms.unwrap_or(i64::MAX),
                    filter.session,
                    filter.decision.map(Decision::name),
                    filter.rule
                ],
                |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?)),
            )
            .map_err(self.sql())?;
        let mut out = Vec::new();
        for row in rows {
            let (seq, json) = row.map_err(self.sql())?;
            if let Ok(record) = serde_json::from_str(&json) {
                out.push((seq, record));
            }
        }
        Ok(out)
    }
}

/// A call may run for this long after it was judged, and still its two records belong together.
const LONGEST_CALL_MS: i64 = 86_400_000;

impl Store {
    /// Calls of a time span that ran (an event after the tool is there) although no event before the tool was judged under the same
    /// `tool_use_id`. A call that runs while its first record is pruned away counts too.
    pub fn unjudged(&self, filter: &Filter) -> Result<u64, StoreError> {
        let (since, until) = (filter.since_ms.unwrap_or(i64::MIN), filter.until_ms.unwrap_or(i64::MAX));
        let query = "WITH ran AS (SELECT json_extract(json, '$.tool_use_id') AS id FROM record WHERE event IN ('PostToolUse', 'PostToolUseFailure') \
                     AND session <> 'probe' AND time_ms >= ?1 AND time_ms < ?2), \
                     judged AS (SELECT json_extract(json, '$.tool_use_id') AS id FROM record WHERE event = 'PreToolUse' AND decision <> '' AND time_ms >= ?3) \
                     SELECT COUNT(*) FROM ran WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM judged WHERE id IS NOT NULL)";
        let count: i64 = self.db.query_row(query, params![since, until, since.saturating_sub(LONGEST_CALL_MS)], |r| r.get(0)).map_err(self.sql())?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

fn anchor(db: &Connection) -> rusqlite::Result<(i64, String)> {
    let found = db.query_row("SELECT seq, hash FROM anchor", [], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
    Ok(found.unwrap_or((0, String::new())))
}

/// A remark carries the newest time that is known: after a clock that went back it would else be missing from the digest.
fn note(db: &Connection, text: &str) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO note (time_ms, text) VALUES (max(?1, (SELECT coalesce(max(time_ms), 0) FROM record)), ?2)",
        params![now_ms(), text],
    )?;
    Ok(())
}

/// Counts over everything that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Judged calls by decision.
    pub calls: Vec<(String, u64)>,
    /// Findings by rule and decision, most frequent first.
    pub findings: Vec<(String, String, u64)>,
    /// Unreadable events and remarks of guard about itself.
    pub errors: u64,
    /// When the newest record was made; 0 without one.
    pub newest_ms: i64,
}

impl Store {
    /// Counts everything that is kept. Pruning lowers the counts, which monitoring takes for a restart.
    /// A probe's events (session `probe`, see `audit::PROBE`) count nowhere: they come every minute and say nothing of the agent.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        let count = |r: &rusqlite::Row<'_>, at| r.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or(0));
        let mut calls = self.db.prepare("SELECT decision, COUNT(*) FROM record WHERE decision <> '' AND session <> 'probe' GROUP BY decision").map_err(self.sql())?;
        let calls = calls.query_map([], |r| Ok((r.get(0)?, count(r, 1)?))).map_err(self.sql())?;
        let mut findings = self.db.prepare("SELECT rule, decision, COUNT(*) AS n FROM finding WHERE seq NOT IN (SELECT seq FROM record WHERE session = 'probe') GROUP BY rule, decision ORDER BY n DESC, rule").map_err(self.sql())?;
        let findings = findings.query_map([], |r| Ok((r.get(0)?, r.get(1)?, count(r, 2)?))).map_err(self.sql())?;
        let errors = "SELECT (SELECT COUNT(*) FROM note) + (SELECT COUNT(*) FROM record WHERE event = 'unreadable'), COALESCE((SELECT MAX(time_ms) FROM record), 0)";
        let (errors, newest_ms) = self.db.query_row(errors, [], |r| Ok((count(r, 0)?, r.get(1)?))).map_err(self.sql())?;
        Ok(Totals {
            calls: calls.collect::<Result<_, _>>().map_err(self.sql())?,
            findings: findings.collect::<Result<_, _>>().map_err(self.sql())?,
            errors,
            newest_ms,
        })
    }
}

/// The hash of a record in its place: number, id, content and the hash before it.
pub fn chain(seq: i64, id: &str, json: &str, previous: &str) -> String {
    hash(&format!("{seq}\n{id}\n{previous}\n{json}"))
}

/// Moves a damaged database out of the way, with its own journal.
pub(super) fn set_aside(state: &Path) -> Result<PathBuf, StoreError> {
    let aside = state.join(format!("{FILE}.corrupt-{}", now_ms()));
    fs::rename(state.join(FILE), &aside).map_err(|error| StoreError::Io { path: state.to_owned(), error })?;
    let _ = fs::rename(state.join(format!("{FILE}-journal")), aside.with_extension("journal"));
    Ok(aside)
}

pub(super) fn is_corrupt(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
    )
}

/// Milliseconds since 1970, UTC.
pub fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}
