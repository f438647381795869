import type { Socket } from 'node:net';
import type { Address } from './resolve.ts';

/**
 * What a probe may reach when others name its target. It is asked about the address that is connected to,
 * after every lookup and before every connection, so that neither a name that changes its address nor a
 * redirect leads around it.
 */
export interface Gate {
  /** Why this address may not be reached, as a sentence; undefined when it may. */
  refusal(host: string, address: Address): string | undefined;
  /** Why this Unix socket may not be reached. */
  refusalOfPath(path: string): string | undefined;
  /** Why a host may not be reached whose address only a proxy will look up. */
  refusalOfName(host: string): string | undefined;
  /** Told of every connection, to know them when they come back to the agent itself. */
  opened(socket: Socket): void;
}
