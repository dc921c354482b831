//! What the pure core is told about the world: it reads no file, clock or variable of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Everything outside the call itself that a verdict may depend on.
pub struct Context<'a> {
    /// Absolute folder of the call.
    pub cwd: PathBuf,
    /// The user's home folder, absolute.
    pub home: PathBuf,
    /// The project's root (the client's project folder, else `cwd`).
    pub project: PathBuf,
    /// Variables of the agent's shell, as far as they are known.
    pub env: BTreeMap<String, String>,
    pub files: &'a dyn Files,
}

/// What can be learned about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileText {
    /// There is no such file: nothing is known.
    Absent,
    /// Its whole text.
    Text(Rc<str>),
    /// It exists and cannot be read as text: over budget, no permission, binary, not a regular file.
    Opaque,
}

/// Answers questions about the file system, within a byte budget.
pub trait Files {
    /// The text of the file at an absolute path.
    fn read(&self, path: &Path) -> FileText;
    /// Where a symbolic link at an absolute path leads, absolute; `None` if it is no link. Links in
    /// parent folders count: the answer is the whole path with every link followed.
    fn resolve(&self, path: &Path) -> Option<PathBuf>;
    /// Absolute paths of the entries that match a shell glob; empty when nothing matches or is known.
    fn glob(&self, pattern: &str) -> Vec<PathBuf>;
    /// Whether the path is an existing folder.
    fn is_dir(&self, path: &Path) -> bool;
}

/// A world without files, for tests and for judging text alone.
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> FileText {
        FileText::Absent
    }
    fn resolve(&self, _: &Path) -> Option<PathBuf> {
        None
    }
    fn glob(&self, _: &str) -> Vec<PathBuf> {
        Vec::new()
    }
    fn is_dir(&self, _: &Path) -> bool {
        false
    }
}
