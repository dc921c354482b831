//! What is left of events that could not be recorded: one line each, if the folder takes even that. The digest tells of them.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file in the state folder.
const FILE: &str = "unrecorded";
/// Lines beyond this many bytes are not kept: what matters is that something was lost, and why.
const ENOUGH: u64 = 64 << 10;

/// Says that one event was not recorded. Fails silently: the verdict already says it (rule `record-lost`).
pub fn mark(state: &Path, now_ms: i64, reason: &str) {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(state.join(FILE));
    if let Ok(mut file) = file
        && file.metadata().is_ok_and(|m| m.is_file() && m.len() < ENOUGH)
    {
        let _ = file.write_all(format!("{now_ms} {}\n", reason.replace('\n', " ")).as_bytes());
    }
}

/// A remark about the events that were not recorded, if there are any. They stay until [`forget`].
pub fn remark(state: &Path) -> Option<String> {
    let path = state.join(FILE);
    fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
    let text = String::from_utf8_lossy(&fs::read(&path).ok()?).into_owned();
    // On a full disk the file may be all that could be made.
    let count = text.lines().count().max(1);
    let reason = text.lines().next().and_then(|line| line.split_once(' ')).map_or("the disk was full", |(_, reason)| reason);
    Some(format!("at least {count} events were not recorded; the first because {reason}"))
}

/// Takes the file away once its remark is in the store.
pub fn forget(state: &Path) {
    let _ = fs::remove_file(state.join(FILE));
}
