//! The record of a denial that the dead man's switch writes.
//!
//! It is put together where nothing may allocate, lock or wait: by arithmetic on the stack and system calls. What is known of the
//! call is laid down beforehand ([`prepare`]), redacted like every record. A death before that leaves no record: nothing was known of
//! the call then, or not even where records go.

use super::journal;
use crate::record::{Identity, MAX_RECORD};
use crate::secret::Redacted;
use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// What the record will say, and where.
struct Prepared {
    journal: CString,
    identity: Arc<Identity>,
    judged: bool,
}

static PREPARED: OnceLock<Prepared> = OnceLock::new();

/// Lays down what is known of the event, for this process's one event.
pub fn prepare(state: &Path, identity: &Arc<Identity>, judged: bool) {
    if let Ok(journal) = CString::new(state.join(journal::FILE).as_os_str().as_bytes()) {
        let _ = PREPARED.set(Prepared { journal, identity: Arc::clone(identity), judged });
    }
}

/// Appends the record, if anything was prepared. `cause` is plain text for its `error`. Allocates nothing and takes no lock.
pub(super) fn append(cause: &str) {
    let Some(prepared) = PREPARED.get() else { return };
    let mut id = [0; 16];
    if rustix::rand::getrandom(&mut id, rustix::rand::GetRandomFlags::empty()).is_err() {
        return;
    }
    let mut frame = Frame { bytes: [0; journal::HEADER + MAX_RECORD], len: journal::HEADER };
    frame.say(prepared, cause);
    let (head, payload) = frame.bytes[..frame.len].split_at_mut(journal::HEADER);
    head.copy_from_slice(&journal::head(&id, payload));
    // As in `journal::append`: a drain may take the file away between opening and writing.
    for _ in 0..8 {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = rustix::fs::open(&prepared.journal, flags, Mode::RUSR | Mode::WUSR) else { return };
        let Ok(mine) = rustix::fs::fstat(&file) else { return };
        let regular = rustix::fs::FileType::from_raw_mode(mine.st_mode).is_file();
        if !regular || mine.st_nlink > 1 || mine.st_uid != rustix::process::getuid().as_raw() || mine.st_mode & 0o077 != 0 {
            return;
        }
        if rustix::io::write(&file, &frame.bytes[..frame.len]).is_err() {
            return;
        }
        match rustix::fs::lstat(&prepared.journal) {
            Ok(now) if now.st_ino == mine.st_ino && now.st_dev == mine.st_dev => return,
            _ => {}
        }
    }
}

/// A journal's frame that is being written.
struct Frame {
    bytes: [u8; journal::HEADER + MAX_RECORD],
    len: usize,
}

impl Frame {
    /// The record's JSON. The rooms add up to less than a frame holds, whatever the texts are.
    fn say(&mut self, prepared: &Prepared, cause: &str) {
        let Identity { event, session, agent, cwd, tool, tool_use_id, mode, command } = &*prepared.identity;
        self.push(b"{\"time_ms\":");
        self.push_number(super::store::now_ms());
        for (name, text, room) in [
            ("event", Some(event), 100),
            ("session", Some(session), 200),
            ("agent", agent.as_ref(), 200),
            ("cwd", Some(cwd), 300),
            ("tool", Some(tool), 100),
            ("tool_use_id", tool_use_id.as_ref(), 200),
            ("mode", mode.as_ref(), 100),
        ] {
            if let Some(text) = text {
                self.push_field(name, text, room);
            }
        }
        if !self.push_field("command", command, 2_000) {
            self.push(b",\"cut\":[{\"field\":\"command\",\"bytes\":");
            self.push_number(i64::try_from(command.as_str().len()).unwrap_or(i64::MAX));
            self.push(b",\"sha256\":\"");
            for byte in Sha256::digest(command.as_str()) {
                self.push(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            self.push(b"\"}]");
        }
        if prepared.judged {
            self.push(b",\"decision\":\"deny\",\"findings\":[{\"rule\":\"guard-failed\",\"decision\":\"deny\",\"effect\":\"\"}]");
        }
        self.push(b",\"error\":\"guard failed: ");
        self.push(cause.as_bytes());
        self.push(b"\"}");
    }

    /// A field with its text, of which as much is written as fits into `room` bytes; tells whether that was all.
    fn push_field(&mut self, name: &str, text: &Redacted, room: usize) -> bool {
        self.push(b",\"");
        self.push(name.as_bytes());
        self.push(b"\":\"");
        let end = self.len + room;
        let whole = text.as_str().chars().all(|c| {
            let mut utf8 = [0; 4];
            let (escaped, plain);
            let bytes: &[u8] = if c < ' ' || c == '"' || c == '\\' {
                let code = c as usize;
                escaped = [b'\\', b'u', b'0', b'0', HEX[code >> 4], HEX[code & 15]];
                &escaped
            } else {
                plain = c.encode_utf8(&mut utf8);
                plain.as_bytes()
            };
            let fits = self.len + bytes.len() <= end;
            self.push(if fits { bytes } else { "…".as_bytes() });
            fits
        });
        self.push(b"\"");
        whole
    }

    /// What does not fit is left out.
    fn push(&mut self, text: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + text.len()) {
            room.copy_from_slice(text);
            self.len += text.len();
        }
    }

    fn push_number(&mut self, number: i64) {
        let mut digits = [0; 20];
        let mut from = digits.len();
        let mut rest = number.unsigned_abs();
        loop {
            from -= 1;
            digits[from] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            self.push(b"-");
        }
        self.push(&digits[from..]);
    }
}
