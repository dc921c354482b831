//! Descriptors: what a redirection opens, and where output goes.

use super::network;
use super::state::{Channel, Shell};
use super::text::Text;
use super::walker::{About, Walker};
use super::{Action, Effect};
use crate::shell::{Redirection, RedirectionKind};
use std::collections::BTreeMap;

/// Descriptor → where it leads.
pub(super) type Descriptors = BTreeMap<u32, Channel>;

impl Walker<'_> {
    pub(super) fn redirect(&mut self, shell: &mut Shell, r: &Redirection, descriptors: &mut Descriptors, about: &About) {
        use RedirectionKind as K;
        let target = if r.kind == K::HereDocument {
            self.pieces_single(shell, &r.target.pieces)
        } else {
            self.single(shell, &r.target)
        };
        let about = &About { span: if r.target.span.end > 0 { r.target.span } else { about.span }, ..about.clone() };
        let number = match &r.variable {
            Some(name) => {
                let number = 10 + u32::try_from(shell.descriptors.len()).unwrap_or(0);
                shell.set(name, Text::known(number.to_string()));
                number
            }
            None => r.descriptor.unwrap_or(match r.kind {
                K::Input | K::ReadWrite | K::HereString | K::HereDocument | K::DuplicateInput => 0,
                K::Output | K::Append | K::OutputBoth | K::DuplicateOutput => 1,
            }),
        };
        let channel = match r.kind {
            K::HereDocument => Channel::Data(target),
            K::HereString => {
                let mut text = target;
                text.push_str("\n");
                Channel::Data(text)
            }
            K::Input => match self.open(shell, &target, about, false) {
                Channel::File(path) => Channel::Data(self.read_file(shell, &path, about)),
                other => other,
            },
            K::ReadWrite => self.open(shell, &target, about, true),
            K::Output | K::Append | K::OutputBoth => {
                let mut with = about.clone();
                if r.kind == K::Append || r.target.source.starts_with(">>") {
                    with.with.add("append");
                }
                let channel = self.open(shell, &target, about, true);
                if let Channel::File(path) = &channel {
                    if r.kind != K::Append && let Some(known) = path.as_known() {
                        self.files.insert(known.to_owned(), Text::default());
                    }
                    self.effect(shell, Action::Write, path.clone(), &with);
                }
                channel
            }
            K::DuplicateInput | K::DuplicateOutput => {
                let known = target.as_known().unwrap_or("").trim_end_matches('-');
                match known.parse::<u32>() {
                    Ok(from) => descriptors.get(&from).cloned().unwrap_or(Channel::Inherited),
                    Err(_) if known.is_empty() => Channel::Nowhere,
                    Err(_) => Channel::Inherited,
                }
            }
        };
        if r.kind == K::OutputBoth {
            descriptors.insert(2, channel.clone());
        }
        descriptors.insert(number, channel);
    }

    /// What a redirection's target is: a file, a connection, a descriptor, nothing.
    fn open(&mut self, shell: &Shell, target: &Text, about: &About, both: bool) -> Channel {
        if let Some(host) = network::device(target) {
            let mut effect = Effect::new(Action::Connect, target.clone(), about.span);
            effect.target.host = Some(host.clone());
            effect.with.add("device");
            self.push(shell, effect);
            return Channel::Network(host);
        }
        let path = self.absolute(shell, target);
        match path.as_known() {
            Some("/dev/null" | "/dev/full" | "/dev/zero" | "/dev/tty") => Channel::Nowhere,
            Some("/dev/stdout" | "/dev/stderr" | "/dev/stdin" | "/dev/fd/0" | "/dev/fd/1" | "/dev/fd/2") if both => Channel::Inherited,
            _ => Channel::File(path),
        }
    }

    /// Sends output where its descriptor leads; gives what goes on to the surrounding script.
    pub(super) fn deliver(&mut self, shell: &Shell, out: Text, descriptors: &Descriptors, about: &About) -> Text {
        match descriptors.get(&1) {
            Some(Channel::Network(host)) => {
                if !out.is_empty() {
                    let mut effect = Effect::new(Action::Send, Text::default(), about.span);
                    effect.target.host = Some(host.clone());
                    effect.data = out.labels;
                    effect.with.add("device");
                    self.push(shell, effect);
                }
                Text::default()
            }
            Some(Channel::File(path)) => {
                self.written(shell, path, &out, about);
                Text::default()
            }
            Some(Channel::Nowhere | Channel::Data(_)) => Text::default(),
            _ => out,
        }
    }
}
