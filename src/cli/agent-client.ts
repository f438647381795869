import { request, type RequestOptions } from 'node:http';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { socketName } from '../app/socket-name.ts';
import type { LoadedConfig } from '../app/load.ts';
import { exitCode, type CommandContext } from './command.ts';

/** Nobody waits longer for a command that only asks. */
const patienceMs = 15_000;

export interface Answer {
  readonly status: number;
  /** What the agent answered, as JSON; undefined when it was something else. */
  readonly body: unknown;
  /** The same as it came. */
  readonly text?: string;
}

/** Asks the running agent. Rejects with `NotRunningError` when none answers. */
export type Ask = (method: 'GET' | 'POST', path: string, body?: object) => Promise<Answer>;

class NotRunningError extends Error {
  override readonly name = 'NotRunningError';
}

/**
 * Reaches the agent of this configuration: through the Unix socket in its data directory, which needs no
 * password, or else at its address.
 */
export function agentOf({ config, dataDir }: LoadedConfig, timeoutMs = patienceMs): Ask {
  const socketPath = join(dataDir, socketName);
  const { host, port } = config.server;
  const unix: RequestOptions = { socketPath };
  const tcp: RequestOptions = {
    host: host === '0.0.0.0' || host === '::' ? 'localhost' : host,
    port,
  };
  return async (method, path, body) => {
    const ways = existsSync(socketPath) ? [unix, tcp] : [tcp];
    for (const way of ways) {
      const answer = await ask({ ...way, method, path, timeout: timeoutMs }, body);
      if (answer !== undefined) return answer;
    }
    throw new NotRunningError(
      `the agent is not running: nobody answers at ${socketPath} or ${host}:${port}`,
    );
  };
}

/** Undefined when nobody listens there. */
async function ask(options: RequestOptions, body?: object): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const outgoing = request({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => resolve(undefined));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, body: json(text), text });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(undefined));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Asks whoever has its state in this directory, by the socket there and by nothing else: at an address another agent
 * might answer. Undefined when there is no socket.
 */
export function bySocket(dataDir: string, timeoutMs = patienceMs): Ask | undefined {
  const socketPath = join(dataDir, socketName);
  if (!existsSync(socketPath)) return undefined;
  return async (method, path, body) => {
    const answer = await ask({ socketPath, method, path, timeout: timeoutMs }, body);
    if (answer === undefined) throw new NotRunningError(`nobody answers at ${socketPath}`);
    return answer;
  };
}

/** A way to ask the agent that has its state in this directory, if one answers at its socket. */
export async function agentOfDirectory(dataDir: string): Promise<Ask | undefined> {
  const client = bySocket(dataDir);
  return client?.('GET', '/-/healthy').then(
    () => client,
    () => undefined,
  );
}

/** Runs `use` with the agent, or says that there is none. */
export async function withAgent(
  loaded: LoadedConfig,
  context: CommandContext,
  use: (ask: Ask) => Promise<number>,
): Promise<number> {
  return unlessNotRunning(context, async () => use(agentOf(loaded)));
}

/** What `use` gives, or the exit code for an agent that does not answer it, which is told. */
export async function unlessNotRunning(
  context: CommandContext,
  use: () => Promise<number>,
): Promise<number> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof NotRunningError)) throw error;
    context.stderr.write(`tocsin: ${error.message}\n`);
    return exitCode.notRunning;
  }
}

/** Tells what the agent refused, and gives the exit code for it. */
export function errorOf({ status, body }: Answer, { stderr }: CommandContext): number {
  const { error } = (body ?? {}) as { readonly error?: unknown };
  const said = typeof error === 'string' ? error : `the agent answers ${status}`;
  stderr.write(`tocsin: ${said}\n`);
  return status === 400 ? exitCode.usage : exitCode.failed;
}
