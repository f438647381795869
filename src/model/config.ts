import type { CheckSpec, ProberName } from './check.ts';
import type { Labels } from './labels.ts';
import type { InhibitRule, ReceiverSpec, Route } from './route.ts';
import type { Secret } from './secret.ts';

/** A configuration that has been read, checked and completed with every default. Frozen. */
export interface Config {
  readonly agent: {
    readonly name: string;
    /** On every alert, `host` included. */
    readonly labels: Labels;
    /** Absent means: choose by what is writable (see `config/data-dir.ts`). */
    readonly dataDir?: string;
    readonly retentionMs: number;
    /** Intervals without a look after which a check counts as stalled; absent or 0 is never. */
    readonly stalledAfter?: number;
    /** Whether critical alerts of this host tell what was found around them; absent is true. */
    readonly evidence?: boolean;
    /** Guards against telling of every check when it is this host that is cut off. */
    readonly connectivity?: {
      /** Looked at with their own types; any answer of one of them proves that the uplink works. */
      readonly references: readonly CheckSpec[];
      readonly intervalMs: number;
    };
    readonly heartbeat?: {
      readonly url: Secret;
      readonly intervalMs: number;
      /** How its requests are made, read as `http_config` of a webhook. */
      readonly http?: unknown;
    };
  };
  readonly server: {
    readonly host: string;
    readonly port: number;
    /** Where people reach the page from elsewhere, without a slash at its end. */
    readonly externalURL?: string;
    readonly webConfigFile?: string;
    readonly probe: {
      readonly enabled: boolean;
      /** Networks, host names and paths of sockets that it may reach; `*` is everything. */
      readonly allow: readonly string[];
      /** Taken off the timeout of a scrape, so that the answer still arrives within it. */
      readonly timeoutOffsetMs: number;
      /** Probes kept for the page and `/logs`, and as many failed ones beyond these. */
      readonly historyLimit: number;
      readonly logLevel: 'info' | 'debug';
    };
  };
  /** The modules of the configuration by name; those that are always there are not among them. */
  readonly modules: ReadonlyMap<string, ModuleSpec>;
  readonly checks: readonly CheckSpec[];
  /** Checks that are configured but not looked at; absent is none. */
  readonly switchedOff?: readonly CheckSpec[];
  readonly route: Route;
  readonly receivers: readonly ReceiverSpec[];
  readonly inhibitRules: readonly InhibitRule[];
  /** How long an alert fires that others post without an end. */
  readonly resolveTimeoutMs: number;
  /** The files it was read from, in order; empty when the agent runs without a configuration. */
  readonly files: readonly string[];
  /** The whole configuration as YAML for `/config`, with every secret masked. */
  readonly masked: string;
  /** Route, receivers and what belongs to them as YAML in the long form, with every secret masked. */
  readonly longForm: string;
  /** What is allowed and probably not meant. */
  readonly warnings: readonly Problem[];
  /** Every secret value known at load; whatever is printed is searched for them. */
  readonly secrets: readonly Secret[];
}

/** How to probe whatever target a request or a check names: a module of blackbox_exporter. */
export interface ModuleSpec {
  readonly name: string;
  readonly prober: ProberName;
  /** The longest that a probe may take; 0 is no limit of its own. */
  readonly timeoutMs: number;
  /** What the block of its prober gave. */
  readonly options: unknown;
  /** The blocks of all probers, those not written with their defaults, for showing. */
  readonly blocks: Readonly<Partial<Record<ProberName, unknown>>>;
}

/** One thing wrong with a configuration. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** Where in the document, such as `checks[2].http.method`. */
  readonly path: string;
  /** What is wrong, with the value, and what would be right. Never contains a secret. */
  readonly message: string;
}
