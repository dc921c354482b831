//! `guard compile`: the compiled form of the system layer, made when an image is built.

use super::exit;
use crate::io::config;
use std::path::PathBuf;
use std::process::ExitCode;

/// `guard compile`
#[derive(clap::Args)]
pub struct Arguments {
    /// The system layer's folder
    #[arg(default_value = config::SYSTEM)]
    pub folder: PathBuf,
}

/// Writes `compiled` into the folder. Exits with 2 when the layer has mistakes.
#[allow(clippy::print_stdout, reason = "this is what the person asked for")]
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match config::compile(&arguments.folder) {
        Ok(path) => {
            println!("{}", path.display());
            Ok(ExitCode::from(exit::OK))
        }
        Err(errors) => anyhow::bail!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}
