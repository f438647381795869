import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import { isFailure } from '../net/failure.ts';
import type { ProbeAnswer } from './http-probes.ts';
import { ill, well, type Found } from './part.ts';
import type { Scene } from './scene.ts';

const number = v.optional(v.fallback(v.nullable(v.number()), null), null);

const shape = v.object({
  eventLoop: v.object({
    degraded: v.boolean(),
    degradedSinceMs: number,
    reasons: v.optional(v.array(v.string()), []),
    delayP99Ms: number,
    delayMaxMs: number,
    utilization: number,
  }),
});

/** Every start begins busy, and is still so when it says that it is over. */
const bootMinuteMs = 60_000;

/**
 * How busy the one thread of the gateway is, in the second before it was asked. A gateway that is
 * starting is not judged.
 */
export function judgeEventLoop(answer: ProbeAnswer, scene: Scene): Found {
  const { history, now, isBooting, owner } = scene;
  if (isFailure(answer)) return well('not asked: the gateway does not answer');
  const parsed = v.safeParse(shape, answer.json);
  if (!parsed.success) return well('this version does not tell how busy its event loop is');
  const loop = parsed.output.eventLoop;
  const values = [
    { metric: 'delay_p99_seconds', value: (loop.delayP99Ms ?? 0) / 1000, unit: 's' },
    { metric: 'delay_max_seconds', value: (loop.delayMaxMs ?? 0) / 1000, unit: 's' },
    { metric: 'utilization', value: loop.utilization ?? 0 },
  ];
  const isYoung = owner !== undefined && 'ageMs' in owner && owner.ageMs < bootMinuteMs;
  const streak = history.note('event loop', loop.degraded && !isBooting && !isYoung, now);
  // The gateway counts from the beginning; the agent only from its first look.
  const forMs = Math.max(streak.forMs, loop.degradedSinceMs ?? 0);
  if (streak.inRow === 0) return well('keeps up', values);
  const what = `the event loop has been overloaded for ${humanDuration(forMs)} (${loop.reasons.join(', ')}), answers wait up to ${humanDuration(loop.delayMaxMs ?? 0)}`;
  if (forMs >= 300_000) return ill('critical', 'threshold', what, values);
  return forMs >= 60_000 ? ill('warning', 'threshold', what, values) : well(what, values);
}
