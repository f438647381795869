import type { Config } from '../../src/model/config.ts';

/** A configuration for an agent without surfaces: nothing but checks, routes and receivers. */
export function worldConfig(
  parts: Pick<Config, 'checks' | 'route' | 'receivers'> & Partial<Config>,
): Config {
  return {
    agent: { name: 'world', labels: { host: 'world' }, retentionMs: 7 * 86_400_000 },
    server: {
      host: '127.0.0.1',
      port: 0,
      probe: { enabled: false, allow: [], timeoutOffsetMs: 500, historyLimit: 0, logLevel: 'info' },
    },
    inhibitRules: [],
    resolveTimeoutMs: 5 * 60_000,
    modules: new Map(),
    files: [],
    masked: '',
    longForm: '',
    warnings: [],
    secrets: [],
    ...parts,
  };
}
