import * as v from 'valibot';
import { humanDuration } from '../lib/duration.ts';
import { defaultedKey, type OutputOf, positiveDuration } from '../lib/schema-atoms.ts';
import { notOk, ok, type CheckResult } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { couldNotLook, isUnreadable, readHostFile } from './host/host-file.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { rebootEvidence } from './host/reboot-evidence.ts';
import { createUptime } from './host/uptime.ts';

const judgement = v.picklist(['ignore', 'warning', 'critical'], 'one of ignore, warning, critical');

const entries = {
  unannounced: defaultedKey(
    'What a reboot is that nobody asked for: a crash, a lost supply.',
    judgement,
    'critical',
  ),
  announced: defaultedKey(
    'What a reboot is that began with an orderly shutdown.',
    judgement,
    'ignore',
  ),
  hold: defaultedKey(
    'How long a reboot is told after the agent noticed it.',
    positiveDuration,
    '15m',
  ),
};

type Options = OutputOf<typeof entries>;

/** What is known of the host from one run to the next, and over a restart. Unix milliseconds. */
interface Known {
  readonly bootId: string;
  /** A container may show the boot of its kernel, which is not its own. */
  readonly systemdStartUs?: number;
  readonly seenAt: number;
  /** When the agent was stopped in order. */
  readonly stoppedAt?: number;
  /** The reboot before this boot, if the agent noticed one. */
  readonly reboot?: Reboot;
}

interface Reboot {
  readonly noticedAt: number;
  /** Absent where nothing tells. */
  readonly announced?: boolean;
  /** Who says so. */
  readonly by?: string;
  /** How long before the boot the agent was there. */
  readonly awayMs: number;
}

/** How exactly is known when the agent was there last. */
const noteEveryMs = 60_000;

/** Judges whether the host was rebooted since the agent looked last, and whether in order. */
export const rebootOf = (places: HostPlaces) =>
  checkType({
    entries,
    open({ name, options }, { clock, memory }) {
      let known = knownFrom(memory?.recall(name));
      const up = createUptime(places);
      const keep = (next: Known): void => {
        known = next;
        memory?.keep(name, next);
      };
      return {
        async run({ signal }) {
          const boot = await readHostFile(`${places.proc}/sys/kernel/random/boot_id`, parseBootId);
          if (isUnreadable(boot)) return couldNotLook(boot);
          const uptime = await up.read({ clock, signal });
          if (isUnreadable(uptime)) return couldNotLook(uptime);
          const { wallMs } = clock.now();
          const { systemdStartUs } = uptime;
          const now = {
            ...boot,
            ...(systemdStartUs === undefined ? {} : { systemdStartUs }),
            seenAt: wallMs,
          };
          // A reload opens the next check before it closes this one, which keeps something then.
          known = knownFrom(memory?.recall(name)) ?? known;
          if (known === undefined) keep(now);
          else if (!isSameBoot(known, now)) {
            const bootedMs = wallMs - uptime.seconds * 1000;
            const evidence = await rebootEvidence(bootedMs, known, places, { clock, signal });
            const awayMs = Math.max(0, bootedMs - (known.stoppedAt ?? known.seenAt));
            keep({ ...now, reboot: { noticedAt: wallMs, awayMs, ...evidence } });
          } else if (known.stoppedAt !== undefined || wallMs - known.seenAt >= noteEveryMs) {
            const { stoppedAt: _, ...rest } = known;
            keep({ ...rest, ...now });
          }
          return judge(known?.reboot, uptime.seconds * 1000, wallMs, options);
        },
        // A reload closes as well; the next run takes it back.
        close() {
          if (known === undefined) return;
          const { wallMs } = clock.now();
          keep({ ...known, seenAt: wallMs, stoppedAt: wallMs });
        },
      };
    },
  });

export const reboot = rebootOf(hostPlaces);

function parseBootId(text: string): { readonly bootId: string } | undefined {
  const bootId = /^[0-9a-f-]{36}$/.exec(text.trim())?.[0];
  return bootId === undefined ? undefined : { bootId };
}

function isSameBoot(before: Known, now: Known): boolean {
  const [then, start] = [before.systemdStartUs, now.systemdStartUs];
  return (
    before.bootId === now.bootId && (then === undefined || start === undefined || then === start)
  );
}

function knownFrom(saved: unknown): Known | undefined {
  const known = saved as Partial<Known> | undefined | null;
  return typeof known?.bootId === 'string' && typeof known.seenAt === 'number'
    ? (known as Known)
    : undefined;
}

function judge(
  reboot: Reboot | undefined,
  uptimeMs: number,
  nowMs: number,
  options: Options,
): CheckResult {
  const values = [{ metric: 'uptime_seconds', value: uptimeMs / 1000, unit: 's' }];
  const up = `up ${humanDuration(uptimeMs)}`;
  if (reboot === undefined || nowMs - reboot.noticedAt >= options.hold) {
    return ok(`the host is ${up}`, { values });
  }
  const { announced, by, awayMs } = reboot;
  const kind =
    announced === undefined
      ? 'a reboot of which nothing tells whether it was announced'
      : announced
        ? 'an announced reboot'
        : 'an unannounced reboot (a crash, or a lost supply)';
  const summary = `the host came back after ${kind}, ${up}`;
  const detail = [
    ...(by === undefined ? [] : [`so says ${by}`]),
    `the agent had last been there ${humanDuration(awayMs)} before the boot`,
  ];
  const status = announced === false ? options.unannounced : options.announced;
  if (status === 'ignore') return ok(summary, { values, detail });
  return notOk(status, 'status', summary, { values, detail });
}
