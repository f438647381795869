import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { AgentSnapshot } from '../model/snapshot.ts';
import type { WebCommands } from './commands.ts';
import type { WebProber } from './prober.ts';
import type { WebConfig } from './web-config.ts';

/** What the web server is handed: where to listen, what to show, what it may ask the agent to do. */
export interface WebServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Where to listen for the command line as well; only its owner can reach it. */
  readonly socketPath?: string;
  readonly snapshot: () => AgentSnapshot;
  /** Why the agent makes no progress, so that a new start would help; undefined while it does. */
  readonly standstill: () => string | undefined;
  /** The text of `/metrics`. */
  readonly metrics: () => string | Promise<string>;
  readonly commands: WebCommands;
  /** Probes on request. */
  readonly prober: WebProber;
  /** The masked configuration for `/config`, without the modules. */
  readonly configText: () => string;
  /** Where people reach the page from elsewhere, without a slash at its end. */
  readonly externalURL?: () => string | undefined;
  readonly web?: WebConfig;
  readonly clock: Clock;
  readonly log: Logger;
}
