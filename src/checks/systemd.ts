import { stat } from 'node:fs/promises';
import * as v from 'valibot';
import type { Clock } from '../lib/clock.ts';
import {
  defaultedKey,
  flag,
  optionalKey,
  type OutputOf,
  positiveDuration,
} from '../lib/schema-atoms.ts';
import { journalPatienceMs, unitJournalLinesMax, unitJournalsMax } from '../model/limits.ts';
import { notOk, ok, type CheckResult, fromWorst } from '../model/result.ts';
import type { Instant } from '../model/time.ts';
import { checkType } from './check-type.ts';
import { couldNotLook, isUnreadable, readHostFile, type Unreadable } from './host/host-file.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { parseUptime } from './host/uptime.ts';
import { askTool } from './host/system-tool.ts';
import { unitJournals } from './host/unit-journal.ts';
import { judgeHistory } from './host/unit-history.ts';
import { durationLimits, numberLimits } from './service/figure.ts';
import { createRestartWindow, type RestartWindow } from './service/restart-window.ts';
import {
  judgeUnit,
  parseUnitNames,
  parseUnits,
  unitProperties,
  type UnitFinding,
} from './host/systemd-unit.ts';
import { within } from './within.ts';

const unitName = v.pipe(
  v.string('a unit such as nginx.service'),
  v.regex(/^[\w:.@\\-]+$/, 'a unit such as nginx.service'),
  v.check((name) => !name.startsWith('-'), 'a unit such as nginx.service'),
);

const entries = {
  unit: optionalKey(
    'One unit or a list; absent, any unit that has failed and any timer that is late is told.',
    v.pipe(
      v.union([unitName, v.array(unitName)], 'a unit such as nginx.service, or a list of units'),
      v.transform((value) => (typeof value === 'string' ? [value] : value)),
    ),
  ),
  exclude: defaultedKey(
    'Without unit: units that are not told here, since other checks name them.',
    v.array(unitName, 'a list of units such as [nginx.service]'),
    [],
  ),
  restarts: defaultedKey(
    'Restarts of a named unit by systemd within restart_window.',
    numberLimits,
    { warning: 1, critical: 3 },
  ),
  restart_window: defaultedKey('How far back restarts are counted.', positiveDuration, '10m'),
  last_run: optionalKey('How long ago a named timer may have run last.', durationLimits),
  journal: defaultedKey(
    'Whether a failure is told with the last lines of the journal of the unit.',
    flag,
    true,
  ),
};

type Options = OutputOf<typeof entries>;

/** Judges units of systemd: those named, or whether any has failed. */
export const systemdOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: ({ unit, exclude }) =>
      unit !== undefined && exclude.length > 0 ? 'either unit or exclude' : undefined,
    target: (options) => options.unit?.join(', '),
    open({ options }, { clock }) {
      const restarts = createRestartWindow(options.restart_window);
      return {
        async run({ signal, startedAt }) {
          if (!(await isRunning(places))) {
            return notOk('unknown', 'missing', 'systemd does not run here: remove this check');
          }
          const limits = { clock, signal, now: startedAt };
          return options.unit === undefined
            ? judgeFailed(options, places, limits)
            : judgeNamed(options.unit, { options, restarts }, places, limits);
        },
      };
    },
  });

export const systemd = systemdOf(hostPlaces);

