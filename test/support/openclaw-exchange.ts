/** What a real gateway answered in one state, as it is kept in `test/fixtures/openclaw`. */
export interface Exchange {
  /** What was left out or replaced. */
  readonly about: string;
  readonly state: string;
  readonly version: string;
  /** Unix milliseconds; the dates in the answers belong to this moment. */
  readonly recordedAtMs: number;
  /** By path. */
  readonly http: Readonly<Record<string, HttpAnswer>>;
  /** The first frame, unasked. */
  readonly challenge: unknown;
  /** The answer to `connect`; null if none came within 10 s. */
  readonly hello: unknown;
  /** The answers by method; null if none came within 10 s. Empty if nobody was let in. */
  readonly answers: Readonly<Record<string, unknown>>;
  /** Frames that came unasked, one of each kind. */
  readonly events: readonly unknown[];
  /** The lock of the state folder. */
  readonly lock: Readonly<Record<string, unknown>>;
  /** By path below the state folder; null for one whose beginning is destroyed. */
  readonly databases: Readonly<Record<string, readonly Table[] | null>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

/** One table as it was made, with the rows and columns that a check may read. */
export interface Table {
  readonly name: string;
  readonly sql: string;
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
}
