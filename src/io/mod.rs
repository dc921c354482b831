//! Everything that touches the world: files, the journal, the store, settings.

pub mod chain;
pub mod config;
pub mod deadman;
pub mod files;
pub mod journal;
pub mod store;
