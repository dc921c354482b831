//! [`Finder`]: what `build.rs` makes of a detector, and [`Keywords`], the one automaton that says where a finder has to look.

/// A detector as a hook uses it.
#[derive(Debug, Clone, Copy)]
pub struct Finder {
    pub id: &'static str,
    pub forms: &'static [FinderForm],
}

/// One form of it: sparse automata as bytes.
#[derive(Debug, Clone, Copy)]
pub struct FinderForm {
    pub before: Option<&'static [u8]>,
    pub secret: &'static [u8],
    pub after: &'static str,
}

/// The keywords of all finders as one automaton that reads a text once.
#[derive(Debug, Clone, Copy)]
pub struct Keywords {
    /// Byte → its class; 0 is every byte that stands in no keyword.
    pub classes: &'static [u8; 256],
    /// State + class → the next state, which is where its own row begins; the highest bit says that a keyword ends there.
    pub next: &'static [u16],
    /// State → what ends there: the number of the finder, and the keyword's length. In the order of the states.
    pub found: &'static [(u16, &'static [(u8, u8)])],
}

/// A keyword in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The number of its finder.
    pub finder: u8,
    pub len: u8,
    /// Where it ends. Texts are shorter than 4 GB.
    pub end: u32,
}

impl Keywords {
    /// Every place of a keyword, in the order of their ends.
    pub fn search(&self, text: &str) -> Vec<Hit> {
        const FOUND: u16 = 1 << 15;
        let mut hits = Vec::new();
        let mut state = 0;
        for (at, byte) in text.bytes().enumerate() {
            let entry = self.next[usize::from(state) + usize::from(self.classes[usize::from(byte)])];
            state = entry & !FOUND;
            if entry != state
                && let Ok(found) = self.found.binary_search_by_key(&state, |(state, _)| *state)
            {
                let end = u32::try_from(at + 1).unwrap_or(u32::MAX);
                hits.extend(self.found[found].1.iter().map(|(finder, len)| Hit { finder: *finder, len: *len, end }));
            }
        }
        hits
    }
}