interface RunLimits {
  readonly now: Instant;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Source: sd_booted(3). */
async function isRunning({ run }: HostPlaces): Promise<boolean> {
  return stat(`${run}/systemd/system`).then(
    () => true,
    () => false,
  );
}

async function judgeNamed(
  units: readonly string[],
  { options, restarts }: { readonly options: Options; readonly restarts: RestartWindow },
  places: HostPlaces,
  limits: RunLimits,
): Promise<CheckResult> {
  const found = await look(units, places, limits);
  if (isUnreadable(found)) return couldNotLook(found);
  const findings = found.map((one) => {
    const within = restarts.note(one.unit, one.restarts ?? 0, limits.now);
    return judgeHistory(one, { ...options, within }, limits.now.wallMs);
  });
  const [worst, ...rest] = fromWorst(findings);
  if (worst === undefined) {
    return notOk('unknown', 'protocol', `systemctl says nothing about ${units.join(', ')}`);
  }
  const values = findings.flatMap((finding) => finding.values);
  const failing = findings.filter((finding) => finding.status !== 'ok');
  const age = await ageOf(failing.length > 0 ? failing : findings, places);
  if (worst.status === 'ok') {
    const summary = rest.length === 0 ? worst.sentence : `all ${findings.length} units are sound`;
    return ok(summary, { values, ...age });
  }
  const others = failing.length > 1 ? `, and ${failing.length - 1} more in trouble` : '';
  const sentences = failing.length > 1 ? failing.map((finding) => finding.sentence) : [];
  return notOk(worst.status, worst.reason, `${worst.sentence}${others}`, {
    values,
    ...age,
    detail: [...sentences, ...(await journals(failing, options, places, limits))],
  });
}

/** The last lines of the journal of the first units in trouble. */
async function journals(
  failing: readonly { readonly unit: string }[],
  { journal }: Options,
  places: HostPlaces,
  limits: RunLimits,
): Promise<readonly string[]> {
  if (!journal) return [];
  const units = failing.slice(0, unitJournalsMax).map(({ unit }) => unit);
  return within(journalPatienceMs, limits, async (signal) =>
    unitJournals(units, unitJournalLinesMax, places, { ...limits, signal }),
  );
}

/** The age of the unit that was started first: all of them must have started just now to be spared. */
async function ageOf(
  findings: readonly UnitFinding[],
  { proc }: HostPlaces,
): Promise<{ readonly subjectAgeMs?: number }> {
  const starts = findings.map(({ startedSeconds }) => startedSeconds ?? 0);
  const first = Math.min(...starts);
  const uptime = first > 0 ? await readHostFile(`${proc}/uptime`, parseUptime) : undefined;
  if (uptime === undefined || isUnreadable(uptime)) return {};
  return { subjectAgeMs: Math.max(0, (uptime.seconds - first) * 1000) };
}

async function judgeFailed(
  options: Options,
  places: HostPlaces,
  limits: RunLimits,
): Promise<CheckResult> {
  const list = [
    'systemctl',
    'list-units',
    '--failed',
    '--plain',
    '--no-legend',
    '--no-pager',
  ] as const;
  const listed = await askTool([...list, '--full'], places, limits);
  if (isUnreadable(listed)) return couldNotLook(listed);
  const isTold = (unit: string): boolean => !options.exclude.includes(unit);
  const units = parseUnitNames(listed.output).filter(isTold);
  const timers = await look(['*.timer'], places, limits);
  if (isUnreadable(timers)) return couldNotLook(timers);
  const late = timers.filter(
    ({ unit, reason, status }) => isTold(unit) && status !== 'ok' && reason === 'stale',
  );
  const values = [
    { metric: 'failed_units', value: units.length },
    { metric: 'late_timers', value: late.length },
  ];
  const [firstLate] = late;
  if (units.length === 0 && firstLate === undefined) return ok('no unit has failed', { values });
  const found = units.length === 0 ? [] : await look(units, places, limits);
  const failed = isUnreadable(found) ? [] : found;
  const sentences = [...failed, ...late].map((finding) => finding.sentence);
  const lines = await journals(failed, options, places, limits);
  const detail = [...(sentences.length > 1 ? sentences : []), ...lines];
  if (units.length === 0) {
    const others = late.length > 1 ? `, and ${late.length - 1} more timers` : '';
    const summary = `${firstLate?.sentence ?? ''}${others}`;
    return notOk('critical', 'stale', summary, { values, detail });
  }
  const summary =
    units.length === 1
      ? (sentences[0] ?? `${units[0]} has failed`)
      : `${units.length} units have failed: ${units.join(', ')}`;
  return notOk('critical', 'status', summary, { values, detail });
}

async function look(
  units: readonly string[],
  places: HostPlaces,
  limits: RunLimits,
): Promise<readonly UnitFinding[] | Unreadable> {
  const properties = `--property=${unitProperties.join(',')}`;
  const shown = await askTool(['systemctl', 'show', properties, '--', ...units], places, limits);
  return isUnreadable(shown)
    ? shown
    : parseUnits(shown.output).map((unit) => judgeUnit(unit, limits.now.wallMs));
}
