//! Finds secrets in text and takes them out. Nothing is compiled: the automata of a detector lie in the binary and are looked at only
//! where one of its keywords stands.

use crate::budget::Budget;
use crate::finder::{Finder, FinderForm, Hit, Keywords};
use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, sparse::DFA};
use regex_automata::util::start;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt::Write;

/// Text without secrets: only [`Redactor::redact`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Redacted(String);

impl Redacted {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Something was cut off, or the text ends as if it were.
    pub fn is_cut(&self) -> bool {
        self.0.ends_with('…')
    }

    /// The text, shortened to at most `bytes`; a cut is marked.
    #[must_use]
    pub fn cut(&self, bytes: usize) -> Redacted {
        if self.0.len() <= bytes {
            return self.clone();
        }
        let mut end = bytes.saturating_sub('…'.len_utf8());
        while !self.0.is_char_boundary(end) {
            end -= 1;
        }
        Redacted(format!("{}…", &self.0[..end]))
    }
}

impl std::fmt::Display for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes secrets out of text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Redactor {
    finders: &'static [Finder],
    keywords: Option<&'static Keywords>,
    /// The number of the only finder that is used.
    only: Option<usize>,
}

impl Redactor {
    /// Uses these finders, and the automaton of their keywords.
    pub fn new(finders: &'static [Finder], keywords: &'static Keywords) -> Redactor {
        Redactor { finders, keywords: Some(keywords), only: None }
    }

    /// Uses one of the finders only.
    #[must_use]
    pub fn only(self, finder: usize) -> Redactor {
        Redactor { only: Some(finder), ..self }
    }

    /// The text with every secret replaced by `‹redacted:KIND›`.
    pub fn redact(&self, text: &str) -> Redacted {
        let Some(keywords) = self.keywords else { return Redacted(text.to_owned()) };
        let mut text: Cow<'_, str> = Cow::Borrowed(text);
        let mut hits = keywords.search(&text);
        for (at, finder) in self.finders.iter().enumerate() {
            if hits.is_empty() {
                break;
            }
            let places = places(&hits, at);
            if places.is_empty() || self.only.is_some_and(|only| only != at) {
                continue;
            }
            if let Some(out) = without(finder, &places, &text, &fuel(&text)) {
                hits = keywords.search(&out);
                text = Cow::Owned(out);
            }
        }
        Redacted(text.into_owned())
    }
}

/// Where a finder's keywords begin and end, first one first, the longest of several first.
fn places(hits: &[Hit], finder: usize) -> Vec<(usize, usize)> {
    let own = hits.iter().filter(|hit| usize::from(hit.finder) == finder);
    let mut places: Vec<(usize, usize)> = own.map(|hit| (hit.end as usize - usize::from(hit.len), hit.end as usize)).collect();
    places.sort_unstable_by_key(|(place, behind)| (*place, std::cmp::Reverse(*behind)));
    places
}

/// Steps of automata for each byte of a text. A text needs more only if it is made to be slow: what is left of it is taken out.
const FUEL: u64 = 4;

/// What one finder may spend on a text.
fn fuel(text: &str) -> Budget {
    Budget::new(FUEL * (text.len() as u64 + 1_000))
}

/// The text without what the finder finds at these places. `None` where it finds nothing.
fn without(finder: &Finder, places: &[(usize, usize)], text: &str, steps: &Budget) -> Option<String> {
    let forms: Vec<Automata> = finder.forms.iter().map(|form| Automata::new(form, finder.id)).collect();
    let mut out = String::new();
    // What is copied so far, and where the next secret may begin.
    let (mut from, mut free) = (0, 0);
    for (place, behind) in places.iter().copied() {
        if place < free {
            continue;
        }
        let mut found = forms.iter().find_map(|form| form.find(text, place, behind, steps));
        if steps.left() == 0 {
            found = Some((place, text.len()));
        }
        let Some((start, end)) = found else { continue };
        free = end;
        if !is_mark(&text[start..end]) {
            out.push_str(&text[from..start]);
            let _ = write!(out, "{MARK}{}›", finder.id);
            from = end;
        }
    }
    (from > 0).then(|| out + &text[from..])
}

/// Stands in the place of a secret, with the detector's id and `›` behind it.
const MARK: &str = "‹redacted:";

/// A mark stays; a value that only contains one does not get away with it.
fn is_mark(value: &str) -> bool {
    value.starts_with(MARK) && value.find('›').is_some_and(|end| end + '›'.len_utf8() == value.len())
}

/// A form of a detector, ready to run.
struct Automata {
    before: Option<DFA<&'static [u8]>>,
    secret: DFA<&'static [u8]>,
    after: &'static str,
}

impl Automata {
    /// Checks the bytes. Panics on bytes that no build of guard has made: in a hook that ends in a denial.
    fn new(form: &FinderForm, id: &str) -> Automata {
        let read = |bytes| DFA::from_bytes(bytes).map_or_else(|error| panic!("detector `{id}` cannot be read: {error}"), |(dfa, _)| dfa);
        Automata { before: form.before.map(read), secret: read(form.secret), after: form.after }
    }

