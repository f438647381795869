import { redactor, redactResult } from '../lib/redact.ts';
import type { PartFinding } from '../model/result.ts';
import { checkType } from './check-type.ts';
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
import { sumUpParts } from './openclaw/part.ts';
import type { Scene } from './openclaw/scene.ts';

/** Judges an OpenClaw gateway of this host from inside: its process, its answers, its state, its jobs. */
export const openclawOf = (places: HostPlaces) =>
  checkType({
    entries: openclawEntries,
    refuse: refuseOpenclaw,
    target: ({ state_dir }) => state_dir,
    defaults: { intervalMs: 15_000, timeoutMs: 12_000 },
    open({ name, options }, { clock, memory }) {
      const history = createHistory();
      const outer = createOuterParts(places, clock, {
        recall: () => memory?.recall(name),
        keep: (value) => memory?.keep(name, value),
      });
      const inner = createInnerParts(clock);
      /** The process that has said that it has started: a silence of it is no start any more. */
      let startedPid: number | undefined;
      return {
        async run(run) {
          const installation = await findInstallation(options, places, run.signal);
          if (isUnreadable(installation)) return couldNotLook(installation);
          const { lock, token } = installation;
          const owner =
            lock === undefined || isUnreadable(lock) ? undefined : await readOwner(lock, places);
          const isAlive = owner !== undefined && !isUnreadable(owner) && owner.kind === 'alive';
          const known = { installation, owner, options, places, history, run, clock };
          const pid = isAlive && lock !== undefined && !isUnreadable(lock) ? lock.pid : undefined;
          const base: Scene = { ...known, pid, isBooting: false, now: run.startedAt };
          const answers = await askProbes(base);
          const isYoung = isAlive
            ? owner.ageMs < options.boot_patience
            : await isStartingAnew(base);
          if (isAlive) history.note('without owner', false, run.startedAt);
          if (isStarted(answers.startup)) startedPid = pid;
          const hasStarted = isStarted(answers.startup) || (isAlive && pid === startedPid);
          const scene: Scene = { ...base, isBooting: isYoung && !hasStarted };
          const isReady = isStarted(answers.startup) || !isFailure(answers.health);
          const found: readonly (readonly PartFinding[])[] = await Promise.all([
            outer.look(scene, answers),
            inner.look(scene, isReady && !scene.isBooting),
          ]);
          const findings = found.flat();
          const healthy = `the gateway on port ${installation.port} is well in all ${findings.length} parts`;
          const result = sumUpParts(findings, healthy, isAlive ? owner.ageMs : undefined);
          return token === undefined ? result : redactResult(result, redactor([token]));
        },
        close() {
          outer.close();
          inner.close();
        },
      };
    },
  });

export const openclaw = openclawOf(hostPlaces);
