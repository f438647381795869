/** Checks that run often, and need two results in a row to make up their mind. */
export const teamDefaults = {
  interval: '500ms',
  timeout: '500ms',
  debounce: { fail_after: 2, recover_after: 2, retry_interval: '100ms' },
};

/** A route that tells at once, each alert by itself. */
export const teamRoute = {
  receiver: 'team',
  group_by: ['...'],
  group_wait: '0s',
  group_interval: '200ms',
  repeat_interval: '4h',
};

/** A configuration in which what happens is told at once to `team`, which has these blocks. */
export function teamConfig(
  checks: readonly object[],
  team: Readonly<Record<string, unknown>> = { terminal_configs: [{}] },
) {
  return {
    // What is found on the machine of the test differs from run to run.
    agent: { name: 'web-1', evidence: false },
    defaults: teamDefaults,
    checks,
    route: teamRoute,
    receivers: [{ name: 'team', ...team }],
  };
}
