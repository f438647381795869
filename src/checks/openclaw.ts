import { redactor, redactResult } from '../lib/redact.ts';
import { checkType, type CheckMemory } from './check-type.ts';
import { couldNotLook, isUnreadable } from './host/host-file.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { isFailure } from './net/failure.ts';
import { findInstallation } from './openclaw/installation.ts';
import { openclawEntries, refuseOpenclaw } from './openclaw/options.ts';
import { createHistory } from './openclaw/history.ts';
import { createInnerParts } from './openclaw/inner-parts.ts';
import { createOuterParts } from './openclaw/outer-parts.ts';
import { isStartingAnew } from './openclaw/starting.ts';
import { readOwner } from './openclaw/owner-lock.ts';
import { askProbes, isStarted } from './openclaw/http-probes.ts';
import { quietened, sumUpParts } from './openclaw/part.ts';
import type { Scene } from './openclaw/scene.ts';
import { createDatabaseReader } from './openclaw/state-database.ts';

/** Judges an OpenClaw gateway of this host from inside: its process, its answers, its state, its jobs. */
export const openclawOf = (places: HostPlaces) =>
  checkType({
    entries: openclawEntries,
    refuse: refuseOpenclaw,
    target: ({ state_dir }) => state_dir,
    defaults: { intervalMs: 15_000, timeoutMs: 12_000 },
    open({ name, options }, { clock, memory }) {
      const history = createHistory();
      const databases = createDatabaseReader(clock);
      const kept = memory === undefined ? undefined : keptInParts(name, memory);
      const outer = createOuterParts(places, clock, kept?.('jobs'));
      const inner = createInnerParts(clock, kept?.('canary'));
      /** The process that has said that it has started: a silence of it is no start any more. */
      let startedPid: number | undefined;
      return {
        async run(run) {
          const installation = await findInstallation(options, places, run.signal);
          if (isUnreadable(installation)) return couldNotLook(installation);
          const { lock, credential } = installation;
          const owner =
            lock === undefined || isUnreadable(lock) ? undefined : await readOwner(lock, places);
          const isAlive = owner !== undefined && !isUnreadable(owner) && owner.kind === 'alive';
          const known = { installation, owner, options, places, history, databases, run, clock };
          const pid = isAlive && lock !== undefined && !isUnreadable(lock) ? lock.pid : undefined;
          const outside = { ...known, pid, now: run.startedAt };
          const { answers, isTls } = await askProbes(outside);
          const base: Scene = { ...outside, isTls, isBooting: false };
          const isYoung = isAlive
            ? owner.ageMs < options.boot_patience
            : await isStartingAnew(base);
          if (isAlive) history.note('without owner', false, run.startedAt);
          if (isStarted(answers.startup)) startedPid = pid;
          const hasStarted = isStarted(answers.startup) || (isAlive && pid === startedPid);
          const scene: Scene = { ...base, isBooting: isYoung && !hasStarted };
          const isReady = isStarted(answers.startup) || !isFailure(answers.health);
          const found = await Promise.all([
            outer.look(scene, answers),
            inner.look(scene, isReady && !scene.isBooting),
          ]);
          const findings = quietened(found.flat());
          const healthy = `the gateway on port ${installation.port} is well in all ${findings.length} parts`;
          const unit = outer.unit();
          const result = {
            ...sumUpParts(findings, healthy, isAlive ? owner.ageMs : undefined),
            ...(unit === undefined ? {} : { units: [unit] }),
          };
          return credential.kind === 'known'
            ? redactResult(result, redactor([credential.secret]))
            : result;
        },
        close() {
          outer.close();
          inner.close();
        },
      };
    },
  });

/** Several parts share the one value that is kept for a check. */
function keptInParts(name: string, memory: CheckMemory) {
  const saved = memory.recall(name);
  let all = typeof saved === 'object' && saved !== null ? { ...saved } : {};
  return (part: 'jobs' | 'canary') => ({
    recall: (): unknown => new Map<string, unknown>(Object.entries(all)).get(part),
    keep(value: unknown): void {
      all = { ...all, [part]: value };
      memory.keep(name, all);
    },
  });
}

export const openclaw = openclawOf(hostPlaces);
