import * as v from 'valibot';
import { humanDuration } from '../lib/duration.ts';
import { defaultedKey, optionalKey, type OutputOf, positiveDuration } from '../lib/schema-atoms.ts';
import { oomKillsKeptMax } from '../model/limits.ts';
import { notOk, ok, type CheckResult, type MeasuredValue } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { couldNotLook, isUnreadable, readHostFile } from './host/host-file.ts';
import { isThere } from './host/look-at-files.ts';
import { parseKillCount, readUnitKills, type UnitKills } from './host/oom-counts.ts';
import { describeVictim, readVictims, type OomVictim } from './host/oom-victims.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';

const unitName = v.pipe(
  v.string('a unit such as nginx.service'),
  v.regex(/^[\w:.@\\][\w:.@\\-]*$/, 'a unit such as nginx.service'),
);

const entries = {
  unit: optionalKey(
    'One unit of systemd or a list: only kills in these are told. Default: all of the host.',
    v.pipe(
      v.union([unitName, v.array(unitName)], 'a unit such as nginx.service, or a list of units'),
      v.transform((value) => (typeof value === 'string' ? [value] : value)),
    ),
  ),
  hold: defaultedKey(
    'How long a kill is told after the agent noticed it.',
    positiveDuration,
    '15m',
  ),
};

type Options = OutputOf<typeof entries>;

/** What is known from one run to the next, and over a restart. */
interface Known {
  readonly bootId: string;
  readonly kills: number;
  readonly units: Readonly<Record<string, { readonly group?: string; readonly count: number }>>;
  /** The latest kills, oldest first. */
  readonly told: readonly Told[];
}

interface Told {
  /** Unix milliseconds at which it was noticed. */
  readonly at: number;
  readonly count: number;
  /** Whom it hit, as far as that could be seen. */
  readonly who: readonly string[];
}

/** What the kernel says in one run. */
interface Seen {
  readonly bootId: string;
  readonly kills: number;
  readonly units: readonly UnitKills[] | undefined;
  /** The kernel counts for all containers together, and shows its messages in none of them. */
  readonly isContainer: boolean;
}

/** Judges whether the kernel killed processes for lack of memory. */
export const oomOf = (places: HostPlaces) =>
  checkType({
    entries,
    target: ({ unit }) => unit?.join(', '),
    open({ name, options }, { clock, memory }) {
      let known = knownFrom(memory?.recall(name));
      return {
        async run({ signal }) {
          const seen = await look(options, places, { clock, signal });
          if (isUnreadable(seen)) return couldNotLook(seen);
          const { wallMs } = clock.now();
          const next = advance(known, seen, wallMs, `${places.dev}/kmsg`, options);
          if (known === undefined || JSON.stringify(next) !== JSON.stringify(known)) {
            known = next;
            memory?.keep(name, next);
          }
          return judge(next, seen, wallMs, options);
        },
      };
    },
  });

export const oom = oomOf(hostPlaces);

async function look(
  { unit }: Options,
  places: HostPlaces,
  limits: Parameters<typeof readUnitKills>[2],
) {
  const boot = await readHostFile(`${places.proc}/sys/kernel/random/boot_id`, (text) => ({
    bootId: text.trim(),
  }));
  if (isUnreadable(boot)) return boot;
  const counted = await readHostFile(`${places.proc}/vmstat`, parseKillCount);
  if (isUnreadable(counted)) return counted;
  const units = unit === undefined ? undefined : await readUnitKills(unit, places, limits);
  if (units !== undefined && isUnreadable(units)) return units;
  const isContainer = await isThere(`${places.run}/systemd/container`);
  return { ...boot, ...counted, units, isContainer };
}

/** Counts what happened since the last look; what was before the first one is nobody's news. */
function advance(
  known: Known | undefined,
  seen: Seen,
  nowMs: number,
  messages: string,
  options: Options,
): Known {
  const units = Object.fromEntries(
    (seen.units ?? []).map(({ unit, group, count }) => [
      unit,
      { ...(group === undefined ? {} : { group }), count },
    ]),
  );
  const fresh = { bootId: seen.bootId, kills: seen.kills, units, told: [] };
  if (known === undefined) return fresh;
  // Counters begin anew with each boot.
  const risen = seen.kills - (known.bootId === seen.bootId ? known.kills : 0);
  const inUnits = seen.units?.map((each) => risenIn(each, known)) ?? [];
  const told = known.told.filter(({ at }) => nowMs - at < options.hold);
  const countedInUnits = inUnits.reduce((sum, count) => sum + count, 0);
  if (risen <= 0 && countedInUnits === 0) return { ...fresh, told };
  const victims = readVictims(messages)?.slice(-Math.max(risen, countedInUnits));
  const mine = victims?.filter((victim) => isMine(victim, options.unit));
  const count = options.unit === undefined ? risen : Math.max(countedInUnits, mine?.length ?? 0);
  if (count <= 0) return { ...fresh, told };
  const who = mine?.slice(-count).map(describeVictim) ?? [];
  return { ...fresh, told: [...told, { at: nowMs, count, who }].slice(-oomKillsKeptMax) };
}

/** A unit that was started again has a control group of its own, whose counter begins at nothing. */
function risenIn({ unit, group, count }: UnitKills, known: Known): number {
  const before = known.units[unit];
  if (group === undefined) return 0;
  return Math.max(0, count - (before?.group === group ? before.count : 0));
}

function isMine({ group = '' }: OomVictim, units: readonly string[] | undefined): boolean {
  return units === undefined || units.some((unit) => `${group}/`.includes(`/${unit}/`));
}

function judge({ told }: Known, seen: Seen, nowMs: number, { hold }: Options): CheckResult {
  const values: MeasuredValue[] = [
    { metric: 'oom_kills', value: seen.kills, unit: 'c' },
    ...(seen.units ?? []).map(({ unit, count }) => ({
      metric: `oom_kills ${unit}`,
      value: count,
      unit: 'c',
    })),
  ];
  const recent = told.filter(({ at }) => nowMs - at < hold);
  const count = recent.reduce((sum, one) => sum + one.count, 0);
  const down = seen.units?.find(({ isDown }) => isDown);
  if (count === 0 && down !== undefined) {
    const summary = `${down.unit} ended because the kernel killed it for lack of memory`;
    return notOk('critical', 'status', summary, { values });
  }
  if (count === 0) return ok('the kernel has killed nothing for lack of memory lately', { values });
  const who = recent.flatMap((one) => one.who);
  const ago = humanDuration(nowMs - (recent.at(-1)?.at ?? nowMs));
  const when = ago === '0ms' ? 'just now' : `${ago} ago`;
  const [only] = who;
  const what =
    count === 1 && only !== undefined ? only : count === 1 ? 'a process' : `${count} processes`;
  const hint = who.length > 0 ? '' : seen.isContainer ? hints.container : hints.host;
  const names = count > 1 && who.length > 0 ? `: ${who.join(', ')}` : '';
  const summary = `the kernel killed ${what} for lack of memory, ${when}${names}${hint}`;
  return notOk('critical', 'status', summary, { values });
}

/** Where to learn whom it hit. */
const hints = {
  host: '; which, dmesg tells (for the agent: AmbientCapabilities=CAP_SYSLOG)',
  container:
    '; this is a container, and it may have hit any process of the machine: its own dmesg tells which',
};

function knownFrom(saved: unknown): Known | undefined {
  const known = saved as Partial<Known> | undefined | null;
  return typeof known?.bootId === 'string' &&
    typeof known.kills === 'number' &&
    typeof known.units === 'object' &&
    Array.isArray(known.told)
    ? (known as Known)
    : undefined;
}
