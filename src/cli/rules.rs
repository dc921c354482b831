//! Reads a rules folder that a person named.

use crate::knowledge::Knowledge;
use crate::rule::bundle::Bundle;
use anyhow::{Context as _, bail};
use std::path::Path;

/// The knowledge in `folder`, or what is built in. Every mistake in the folder is in the error, with file and line.
pub fn load(folder: Option<&Path>) -> anyhow::Result<(Bundle, Knowledge)> {
    let bundle = match folder {
        None => Knowledge::builtin_bundle(),
        Some(folder) => {
            let files = crate::io::files::data_files(folder).with_context(|| format!("`{}` cannot be read", folder.display()))?;
            let (bundle, errors) = Bundle::read(&folder.to_string_lossy(), &files, &[]);
            if !errors.is_empty() {
                bail!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
            }
            bundle
        }
    };
    let know = Knowledge::new(bundle.clone()).map_err(anyhow::Error::msg)?;
    Ok((bundle, know))
}
