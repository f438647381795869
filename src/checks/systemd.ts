import { stat } from 'node:fs/promises';
import * as v from 'valibot';
import type { Clock } from '../lib/clock.ts';
import { byWorst, notOk, ok, type CheckResult, type MeasuredValue } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { couldNotLook, isUnreadable, readHostFile, type Unreadable } from './host/host-file.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { parseUptime } from './host/uptime.ts';
import { askTool } from './host/system-tool.ts';
import {
  judgeUnit,
  parseUnitNames,
  parseUnits,
  unitProperties,
  type UnitFinding,
} from './host/systemd-unit.ts';

const unitName = v.pipe(
  v.string('a unit such as nginx.service'),
  v.regex(/^[\w:.@\\-]+$/, 'a unit such as nginx.service'),
  v.check((name) => !name.startsWith('-'), 'a unit such as nginx.service'),
);

const entries = {
  /** One unit or a list; absent, any unit that has failed is told. */
  unit: v.optional(
    v.pipe(
      v.union([unitName, v.array(unitName)], 'a unit such as nginx.service, or a list of units'),
      v.transform((value) => (typeof value === 'string' ? [value] : value)),
    ),
  ),
};

/** Judges units of systemd: those named, or whether any has failed. */
export const systemdOf = (places: HostPlaces) =>
  checkType({
    entries,
    target: (options) => options.unit?.join(', '),
    open({ options }, { clock }) {
      return {
        async run({ signal }) {
          if (!(await isRunning(places))) {
            return notOk('unknown', 'missing', 'systemd does not run here: remove this check');
          }
          const limits = { clock, signal };
          return options.unit === undefined
            ? judgeFailed(places, limits)
            : judgeNamed(options.unit, places, limits);
        },
      };
    },
  });

export const systemd = systemdOf(hostPlaces);

interface RunLimits {
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
  places: HostPlaces,
  limits: RunLimits,
): Promise<CheckResult> {
  const findings = await look(units, places, limits);
  if (isUnreadable(findings)) return couldNotLook(findings);
  const [worst, ...rest] = findings.toSorted((a, b) => byWorst(a.status, b.status));
  if (worst === undefined) {
    return notOk('unknown', 'protocol', `systemctl says nothing about ${units.join(', ')}`);
  }
  const values = findings.flatMap(restartsOf);
  const failing = findings.filter((finding) => finding.status !== 'ok');
  const age = await ageOf(failing.length > 0 ? failing : findings, places);
  if (worst.status === 'ok') {
    const summary = rest.length === 0 ? worst.sentence : `all ${findings.length} units are sound`;
    return ok(summary, { values, ...age });
  }
  const others = failing.length > 1 ? `, and ${failing.length - 1} more in trouble` : '';
  return notOk(worst.status, worst.reason, `${worst.sentence}${others}`, {
    values,
    ...age,
    detail: failing.length > 1 ? failing.map((finding) => finding.sentence) : [],
  });
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

async function judgeFailed(places: HostPlaces, limits: RunLimits): Promise<CheckResult> {
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
  const units = parseUnitNames(listed.output);
  const values = [{ metric: 'failed_units', value: units.length }];
  if (units.length === 0) return ok('no unit has failed', { values });
  const findings = await look(units, places, limits);
  const detail = isUnreadable(findings) ? [] : findings.map((finding) => finding.sentence);
  const summary =
    units.length === 1
      ? (detail[0] ?? `${units[0]} has failed`)
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
  return isUnreadable(shown) ? shown : parseUnits(shown.output).map(judgeUnit);
}

function restartsOf({ unit, restarts }: UnitFinding): readonly MeasuredValue[] {
  return restarts === undefined ? [] : [{ metric: `restarts ${unit}`, value: restarts, unit: 'c' }];
}
