//! Brings the journal into the store. It may be killed at any point: what it left is understood by the next one, and a record that
//! is found twice is stored once.

use super::deadman::reach;
use super::store::{Store, StoreError, is_corrupt, set_aside};
use super::{journal, lost, rotate};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// What a drain did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drained {
    /// Records that are new in the store.
    pub stored: usize,
    /// Bytes of the journal that belonged to no whole frame.
    pub torn: usize,
    /// Another process is draining.
    pub busy: bool,
}

/// How long another user of the database is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// A hook: the client waits for it, and the next hook can drain as well.
    Hook,
    /// A person, or a job of the night.
    Person,
}

impl Patience {
    fn time(self) -> Duration {
        match self {
            Patience::Hook => Duration::from_millis(20),
            Patience::Person => Duration::from_secs(5),
        }
    }
}

/// Brings the journal into the store. Safe with many processes at once: one drains, the others see `busy`.
pub fn drain(state: &Path, patience: Patience) -> Result<Drained, StoreError> {
    let io = |error| StoreError::Io { path: state.to_owned(), error };
    if !state.is_dir() {
        return Ok(Drained::default());
    }
    let lock: File = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(state.join("drain.lock"))
        .map_err(io)?;
    if lock.try_lock().is_err() {
        return Ok(Drained { busy: true, ..Drained::default() });
    }
    reach("drain-locked");
    let mut done = Drained::default();
    let lost = lost::remark(state);
    if rotate::unsealed(state).map_err(io)?.is_empty() && lost.is_none() {
        return Ok(done);
    }
    let mut store = Store::open_within(state, patience.time())?;
    // What an earlier drain left comes first: while it cannot be stored, nothing more is set aside, so a store that is broken or
    // locked for long costs the room of one journal and not of one at each try.
    rotate::settle(state).map_err(io)?;
    take_waiting(state, &mut store, &mut done, patience)?;
    if let Some(remark) = lost {
        store.note(&remark)?;
        lost::forget(state);
    }
    rotate::rotate(state).map_err(io)?;
    reach("drain-rotated");
    take_waiting(state, &mut store, &mut done, patience)?;
    Ok(done)
}

fn take_waiting(state: &Path, store: &mut Store, done: &mut Drained, patience: Patience) -> Result<(), StoreError> {
    let io = |error| StoreError::Io { path: state.to_owned(), error };
    for path in rotate::waiting(state).map_err(io)? {
        let (mut frames, mut torn) = journal::decode(&fs::read(&path).map_err(io)?);
        if torn > 0 {
            // A hook may have been in the middle of its write.
            std::thread::sleep(Duration::from_millis(5));
            (frames, torn) = journal::decode(&fs::read(&path).map_err(io)?);
        }
        let (stored, unread) = match store.add(&frames, torn) {
            Err(StoreError::Sql { error, .. }) if is_corrupt(&error) => {
                let kept = set_aside(state)?;
                *store = Store::open_within(state, patience.time())?;
                store.note(&format!("the store was damaged inside and is kept as {}", kept.display()))?;
                store.add(&frames, torn)?
            }
            other => other?,
        };
        reach("drain-stored");
        done.stored += stored;
        done.torn += torn;
        if torn > 0 || unread > 0 {
            rotate::keep(&path).map_err(io)?;
        } else {
            fs::remove_file(&path).map_err(io)?;
        }
        reach("drain-removed");
    }
    Ok(())
}
