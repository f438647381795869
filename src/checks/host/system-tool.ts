import type { Clock } from '../../lib/clock.ts';
import type { Unreadable } from './host-file.ts';
import { whyNotStarted } from './missing-program.ts';
import type { HostPlaces } from './places.ts';
import { runProgram, type ProgramCall } from './run-program.ts';

/**
 * Asks a tool of the system, in the C locale and in UTC: what it printed, and said beside, if it ended well; with
 * more variables or as another user where that is asked for.
 */
export async function askTool(
  [program, ...words]: readonly [string, ...string[]],
  places: HostPlaces,
  limits: { readonly signal: AbortSignal; readonly clock: Clock },
  { environment, runAs }: Partial<Pick<ProgramCall, 'environment' | 'runAs'>> = {},
): Promise<{ readonly output: string; readonly said: string } | Unreadable> {
  const call = {
    program,
    arguments: words,
    environment: { PATH: places.programs, LC_ALL: 'C', TZ: 'UTC', ...environment },
    ...(runAs === undefined ? {} : { runAs }),
  };
  const outcome = await runProgram(call, limits);
  if (outcome.kind === 'not_started') {
    return { unreadable: await whyNotStarted(call, outcome), reason: 'missing' };
  }
  if (outcome.kind === 'overdue') {
    return { unreadable: `${program} did not answer in time`, reason: 'timeout' };
  }
  if (outcome.exitCode === 0) return { output: outcome.stdout, said: outcome.stderr };
  const how = outcome.exitSignal ?? `exit code ${outcome.exitCode}`;
  const said = outcome.stderr.split('\n').find((line) => line.trim() !== '') ?? 'it said nothing';
  if (/permission denied|operation not permitted|access denied/i.test(said)) {
    const remedy = 'let the agent reach the bus of the system (AF_UNIX, /run/dbus)';
    return { unreadable: `${program} is refused (${said}): ${remedy}`, reason: 'permission' };
  }
  return { unreadable: `${program} failed with ${how}: ${said}`, reason: 'command' };
}