    /// The secret of the keyword that stands from `place` to `behind`: where it begins and ends.
    fn find(&self, text: &str, place: usize, behind: usize, steps: &Budget) -> Option<(usize, usize)> {
        let start = match &self.before {
            Some(before) => end(before, text, behind, steps)?,
            None => place,
        };
        let end = end(&self.secret, text, start, steps)?;
        let after = if text[start..end].ends_with(self.after) { self.after.len() } else { 0 };
        Some((start, end - after))
    }
}

/// Where the automaton's match from `at` on ends.
fn end(dfa: &DFA<&[u8]>, text: &str, at: usize, steps: &Budget) -> Option<usize> {
    let bytes = text.as_bytes();
    let look_behind = at.checked_sub(1).map(|before| bytes[before]);
    let mut state = dfa.start_state(&start::Config::new().anchored(Anchored::Yes).look_behind(look_behind)).ok()?;
    let mut last = None;
    for (place, byte) in bytes.iter().enumerate().skip(at) {
        state = dfa.next_state(state, *byte);
        if dfa.is_special_state(state) {
            // An automaton says so one byte later, as it may look at what follows.
            if dfa.is_match_state(state) {
                last = Some(place);
            } else if dfa.is_dead_state(state) || dfa.is_quit_state(state) {
                steps.spend((place - at) as u64);
                return last.map(|end| text.ceil_char_boundary(end));
            }
        }
    }
    steps.spend((bytes.len() - at) as u64);
    if dfa.is_match_state(dfa.next_eoi_state(state)) {
        last = Some(bytes.len());
    }
    last.map(|end| text.ceil_char_boundary(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Knowledge;

    #[test]
    fn every_detector_finds_its_examples_and_passes_the_others() {
        let redactor = Knowledge::builtin_redactor();
        let detectors = Knowledge::builtin_bundle().detectors;
        assert!(detectors.len() >= 20 && detectors.len() == redactor.finders.len());
        for (at, detector) in detectors.iter().enumerate() {
            assert!(!detector.pass.is_empty(), "{} has no example to pass", detector.id);
            assert!(detector.matches.len() >= detector.forms.len(), "{} has fewer examples than forms", detector.id);
            let alone = redactor.only(at);
            for example in &detector.matches {
                let text = example.concat();
                let out = alone.redact(&text);
                assert!(out.as_str().contains("‹redacted:"), "{}: {text}", detector.id);
                assert_eq!(alone.redact(out.as_str()), out, "{} is not idempotent", detector.id);
            }
            for example in &detector.pass {
                let text = example.concat();
                assert_eq!(alone.redact(&text).as_str(), text, "{}", detector.id);
            }
        }
    }

    #[test]
    fn every_keyword_is_found_in_any_case_also_inside_another() {
        let keywords = Knowledge::builtin_redactor().keywords.expect("keywords");
        for (at, detector) in Knowledge::builtin_bundle().detectors.iter().enumerate() {
            for keyword in detector.keywords.iter() {
                for text in [keyword.to_string(), keyword.to_uppercase(), format!("{}{keyword}", &keyword[..keyword.len() - 1])] {
                    let small = |n: usize| u8::try_from(n).expect("a small number");
                    let hit = Hit { finder: small(at), len: small(keyword.len()), end: u32::from(small(text.len())) };
                    assert!(keywords.search(&text).contains(&hit), "`{keyword}` in `{text}`");
                }
            }
        }
        assert_eq!(keywords.search("nothing to see here, ä…›"), []);
    }

    #[test]
    fn redaction_is_idempotent_over_all_detectors() {
        let redactor = Knowledge::builtin_redactor();
        let all: String = Knowledge::builtin_bundle().detectors.iter().flat_map(|d| &d.matches).map(|m| m.concat() + "\n").collect();
        let once = redactor.redact(&all);
        assert_eq!(redactor.redact(once.as_str()), once);
    }

    #[test]
    fn a_text_made_to_be_slow_loses_its_rest_and_costs_few_steps() {
        let redactor = Knowledge::builtin_redactor();
        for (unit, slow) in [("token", true), ("-eyJabcdefgh", true), ("-----BEGIN A", false), ("token=x ", false), ("a://b:c", false)] {
            let text = unit.repeat(20_000);
            let hits = redactor.keywords.expect("keywords").search(&text);
            let mut cut = false;
            for (at, finder) in redactor.finders.iter().enumerate() {
                let steps = fuel(&text);
                let out = without(finder, &places(&hits, at), &text, &steps);
                // The last attempt may end behind the limit.
                assert!(steps.spent() <= (FUEL + 2) * (text.len() as u64 + 1_000), "{}: {} steps for {unit}", finder.id, steps.spent());
                cut |= steps.left() == 0 && out.is_some_and(|out| out.ends_with('›'));
            }
            assert_eq!(cut, slow, "{unit}");
            let out = redactor.redact(&text);
            assert_eq!(redactor.redact(out.as_str()), out);
        }
    }
}
