import { load } from '../app/load.ts';
import { serve, type Serving } from '../app/serve.ts';
import { StartError } from '../app/start-error.ts';
import { systemPorts } from '../app/system-ports.ts';
import { supervisor } from '../app/supervisor.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger, logLevels, type Logger, type LogLevel } from '../lib/log.ts';
import { goesToJournal } from '../lib/journal-stream.ts';
import { redactor } from '../lib/redact.ts';
import { stopTimeoutMs } from '../model/limits.ts';
import { greet } from './greeting.ts';
import {
  configOption,
  exitCode,
  text,
  UsageError,
  type Command,
  type CommandContext,
} from './command.ts';
import { loadOrTell } from './load.ts';

export const run: Command = {
  name: 'run',
  summary: 'the agent, in the foreground; SIGTERM drains, SIGHUP reloads',
  usage: '[-c FILE] [--log-level error|warn|info|debug]',
  options: {
    ...configOption,
    'log-level': {
      type: 'string',
      value: logLevels.join('|'),
      about: 'the least that is logged, info when not given',
    },
  },
  async run(parsed, context) {
    const level = logLevel(text(parsed, 'log-level'));
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    let redact = redactor(loaded.config.secrets);
    const log = createLogger({
      level,
      write: (line) => context.stderr.write(line),
      now: () => new Date(),
      redact: (line) => redact(line),
      forJournal: goesToJournal(context.environment),
    });
    let serving: Serving;
    try {
      serving = await serve({
        loaded,
        ports: systemPorts,
        log,
        supervisor: supervisor(context.environment, systemClock()),
        load: () => load(text(parsed, 'config'), context),
        onConfig: (config) => {
          redact = redactor(config.secrets);
        },
      });
    } catch (error) {
      return refused(error, context);
    }
    const stopped = untilStopped(serving, log);
    // The greeting waits for first results; a signal does not wait for the greeting.
    await Promise.race([greet(serving, loaded, context), stopped]);
    return stopped;
  },
};

function logLevel(name: string | undefined): LogLevel {
  const level = logLevels.find((known) => known === (name ?? 'info'));
  if (level === undefined) throw new UsageError(`--log-level is one of ${logLevels.join(', ')}`);
  return level;
}

function refused(error: unknown, { stderr }: CommandContext): number {
  if (!(error instanceof StartError)) throw error;
  stderr.write(`tocsin: ${error.message}\n`);
  return error.configuration ? exitCode.config : exitCode.failed;
}

/** Waits for a signal to stop; the first one drains, a second one cuts short. */
async function untilStopped(serving: Serving, log: Logger): Promise<number> {
  const stopped = Promise.withResolvers<number>();
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.warn('stopping at once', { signal });
      stopped.resolve(exitCode.failed);
      return;
    }
    stopping = true;
    log.info('stopping', { signal, at_most: `${stopTimeoutMs / 1000}s` });
    serving.stop().then(
      () => stopped.resolve(exitCode.ok),
      (error: unknown) => stopped.reject(error),
    );
  };
  const reload = (): void => void serving.reload();
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', reload);
  try {
    return await stopped.promise;
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', reload);
  }
}
