//! Regular expressions → automata that need no compiling when a hook starts. Used by `build.rs` alone.

use regex_automata::dfa::{StartKind, dense};

/// The bytes of an automaton that matches from the place where it is started, in the byte order of the machine that will run it.
pub fn bytes(pattern: &str) -> Result<Vec<u8>, String> {
    let config = dense::Config::new().start_kind(StartKind::Anchored).minimize(true).accelerate(false);
    let sparse = dense::Builder::new().configure(config).build(pattern).and_then(|dense| dense.to_sparse());
    let sparse = sparse.map_err(|error| {
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        format!("`{pattern}`: {}", causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    })?;
    let big = std::env::var("CARGO_CFG_TARGET_ENDIAN").is_ok_and(|endian| endian == "big");
    Ok(if big { sparse.to_bytes_big_endian() } else { sparse.to_bytes_little_endian() })
}
