//! Labels: where data comes from. A source puts a label on data, a sink looks at it.

/// One origin of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Label {
    /// A credential: the content of a secret file or variable.
    Secret,
    /// Came over the network.
    Network,
    /// Content that guard could not read: encoded, encrypted, too large, computed.
    Opaque,
    /// A file from outside the workspace and the temporary folders.
    Outside,
    /// Flows through a named pipe.
    Fifo,
    /// Many files at once: an archive, or the content of everything a glob names.
    Archive,
    /// Put into other letters, so that it fits where text is read: base64, hexadecimal digits.
    Encoded,
    /// What a whole database holds.
    Dump,
}

impl Label {
    /// Every label, in the order in which they are printed.
    pub const ALL: [Label; 8] = [Label::Secret, Label::Network, Label::Opaque, Label::Outside, Label::Fifo, Label::Archive, Label::Encoded, Label::Dump];

    /// The name used in rule files and in printed plans.
    pub const fn name(self) -> &'static str {
        match self {
            Label::Secret => "secret",
            Label::Network => "network",
            Label::Opaque => "opaque",
            Label::Outside => "outside",
            Label::Fifo => "fifo",
            Label::Archive => "archive",
            Label::Encoded => "encoded",
            Label::Dump => "dump",
        }
    }

    /// The label of that name.
    pub fn from_name(name: &str) -> Option<Label> {
        Label::ALL.into_iter().find(|l| l.name() == name)
    }
}

/// A set of labels, each either certain or possible (printed with a `?`). Secrets also say which credentials they may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Labels {
    sure: u8,
    maybe: u8,
    /// One bit for each kind of credential among the secrets; see [`Labels::credential`].
    kinds: u128,
}

/// The bit of a secret whose kind nobody knows.
const UNKNOWN_KIND: u128 = 1 << MAX_KINDS;

/// How many kinds of credentials can be told apart.
pub const MAX_KINDS: u32 = 127;

impl Labels {
    /// No label.
    pub const NONE: Labels = Labels { sure: 0, maybe: 0, kinds: 0 };

    /// The set that certainly has `label`.
    pub const fn of(label: Label) -> Labels {
        Labels { sure: 1 << label as u8, maybe: 0, kinds: kind_of(label) }
    }

    /// The set that possibly has `label`.
    pub const fn perhaps(label: Label) -> Labels {
        Labels { sure: 0, maybe: 1 << label as u8, kinds: kind_of(label) }
    }

    /// A secret that is the credential of that number, below [`MAX_KINDS`].
    pub const fn credential(number: u32) -> Labels {
        Labels { kinds: 1 << number, ..Labels::of(Label::Secret) }
    }

    /// The numbers of the credentials that the secrets are; `None` when one of them is of no known kind.
    pub fn credentials(self) -> Option<impl Iterator<Item = u32>> {
        (self.kinds & UNKNOWN_KIND == 0).then(|| (0..MAX_KINDS).filter(move |n| self.kinds & (1 << n) != 0))
    }

    /// Both sets together; certain beats possible.
    #[must_use]
    pub const fn and(self, other: Labels) -> Labels {
        let sure = self.sure | other.sure;
        Labels { sure, maybe: (self.maybe | other.maybe) & !sure, kinds: self.kinds | other.kinds }
    }

    /// The set without `label`.
    #[must_use]
    pub const fn without(self, label: Label) -> Labels {
        let keep = !(1u8 << label as u8);
        Labels { sure: self.sure & keep, maybe: self.maybe & keep, kinds: if matches!(label, Label::Secret) { 0 } else { self.kinds } }
    }

    /// The set with nothing but `label`, as far as it is there.
    #[must_use]
    pub const fn only(self, label: Label) -> Labels {
        let keep = 1u8 << label as u8;
        Labels { sure: self.sure & keep, maybe: self.maybe & keep, kinds: if matches!(label, Label::Secret) { self.kinds } else { 0 } }
    }

    /// Adds the labels of `other`.
    pub fn add(&mut self, other: Labels) {
        *self = self.and(other);
    }

    /// The label is certain.
    pub const fn has(self, label: Label) -> bool {
        self.sure & (1 << label as u8) != 0
    }

    /// The label is possible but not certain.
    pub const fn may_have(self, label: Label) -> bool {
        self.maybe & (1 << label as u8) != 0
    }

    /// No label, not even a possible one.
    pub const fn is_empty(self) -> bool {
        self.sure | self.maybe == 0
    }
}

/// What a label without a known kind adds to the kinds.
const fn kind_of(label: Label) -> u128 {
    if matches!(label, Label::Secret) { UNKNOWN_KIND } else { 0 }
}

impl std::fmt::Display for Labels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut first = true;
        for label in Label::ALL {
            let mark = if self.has(label) { "" } else if self.may_have(label) { "?" } else { continue };
            write!(f, "{}{}{mark}", if first { "" } else { " " }, label.name())?;
            first = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_secrets_are_known_only_while_all_are() {
        let kinds = |labels: Labels| labels.credentials().map(Iterator::collect::<Vec<_>>);
        let two = Labels::credential(3).and(Labels::credential(0)).and(Labels::of(Label::Network));
        assert_eq!(kinds(two), Some(vec![0, 3]));
        assert_eq!(kinds(two.and(Labels::perhaps(Label::Secret))), None);
        assert_eq!(two.without(Label::Secret), Labels::of(Label::Network));
    }
}
