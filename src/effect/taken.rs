//! Code and packages that a program, described or not, is told to take from an address, or from what came over the network in the
//! same call.
//!
//! Every installer, loader and runner has a name of its own. What they have in common is an address behind a word or a flag that says
//! that what lies there is taken in; `rules/lists.toml` says which words and flags those are, and a rule whose hosts are known.

use super::Action;
use super::network;
use super::state::Shell;
use super::text::Text;
use super::walker::{About, Call, Walker};
use crate::label::{Label, Labels};
use crate::verdict::Certainty;

/// At most this many words are looked at: what is longer is data.
const MOST: usize = 48;

/// More operands in front of an address, and the first of them say nothing of it.
const OPERANDS_BEFORE: usize = 5;

impl Walker<'_> {
    /// Addresses among the words from which something is taken in, and files and folders that just came from one.
    pub(super) fn taken_in(&mut self, shell: &Shell, call: &Call) {
        let words = &call.words[1..call.words.len().min(MOST)];
        // Nobody signed what is installed.
        if words.iter().any(|w| w.prefix().starts_with("--") && self.listed("unverified-flags", w)) && self.listed("installing-programs", &Text::known(call.about.program.as_str())) {
            self.operate(shell, "code.unverified", Text::default(), None, &call.about);
        }
        let addressed = words.iter().any(|w| w.prefix().contains("://"));
        let piped = call.stdin.labels.has(Label::Network);
        let brought = piped || !self.came_in.is_empty() || self.files.values().any(|text| text.labels.has(Label::Network));
        if !addressed && !brought {
            return;
        }
        let name = Text::known(call.about.program.to_lowercase());
        if brought {
            self.unpacks(shell, call, &name, words);
        }
        if addressed && call.about.program == "git" {
            self.clones(shell, words);
        }
        if self.listed("address-readers", &name) {
            return;
        }
        let installs = self.listed("installing-programs", &name);
        for (at, word) in words.iter().enumerate() {
            let Some((key, url)) = address(word) else { continue };
            let scheme = url.split_once("://").map(|(scheme, _)| scheme).unwrap_or_default();
            if self.listed("code-schemes", &scheme) && self.takes(words, at, key, installs) {
                self.code_from(shell, &url, &call.about);
            }
        }
        if brought {
            self.brought_in(shell, call, words, installs);
        }
    }

    /// What lies at the address is taken in and run; an address without a host's name, as a registry's short names are, is no address.
    pub(super) fn code_from(&mut self, shell: &Shell, url: &Text, about: &About) {
        if let Some(host) = network::of_url(url)
            && host.as_known().is_none_or(|h| h.starts_with(|c: char| c.is_ascii_hexdigit()) && h.contains("::") || h.split(':').next().is_some_and(|name| name.contains('.')))
        {
            self.operate(shell, "code.foreign", url.clone(), Some(host), about);
        }
    }

    /// The word or flag in front of an address says that what lies there is taken in.
    fn takes(&self, words: &[Text], at: usize, key: Option<Text>, installs: bool) -> bool {
        // `url=https://…` is a word of the program's own.
        let own = key.as_ref().is_some_and(|k| !k.prefix().starts_with(['-', '/']));
        let attached = key.is_some();
        let previous = at.checked_sub(1).map(|before| words[before].clone());
        if previous.as_ref().is_some_and(|w| !attached && self.listed("source-flags", w)) {
            return true;
        }
        let flag = key.or(previous.filter(|w| w.prefix().starts_with('-')));
        if let Some(flag) = flag {
            if self.listed("source-flags", &flag) {
                return true;
            }
            if own || self.listed("address-flags", &flag) || (!installs && (attached || !self.listed("plain-switches", &flag))) {
                return false;
            }
        }
        let before = &words[..at];
        let operands: Vec<&Text> = before.iter().filter(|w| !w.prefix().starts_with('-')).collect();
        // What stands behind the dashes is for another program; a name that is given to a place runs nothing yet.
        if operands.len() > OPERANDS_BEFORE || before.iter().any(|w| w.as_known() == Some("--")) {
            return false;
        }
        // An installer that runs a program of its own (`poetry run x https://…`) takes in nothing but what stands right behind.
        if installs && !operands.first().is_some_and(|w| self.listed("running-words", w)) {
            return true;
        }
        if operands.iter().any(|w| self.listed("naming-words", w)) {
            return false;
        }
        match operands.as_slice() {
            [.., last] if self.listed("running-words", last) || self.listed("taking-words", last) => true,
            [.., verb, _] => self.listed("taking-words", verb),
            _ => false,
        }
    }

    /// A file that came over the network is given to a program that takes it in, or a tree that did is built.
    fn brought_in(&mut self, shell: &Shell, call: &Call, words: &[Text], installs: bool) {
        if !self.fetched_from_strangers() {
            return;
        }
        let mut operands = words.iter().enumerate().filter(|(_, w)| !w.prefix().starts_with('-')).take(3);
        let verb = operands.find(|(_, w)| self.listed("taking-words", w) || self.listed("running-words", w)).map(|(at, _)| at + 1);
        let by_flag = words.iter().any(|w| w.prefix().starts_with('-') && self.listed("source-flags", w));
        // A file of that very name is no verb: what is taken in stands behind one.
        let from = if installs || by_flag { Some(0) } else { verb };
        let taken = &words[from.unwrap_or(words.len())..];
        let mut about = call.about.clone();
        about.certainty = Certainty::Maybe;
        about.data = Labels::of(Label::Network);
        // `… | kubectl apply -f -`
        if call.stdin.labels.has(Label::Network) && taken.iter().any(|w| matches!(w.as_known(), Some("-" | "/dev/stdin"))) {
            self.effect(shell, Action::Execute, Text::known("standard input"), &about);
        }
        for word in taken.iter().filter(|w| !w.prefix().starts_with('-')) {
            let path = self.absolute(shell, word);
            let came = path.as_known().and_then(|p| self.files.get(p)).is_some_and(|text| text.labels.has(Label::Network));
            if came || !self.strange_folder(&path).is_empty() {
                self.effect(shell, Action::Execute, path, &about);
            }
        }
        let mut here = Text::known(shell.cwd.as_deref().unwrap_or(""));
        here.push_str("/");
        if self.listed("building-programs", &Text::known(call.about.program.as_str())) && !self.strange_folder(&here).is_empty() {
            self.effect(shell, Action::Execute, here, &about);
        }
    }

    /// An archive that came over the network is unpacked: its folder is noted.
    fn unpacks(&mut self, shell: &Shell, call: &Call, name: &Text, words: &[Text]) {
        let came = |w: &Text| self.absolute(shell, w).as_known().and_then(|p| self.files.get(p)).is_some_and(|t| t.labels.has(Label::Network));
        if !self.listed("unpacking-programs", name) || !(call.stdin.labels.has(Label::Network) || words.iter().any(came)) || !self.fetched_from_strangers() {
            return;
        }
        let flag = words.windows(2).find(|pair| matches!(pair[0].as_known(), Some("-C" | "-d" | "--directory"))).map(|pair| pair[1].clone());
        let attached = words.iter().find_map(|w| w.strip_prefix("--directory=").or_else(|| w.strip_prefix("-C")).or_else(|| w.strip_prefix("-o")).filter(|v| !v.is_empty()));
        let folder = self.absolute(shell, &flag.or(attached).unwrap_or_else(|| Text::known(".")));
        self.came_in.extend(folder.as_known().map(str::to_owned));
    }

    /// `git clone` of a stranger's address: the folder is noted.
    fn clones(&mut self, shell: &Shell, words: &[Text]) {
        let Some(at) = words.iter().position(|w| w.as_known() == Some("clone")) else { return };
        let Some(from) = words[at..].iter().position(|w| w.prefix().contains("://")).map(|n| n + at) else { return };
        let Some(host) = network::of_url(&words[from]).filter(|_| !words[from].prefix().starts_with("ssh")) else { return };
        if self.is_known_host(&host) {
            return;
        }
        let name = words[from].as_known().and_then(|u| u.trim_end_matches('/').rsplit('/').next()).map(|n| n.trim_end_matches(".git"));
        let folder = words.get(from + 1).cloned().or_else(|| name.map(Text::known));
        if let Some(path) = folder.map(|f| self.absolute(shell, &f)) {
            self.came_in.extend(path.as_known().map(str::to_owned));
        }
    }

    /// The label of what lies in a folder that came from a stranger in this call.
    pub(super) fn strange_folder(&self, path: &Text) -> Labels {
        let start = self.context.cwd.to_string_lossy();
        let inside = |folder: &String| {
            path.as_known().is_some_and(|p| {
                // What was there before lies in the folder that the call began in; an archive brings a folder of its own.
                p.strip_prefix(folder.as_str()).is_some_and(|rest| if *folder == start { rest.matches('/').count() > 1 } else { rest.is_empty() || rest.starts_with('/') })
            })
        };
        if self.came_in.iter().any(inside) { Labels::perhaps(Label::Network) } else { Labels::NONE }
    }

    /// Something was fetched from a host that no list knows.
    fn fetched_from_strangers(&self) -> bool {
        !self.came_in.is_empty()
            || self.plan.effects.iter().filter(|e| e.action == Action::Fetch).filter_map(|e| e.target.host.as_ref()).any(|host| !self.is_known_host(host))
    }

    fn is_known_host(&self, host: &Text) -> bool {
        ["code-hosts", "local-hosts", "own-services", "own-hosts"].iter().any(|list| self.know.in_list_of_hosts(list, host, &self.vars))
    }
}

