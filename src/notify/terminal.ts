import { integration } from './integration.ts';

/** Standard output: what an agent without a configuration tells its alerts. */
export const terminal = integration({
  entries: {},
  sendResolvedDefault: true,
  send: () => Promise.resolve({ kind: 'passing', reason: 'internal', detail: 'not built yet' }),
});
