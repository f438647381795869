import type { CheckTypeName } from '../../../src/model/check.ts';
import { notOk, ok } from '../../../src/model/result.ts';
import type { AgentHealth, AgentView, CheckView } from '../../../src/model/view.ts';
import type { Case, Scene, TypeRows } from './case.ts';

const health: AgentHealth = {
  problems: [],
  outboxPending: 0,
  outboxOldestMs: 0,
  schedulerLagMs: 0,
  residentBytes: 0,
};

const inside = 'it looks at the agent itself, which needs no right for that';

const agent: TypeRows = {
  healthy: [
    {
      with: 'an agent that is sound',
      set: () => ({ view: { health: () => health } }),
      is: 'ok',
      says: /^the agent is sound/,
    },
  ],
  failing: [
    {
      with: 'messages that nobody takes',
      set: () => {
        const problems = [{ summary: 'slack takes no messages', critical: false }];
        return { view: { health: () => ({ ...health, problems }) } };
      },
      is: 'warning',
      because: 'internal',
      says: /^slack takes no messages$/,
    },
  ],
  forbidden: inside,
  absent: 'it runs inside of what it looks at',
  hanging:
    'an agent that hangs runs no check: its heartbeat stops, and its service manager notices',
  nonsense: 'it reads figures of its own process, not what somebody else has written',
};

const up: CheckView = { phase: 'inactive', up: true, known: true, latest: ok('fine') };
const down: CheckView = {
  phase: 'firing',
  up: false,
  known: true,
  latest: notOk('critical', 'connect', 'refused'),
};

const members = (a: CheckView | undefined, b: CheckView | undefined): Scene => ({
  keys: { of: ['a', 'b'] },
  view: { check: (name) => (name === 'a' ? a : b) } satisfies Partial<AgentView>,
});

const group: TypeRows = {
  healthy: [{ with: 'two that are up', set: () => members(up, up), is: 'ok', says: /^2 of 2 up/ }],
  failing: [
    {
      with: 'one that is down',
      set: () => members(up, down),
      is: 'critical',
      because: 'threshold',
      says: /down: b, wanted at least 2$/,
    },
  ],
  forbidden: inside,
  absent: [
    {
      with: 'one that nobody has looked at yet',
      set: () => members(up, undefined),
      is: 'unknown',
      because: ['missing', 'stale'],
      says: /^1 of 2 up; not looked at yet: b$/,
    },
  ],
  hanging:
    'it reads what is known already; a member that hangs is down or unknown by its own check',
  nonsense: 'it reads the verdicts of other checks, which are one of four words',
};

const hourMs = 3_600_000;

const job = (
  record: Partial<NonNullable<ReturnType<AgentView['heartbeat']>>> | undefined,
): Scene => ({
  keys: { every: '1h' },
  view: {
    heartbeat: () =>
      record === undefined
        ? undefined
        : ({ since: Date.now() - 9 * hourMs, ...record } as ReturnType<AgentView['heartbeat']>),
  },
});

const jobCase = (
  rest: Omit<Case, 'set'>,
  record: Parameters<typeof job>[0] | (() => object),
): Case => ({
  ...rest,
  set: () => job(typeof record === 'function' ? record() : record),
});

const heartbeat: TypeRows = {
  healthy: [
    jobCase({ with: 'a job that reported', is: 'ok', says: /^last report / }, () => ({
      lastSuccessAt: Date.now(),
    })),
  ],
  failing: [
    jobCase(
      { with: 'a job that failed', is: 'critical', because: 'command', says: /exit code 7/ },
      () => ({ failed: { at: Date.now(), exitCode: 7 } }),
    ),
  ],
  forbidden: 'the jobs come to the agent: it reads nothing of theirs',
  absent: [
    jobCase(
      {
        with: 'a job that the agent has not begun to wait for',
        is: 'unknown',
        because: 'missing',
        says: /does not wait for this job yet$/,
      },
      undefined,
    ),
    jobCase(
      {
        with: 'a job that never reports',
        is: 'critical',
        because: 'stale',
        says: /^no report for 9h/,
      },
      {},
    ),
  ],
  hanging: [
    jobCase(
      {
        with: 'a job that started and does not end',
        is: 'critical',
        because: 'stale',
        says: /a run started 4h.* ago has not finished$/,
      },
      () => ({ lastStartAt: Date.now() - 4 * hourMs, lastSuccessAt: Date.now() - 5 * hourMs }),
    ),
  ],
  nonsense: [
    jobCase(
      {
        with: 'a failure that says noise',
        is: 'critical',
        because: 'command',
        says: /^the job failed .*: \uFFFD noise$/u,
      },
      () => ({ failed: { at: Date.now(), output: '\uFFFD\u0007noise' } }),
    ),
  ],
};

export const innerRows = { agent, group, heartbeat } satisfies Partial<
  Record<CheckTypeName, TypeRows>
>;
