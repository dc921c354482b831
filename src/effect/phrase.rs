//! What the sub-commands of a program say: a verb, or a noun and its verb, in all the spellings that command lines have
//! (`secrets get`, `secrets:get`, `get-secret`, `GetSecret`, `get_secret`).

use super::command::Sorted;
use super::state::Shell;
use super::text::Text;
use super::walker::{About, Call, Walker};

/// Words that are looked at: what stands behind them are names.
const MOST: usize = 7;

/// A word longer than this is no sub-command.
const LONGEST: usize = 48;

impl Walker<'_> {
    /// Words that make or hand out what opens an account, and words that print what should stay closed. The program comes first.
    pub(super) fn said_phrases(&mut self, shell: &Shell, words: &[Text], about: &About) {
        let said = phrases(words);
        for (list, operation) in [("identity-verbs", "cloud.identity-changed"), ("revealing-verbs", "secret.reveal")] {
            if said.iter().any(|phrase| self.listed(list, phrase)) {
                self.operate(shell, operation, Text::default(), None, about);
            }
        }
    }

    /// A program of which only the words of its sub-commands are known.
    pub(super) fn verb_words(&mut self, shell: &Shell, sorted: &Sorted<'_>, call: &Call, about: &About) {
        let names: Vec<Text> = sorted.path.split(' ').map(Text::known).chain(sorted.operands.iter().cloned()).collect();
        self.said_phrases(shell, &names, about);
        let known: Vec<&str> = names[1..].iter().filter_map(Text::as_known).collect();
        let flags = call.words[1..].iter().filter(|w| w.prefix().starts_with('-')).cloned();
        let words: Vec<Text> = known.iter().map(|w| Text::known(*w)).chain(flags).collect();
        self.verbs(shell, &words, about);
        let plain: Vec<String> = known
            .iter()
            .flat_map(|w| Some(plain_words(&[*w])).filter(|p| !p.is_empty()).unwrap_or_else(|| vec![(*w).to_owned()]))
            .collect();
        if plain != known {
            self.verbs(shell, &plain.into_iter().map(Text::known).collect::<Vec<_>>(), about);
        }
    }
}

/// Every word, plain and as it was written, and every two that follow each other, joined by a blank.
fn phrases(words: &[Text]) -> Vec<Text> {
    let known: Vec<&str> = words.iter().filter_map(Text::as_known).filter(|w| !w.starts_with('-')).take(MOST).collect();
    let plain = plain_words(&known);
    let written = known.iter().map(|w| w.to_lowercase());
    let pairs = plain.windows(2).map(|pair| pair.join(" "));
    written.chain(plain.iter().cloned()).chain(pairs).map(Text::known).collect()
}

/// The words as sub-commands: lower case, parts joined by `-`, apart at colons.
pub(super) fn plain_words(words: &[&str]) -> Vec<String> {
    let is_name = |w: &&str| w.len() <= LONGEST && w.chars().all(|c| c.is_ascii_alphanumeric() || "-_:".contains(c));
    words.iter().copied().filter(is_name).flat_map(|w| w.split(':')).filter(|w| !w.is_empty()).map(kebab).collect()
}

fn kebab(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 4);
    let mut lower_before = false;
    for c in word.chars() {
        if c.is_ascii_uppercase() && lower_before {
            out.push('-');
        }
        lower_before = c.is_ascii_lowercase();
        out.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_thing() {
        let words = ["secrets:get", "get_secret", "GetSecret", "get-secret", "deleteSite", "path/x", "KEY=1"];
        assert_eq!(plain_words(&words), ["secrets", "get", "get-secret", "get-secret", "get-secret", "delete-site"]);
    }

    #[test]
    fn a_noun_and_its_verb_stand_together() {
        let words: Vec<Text> = ["tool", "-q", "auth", "token"].into_iter().map(Text::known).collect();
        assert!(phrases(&words).contains(&Text::known("auth token")));
    }
}
