//! The one table of exit codes.

/// All is well.
pub const OK: u8 = 0;
/// A finding, or a failing example.
pub const FINDING: u8 = 1;
/// Invalid rules or input.
pub const INVALID: u8 = 2;
/// The command line itself is wrong.
pub const USAGE: u8 = 64;

/// The exit code of a command that may have findings.
pub fn code(findings: bool) -> std::process::ExitCode {
    std::process::ExitCode::from(if findings { FINDING } else { OK })
}
