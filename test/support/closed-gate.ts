import type { Gate } from '../../src/checks/net/gate.ts';

/** A gate that lets nobody through and says of everything what it was. */
export const closedGate: Gate = {
  refusal: (host, address) => `${host} (${address.ip}) is not allowed`,
  refusalOfPath: (path) => `${path} is not allowed`,
  refusalOfName: (host) => `${host} is not allowed`,
  opened: () => {},
};
