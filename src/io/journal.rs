//! The journal: an append-only file of records, the hook's only write.
//!
//! A frame is magic, version, length, a random event id, a checksum and the record's JSON, written by one `write(2)` to a file
//! opened for appending, so frames of many hooks never mix. A torn frame costs only itself: the reader looks for the next magic.
//! INVARIANT: a record's text cannot pass for a frame, as JSON never holds the version's raw byte.
//!
//! Room on the disk is held behind the journal's end, so that refusals are still recorded when the disk is full. A file system that
//! cannot hold room without changing a file's length gives no such promise.
//!
//! Nothing is lost when the journal is rotated while a hook is writing. A writer writes (W) and then checks (C) that its file is still
//! the one at the journal's path; if not, it writes again into the new one. The drain renames the file first and reads it afterwards.
//! If the rename came before C, the writer writes again. If it came after C, then W came before the rename, so the drain reads the
//! frame. A frame that is found twice has one event id and is stored once.

use super::deadman::reach;
use crate::record::{MAX_RECORD, Record};
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The file in the state folder that hooks append to.
pub const FILE: &str = "journal";
const MAGIC: &[u8; 4] = b"GRDJ";
const VERSION: u8 = 1;
/// Bytes of a frame before its record.
pub const HEADER: usize = 4 + 1 + 1 + 2 + 16 + 8;
/// Bytes of disk that are held behind the journal's end, at least.
pub const RESERVE: u64 = 1 << 20;
/// Bytes held on top of that, so that not every record has to ask for room.
const SLACK: u64 = 256 << 10;

/// Why a record could not be written.
#[derive(Debug, Error)]
pub enum JournalError {
    #[error("the journal `{path}` is {what}; it must be a regular file of this user with mode 0600 and one name")]
    Odd { path: PathBuf, what: &'static str },
    #[error("the journal `{path}` cannot be written: {error}")]
    Io { path: PathBuf, error: std::io::Error },
}

/// One record as read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Random, 32 hexadecimal digits.
    pub id: String,
    pub payload: Vec<u8>,
}

/// Appends one record; it is in the kernel's hands when this returns.
pub fn append(state: &Path, record: &Record) -> Result<(), JournalError> {
    let path = state.join(FILE);
    let io = |error| JournalError::Io { path: path.clone(), error };
    if !state.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(state).map_err(io)?;
    }
    let mut id = [0; 16];
    File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut id)).map_err(io)?;
    let frame = encode(&id, &record.encode());
    // A rotation between opening and writing is rare; twice in a row is a clock gone mad, yet bounded.
    for _ in 0..8 {
        let mut file = open(&path)?;
        // Without room the write itself says whether there is none left.
        let _ = reserve(&file);
        reach("journal-opened");
        let written = file.write(&frame).map_err(io)?;
        reach("journal-written");
        if written < frame.len() {
            return Err(io(std::io::Error::new(std::io::ErrorKind::StorageFull, "only a part of the record was written")));
        }
        let mine = file.metadata().map_err(io)?;
        match fs::symlink_metadata(&path) {
            Ok(now) if now.ino() == mine.ino() && now.dev() == mine.dev() => return Ok(()),
            _ => {}
        }
    }
    Err(io(std::io::Error::other("it was rotated away eight times in a row")))
}

/// Opens the journal for appending and refuses everything but a plain file of one's own.
pub(super) fn open(path: &Path) -> Result<File, JournalError> {
    let odd = |what| JournalError::Odd { path: path.to_owned(), what };
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            Some(libc::ELOOP) => odd("a symbolic link"),
            Some(libc::EISDIR) => odd("a folder"),
            Some(libc::ENXIO) => odd("a named pipe"),
            _ => JournalError::Io { path: path.to_owned(), error },
        })?;
    let about = file.metadata().map_err(|error| JournalError::Io { path: path.to_owned(), error })?;
    if !about.is_file() {
        return Err(odd("no regular file"));
    }
    if about.nlink() > 1 {
        return Err(odd("a file with several names"));
    }
    let own = fs::metadata("/proc/self").map(|m| m.uid());
    if own.is_ok_and(|uid| uid != about.uid()) {
        return Err(odd("a file of another user"));
    }
    if about.mode() & 0o077 != 0 {
        return Err(odd("a file that others may use"));
    }
    Ok(file)
}

/// Holds room on the disk behind the end of a journal. Another hook that does the same at once asks for the same bytes.
pub(super) fn reserve(file: &File) -> std::io::Result<()> {
    let about = file.metadata()?;
    if about.blocks() * 512 >= about.len() + RESERVE {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::KEEP_SIZE, about.len(), RESERVE + SLACK) {
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
        other => Ok(other?),
    }
}

/// Why the next record could not be written, or what will soon stop it; for the digest.
pub fn trouble(state: &Path) -> Option<String> {
    if !state.exists() {
        // The first hook makes it.
        return None;
    }
    match open(&state.join(FILE)).map(|file| reserve(&file)) {
        Err(error) => Some(error.to_string()),
        Ok(Err(error)) => Some(format!("no room can be held for further records: {error}")),
        Ok(Ok(())) => None,
    }
}

/// One frame.
pub fn encode(id: &[u8; 16], payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER + payload.len());
    frame.extend_from_slice(&head(id, payload));
    frame.extend_from_slice(payload);
    frame
}

/// What stands in a frame before its payload.
pub(super) fn head(id: &[u8; 16], payload: &[u8]) -> [u8; HEADER] {
    let mut head = [0; HEADER];
    head[..4].copy_from_slice(MAGIC);
    head[4] = VERSION;
    head[6..8].copy_from_slice(&u16::try_from(payload.len()).unwrap_or(u16::MAX).to_le_bytes());
    head[8..24].copy_from_slice(id);
    head[24..].copy_from_slice(&checksum(id, payload));
    head
}

fn checksum(id: &[u8], payload: &[u8]) -> [u8; 8] {
    use sha2::{Digest, Sha256};
    let digest = Sha256::new().chain_update(id).chain_update(payload).finalize();
    let mut out = [0; 8];
    out.copy_from_slice(&digest[..8]);
    out
}

/// All whole frames of a journal's bytes, and how many bytes belonged to none.
pub fn decode(bytes: &[u8]) -> (Vec<Frame>, usize) {
    let mut frames = Vec::new();
    let mut torn = 0;
    let mut at = 0;
    while at < bytes.len() {
        match frame_at(&bytes[at..]) {
            Some((frame, len)) => {
                frames.push(frame);
                at += len;
            }
            None => {
                // The next magic; everything before it is lost.
                let next = bytes[at + 1..].windows(MAGIC.len()).position(|w| w == MAGIC).map_or(bytes.len(), |n| at + 1 + n);
                torn += next - at;
                at = next;
            }
        }
    }
    (frames, torn)
}

fn frame_at(bytes: &[u8]) -> Option<(Frame, usize)> {
    let header = bytes.get(..HEADER)?;
    if &header[..4] != MAGIC || header[4] != VERSION {
        return None;
    }
    let len = usize::from(u16::from_le_bytes([header[6], header[7]]));
    if len > MAX_RECORD {
        return None;
    }
    let id = &header[8..24];
    let payload = bytes.get(HEADER..HEADER + len)?;
    (checksum(id, payload) == header[24..32]).then(|| {
        let id = id.iter().map(|b| format!("{b:02x}")).collect();
        (Frame { id, payload: payload.to_vec() }, HEADER + len)
    })
}
