import { homedir } from 'node:os';
import { defaultDataDir } from '../app/data-dir.ts';
import { supervisor, supervisorVariables, statusLine, type Supervisor } from '../app/supervisor.ts';
import { chooseLook, type ChoiceOptions } from '../app/watchdog/choose-look.ts';
import { openKillBrake } from '../app/watchdog/kill-brake.ts';
import { deafness } from '../app/watchdog/own-unit.ts';
import type { ServiceLook } from '../app/watchdog/service-look.ts';
import {
  shellCode,
  startService,
  type SupervisedService,
} from '../app/watchdog/supervised-service.ts';
import { targetLook } from '../app/watchdog/target-look.ts';
import { Watchdog, type WatchedEnd } from '../app/watchdog/watchdog.ts';
import { systemClock, type Clock } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import { bootPatienceMinMs, watchdogIntervalMaxMs } from '../model/command-limits.ts';
import {
  configOption,
  exitCode,
  text,
  UsageError,
  type Command,
  type CommandContext,
  type Parsed,
} from './command.ts';

/** Everything that somebody may want a service to hear; the rest ends or stops a process by itself. */
const passedOn = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGABRT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
] as const;

export const watchdog: Command = {
  name: 'watchdog',
  summary: 'runs a service under Type=notify and WatchdogSec= that knows nothing of systemd',
  usage:
    '[--http URL | --tcp HOST:PORT | --check CHECK] [-c FILE] [--interval DURATION] [--boot DURATION] [--stop DURATION] -- COMMAND…',
  options: {
    ...configOption,
    check: { type: 'string', value: 'CHECK', about: 'the check of the configuration that decides' },
    http: { type: 'string', value: 'URL', about: 'decides by whether this answers' },
    tcp: {
      type: 'string',
      value: 'HOST:PORT',
      about: 'decides by whether this can be connected to',
    },
    interval: {
      type: 'string',
      value: 'DURATION',
      about: 'between two looks, a quarter of WatchdogSec= and at most 15s when not given',
    },
    boot: {
      type: 'string',
      value: 'DURATION',
      about: 'the patience with a start, 5m when not given',
    },
    stop: {
      type: 'string',
      value: 'DURATION',
      about: 'the patience with a stop, 330s when not given',
    },
  },
  wrapsCommand: true,
  async run(parsed, context) {
    const command = parsed.wrapped ?? [];
    if (command.length === 0) throw new UsageError('the command to run stands behind "--"');
    const clock = systemClock();
    const manager = supervisor(context.environment, clock);
    const times = readTimes(parsed, manager);
    const say = (sentence: string): unknown => context.stderr.write(`tocsin: ${sentence}\n`);
    const running: { service?: SupervisedService } = {};
    const found = await findLook(parsed, context, {
      ...context,
      clock,
      homeDirectory: homedir(),
      configFile: text(parsed, 'config'),
      // A look ends before the next one is due, but gets a second even under a short WatchdogSec.
      timeoutMs: Math.round(Math.min(10_000, Math.max(1000, times.intervalMs))),
      isUnit: manager.isThere,
      pid: () => running.service?.pid,
      say,
    });
    if ('exitCode' in found) return found.exitCode;
    const deaf = await whyNotHeard(manager, clock);
    if (deaf !== undefined) {
      say(deaf);
      return exitCode.config;
    }
    if (!manager.isThere) say('no service manager listens (NOTIFY_SOCKET): nothing is told to one');
    const { environment, cwd } = context;
    const stateDirectory = environment['STATE_DIRECTORY']?.split(':')[0];
    const brake = await openKillBrake(
      stateDirectory ?? defaultDataDir(environment, homedir()),
      command,
    );
    const service = startService(command, { cwd, environment: forService(environment), clock });
    running.service = service;
    const dog = new Watchdog(service, { clock, manager, brake, service: found, ...times, say });
    const pass = (signal: NodeJS.Signals): void => void dog.take(signal);
    for (const signal of passedOn) process.on(signal, pass);
    const end = await dog.run();
    await manager.settled();
    for (const signal of passedOn) process.off(signal, pass);
    found.close();
    if (end.failure !== undefined) say(end.failure);
    return codeOf(end, manager);
  },
};

