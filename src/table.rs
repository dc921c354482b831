//! Text that is built in and searched where it lies: one entry a line, `key<TAB>value`, in the order of its bytes. A hook that
//! does not ask for an entry pays nothing for it.

/// Sorted lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Table(&'static str);

impl Table {
    /// Takes lines in the order of their bytes, each with its newline.
    pub const fn new(text: &'static str) -> Table {
        Table(text)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'static str> {
        self.from(key).next()?.strip_prefix(key)?.strip_prefix('\t')
    }

    /// The lines from the first one on that is not before `key`.
    pub fn from(&self, key: &str) -> std::str::Lines<'static> {
        self.0[self.first_from(key.as_bytes())..].lines()
    }

    /// Every key, in order.
    pub fn keys(self) -> impl Iterator<Item = &'static str> + use<> {
        self.0.lines().filter_map(|l| Some(l.split_once('\t')?.0))
    }

    fn first_from(&self, key: &[u8]) -> usize {
        let text = self.0.as_bytes();
        let (mut low, mut high) = (0, text.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = text[..middle].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1).max(low);
            let end = text[start..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| start + n + 1);
            if &text[start..end] < key {
                low = end;
            } else {
                high = start;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn every_key_is_found_and_nothing_else() {
        let table = Table::new("a\t1\na b\t2\na-b\t\nz\t4\n");
        assert_eq!(["a", "a b", "a-b", "z"].map(|k| table.get(k)), [Some("1"), Some("2"), Some(""), Some("4")]);
        assert_eq!(["", "b", "a ", "zz", "a\t"].map(|k| table.get(k)), [None; 5]);
        assert_eq!(Table::default().get("a"), None);
    }
}
