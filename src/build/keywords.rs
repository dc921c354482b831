//! Keywords → one automaton that finds all of them in one pass (Aho and Corasick). Used by `build.rs` alone.

use std::collections::{BTreeMap, VecDeque};

/// An automaton as tables; see `finder::Keywords`.
pub struct Tables {
    pub classes: [u8; 256],
    pub next: Vec<u16>,
    pub found: BTreeMap<u16, Vec<(u8, u8)>>,
}

/// Set in an entry of `next` whose state has found a keyword.
const FOUND: u16 = 1 << 15;

/// The automaton of all keywords, each with a number of its own kind. Keywords are lower-case ASCII and found in any case. Panics when
/// there are more than fit.
pub fn tables<'k>(keywords: impl Iterator<Item = (usize, &'k str)> + Clone) -> Tables {
    let mut classes = [0; 256];
    let mut width = 1;
    for byte in keywords.clone().flat_map(|(_, keyword)| keyword.bytes()) {
        if classes[usize::from(byte)] == 0 {
            classes[usize::from(byte)] = u8::try_from(width).expect("fewer than 256 bytes");
            classes[usize::from(byte.to_ascii_uppercase())] = classes[usize::from(byte)];
            width += 1;
        }
    }
    // The tree of keywords: class → child.
    let mut tree: Vec<BTreeMap<u8, usize>> = vec![BTreeMap::new()];
    let mut ends: Vec<Vec<(u8, u8)>> = vec![Vec::new()];
    for (kind, keyword) in keywords {
        let mut at = 0;
        for byte in keyword.bytes() {
            let class = classes[usize::from(byte)];
            at = *tree[at].entry(class).or_insert(ends.len());
            if at == ends.len() {
                tree.push(BTreeMap::new());
                ends.push(Vec::new());
            }
        }
        ends[at].push((u8::try_from(kind).expect("fewer than 256 detectors"), u8::try_from(keyword.len()).expect("a short keyword")));
    }
    // States are numbered by their depth: those that every text visits lie together. `back` is the longest end of a state that is a state too.
    let mut rows: Vec<Vec<usize>> = vec![vec![0; width]; tree.len()];
    let (mut order, mut back) = (Vec::new(), vec![0; tree.len()]);
    let mut queue = VecDeque::from([0]);
    while let Some(at) = queue.pop_front() {
        order.push(at);
        for class in 1..width {
            let fallback = if at == 0 { 0 } else { rows[back[at]][class] };
            rows[at][class] = match tree[at].get(&u8::try_from(class).expect("a class")) {
                Some(child) => {
                    back[*child] = fallback;
                    let more = ends[fallback].clone();
                    ends[*child].extend(more);
                    queue.push_back(*child);
                    *child
                }
                None => fallback,
            };
        }
    }
    let mut place = vec![0; tree.len()];
    for (number, at) in order.iter().enumerate() {
        place[*at] = u16::try_from(number * width).ok().filter(|place| place & FOUND == 0).expect("fewer states");
    }
    let flag = |at: usize| if ends[at].is_empty() { 0 } else { FOUND };
    let next = order.iter().flat_map(|at| rows[*at].iter().map(|to| place[*to] | flag(*to))).collect();
    let found = (0..tree.len()).filter(|at| !ends[*at].is_empty()).map(|at| (place[at], ends[at].clone())).collect();
    Tables { classes, next, found }
}
