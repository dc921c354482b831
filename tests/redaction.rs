//! Secrets are taken out of text: nothing is left that a detector finds, a second time changes nothing, and the automata find what
//! `regex` finds with the same expressions.

use guard::detector::Detector;
use guard::knowledge::Knowledge;
use regex::Regex;

fn secrets() -> Vec<String> {
    Knowledge::builtin_bundle().detectors.iter().flat_map(|d| &d.matches).map(|parts| parts.concat()).collect()
}

/// Two secrets, or texts that look like some, in texts as they occur.
const FRAMES: [fn(&str, &str) -> String; 8] = [
    |a, _| a.to_owned(),
    |a, b| format!("{a} {b}"),
    |a, b| format!("{a}\n{b}"),
    |a, b| format!("{a}{b}"),
    |a, b| format!("export X=\"{a}\" Y='{b}'"),
    |a, b| format!("{{\"a\":\"{a}\",\"b\":\"{b}\"}}"),
    |a, b| format!("ä{a}…{b}é"),
    |a, b| format!("token={a}&password={b}"),
];

/// A detector as one expression whose groups are the secrets, and what they may end with.
struct Reference {
    id: String,
    pattern: Regex,
    afters: Vec<String>,
}

impl Reference {
    fn of(detector: &Detector) -> Reference {
        let keywords = detector.keywords.iter().map(|k| regex::escape(k)).collect::<Vec<_>>().join("|");
        let forms = detector.forms.iter().map(|form| match &form.before {
            Some(before) => format!("(?i-u:{keywords})(?:{before})({})", form.secret),
            None => format!("({})", form.secret),
        });
        let pattern = Regex::new(&forms.collect::<Vec<_>>().join("|")).expect("a pattern");
        Reference { id: detector.id.to_string(), pattern, afters: detector.forms.iter().map(|f| f.after.to_string()).collect() }
    }

    /// Secrets that are no mark: where they begin and end.
    fn secrets(&self, text: &str) -> Vec<(usize, usize)> {
        let groups = self.pattern.captures_iter(text).filter_map(|found| {
            let (at, group) = (0..self.afters.len()).find_map(|at| Some((at, found.get(at + 1)?)))?;
            let value = group.as_str().strip_suffix(self.afters[at].as_str()).unwrap_or(group.as_str());
            let mark = value.starts_with("‹redacted:") && value.ends_with('›') && value.matches('›').count() == 1;
            (!mark).then(|| (group.start(), group.start() + value.len()))
        });
        groups.collect()
    }

    fn without(&self, text: &str) -> String {
        let mut out = String::new();
        let mut from = 0;
        for (start, end) in self.secrets(text) {
            out += &format!("{}‹redacted:{}›", &text[from..start], self.id);
            from = end;
        }
        out + &text[from..]
    }
}

fn references() -> Vec<Reference> {
    Knowledge::builtin_bundle().detectors.iter().map(Reference::of).collect()
}

#[test]
fn it_is_idempotent_and_leaves_nothing_that_a_detector_finds() {
    let redactor = Knowledge::builtin_redactor();
    let (secrets, references) = (secrets(), references());
    let mut wrong = Vec::new();
    for (at, first) in secrets.iter().enumerate() {
        let second = &secrets[(at * 7 + 3) % secrets.len()];
        for frame in FRAMES {
            let text = frame(first, second);
            let once = redactor.redact(&text);
            let twice = redactor.redact(once.as_str());
            if once != twice {
                wrong.push(format!("not idempotent: {text:?} → {once:?} → {twice:?}"));
            }
            let left = references.iter().filter(|r| !r.secrets(once.as_str()).is_empty());
            wrong.extend(left.map(|r| format!("`{}` still finds something in {once:?}", r.id)));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// What texts are made of: keywords and everything that detectors look for around a secret.
fn pieces() -> Vec<String> {
    let mut all: Vec<String> = Knowledge::builtin_bundle().detectors.iter().flat_map(|d| d.keywords.iter().map(ToString::to_string)).collect();
    all.extend(all.iter().map(|k| k.to_uppercase()).collect::<Vec<_>>());
    let others = [
        "=", ":", " ", "  ", "\n", "\"", "'", "`", "$", "@", "/", "-", "_", ".", "x", "abcdef0123456789", "A1B2C3D4E5F6G7H8", "ä", "‹", "›", "…", "\u{85}", "Bearer ", "basic\t",
        "eyJabcdefgh.", "PRIVATE KEY-----", "-----END ", "‹redacted:jwt›", "(", ",", "&", "user", "123456789",
    ];
    all.extend(others.iter().map(ToString::to_string));
    all.extend(secrets());
    all
}

#[test]
fn automata_find_what_regex_finds() {
    let redactor = Knowledge::builtin_redactor();
    let (references, pieces) = (references(), pieces());
    let mut texts: Vec<String> = Vec::new();
    for name in ["allowed", "ordinary", "refused", "carriers"] {
        texts.extend(std::fs::read_to_string(format!("fixtures/corpus/{name}.jsonl")).expect("a corpus").lines().map(str::to_owned));
    }
    let mut seed = 11u64;
    let mut below = |end: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("31 bits") % end
    };
    for _ in 0..40_000 {
        texts.push((0..2 + below(9)).map(|_| pieces[below(pieces.len())].as_str()).collect());
    }
    let mut redacted = 0;
    for text in &texts {
        let wanted = references.iter().fold(text.clone(), |text, reference| reference.without(&text));
        let got = redactor.redact(text);
        redacted += usize::from(got.as_str() != text);
        assert_eq!(got.as_str(), wanted, "{text:?}");
    }
    assert!(redacted > 10_000, "only {redacted} texts had a secret");
}
