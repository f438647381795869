import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { AgentSnapshot } from '../model/snapshot.ts';
import type { WebCommands } from './commands.ts';
import type { WebConfig } from './web-config.ts';

export interface WebServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Where to listen for the command line as well; only its owner can reach it. */
  readonly socketPath?: string;
  readonly snapshot: () => AgentSnapshot;
  /** The text of `/metrics`. */
  readonly metrics: () => string | Promise<string>;
  readonly commands: WebCommands;
  /** The masked configuration for `/config`. */
  readonly configText: () => string;
  readonly web?: WebConfig;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface WebAddress {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

export interface WebServer {
  /** Listens. Rejects with a sentence that says what is in the way, such as who holds the port. */
  start(): Promise<void>;
  /** Takes no new requests, lets those under way finish for `graceMs`, then closes everything. */
  stop(graceMs: number): Promise<void>;
  /** Where it listens, with the port chosen for port 0; undefined before `start`. */
  readonly address: WebAddress | undefined;
}

export function createWebServer(options: WebServerOptions): WebServer {
  throw new Error(`not listening on ${options.listen.host}`);
}
