import { defaultedKey, optionalKey } from '../lib/schema-atoms.ts';
import type { Clock } from '../lib/clock.ts';
import { notOk, ok, type CheckResult } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { couldNotLook, isUnreadable, readHostFile, type Unreadable } from './host/host-file.ts';
import { pause } from './host/pause.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import {
  parseProcessorTime,
  processorShares,
  type ProcessorShares,
  type ProcessorTime,
} from './host/processor-time.ts';
import {
  createHold,
  judgeLimits,
  limitPhrase,
  limitTexts,
  percentLimit,
  refuseLimits,
  type Limits,
  type NumberLimit,
} from './threshold.ts';

const entries = {
  warning: defaultedKey(
    'How busy the processors may be before that is a warning.',
    percentLimit,
    '90%',
  ),
  critical: defaultedKey(
    'How busy the processors may be before that is critical.',
    percentLimit,
    '98%',
  ),
  clear: optionalKey('Once raised, it stays raised until this is no longer reached.', percentLimit),
};

/** How long the first run measures, having no earlier reading to compare with. */
const firstMeasureMs = 200;

/** Judges how busy the processors were since the last run. */
export const cpuOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: (options) => refuseLimits(options),
    open({ name, options }, { clock, view }) {
      let last: ProcessorTime | undefined;
      const hold = createHold(name, view);
      return {
        async run({ signal }) {
          const measured = await measure(places, last, { clock, signal });
          if (isUnreadable(measured)) return couldNotLook(measured);
          last = measured.reading;
          const result = judge(measured.shares, options, hold.isHeld());
          hold.note(result);
          return result;
        },
      };
    },
  });

export const cpu = cpuOf(hostPlaces);

interface Measured {
  readonly reading: ProcessorTime;
  readonly shares: ProcessorShares;
}

async function measure(
  { proc }: HostPlaces,
  last: ProcessorTime | undefined,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Measured | Unreadable> {
  const path = `${proc}/stat`;
  const first = await readHostFile(path, parseProcessorTime);
  if (isUnreadable(first)) return first;
  const sinceLast = last === undefined ? undefined : processorShares(last, first);
  if (sinceLast !== undefined) return { reading: first, shares: sinceLast };
  await pause(firstMeasureMs, clock, signal);
  const second = await readHostFile(path, parseProcessorTime);
  if (isUnreadable(second)) return second;
  const shares = processorShares(first, second);
  return shares === undefined
    ? { unreadable: `the counters of ${path} do not move`, reason: 'protocol' }
    : { reading: second, shares };
}

function judge(
  shares: ProcessorShares,
  limits: Limits<NumberLimit>,
  raisedBefore: boolean,
): CheckResult {
  const verdict = judgeLimits(limits, (limit) => shares.busy >= limit.atLeast, raisedBefore);
  const percent = (share: number): string => `${Math.floor(share)}%`;
  const summary =
    `processors are ${percent(shares.busy)} busy (user ${percent(shares.user)}, ` +
    `system ${percent(shares.system)}, stolen ${percent(shares.steal)}; ` +
    `waiting for disks ${percent(shares.iowait)})${limitPhrase(verdict)}`;
  const values = [
    { metric: 'busy_percent', value: shares.busy, unit: '%', ...limitTexts(limits) },
    { metric: 'user_percent', value: shares.user, unit: '%' },
    { metric: 'system_percent', value: shares.system, unit: '%' },
    { metric: 'iowait_percent', value: shares.iowait, unit: '%' },
    { metric: 'steal_percent', value: shares.steal, unit: '%' },
  ];
  return verdict.status === 'ok'
    ? ok(summary, { values })
    : notOk(verdict.status, 'threshold', summary, { values });
}
