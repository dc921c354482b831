//! Types of data that either lies in the binary or was read from a file: text, lists and maps that borrow when they are built in
//! and own when they are not. What is built in needs no reading, no memory of its own and no cleaning up. `build.rs` includes this
//! file.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Text.
pub type Str = Cow<'static, str>;

/// Values in order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct List<T: Clone + 'static>(
    /// Open for constants: only a constructor, and no function, makes what it borrows live for ever.
    pub Cow<'static, [T]>,
);

impl<T: Clone> List<T> {
    /// Values that are built in.
    pub const fn fixed(values: &'static [T]) -> List<T> {
        List(Cow::Borrowed(values))
    }

    /// No value at all. Here although a slice has it too: serde asks for it by this path.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values, to be changed.
    pub fn to_mut(&mut self) -> &mut Vec<T> {
        self.0.to_mut()
    }
}

impl<T: Clone> std::ops::Deref for List<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Clone> Default for List<T> {
    fn default() -> List<T> {
        List::fixed(&[])
    }
}

impl<T: Clone> From<Vec<T>> for List<T> {
    fn from(values: Vec<T>) -> List<T> {
        List(Cow::Owned(values))
    }
}

impl<'a, T: Clone> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Clone + fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Clone + Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de, T: Clone + Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<List<T>, D::Error> {
        Vec::deserialize(from).map(List::from)
    }
}

/// Values by name, in the order of their names' bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Map<V: Clone + 'static>(
    /// Entries in the order of their names, each name once.
    pub List<(Str, V)>,
);

impl<V: Clone> Map<V> {
    /// No entry.
    pub const fn new() -> Map<V> {
        Map(List::fixed(&[]))
    }

    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// Sets a value.
    pub fn insert(&mut self, name: impl Into<Str>, value: V) {
        let name = name.into();
        match self.find(&name) {
            Ok(at) => self.0.to_mut()[at].1 = value,
            Err(at) => self.0.to_mut().insert(at, (name, value)),
        }
    }

    /// The value of that name, made when there is none.
    pub fn or_default(&mut self, name: &str) -> &mut V
    where
        V: Default,
    {
        let at = self.find(name).unwrap_or_else(|at| {
            self.0.to_mut().insert(at, (name.to_owned().into(), V::default()));
            at
        });
        &mut self.0.to_mut()[at].1
    }

    /// Entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> + Clone {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Names in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// Values in the order of their names.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// No entry at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(key, _)| (**key).cmp(name))
    }
}

impl<'a, V: Clone> IntoIterator for &'a Map<V> {
    type Item = (&'a str, &'a V);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (Str, V)>, fn(&'a (Str, V)) -> (&'a str, &'a V)>;
    fn into_iter(self) -> Self::IntoIter {
        fn pair<V>((name, value): &(Str, V)) -> (&str, &V) {
            (name, value)
        }
        self.0.iter().map(pair)
    }
}

impl<V: Clone> std::ops::Index<&str> for Map<V> {
    type Output = V;
    /// Panics where there is no value of that name.
    fn index(&self, name: &str) -> &V {
        self.get(name).unwrap_or_else(|| panic!("no `{name}`"))
    }
}

impl<V: Clone> Default for Map<V> {
    fn default() -> Map<V> {
        Map::new()
    }
}

impl<V: Clone + fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V: Clone, K: Into<Str>> FromIterator<(K, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Map<V> {
        let mut map = Map::new();
        for (name, value) in entries {
            map.insert(name, value);
        }
        map
    }
}

impl<V: Clone + Serialize> Serialize for Map<V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter())
    }
}

impl<'de, V: Clone + Deserialize<'de>> Deserialize<'de> for Map<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Map<V>, D::Error> {
        struct Entries<V>(std::marker::PhantomData<V>);
        impl<'de, V: Clone + Deserialize<'de> + 'static> Visitor<'de> for Entries<V> {
            type Value = Map<V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Map<V>, A::Error> {
                let mut map = Map::new();
                while let Some((name, value)) = entries.next_entry::<String, V>()? {
                    map.insert(name, value);
                }
                Ok(map)
            }
        }
        from.deserialize_map(Entries(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::Map;

    #[test]
    fn a_map_keeps_its_order_and_finds_every_name() {
        let mut map: Map<u8> = [("b", 2), ("a", 1), ("b", 3)].into_iter().collect();
        *map.or_default("aa") += 7;
        assert_eq!(map.iter().collect::<Vec<_>>(), [("a", &1), ("aa", &7), ("b", &3)]);
        assert_eq!((map.get("b"), map.get("c")), (Some(&3), None));
    }

    #[test]
    fn a_map_is_read_and_written_as_a_table() {
        let map: Map<u8> = serde_json::from_str(r#"{"z":1,"a":2}"#).expect("a table");
        assert_eq!(serde_json::to_string(&map).expect("plain data"), r#"{"a":2,"z":1}"#);
    }
}
