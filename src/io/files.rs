//! What a verdict may learn of the disk: scripts, links and globs, within a byte budget.
//!
//! Files are opened without blocking and only regular ones are read, so that a named pipe or a device cannot hold a hook.

use crate::budget::Budget;
use crate::context::{FileText, Files};
use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Bytes read from disk for one call, all files together.
const BYTES: u64 = 2 << 20;
/// Questions about the file system answered for one call.
const QUESTIONS: u64 = 2_000;

/// The real disk.
pub struct Disk {
    bytes: Budget,
    questions: Budget,
}

impl Default for Disk {
    fn default() -> Self {
        Disk { bytes: Budget::new(BYTES), questions: Budget::new(QUESTIONS) }
    }
}

impl Disk {
    fn may_ask(&self) -> bool {
        self.questions.spend(1)
    }
}

impl Files for Disk {
    fn read(&self, path: &Path) -> FileText {
        if !self.may_ask() {
            return FileText::Opaque;
        }
        let file = match fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return FileText::Absent,
            Err(_) => return FileText::Opaque,
        };
        let Ok(about) = file.metadata() else { return FileText::Opaque };
        if !about.is_file() || about.len() > self.bytes.left() {
            return FileText::Opaque;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
        if file.take(self.bytes.left()).read_to_end(&mut bytes).is_err() {
            return FileText::Opaque;
        }
        self.bytes.spend(bytes.len() as u64);
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => FileText::Text(text.into()),
            _ => FileText::Opaque,
        }
    }

    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        if !self.may_ask() {
            return None;
        }
        let resolved = match fs::canonicalize(path) {
            Ok(resolved) => resolved,
            // The file may not exist yet: its folder may still be a link.
            Err(_) => fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?),
        };
        (resolved != path).then_some(resolved)
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        let mut found = vec![PathBuf::from("/")];
        for component in pattern.split('/').filter(|c| !c.is_empty()) {
            let mut next = Vec::new();
            if !component.contains(['*', '?', '[']) {
                next.extend(found.iter().map(|f| f.join(component.replace('\\', ""))).filter(|p| self.may_ask() && p.symlink_metadata().is_ok()));
            } else {
                for folder in &found {
                    if !self.may_ask() {
                        return Vec::new();
                    }
                    let Ok(entries) = fs::read_dir(folder) else { continue };
                    for entry in entries.flatten().take(4_096) {
                        let name = entry.file_name();
                        let name = name.to_string_lossy();
                        if name.starts_with('.') != component.starts_with('.') && name.starts_with('.') {
                            continue;
                        }
                        if crate::effect::spec::simple_glob(component, &name) {
                            next.push(entry.path());
                        }
                    }
                }
            }
            found = next;
            if found.len() > 64 {
                return Vec::new();
            }
        }
        found.sort();
        found
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.may_ask() && path.is_dir()
    }
}

/// The path of every TOML file below `folder`, relative to it, sorted.
pub fn data_file_names(folder: &Path) -> std::io::Result<Vec<String>> {
    fn collect(folder: &Path, prefix: &str, depth: u32, out: &mut Vec<String>) -> std::io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() && depth < 4 {
                collect(&entry.path(), &format!("{name}/"), depth + 1, out)?;
            } else if name.ends_with(".toml") && (kind.is_file() || entry.path().is_file()) {
                out.push(name);
            }
        }
        Ok(())
    }
    let mut names = Vec::new();
    collect(folder, "", 0, &mut names)?;
    names.sort();
    Ok(names)
}

/// Every TOML file below `folder` with its path relative to it, sorted.
pub fn data_files(folder: &Path) -> std::io::Result<Vec<(String, String)>> {
    data_file_names(folder)?.into_iter().map(|name| fs::read_to_string(folder.join(&name)).map(|text| (name, text))).collect()
}