/** Without a way to say that it lives, a service would be killed again and again: it is not started. */
async function whyNotHeard(manager: Supervisor, clock: Clock): Promise<string | undefined> {
  if (!manager.isThere) return undefined;
  const [problem, deaf] = await Promise.all([
    manager.tell([statusLine('starting')]),
    deafness(clock),
  ]);
  return problem?.includes('cannot be started') ? problem : deaf;
}

/** Deaths that systemd counts as a clean end, see "SuccessExitStatus=" in systemd.service(5). */
const cleanSignals: ReadonlySet<string> = new Set(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE']);

/**
 * The service's own exit code. One that ended by a signal is judged as systemd would have done it; one that
 * ended well only because we gave up on it has failed.
 */
function codeOf(end: WatchedEnd, { isThere }: Supervisor): number {
  const isClean = end.code === 0 || (end.signal !== undefined && cleanSignals.has(end.signal));
  if (isClean && end.gaveUp) return exitCode.failed;
  return isClean && isThere ? exitCode.ok : shellCode(end);
}

/** The service gets everything but what was meant for us. */
function forService(environment: CommandContext['environment']): Record<string, string> {
  const own: ReadonlySet<string> = new Set(supervisorVariables);
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || own.has(name) ? [] : [[name, value]],
    ),
  );
}

function readTimes(parsed: Parsed, { watchdogMs }: Supervisor) {
  // Four looks fit into the patience of the manager: one or two lost ones kill nobody.
  const usual = Math.min(watchdogIntervalMaxMs, (watchdogMs ?? Infinity) / 4);
  const intervalMs = duration(parsed, 'interval') ?? usual;
  if (watchdogMs !== undefined && intervalMs > watchdogMs / 2) {
    throw new UsageError('--interval is at most half of WatchdogSec=, better a quarter');
  }
  const bootMs = duration(parsed, 'boot') ?? 300_000;
  if (bootMs < bootPatienceMinMs) throw new UsageError('--boot is at least 1m');
  return { intervalMs, bootMs, stopMs: duration(parsed, 'stop') ?? 330_000 };
}

function duration(parsed: Parsed, name: string): number | undefined {
  const written = text(parsed, name);
  if (written === undefined) return undefined;
  const ms = parseDuration(written);
  if (ms === undefined || ms <= 0) throw new UsageError(`--${name} is a duration such as 30s`);
  return ms;
}

/** How the service is looked at: as somebody says, or as it is found out. */
async function findLook(
  parsed: Parsed,
  context: CommandContext,
  options: ChoiceOptions,
): Promise<ServiceLook | { readonly exitCode: number }> {
  const given = (['http', 'tcp', 'check'] as const).filter((name) => text(parsed, name));
  const [kind, ...more] = given;
  if (more.length > 0) {
    throw new UsageError('what decides is one of --http URL, --tcp HOST:PORT and --check NAME');
  }
  const command = parsed.wrapped ?? [];
  if (kind === undefined) {
    const chosen = await chooseLook(command, options);
    if (!('problems' in chosen)) return chosen;
    const { tellProblems } = await import('./load.ts');
    tellProblems(chosen.problems, context);
    return { exitCode: exitCode.config };
  }
  const value = text(parsed, kind) ?? '';
  if (kind !== 'check') return targetLook(kind, value, options);
  const { loadOrTell } = await import('./load.ts');
  const { isAboutAgent, specLook } = await import('../app/watchdog/check-look.ts');
  const loaded = await loadOrTell(parsed, context);
  if ('exitCode' in loaded) return loaded;
  const { config } = loaded;
  const spec = config.checks.find(({ name }) => name === value);
  if (spec === undefined || isAboutAgent(spec)) {
    throw new UsageError(`no check named ${value} that can be looked at without the agent`);
  }
  return specLook(spec, config, command, options);
}
