/**
 * The tables, step by step. Each step runs once, in its own transaction; `user_version` counts them. Steps
 * are only ever added: what an older version wrote must open with every later one.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE anchor (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    steady_ms REAL NOT NULL,
    wall_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE tracks (
    check_name TEXT PRIMARY KEY,
    track TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE heartbeats (
    check_name TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE check_names (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;

  -- Two million of these are a week of a hundred checks: a sound result takes no more than its numbers.
  CREATE TABLE results (
    id INTEGER PRIMARY KEY,
    check_id INTEGER NOT NULL REFERENCES check_names (id),
    wall_ms INTEGER NOT NULL,
    steady_ms INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    status INTEGER NOT NULL,
    body TEXT
  ) STRICT;
  CREATE INDEX results_by_check ON results (check_id, id);

  CREATE TABLE groups (
    group_id TEXT PRIMARY KEY,
    saved TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE notification_log (
    log_key TEXT PRIMARY KEY,
    entry TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE deliveries (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_wall_ms INTEGER NOT NULL,
    delivery TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL,
    next_attempt_steady_ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX deliveries_by_state ON deliveries (state, sequence);

  CREATE TABLE attempts (
    delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    attempt TEXT NOT NULL,
    PRIMARY KEY (delivery_id, number)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Small state that is read whole at the start, in drawers: silences, acknowledgements, and the like.
  CREATE TABLE kept (
    drawer TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (drawer, name)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What a message says never changes once it is planned, and may be large; where it stands changes often.
  CREATE TABLE delivery_bodies (
    sequence INTEGER PRIMARY KEY REFERENCES deliveries (sequence) ON DELETE CASCADE,
    delivery TEXT NOT NULL
  ) STRICT;
  INSERT INTO delivery_bodies (sequence, delivery) SELECT sequence, delivery FROM deliveries;
  ALTER TABLE deliveries DROP COLUMN delivery;
  `,
];
