import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Every statement the agent uses, compiled once. */
const texts = {
  anchor: 'SELECT steady_ms, wall_ms FROM anchor',
  putAnchor: 'INSERT OR REPLACE INTO anchor (id, steady_ms, wall_ms) VALUES (1, ?, ?)',
  allTracks: 'SELECT check_name, track FROM tracks',
  putTrack: 'INSERT OR REPLACE INTO tracks (check_name, track) VALUES (?, ?)',
  removeTrack: 'DELETE FROM tracks WHERE check_name = ?',
  allHeartbeats: 'SELECT check_name, record FROM heartbeats',
  allKept: 'SELECT drawer, name, value FROM kept ORDER BY drawer, name',
  putKept: 'INSERT OR REPLACE INTO kept (drawer, name, value) VALUES (?, ?, ?)',
  removeKept: 'DELETE FROM kept WHERE drawer = ? AND name = ?',
  putHeartbeat: 'INSERT OR REPLACE INTO heartbeats (check_name, record) VALUES (?, ?)',
  nameCheck: 'INSERT OR IGNORE INTO check_names (name) VALUES (?)',
  addResult: `INSERT INTO results (check_id, wall_ms, steady_ms, duration_us, status, body)
    VALUES ((SELECT id FROM check_names WHERE name = ?), ?, ?, ?, ?, ?)`,
  resultsOfCheck: `SELECT wall_ms, steady_ms, duration_us, status, body FROM results
    WHERE check_id = (SELECT id FROM check_names WHERE name = ?) ORDER BY id DESC LIMIT ?`,
  pruneResults:
    'DELETE FROM results WHERE wall_ms < ? AND id IN (SELECT id FROM results ORDER BY id LIMIT ?)',
  allGroups: 'SELECT saved FROM groups ORDER BY group_id',
  putGroup: 'INSERT OR REPLACE INTO groups (group_id, saved) VALUES (?, ?)',
  removeGroup: 'DELETE FROM groups WHERE group_id = ?',
  allLog: 'SELECT log_key, entry FROM notification_log',
  putLog: 'INSERT OR REPLACE INTO notification_log (log_key, entry) VALUES (?, ?)',
  removeLog: 'DELETE FROM notification_log WHERE log_key = ?',
  outbox: `SELECT delivery, state, attempts, next_attempt_steady_ms
    FROM deliveries JOIN delivery_bodies USING (sequence)
    WHERE sequence >= (SELECT min(sequence) FROM deliveries WHERE state IN ('pending', 'failed'))
    ORDER BY sequence`,
  latestDeliveries: `SELECT id, delivery, state, attempts, next_attempt_steady_ms
    FROM deliveries JOIN delivery_bodies USING (sequence)
    ORDER BY sequence DESC LIMIT ?`,
  moveDelivery:
    'UPDATE deliveries SET state = ?, attempts = ?, next_attempt_steady_ms = ? WHERE id = ?',
  addDelivery: `INSERT INTO deliveries (id, created_wall_ms, state, attempts, next_attempt_steady_ms)
    VALUES (?, ?, ?, ?, ?)`,
  addDeliveryBody: 'INSERT INTO delivery_bodies (sequence, delivery) VALUES (?, ?)',
  pruneDeliveries: `DELETE FROM deliveries WHERE sequence IN
    (SELECT sequence FROM deliveries WHERE state <> 'pending' AND created_wall_ms < ? LIMIT ?)`,
  putAttempt: 'INSERT OR REPLACE INTO attempts (delivery_id, number, attempt) VALUES (?, ?, ?)',
  attemptsOf: 'SELECT attempt FROM attempts WHERE delivery_id = ? ORDER BY number',
} as const;

export type Statements = Readonly<Record<keyof typeof texts, StatementSync>>;

export function prepareStatements(database: DatabaseSync): Statements {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, database.prepare(text)]),
  ) as Statements;
}
