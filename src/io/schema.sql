-- The store. `PRAGMA user_version` counts these versions; each is applied once, in order.
-- version 1
CREATE TABLE record (
  seq       INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  time_ms   INTEGER NOT NULL,
  event     TEXT NOT NULL,
  session   TEXT NOT NULL,
  tool      TEXT NOT NULL,
  decision  TEXT NOT NULL,
  json      TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash      TEXT NOT NULL
) STRICT;
CREATE INDEX record_time ON record (time_ms);
CREATE INDEX record_session ON record (session);
CREATE TABLE finding (
  seq      INTEGER NOT NULL REFERENCES record (seq),
  rule     TEXT NOT NULL,
  decision TEXT NOT NULL
) STRICT;
CREATE INDEX finding_rule ON finding (rule);
CREATE INDEX finding_seq ON finding (seq);
CREATE TABLE note (
  time_ms INTEGER NOT NULL,
  text    TEXT NOT NULL
) STRICT;
-- version 2
-- The record before the first one that is kept, after older ones were pruned.
CREATE TABLE anchor (
  seq  INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
