import { containersRefreshedMax } from '../../model/limits.ts';
import type { Instant } from '../../model/time.ts';
import type { Container, ListedContainer } from './container-api.ts';

/**
 * What inspections found, kept from run to run. A list of all containers is one request, an inspection is one
 * for each: those are inspected again of which the list tells something new, and of the rest a few at each run,
 * so that what a list never tells (a process that ran out of memory) is seen before long.
 */
export interface ContainerBook {
  /** Those of the list that must be inspected now. */
  due(listed: readonly ListedContainer[], now: Instant): ReadonlySet<string>;
  /** Keeps what an inspection found; undefined for one that is gone. */
  note(listed: ListedContainer, container: Container | undefined, now: Instant): void;
  get(id: string): Container | undefined;
  /** Forgets all but these. */
  keep(ids: ReadonlySet<string>): void;
}

interface Entry {
  readonly container: Container;
  /** What the list said of it at that time. */
  readonly said: string;
  readonly at: Instant;
}

export function createContainerBook(): ContainerBook {
  const entries = new Map<string, Entry>();
  return {
    due(listed, now) {
      const known = (one: ListedContainer): Entry | undefined => entries.get(one.id);
      const isNews = (one: ListedContainer): boolean => {
        const entry = known(one);
        return entry === undefined || hasNews(one, entry, now);
      };
      const oldest = listed
        .filter((one) => !isNews(one))
        .toSorted((a, b) => (known(a)?.at.steadyMs ?? 0) - (known(b)?.at.steadyMs ?? 0))
        .slice(0, containersRefreshedMax);
      return new Set([...listed.filter(isNews), ...oldest].map(({ id }) => id));
    },
    note(one, container, now) {
      if (container === undefined) entries.delete(one.id);
      else entries.set(one.id, { container, said: saidOf(one), at: now });
    },
    get: (id) => entries.get(id)?.container,
    keep(ids) {
      for (const id of entries.keys()) if (!ids.has(id)) entries.delete(id);
    },
  };
}

function hasNews(one: ListedContainer, { container, said }: Entry, now: Instant): boolean {
  const { State: state } = container;
  const health = (state.Health ?? state.Healthcheck)?.Status ?? '';
  const isHealthTold = /\((?:healthy|unhealthy|health: starting)\)/.test(one.status);
  // Podman has a health check and says nothing of it in its list.
  if (health !== '' && health !== 'none' && one.state === 'running' && !isHealthTold) return true;
  if (saidOf(one) !== said) return true;
  switch (one.state) {
    case 'running': {
      if (isYoung(one)) return true;
      const ageMs = now.wallMs - Date.parse(state.StartedAt);
      const upMsMax = spanMsMax(/^Up (.+?)(?: \(|$)/.exec(one.status)?.[1] ?? '');
      // What cannot be read counts as news.
      return !(upMsMax >= ageMs - slackMs);
    }
    case 'exited':
    case 'stopped':
      return isYoung(one);
    case 'created':
    case 'configured':
    case 'paused':
    case 'dead':
      return false;
    default:
      return true;
  }
}

/** What of the words of a list does not change by itself. */
function saidOf({ state, status }: ListedContainer): string {
  return `${state} ${/\(.*\)/.exec(status)?.[0] ?? ''}`;
}

/** It began or ended so shortly ago that it may have done so more than once since the last look. */
function isYoung({ status }: ListedContainer): boolean {
  return /(?:second|a minute)s?(?: ago| \(|$)/.test(status);
}

/** Times of a list are rounded, and clocks of hosts differ. */
const slackMs = 60_000;

const unitMs: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 31 * 86_400_000,
  year: 366 * 86_400_000,
};

/** The longest time that such words can stand for: `5 minutes`, `About an hour`, `Less than a second`. */
function spanMsMax(words: string): number {
  const [, count, unit = ''] =
    /(\d+|an?) (second|minute|hour|day|week|month|year)s?$/.exec(words) ?? [];
  const ms = unitMs[unit] ?? Number.NaN;
  return (count === 'a' || count === 'an' ? 2 : Number(count) + 1) * ms;
}
