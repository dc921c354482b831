//! Everything that touches the world: files, the journal, the store, settings.

pub mod files;
