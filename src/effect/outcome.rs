//! What a command adds up to: its requests, its operations, its output.

use super::command::{Sorted, in_force};
use super::interpret::Sum;
use super::spec::CommandSpec;
use super::state::Shell;
use super::text::Text;
use super::walker::{About, Call, Walker};
use super::{Action, Effect};
use crate::label::{Label, Labels};

impl Walker<'_> {
    /// The network effects of the hosts that were named.
    pub(super) fn peers(&mut self, shell: &Shell, about: &About, sum: &mut Sum) {
        let changes = about.with.has("method-delete");
        sum.presented.retain(|(_, labels)| !labels.is_empty());
        // A header may carry anything; only a secret in it is a credential.
        for (_, labels) in &sum.presented {
            let other = labels.without(Label::Secret);
            sum.sent.add(other);
            sum.sends |= !other.is_empty();
        }
        for (target, host) in &sum.peers {
            for (form, labels) in &sum.presented {
                self.present(shell, form, *labels, target, host, about);
            }
            let sends = sum.sends || about.with.has("upload");
            let action = if sends { Action::Send } else { Action::Fetch };
            let mut effect = Effect::new(action, target.clone(), about.span);
            effect.target.host = Some(host.clone());
            effect.data = if sends { sum.sent } else { Labels::NONE };
            effect.with = about.with.clone();
            effect.program.clone_from(&about.program);
            effect.certainty = about.certainty;
            self.push(shell, effect);
            if changes {
                self.operate(shell, "http.delete", target.clone(), Some(host.clone()), about);
            }
        }
        if !sum.peers.is_empty() {
            sum.read.push(Text::unknown().labelled(Labels::of(Label::Network)));
        } else if sum.sends && !about.program.is_empty() {
            let mut effect = Effect::new(Action::Send, Text::default(), about.span);
            effect.data = sum.sent;
            effect.with = about.with.clone();
            effect.program.clone_from(&about.program);
            self.push(shell, effect);
        }
    }

    /// A credential is shown to a host in some form: its own service is told apart from all others.
    pub(super) fn present(&mut self, shell: &Shell, form: &str, labels: Labels, target: &Text, host: &Text, about: &About) {
        if !labels.has(Label::Secret) && !labels.may_have(Label::Secret) {
            return;
        }
        let mut effect = Effect::new(Action::Present, target.clone(), about.span);
        effect.target.host = Some(host.clone());
        effect.data = labels;
        effect.with = about.with.clone();
        effect.with.add(&format!("as:{form}"));
        if self.know.belongs(labels, host, form, &self.vars) {
            effect.with.add("own-service");
        }
        effect.program.clone_from(&about.program);
        effect.certainty = about.certainty;
        self.push(shell, effect);
    }

    /// Effects on systems with their own verbs.
    pub(super) fn operations(&mut self, shell: &Shell, sorted: &Sorted<'_>, chain: &[(&CommandSpec, String)], mods: &[String], about: &About, sum: &Sum) {
        let mut names: Vec<String> = Vec::new();
        for (spec, _) in chain {
            if let Some(more) = &spec.does {
                names.extend(more.iter().map(ToString::to_string));
            }
            for (modifier, change) in &spec.when {
                if mods.iter().any(|m| m == modifier)
                    && let Some(more) = &change.does
                {
                    names.extend(more.iter().map(ToString::to_string));
                }
            }
        }
        if let Some(system) = chain.iter().find_map(|(s, _)| s.system.as_ref()) {
            let subs: Vec<&str> = chain.iter().skip(1).map(|(_, name)| name.as_str()).collect();
            if !subs.is_empty() {
                names.push(format!("{system}.{}", subs.join(".")));
            }
        }
        names.dedup();
        for name in names {
            let host = sum.git_hosts.first().and_then(|(_, host)| host.clone()).or_else(|| sum.peers.first().map(|(_, h)| h.clone()));
            let remote = sum.git_hosts.first().map(|(text, _)| text.clone());
            let mut about = about.clone();
            if let Some(remote) = remote.as_ref().and_then(Text::as_known)
                && host.is_none()
            {
                about.with.add(&format!("remote:{remote}"));
            }
            if sum.objects.is_empty() {
                let target = match remote {
                    Some(remote) => remote,
                    // The object is where it stands, when none is named.
                    None if about.with.has("here") => self.absolute(shell, &Text::known(".")),
                    None => Text::default(),
                };
                self.operate(shell, &name, target, host, &about);
                continue;
            }
            for (object, own) in &sum.objects {
                let mut about = about.clone();
                for modifier in own {
                    about.with.add(modifier);
                }
                self.operate(shell, &name, object.clone(), host.clone(), &about);
            }
        }
        let _ = sorted;
    }

    /// What comes out of the program, and where its output flags put it.
    #[allow(clippy::too_many_arguments, reason = "the last step of the table")]
    pub(super) fn output(
        &mut self,
        shell: &Shell,
        chain: &[(&CommandSpec, String)],
        mods: &[String],
        sorted: &Sorted<'_>,
        call: &Call,
        about: &About,
        sum: Sum,
    ) -> Text {
        let wanted = in_force(chain, mods, |s| s.stdout.as_deref());
        let mut input = Text::default();
        if let Some(inner) = &sum.inner {
            input.push(inner);
        }
        for text in &sum.read {
            input.push(text);
        }
        if sum.read.is_empty() && sum.inner.is_none() {
            input.push(&call.stdin);
        } else {
            input.labels.add(call.stdin.labels);
        }
        if mods.iter().any(|m| m == "remote-name") && !mods.iter().any(|m| m == "to-stdout") && sum.outputs.is_empty() {
            // The file gets the URL's last component as its name.
            for (url, _) in &sum.peers {
                let name = url.as_known().map(|u| u.split(['?', '#']).next().unwrap_or(u)).and_then(|u| u.rsplit('/').next()).filter(|n| !n.is_empty());
                let path = self.absolute(shell, &Text::known(name.unwrap_or("index.html")));
                let mut write = about.clone();
                write.data.add(Labels::of(Label::Network));
                self.effect(shell, Action::Write, path.clone(), &write);
                self.written(shell, &path, &Text::unknown().labelled(Labels::of(Label::Network)), about);
            }
        }
        let inner = sum.inner.is_some() && sum.read.is_empty();
        let system = chain.iter().any(|(s, _)| s.system.is_some());
        // What a system with its own verbs prints is its own, not what it was fed.
        let default = if inner { "copy" } else if system && sum.read.is_empty() { "clean" } else { "" };
        let out = match wanted.and_then(|w| w.strip_prefix("secret:")) {
            Some(kind) => Text::unknown().labelled(input.labels.and(self.know.credential_named(kind))),
            None if wanted == Some("filter") => self.filtered(sorted, mods, &input),
            None => super::flow::transform(wanted.unwrap_or(default), &input, &sorted.operands),
        };
        let mut sum = sum;
        if wanted == Some("compiled") && sum.outputs.is_empty() && !mods.iter().any(|m| m == "object") {
            // Compilers name the program themselves.
            let stem = sorted.operands.first().and_then(Text::as_known).and_then(|name| name.rsplit('/').next()?.rsplit_once('.')).map(|(stem, _)| Text::known(stem));
            sum.outputs.extend(stem.into_iter().chain(["a.out", "rust_out"].map(Text::known)));
        }
        for path in &sum.outputs {
            let path = self.absolute(shell, path);
            let mut write = about.clone();
            write.data.add(out.labels.without(Label::Outside));
            self.effect(shell, Action::Write, path.clone(), &write);
            if !mods.iter().any(|m| m == "append")
                && let Some(known) = path.as_known()
            {
                self.files.insert(known.to_owned(), Text::default());
            }
            let content = if wanted == Some("copy") { input.clone() } else { out.clone() };
            self.written(shell, &path, &content, about);
        }
        if !sum.outputs.is_empty() && wanted != Some("copy") {
            return Text::unknown().labelled(out.labels.without(Label::Network));
        }
        out
    }
}
