//! What guard says of a call: decisions, how sure it is, and the findings behind them.

use serde::{Deserialize, Serialize};

/// Ordered; the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// guard is silent; the client's own permissions apply.
    #[default]
    Allow,
    /// The call runs and the model is told.
    Warn,
    /// A person must say yes; without a person it is answered as `Deny`.
    Ask,
    /// The call does not run.
    Deny,
}

impl Decision {
    /// The name used in rule files, records and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Decision::Allow => "allow",
            Decision::Warn => "warn",
            Decision::Ask => "ask",
            Decision::Deny => "deny",
        }
    }

    /// One step milder: what `Maybe` makes of a decision unless its rule says otherwise.
    #[must_use]
    pub const fn lowered(self) -> Decision {
        match self {
            Decision::Deny => Decision::Ask,
            Decision::Ask => Decision::Warn,
            Decision::Warn | Decision::Allow => Decision::Allow,
        }
    }
}

/// How sure a match is. `Unknown` is no evidence and stays silent; `Maybe` is evidence that is not proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    No,
    Unknown,
    Maybe,
    Yes,
}

impl Certainty {
    /// Both must hold.
    #[must_use]
    pub fn and(self, other: Certainty) -> Certainty {
        self.min(other)
    }

    /// One must hold.
    #[must_use]
    pub fn or(self, other: Certainty) -> Certainty {
        self.max(other)
    }
}

/// A byte range of the text that was judged (for tools without text, 0..0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// The part of `text` that the span names; empty where it does not fit.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// One rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's id, which is its file name.
    pub rule: String,
    pub decision: Decision,
    pub certainty: Certainty,
    pub span: Span,
    /// The offending part of the call as understood, e.g. `delete /home (recursive)`.
    pub effect: String,
    /// The rule's summary.
    pub message: String,
    /// Why it is not wanted.
    pub why: String,
    /// What to do instead; may be empty.
    pub instead: String,
}

/// The answer to one call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Verdict {
    pub decision: Decision,
    /// Every finding, most severe first.
    pub findings: Vec<Finding>,
}
