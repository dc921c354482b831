//! Sets the journal aside so that it can be read, and leaves a fresh one with room held in its place.
//!
//! The two change places in one step, so there is no moment without a journal. Whoever dies half way leaves files that the next
//! drain understands by their names. Only the holder of the drain's lock may call this, [`waiting_bytes`] apart.

use super::deadman::reach;
use super::journal::{self, JournalError};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the journals that were set aside are called: this and a time.
const ASIDE: &str = "journal.";
/// The journal to be. While it holds records, it is one that was set aside by a drain which died before naming it.
const SPARE: &str = "spare-journal";

/// Sets the journal aside, if it holds anything.
///
/// On a full disk there is no room for a fresh one; then the journal stays, as the room behind it is all that refusals can be
/// recorded in.
pub fn rotate(state: &Path) -> io::Result<()> {
    let path = state.join(journal::FILE);
    if !holds_records(&path) {
        return Ok(());
    }
    let spare = state.join(SPARE);
    let fresh = journal::open(&spare).map_err(|error| match error {
        JournalError::Io { error, .. } => error,
        odd @ JournalError::Odd { .. } => io::Error::other(odd.to_string()),
    })?;
    if let Err(error) = journal::reserve(&fresh) {
        fs::remove_file(&spare)?;
        return Err(error);
    }
    reach("drain-spare");
    match renameat_with(CWD, &spare, CWD, &path, RenameFlags::EXCHANGE) {
        Ok(()) => {
            reach("drain-exchanged");
            settle(state)
        }
        // A file system that cannot do this: the next hook makes the fresh one.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            fs::remove_file(&spare)?;
            fs::rename(&path, unused(state))
        }
        Err(error) => Err(error.into()),
    }
}

/// Finishes what a drain began that died between the two renames.
pub fn settle(state: &Path) -> io::Result<()> {
    let spare = state.join(SPARE);
    if holds_records(&spare) { fs::rename(spare, unused(state)) } else { Ok(()) }
}

/// The journals that were set aside and wait to be read, oldest first.
pub fn waiting(state: &Path) -> io::Result<Vec<PathBuf>> {
    let mut waiting: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(state)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(ASIDE) && entry.file_type()?.is_file() {
            waiting.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    waiting.sort();
    Ok(waiting.into_iter().map(|(_, path)| path).collect())
}

/// Every file that may hold records which no database holds yet.
pub fn unsealed(state: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all = waiting(state)?;
    all.extend([SPARE, journal::FILE].map(|name| state.join(name)).into_iter().filter(|path| holds_records(path)));
    Ok(all)
}

/// Bytes of records that no database holds yet.
pub fn waiting_bytes(state: &Path) -> u64 {
    unsealed(state).unwrap_or_default().iter().filter_map(|path| fs::metadata(path).ok()).map(|m| m.len()).sum()
}

/// Keeps a journal of which not everything could be read: another version may be able to, and a person may want to see it.
pub fn keep(path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().replace(ASIDE, "kept-journal-");
    fs::rename(path, path.with_file_name(name))
}

fn holds_records(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|m| m.is_file() && m.len() > 0)
}

fn unused(state: &Path) -> PathBuf {
    let mut at = super::store::now_ms();
    loop {
        let path = state.join(format!("{ASIDE}{at}"));
        if !path.exists() && !state.join(format!("kept-journal-{at}")).exists() {
            return path;
        }
        at += 1;
    }
}
