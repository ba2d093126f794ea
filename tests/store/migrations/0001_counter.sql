-- A schema of the tests' own, so that they stand whatever callsheet's schema becomes.
CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0)) STRICT;
INSERT INTO counter (name, n) VALUES ('a', 0);
