import { readHostFile, isUnreadable } from '../../checks/host/host-file.ts';
import { onePerPort, type Listener } from '../../checks/host/listeners.ts';
import { familyListeners } from '../../checks/host/process-family.ts';
import { parseProcessStat } from '../../checks/host/process-stat.ts';
import { formatHostPort } from '../../checks/net/host-port.ts';
import type { Clock } from '../../lib/clock.ts';
import { portPatienceMs, portSearchMs } from '../../model/command-limits.ts';
import { notOk, ok, type CheckResult } from '../../model/result.ts';
import { whatSpeaks, type Spoken } from '../proposal/speaks.ts';
import type { ServiceLook } from './service-look.ts';
import { targetLook } from './target-look.ts';

interface Options {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Where processes are seen, `/proc`. */
  readonly proc: string;
  /** We run as a unit of systemd, so that all of it belongs to the service. */
  readonly isUnit: boolean;
  /** The number of the service's process, once it runs. */
  readonly pid: () => number | undefined;
  /** Tells a person what decides from now on. */
  readonly tell: (what: string) => void;
}

/**
 * Looks at a service of which nothing is known: at the first TCP port on which it, or a process that it has
 * started, takes connections, in the words that are understood there. One that listens on none for
 * `portPatienceMs` is looked at as a process alone, until it does listen after all.
 */
export function portLook(options: Options): ServiceLook {
  const { clock, pid, proc, isUnit, tell } = options;
  const startedAt = clock.now().steadyMs;
  let found: ServiceLook | undefined;
  let isTold = false;

  const search = async (number: number): Promise<CheckResult | undefined> => {
    const waitedMs = clock.now().steadyMs - startedAt;
    if (waitedMs >= portSearchMs) return undefined;
    const { listeners, hidden } = await familyListeners(number, proc, isUnit);
    for (const listener of onePerPort(listeners)) {
      const one = await listenerLook(listener, options);
      if (one === undefined) continue;
      tell(one.what);
      found = one.look;
      return found.look('booting');
    }
    if (waitedMs < portPatienceMs) {
      return notOk('critical', 'missing', 'the service listens on no TCP port yet');
    }
    if (!isTold) tell(aloneSentence(hidden));
    isTold = true;
    return undefined;
  };

  return {
    async look(phase) {
      if (found !== undefined) return found.look(phase);
      const number = pid();
      if (number === undefined) return notOk('critical', 'missing', 'the service does not run');
      return (await search(number)) ?? judgeProcess(number, proc);
    },
    close: () => found?.close(),
  };
}

function aloneSentence(hidden: number): string {
  const why =
    hidden > 0
      ? 'where the service listens cannot be seen, since it runs as another user'
      : 'the service listens on no TCP port';
  return `only that it runs, which shows no hang (${why})`;
}

async function listenerLook(
  { address, port }: Listener,
  { clock, timeoutMs }: Options,
): Promise<{ readonly look: ServiceLook; readonly what: string } | undefined> {
  const spoken = await whatSpeaks({ host: address, port }, undefined, clock);
  if (spoken.kind === 'closed') return undefined;
  const target = formatHostPort(address, port);
  const [how, tcp] = dialogue(spoken, target);
  const { look, close } = targetLook('tcp', target, { clock, timeoutMs }, tcp);
  const well = `${target} ${'query_response' in tcp || 'tls' in tcp ? 'answers' : 'takes connections'}`;
  return {
    what: `${target}, where it listens: ${how}`,
    look: {
      async look() {
        const result = await look('running');
        return result.status === 'ok' ? ok(well) : result;
      },
      close,
    },
  };
}

/**
 * What is said to a server whose language is known, and what must come back. Any answer will do: whether it
 * is a good one is for a check that somebody has written.
 */
function dialogue(
  spoken: Exclude<Spoken, { readonly kind: 'closed' }>,
  target: string,
): readonly [how: string, tcp: object] {
  const answer = (expect: string, ...send: readonly string[]): object => ({
    query_response: [...send.map((words) => ({ send: words })), { expect }],
  });
  switch (spoken.kind) {
    case 'http':
    case 'caddy': {
      const path = spoken.kind === 'http' ? spoken.path : '/';
      // The line end after the last word is added by the dialogue itself.
      const request = `GET ${path} HTTP/1.0\r\nHost: ${target}\r\n\r`;
      return [`any answer to GET ${path}`, answer('^HTTP/1', request)];
    }
    case 'redis':
      return ['an answer to PING', answer('^[-+]', 'PING\r')];
    case 'smtp':
      return ['the greeting of a mail server', answer('^220')];
    case 'ssh':
      return ['the greeting of an SSH server', answer('^SSH-')];
    case 'tls':
      return ['a TLS handshake', { tls: true, tls_config: { insecure_skip_verify: true } }];
    case 'postgres':
      return ['a connection, as to PostgreSQL', {}];
    case 'silent':
      break;
    // no default
  }
  return ['a connection, which a service that hangs may still take', {}];
}

/** Whether the process is there and was not stopped. */
async function judgeProcess(pid: number, proc: string): Promise<CheckResult> {
  const stat = await readHostFile(`${proc}/${pid}/stat`, parseProcessStat);
  if (isUnreadable(stat)) return notOk('critical', 'missing', `process ${pid} does not run`);
  if (stat.state === 'T') return notOk('critical', 'stale', `process ${pid} was stopped`);
  return ok(`process ${pid} runs`);
}
