import { counted } from '../model/counted.ts';
import * as v from 'valibot';
import { defaultedKey, optionalKey } from '../lib/schema-atoms.ts';
import { notOk, ok, type CheckResult } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { couldNotLook, isUnreadable, readHostFile } from './host/host-file.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { parseProcessorCount } from './host/processor-time.ts';
import {
  createHold,
  judgeLimits,
  limitPhrase,
  limitTexts,
  refuseLimits,
  type Limits,
  type NumberLimit,
} from './threshold.ts';

const loadPerCore = v.pipe(
  v.number('a load per core such as 2'),
  v.minValue(0, 'a load per core of at least 0'),
  v.transform((atLeast): NumberLimit => ({ atLeast, text: `${atLeast} per core` })),
);

const entries = {
  warning: defaultedKey(
    'The load of five minutes for each processor that is a warning.',
    loadPerCore,
    2,
  ),
  critical: defaultedKey(
    'The load of five minutes for each processor that is critical.',
    loadPerCore,
    4,
  ),
  clear: optionalKey('Once raised, it stays raised until this is no longer reached.', loadPerCore),
};

/** Judges the load over five minutes per core: how many tasks wanted to run or waited for disks. */
export const loadOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: (options) => refuseLimits(options),
    open({ name, options }, { view }) {
      const hold = createHold(name, view);
      return {
        async run() {
          const averages = await readHostFile(`${places.proc}/loadavg`, parseLoadAverages);
          if (isUnreadable(averages)) return couldNotLook(averages);
          const count = await readHostFile(`${places.proc}/stat`, parseProcessorCount);
          if (isUnreadable(count)) return couldNotLook(count);
          const result = judge(averages, count.processors, options, hold.isHeld());
          hold.note(result);
          return result;
        },
      };
    },
  });

export const load = loadOf(hostPlaces);

interface LoadAverages {
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
}

/** Reads `/proc/loadavg` (proc_loadavg(5)); undefined if it does not begin with three numbers. */
function parseLoadAverages(text: string): LoadAverages | undefined {
  const [, load1, load5, load15] = /^([\d.]+) ([\d.]+) ([\d.]+) /.exec(text) ?? [];
  const averages = { load1: Number(load1), load5: Number(load5), load15: Number(load15) };
  return Object.values(averages).every((load) => Number.isFinite(load)) ? averages : undefined;
}

function judge(
  { load1, load5, load15 }: LoadAverages,
  processors: number,
  limits: Limits<NumberLimit>,
  raisedBefore: boolean,
): CheckResult {
  const perCore = load5 / processors;
  const verdict = judgeLimits(limits, (limit) => perCore >= limit.atLeast, raisedBefore);
  const cores = counted(processors, 'core');
  const summary =
    `load over 5 minutes is ${load5} on ${cores}, ${perCore.toFixed(2)} per core` +
    limitPhrase(verdict);
  const values = [
    { metric: 'load5_per_core', value: perCore, ...limitTexts(limits) },
    { metric: 'load1', value: load1 },
    { metric: 'load5', value: load5 },
    { metric: 'load15', value: load15 },
  ];
  return verdict.status === 'ok'
    ? ok(summary, { values })
    : notOk(verdict.status, 'threshold', summary, { values });
}
