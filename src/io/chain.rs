//! The chain of records: walking it, and shortening it without breaking it.
//!
//! Each record carries the hash of the one before it, so a change anywhere shows at that place. What this cannot show: whoever may
//! write the database as the same user can make a whole new chain. A head that left the machine (in the daily digest) is what
//! fixes everything before it; nothing after the last head that left is protected.

use super::{journal, rotate};
use super::store::{Store, StoreError, chain};
use crate::record::Record;
use crate::verdict::Decision;
use rusqlite::{OptionalExtension, params};
use std::fs;
use std::path::Path;

/// What a walk of the chain found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    /// Records that are sealed and as they were written.
    pub intact: i64,
    /// The number of the newest record.
    pub last: i64,
    /// The hash of the newest record: the chain's head.
    pub head: String,
    /// The first record that is not as it was written, and how.
    pub changed: Option<(i64, String)>,
    /// Records in the journal that have no number yet.
    pub unsealed: usize,
    /// Bytes of the journal that belong to no whole record.
    pub torn: usize,
    /// The head that was asked for stands in the chain, at this number.
    pub known_head: Option<i64>,
}

/// Walks the database and the journal. `head` is one that left the machine earlier; it is looked for.
pub fn verify(state: &Path, head: Option<&str>) -> Result<Chain, StoreError> {
    let mut out = Chain::default();
    let io = |error| StoreError::Io { path: state.to_owned(), error };
    let store = Store::open(state)?;
    let sql = store.sql();
    for path in rotate::unsealed(state).map_err(io)? {
        let (frames, torn) = journal::decode(&fs::read(path).map_err(io)?);
        out.torn += torn;
        // A drain that died before it removed its file has sealed what is in there.
        let mut sealed = store.db.prepare("SELECT 1 FROM record WHERE id = ?1").map_err(&sql)?;
        for frame in frames {
            out.unsealed += usize::from(!sealed.exists([frame.id]).map_err(&sql)?);
        }
    }
    let (mut seq, mut previous) = store.anchor()?;
    if head == Some(previous.as_str()) {
        out.known_head = Some(seq);
    }
    let mut query = store.db.prepare("SELECT seq, id, json, prev_hash, hash, time_ms, event, session, tool, decision FROM record ORDER BY seq").map_err(&sql)?;
    let mut findings = store.db.prepare("SELECT rule, decision FROM finding WHERE seq = ?1 ORDER BY rowid").map_err(&sql)?;
    let mut rows = query.query([]).map_err(&sql)?;
    while let Some(row) = rows.next().map_err(&sql)? {
        let number: i64 = row.get(0).map_err(&sql)?;
        let text = |at: usize| row.get::<_, String>(at).map_err(&sql);
        let (id, json, prev, hash) = (text(1)?, text(2)?, text(3)?, text(4)?);
        let mut at = number;
        let what = if number != seq + 1 {
            at = seq + 1;
            Some(format!("removed: records {} to {} are missing", seq + 1, number - 1))
        } else if prev != previous {
            let follows: Option<i64> = store.db.query_row("SELECT seq FROM record WHERE hash = ?1", [&prev], |r| r.get(0)).optional().map_err(&sql)?;
            Some(match follows {
                // What it follows stands two places before it, so the one between was put in.
                Some(other) if other == number - 2 => {
                    at = number - 1;
                    "inserted: the record after it follows the one before it".to_owned()
                }
                Some(other) => format!("reordered: it follows record {other}"),
                None => "removed or replaced: the record that it follows is not there".to_owned(),
            })
        } else if hash != chain(number, &id, &json, &prev) {
            Some("altered: its content is not what was sealed".to_owned())
        } else {
            let kept: Vec<(String, String)> = findings
                .query_map([number], |r| Ok((r.get(0)?, r.get(1)?)))
                .and_then(Iterator::collect)
                .map_err(&sql)?;
            differs(&json, row.get(5).map_err(&sql)?, &[text(6)?, text(7)?, text(8)?, text(9)?], &kept)
        };
        if let Some(what) = what {
            out.changed = Some((at, what));
            break;
        }
        seq = number;
        previous = hash;
        out.intact += 1;
        if head == Some(previous.as_str()) {
            out.known_head = Some(seq);
        }
    }
    out.last = seq;
    out.head = previous;
    Ok(out)
}

/// Columns that repeat what the sealed text says, for searching.
fn differs(json: &str, time_ms: i64, columns: &[String; 4], findings: &[(String, String)]) -> Option<String> {
    let Ok(record) = serde_json::from_str::<Record>(json) else { return Some("altered: its content cannot be read".to_owned()) };
    let sealed = [record.event.clone(), record.session.to_string(), record.tool.clone(), record.decision.map_or("", Decision::name).to_owned()];
    let kept: Vec<(String, String)> = record.findings.iter().map(|f| (f.rule.clone(), f.decision.name().to_owned())).collect();
    (time_ms != record.time_ms || *columns != sealed || findings != kept).then(|| "altered: its columns are not what was sealed".to_owned())
}

/// Removes records older than `before_ms`, from the oldest on; the last hash that goes is kept, so that the rest can be verified.
/// Gives how many went. A chain that is changed is not touched: its state is evidence.
pub fn prune(state: &Path, before_ms: i64) -> Result<Result<usize, Chain>, StoreError> {
    let found = verify(state, None)?;
    if found.changed.is_some() {
        return Ok(Err(found));
    }
    let mut store = Store::open(state)?;
    let sql = store.sql();
    let transaction = store.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&sql)?;
    // A clock that jumped back must not leave a hole: only what is older than everything behind it goes.
    let stays: Option<i64> = transaction
        .query_row("SELECT min(seq) FROM record WHERE time_ms >= ?1", [before_ms], |r| r.get(0))
        .optional()
        .map_err(&sql)?
        .flatten();
    let last: Option<(i64, String)> = transaction
        .query_row("SELECT seq, hash FROM record WHERE seq < ?1 ORDER BY seq DESC LIMIT 1", [stays.unwrap_or(i64::MAX)], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()
        .map_err(&sql)?;
    let Some((seq, hash)) = last else { return Ok(Ok(0)) };
    transaction.execute("DELETE FROM finding WHERE seq <= ?1", [seq]).map_err(&sql)?;
    let gone = transaction.execute("DELETE FROM record WHERE seq <= ?1", [seq]).map_err(&sql)?;
    transaction.execute("DELETE FROM note WHERE time_ms < ?1", [before_ms]).map_err(&sql)?;
    transaction.execute("DELETE FROM anchor", []).map_err(&sql)?;
    transaction.execute("INSERT INTO anchor (seq, hash) VALUES (?1, ?2)", params![seq, hash]).map_err(&sql)?;
    transaction.commit().map_err(&sql)?;
    Ok(Ok(gone))
}
