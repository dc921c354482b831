//! Rules: what is not wanted. A rule speaks about effects, never about text.

pub mod bundle;
pub mod evaluate;
pub mod example;
pub mod index;
pub mod load;
pub mod matching;
pub mod packed;
pub mod rewrite;
pub mod set;
pub mod types;

pub use set::RuleSet;
pub use types::{Example, Examples, Exception, Match, Rule};
