import { runProgram } from '../../checks/host/run-program.ts';
import { hostPlaces } from '../../checks/host/places.ts';
import { unitOf } from '../../checks/openclaw/unit-file.ts';
import type { Clock } from '../../lib/clock.ts';
import { serviceManagerAnswerMs } from '../../model/command-limits.ts';

/** The name of the unit that runs us, such as `openclaw.service`; undefined outside of one. */
export async function ownUnit(): Promise<string | undefined> {
  return (await unitOf(process.pid, hostPlaces.proc))?.name;
}

/**
 * Why the service manager would not take in what another process tells it for us, and what to write into the
 * unit; undefined if it would, or if that cannot be seen. Only root may speak in the name of its parent.
 */
export async function deafness(clock: Clock): Promise<string | undefined> {
  if (process.getuid?.() === 0) return undefined;
  const unit = await unitOf(process.pid, hostPlaces.proc);
  if (unit === undefined) return undefined;
  const words = ['show', '--property=NotifyAccess', '--value', '--', unit.name];
  const outcome = await runProgram(
    {
      program: 'systemctl',
      arguments: unit.userId === undefined ? words : ['--user', ...words],
      environment: {
        PATH: hostPlaces.programs,
        ...(unit.userId === undefined ? {} : { XDG_RUNTIME_DIR: `/run/user/${unit.userId}` }),
      },
    },
    { signal: AbortSignal.timeout(serviceManagerAnswerMs), clock },
  );
  if (outcome.kind !== 'ended' || outcome.exitCode !== 0) return undefined;
  const access = outcome.stdout.trim();
  if (access !== 'main' && access !== 'exec' && access !== 'none') return undefined;
  return `${unit.name} needs the line NotifyAccess=all: with NotifyAccess=${access} systemd does not listen to systemd-notify, which speaks for a service that does not run as root`;
}