/// An address in a word: what stands in front of it there (`--from=`, `-Dkey=`, `/i:`), and the address. Prose and code have none.
fn address(word: &Text) -> Option<(Option<Text>, Text)> {
    let prefix = word.prefix();
    let at = prefix.find("://")?;
    // Only bytes of one letter are counted, so the scheme begins where a character does.
    let scheme = at - prefix[..at].bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || b"+.-".contains(b)).count();
    let (key, url) = (&prefix[..scheme], word.strip_bytes(scheme)?);
    // A line of a package manager's list of sources.
    let key = if key.starts_with("deb ") || key.starts_with("deb-src ") { "" } else { key };
    if key.contains([' ', '(', '"', '\'', '{', '\n']) {
        return None;
    }
    let key = key.trim_end_matches(['=', '@']).trim_end_matches("git::").trim_end_matches("=");
    Some(((!key.is_empty()).then(|| Text::known(key)), url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_words() {
        let split = |word: &str| address(&Text::known(word)).map(|(key, url)| (key.map(|k| k.to_string()), url.to_string()));
        let some = |key: Option<&str>, url: &str| Some((key.map(str::to_owned), url.to_owned()));
        assert_eq!(split("https://h/x"), some(None, "https://h/x"));
        assert_eq!(split("git+https://h/x"), some(None, "git+https://h/x"));
        assert_eq!(split("-from-module=git::https://h/x"), some(Some("-from-module"), "https://h/x"));
        assert_eq!(split("-Dkey=ftp://h"), some(Some("-Dkey"), "ftp://h"));
        assert_eq!(split("/i:http://h/x"), some(Some("/i:"), "http://h/x"));
        assert_eq!(split("--kéy=ü://h"), some(Some("--kéy=ü"), "://h"));
        assert_eq!(split("see https://h/x"), None);
        assert_eq!(split("(load \"http://h/x\")"), None);
    }
}
