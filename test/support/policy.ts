import type { CheckSpec, DebouncePolicy } from '../../src/model/check.ts';

/** A policy that fires at the first failure and resolves at the first success, unless told otherwise. */
export function policy(changes: Partial<DebouncePolicy> = {}): DebouncePolicy {
  return {
    failAfter: { kind: 'consecutive', failures: 1 },
    forMs: 0,
    recoverAfter: 1,
    keepFiringForMs: 0,
    ...changes,
  };
}

export function spec(changes: Partial<CheckSpec> = {}): CheckSpec {
  return {
    name: 'gateway',
    type: 'http',
    target: 'http://127.0.0.1:18789/health',
    schedule: { kind: 'interval', intervalMs: 30_000 },
    timeoutMs: 10_000,
    startPeriodMs: 0,
    severity: 'critical',
    labels: {},
    annotations: {},
    dependsOn: [],
    expect: 'up',
    debounce: policy(),
    options: {},
    ...changes,
  };
}
