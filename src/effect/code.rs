//! What inline code in other languages would do, as effects.

use super::script::{About, Walker};
use super::state::Shell;
use super::text::Text;

impl Walker<'_> {
    /// Reads code in `language` and adds what it would do.
    pub(super) fn code(&mut self, shell: &mut Shell, language: &str, text: &Text, about: &About) {
        let _ = (shell, language, text, about);
    }
}
