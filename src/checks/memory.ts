import { readFile } from 'node:fs/promises';
import { defaultedKey, optionalKey } from '../lib/schema-atoms.ts';
import { byWorst, notOk, ok, type CheckResult } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { formatBytes } from './host/bytes.ts';
import { couldNotLook, isUnreadable, readHostFile } from './host/host-file.ts';
import { capacityOf, parseMeminfo, type MemoryState } from './host/memory-state.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import {
  capacityLimit,
  capacityReaches,
  createHold,
  judgeLimits,
  limitPhrase,
  limitTexts,
  refuseLimits,
  type CapacityLimit,
  type Limits,
  type LimitVerdict,
} from './threshold.ts';

const entries = {
  warning: defaultedKey(
    'How much may be in use before that is a warning: a share, or what must stay free.',
    capacityLimit,
    '90%',
  ),
  critical: defaultedKey('How much may be in use before that is critical.', capacityLimit, '95%'),
  clear: optionalKey(
    'Once raised, it stays raised until this is no longer reached.',
    capacityLimit,
  ),
  swap_warning: optionalKey('How much swap may be in use before that is a warning.', capacityLimit),
  swap_critical: optionalKey('How much swap may be in use before that is critical.', capacityLimit),
};

/** Judges how much memory is left to programs (`MemAvailable`), and swap where limits are set for it. */
export const memoryOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: (options) =>
      refuseLimits(options) ??
      refuseLimits({ warning: options.swap_warning, critical: options.swap_critical }),
    open({ name, options }, { view }) {
      const swap = { warning: options.swap_warning, critical: options.swap_critical };
      const hold = createHold(name, view);
      return {
        async run() {
          const state = await readHostFile(`${places.proc}/meminfo`, parseMeminfo);
          if (isUnreadable(state)) return couldNotLook(state);
          const ofMemory = judgeMemory(state, options, hold.isHeld());
          hold.note(ofMemory.verdict);
          const findings = [ofMemory, ...judgeSwap(state, swap)];
          return sumUp(findings, await controlGroupNote(places, state));
        },
      };
    },
  });

export const memory = memoryOf(hostPlaces);

interface Finding {
  readonly verdict: LimitVerdict<CapacityLimit>;
  readonly sentence: string;
  readonly values: CheckResult['values'];
}

function judgeMemory(
  { totalBytes, availableBytes }: MemoryState,
  limits: Limits<CapacityLimit>,
  raisedBefore: boolean,
): Finding {
  const capacity = capacityOf(totalBytes, availableBytes);
  const verdict = judgeLimits(limits, (limit) => capacityReaches(capacity, limit), raisedBefore);
  return {
    verdict,
    sentence:
      `memory is ${Math.floor(capacity.usedPercent)}% used: ${formatBytes(availableBytes)} ` +
      `available of ${formatBytes(totalBytes)}${limitPhrase(verdict)}`,
    values: [
      { metric: 'used_percent', value: capacity.usedPercent, unit: '%', ...limitTexts(limits) },
      { metric: 'available_bytes', value: availableBytes, unit: 'B' },
    ],
  };
}

/** Nothing on a host without swap. */
function judgeSwap(
  { swapTotalBytes, swapFreeBytes }: MemoryState,
  limits: Limits<CapacityLimit>,
): readonly Finding[] {
  if (swapTotalBytes === 0) return [];
  const capacity = capacityOf(swapTotalBytes, swapFreeBytes);
  const verdict = judgeLimits(limits, (limit) => capacityReaches(capacity, limit), false);
  const { usedPercent: value } = capacity;
  return [
    {
      verdict,
      sentence:
        `swap is ${Math.floor(value)}% used: ${formatBytes(swapFreeBytes)} free of ` +
        `${formatBytes(swapTotalBytes)}${limitPhrase(verdict)}`,
      values: [{ metric: 'swap_used_percent', value, unit: '%', ...limitTexts(limits) }],
    },
  ];
}

function sumUp(findings: readonly Finding[], detail: readonly string[]): CheckResult {
  const values = findings.flatMap((finding) => finding.values);
  const failing = findings
    .filter((finding) => finding.verdict.status !== 'ok')
    .toSorted((a, b) => byWorst(a.verdict.status, b.verdict.status));
  const status = failing[0]?.verdict.status ?? 'ok';
  if (status === 'ok') return ok(findings[0]?.sentence ?? '', { values, detail });
  const summary = failing.map((finding) => finding.sentence).join('; ');
  return notOk(status, 'threshold', summary, { values, detail });
}

/** In a container the figures are those of the whole host; says so where a smaller limit holds. */
async function controlGroupNote(
  { sys }: HostPlaces,
  { totalBytes }: MemoryState,
): Promise<readonly string[]> {
  const limit = await readFile(`${sys}/fs/cgroup/memory.max`, 'utf8').catch(() => 'max');
  const limitBytes = Number(limit);
  return limitBytes > 0 && limitBytes < totalBytes
    ? [
        `the agent sees the whole host, but its own control group ends at ${formatBytes(limitBytes)}`,
      ]
    : [];
}
