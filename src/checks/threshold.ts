import * as v from 'valibot';
import type { AgentView } from '../model/view.ts';
import { parseBytes } from './host/bytes.ts';

/** A limit that is reached at or above a number. `text` is how the configuration wrote it. */
export interface NumberLimit {
  readonly atLeast: number;
  readonly text: string;
}

/** How full something is. */
export interface Capacity {
  /** 0 to 100. */
  readonly usedPercent: number;
  readonly freeBytes: number;
}

/** A limit on a capacity: so much used, or no more than so much free. */
export type CapacityLimit = { readonly text: string } & (
  | { readonly kind: 'used_percent'; readonly percent: number }
  | { readonly kind: 'free_bytes'; readonly bytes: number }
);

/** The limits of one figure. Raised once, it stays raised until it no longer reaches `clear`. */
export interface Limits<Limit> {
  readonly warning?: Limit | undefined;
  readonly critical?: Limit | undefined;
  readonly clear?: Limit | undefined;
}

export type LimitVerdict<Limit> =
  | { readonly status: 'ok' }
  | {
      readonly status: 'warning' | 'critical';
      readonly limit: Limit;
      /** No limit is reached any more, but the figure is not back past `clear` either. */
      readonly held: boolean;
    };

const percentPattern = /^(\d+(?:\.\d+)?)\s*%$/;
const freePattern = /^(.+?)\s+free$/i;

function parsePercent(text: string): number | undefined {
  const amount = Number(percentPattern.exec(text.trim())?.[1]);
  return amount <= 100 ? amount : undefined;
}

/** Reads `85%` (used), `5% free`, `10GB free` or `10GiB free`; undefined if it is none of these. */
export function parseCapacityLimit(text: string): CapacityLimit | undefined {
  const free = freePattern.exec(text.trim())?.[1];
  const percent = parsePercent(free ?? text);
  if (percent !== undefined) {
    return { kind: 'used_percent', percent: free === undefined ? percent : 100 - percent, text };
  }
  const bytes = free === undefined ? undefined : parseBytes(free);
  return bytes === undefined ? undefined : { kind: 'free_bytes', bytes, text };
}

/** Whether the capacity is at the limit or beyond it. */
export function capacityReaches(capacity: Capacity, limit: CapacityLimit): boolean {
  return limit.kind === 'used_percent'
    ? capacity.usedPercent >= limit.percent
    : capacity.freeBytes <= limit.bytes;
}

/** Judges one figure by its limits; `raisedBefore` is whether `clear` holds it (see `createHold`). */
export function judgeLimits<Limit>(
  limits: Limits<Limit>,
  reaches: (limit: Limit) => boolean,
  raisedBefore: boolean,
): LimitVerdict<Limit> {
  const { warning, critical, clear } = limits;
  if (critical !== undefined && reaches(critical)) {
    return { status: 'critical', limit: critical, held: false };
  }
  if (warning !== undefined && reaches(warning)) {
    return { status: 'warning', limit: warning, held: false };
  }
  if (raisedBefore && clear !== undefined && reaches(clear)) {
    return { status: 'warning', limit: clear, held: true };
  }
  return { status: 'ok' };
}

/** Whether figures are held by `clear`, from one run of a check to the next. */
export interface Hold {
  /** `figure` tells several apart. */
  isHeld(figure?: string): boolean;
  note(verdict: { readonly status: string }, figure?: string): void;
}

/**
 * Holds a figure that was over a limit while the alert of its check fires: before that, `clear` would make
 * a failing row of one short peak. What was over a limit before a restart is not known, so that all figures
 * are held until they have been looked at. Without alerts, as on the command line, the run before decides.
 */
export function createHold(check: string, { isFiring }: Pick<AgentView, 'isFiring'>): Hold {
  const raised = new Map<string, boolean>();
  return {
    isHeld(figure = '') {
      const before = raised.get(figure);
      return isFiring === undefined ? before === true : isFiring(check) && before !== false;
    },
    note: ({ status }, figure = '') => void raised.set(figure, status !== 'ok'),
  };
}

/** The end of a sentence about a figure: the limit that decided, or nothing when all is well. */
export function limitPhrase(verdict: LimitVerdict<{ readonly text: string }>): string {
  if (verdict.status === 'ok') return '';
  return verdict.held
    ? `, not yet back past ${verdict.limit.text}`
    : `, limit ${verdict.limit.text}`;
}

/** The limits as a measured value carries them. */
export function limitTexts(limits: Limits<{ readonly text: string }>): {
  readonly warning?: string;
  readonly critical?: string;
} {
  const { warning, critical } = limits;
  return {
    ...(warning === undefined ? {} : { warning: warning.text }),
    ...(critical === undefined ? {} : { critical: critical.text }),
  };
}

/** How far a limit lies towards "full"; only limits of one kind can be compared. */
function height(limit: CapacityLimit | NumberLimit): {
  readonly kind: string;
  readonly at: number;
} {
  if ('atLeast' in limit) return { kind: 'number', at: limit.atLeast };
  return limit.kind === 'used_percent'
    ? { kind: limit.kind, at: limit.percent }
    : { kind: limit.kind, at: -limit.bytes };
}

/** What is wrong with the order of limits: warning comes before critical, clear before both. */
export function refuseLimits(limits: Limits<CapacityLimit | NumberLimit>): string | undefined {
  const beyond = (
    low: CapacityLimit | NumberLimit | undefined,
    high: CapacityLimit | NumberLimit | undefined,
  ): boolean => {
    if (low === undefined || high === undefined) return false;
    const [a, b] = [height(low), height(high)];
    return a.kind === b.kind && a.at > b.at;
  };
  const { warning, critical, clear } = limits;
  if (beyond(warning, critical)) {
    return `warning (${warning?.text}) must be reached before critical (${critical?.text})`;
  }
  if (beyond(clear, warning ?? critical)) {
    return `clear (${clear?.text}) must lie before ${warning?.text ?? critical?.text}`;
  }
  return undefined;
}

const shareMessage = 'a share such as "90%"';

/** A share of something that is used, such as `90%`. */
export const percentLimit = v.pipe(
  v.string(shareMessage),
  v.check((text) => parsePercent(text) !== undefined, shareMessage),
  v.transform((text): NumberLimit => ({ atLeast: parsePercent(text) ?? 100, text })),
);

const capacityMessage = 'a share such as "85%" (used) or what must stay free, such as "10GB free"';

/** A share that is used or an amount that must stay free: `85%`, `5% free`, `10GB free`. */
export const capacityLimit = v.pipe(
  v.string(capacityMessage),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const limit = parseCapacityLimit(dataset.value);
    if (limit !== undefined) return limit;
    addIssue({ message: capacityMessage });
    return NEVER;
  }),
);
