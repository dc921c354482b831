//! [`Budget`]: work is limited by counting it, never by the clock, so the same call costs the same on every machine.

use std::cell::Cell;

/// An amount that may be spent: steps of a walk, bytes read from disk, questions to the file system.
#[derive(Debug, Clone)]
pub struct Budget {
    limit: u64,
    spent: Cell<u64>,
}

impl Budget {
    /// Nothing spent yet.
    pub const fn new(limit: u64) -> Budget {
        Budget { limit, spent: Cell::new(0) }
    }

    /// Spends; `false` once more was asked for than there is. What was refused is spent too, so that it stays refused.
    pub fn spend(&self, amount: u64) -> bool {
        self.spent.set(self.spent.get().saturating_add(amount));
        self.spent.get() <= self.limit
    }

    /// What may still be spent.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.spent.get())
    }

    /// What was spent, or asked for, so far.
    pub fn spent(&self) -> u64 {
        self.spent.get()
    }
}
