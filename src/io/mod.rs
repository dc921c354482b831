//! Everything that touches the world: files, the journal, the store, settings.

pub mod cache;
pub mod chain;
pub mod config;
pub mod deadman;
pub mod drain;
pub mod files;
pub mod journal;
pub mod last_record;
pub mod lost;
pub mod rotate;
pub mod store;
