//! guard works out what a coding agent's tool call would do and compares that with rules.
//!
//! Everything but `io` and `cli` is pure: it reads no file, clock or environment variable and gets them as arguments.

pub mod call;
pub mod context;
pub mod effect;
pub mod glob;
pub mod io;
pub mod label;
pub mod list;
pub mod shell;
pub mod verdict;
