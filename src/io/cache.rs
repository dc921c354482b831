//! The compiled form of a layer's rules, so that a hook reads no TOML when nothing changed.
//!
//! A compiled layer names the files it was made of with size, times and inode: when one differs, or when it is truncated, foreign or
//! of another version of guard, it is as if there were none. It holds rules with new ids and nothing else: what loosens (exceptions,
//! entries of lists, descriptions, rules in place of others) is read from its TOML at every call. It is written beside and renamed,
//! so that hooks that write it at once never read half of one.

use crate::rule::packed::PackedRules;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// First line of a compiled layer.
const MAGIC: &str = "guard-layer 1";
/// Bytes of a compiled layer that are read: ten thousand rules.
const MAX_BYTES: u64 = 16 << 20;

/// The TOML files of a folder as they are now, without having read them.
#[derive(Debug, PartialEq, Eq)]
pub struct Inventory {
    /// Paths relative to the folder, in order.
    pub files: Vec<String>,
    /// Changes when a file does, or the version of what is built in.
    mark: String,
}

/// Looks at every TOML file below `folder`. `below` stands for all that the layer's rules may refer to: the layers below it.
///
/// Of the system layer only what survives in an image counts: names, sizes and seconds. Only root can give its files other times;
/// anybody can do so with their own, but not with their change times.
pub fn inventory(folder: &Path, below: &str, system: bool) -> std::io::Result<Inventory> {
    let mut entries = Vec::new();
    for name in super::files::data_file_names(folder)? {
        let meta = fs::metadata(folder.join(&name))?;
        let fine = if system { [0; 4] } else { [meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec(), meta.ino().cast_signed()] };
        entries.push((name, meta.len(), meta.mtime(), fine));
    }
    let mut hasher = DefaultHasher::new();
    (folder, below, &entries).hash(&mut hasher);
    Ok(Inventory { mark: format!("{:016x}", hasher.finish()), files: entries.into_iter().map(|e| e.0).collect() })
}

/// A layer's compiled rules, and the files that are to be read all the same.
pub struct Compiled {
    pub rules: PackedRules,
    /// Changes when a file of the layer does.
    pub version: String,
    /// Paths relative to the layer.
    pub toml: Vec<String>,
}

/// Where the compiled form of a layer lies: beside the system layer, where only root can write, else in the state folder.
pub fn place(layer: &Path, system: bool, state: &Path) -> PathBuf {
    if system {
        return layer.join("compiled");
    }
    let mut hasher = DefaultHasher::new();
    layer.hash(&mut hasher);
    state.join(format!("layer-{:016x}", hasher.finish()))
}

/// Reads a compiled layer; `None` when there is none that may be used. `owner` is the user it must belong to.
pub fn read(path: &Path, inventory: &Inventory, owner: u32) -> Option<Compiled> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path).ok()?;
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.uid() != owner || meta.len() > MAX_BYTES || meta.permissions().mode() & 0o022 != 0 {
        return None;
    }
    let mut text = String::with_capacity(usize::try_from(meta.len()).ok()?);
    Read::by_ref(&mut file).take(MAX_BYTES).read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once('\n')?;
    if head != header(inventory, body) {
        return None;
    }
    let (version, body) = body.split_once('\n')?;
    let (toml, rules) = body.split_once('\n')?;
    Some(Compiled {
        version: version.to_owned(),
        toml: toml.split('\t').filter(|p| !p.is_empty()).map(str::to_owned).collect(),
        rules: PackedRules::new(rules.to_owned())?,
    })
}

/// Writes a compiled layer; several at once do no harm.
pub fn write(path: &Path, inventory: &Inventory, version: &str, toml: &[String], rules: &str, mode: u32) -> std::io::Result<()> {
    let mut body = String::new();
    let _ = write!(body, "{version}\n{}\n{rules}", toml.join("\t"));
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    // A new file or none: what somebody put there may be a link, or a pipe that would hold this process up.
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&beside)
        .and_then(|mut file| std::io::Write::write_all(&mut file, format!("{}\n{body}", header(inventory, &body)).as_bytes()))
        .and_then(|()| fs::rename(&beside, path));
    if written.as_ref().is_err_and(|error| error.kind() != std::io::ErrorKind::AlreadyExists) {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn header(inventory: &Inventory, body: &str) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("{MAGIC}\t{}\t{}\t{}\t{:016x}", env!("CARGO_PKG_VERSION"), inventory.mark, body.len(), hasher.finish())
}
