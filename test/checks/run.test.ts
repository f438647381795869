import { describe, expect, test } from 'vitest';
import type { OpenCheck, RunContext } from '../../src/checks/check-type.ts';
import { agent } from '../../src/checks/agent.ts';
import { DeadlineError, runCheck } from '../../src/checks/run.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { redactor } from '../../src/lib/redact.ts';
import { lineLengthMax, valuesMax } from '../../src/model/limits.ts';
import { notOk, ok, type CheckResult, type RecordedResult } from '../../src/model/result.ts';
import { Secret } from '../../src/model/secret.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { agentView, checkSpec } from '../support/host-check.ts';

/** Runs a check that does `run`, on a clock that is moved by hand. */
function subject(run: (context: RunContext) => Promise<CheckResult>, expected?: 'down') {
  const clock = createFakeClock();
  const open: OpenCheck = { run };
  const spec = checkSpec(agent, {}, { timeoutMs: 1000, expect: expected ?? 'up' });
  const start = async (): Promise<RecordedResult> =>
    runCheck(open, spec, { clock, view: agentView() });
  return { clock, start };
}

describe('a run', () => {
  test('is recorded with its start and its length by the steady clock', async () => {
    const { clock, start } = subject(async () => {
      await clock.advance(120);
      clock.jumpWall(3_600_000);
      return ok('fine');
    });
    const before = clock.now();
    const result = await start();
    expect(result).toMatchObject({ check: 'subject', startedAt: before, durationMs: 120 });
    expect(clock.timers).toBe(0);
  });

  test('that throws is unknown, with the message', async () => {
    const { start } = subject(async () => {
      throw new Error('no such thing');
    });
    expect(await start()).toMatchObject({
      status: 'unknown',
      reason: 'internal',
      summary: 'the check itself failed: no such thing',
    });
  });

  test('that throws before it returns a promise is unknown, too', async () => {
    const { start } = subject(() => {
      throw new TypeError('at once');
    });
    expect(await start()).toMatchObject({ status: 'unknown', reason: 'internal' });
  });

  test('is told of its deadline, and what it throws then counts as a timeout', async () => {
    const { clock, start } = subject(
      async ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );
    const result = start();
    await clock.advance(1000);
    expect(await result).toMatchObject({
      status: 'critical',
      reason: 'timeout',
      summary: 'no result within 1s',
      durationMs: 1000,
    });
  });

  test('finds a DeadlineError as the reason of its signal', async () => {
    let reason: unknown;
    const { clock, start } = subject(async ({ signal }) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
      });
      reason = signal.reason;
      return notOk('critical', 'timeout', 'its own words');
    });
    const result = start();
    await clock.advance(1000);
    expect(await result).toMatchObject({ summary: 'its own words' });
    expect(reason).toBeInstanceOf(DeadlineError);
  });
});

describe('a run during which the agent stood still', () => {
  /** A run of one second at the most, on a clock whose timers all come three seconds late. */
  function paused(run: (context: RunContext) => Promise<CheckResult>) {
    const clock = createFakeClock();
    const late: Clock = {
      now: () => clock.now(),
      after: (delayMs, call) => clock.after(delayMs + 3000, call),
    };
    const spec = checkSpec(agent, {}, { timeoutMs: 1000 });
    return { clock, result: runCheck({ run }, spec, { clock: late, view: agentView() }) };
  }

  test('has its time once more to read an answer that is there', async () => {
    const answer = Promise.withResolvers<CheckResult>();
    let aborted = false;
    const { clock, result } = paused(async ({ signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return answer.promise;
    });
    await clock.advance(4000);
    expect(aborted).toBe(false);
    answer.resolve(ok('answered long ago'));
    expect(await result).toMatchObject({ status: 'ok', durationMs: 4000 });
  });

  test('is a timeout all the same when nothing comes', async () => {
    const { clock, result } = paused(
      async ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );
    await clock.advance(8000);
    expect(await result).toMatchObject({ status: 'critical', reason: 'timeout' });
  });
});

test('a secret is masked wherever a result repeats it, also where a line is cut', async () => {
  const secret = 'hunter2-hunter2';
  const families = [
    { name: 'info', help: 'What it said', samples: [{ labels: { said: secret }, value: 1 }] },
  ];
  const found = notOk('critical', 'command', `${'x'.repeat(lineLengthMax - 9)}${secret}`, {
    detail: [`login with ${secret} failed`],
    values: [{ metric: secret, value: 1 }],
    families,
  });
  const environment = { clock: createFakeClock(), view: agentView() };
  const redact = redactor([Secret.of(secret)]);
  const open: OpenCheck = { run: async () => found };
  const result = await runCheck(open, checkSpec(agent, {}), environment, redact);
  expect(JSON.stringify(result)).not.toContain('hunter');
  expect(result.detail).toEqual(['login with <secret> failed']);
});

describe('a run that ignores its signal', () => {
  test('is given up 250 ms after the deadline, and no second one starts while it hangs', async () => {
    let runs = 0;
    let comeBack: ((result: CheckResult) => void) | undefined;
    const { clock, start } = subject(async () => {
      runs += 1;
      return runs > 1
        ? ok('well again')
        : new Promise<CheckResult>((resolve) => {
            comeBack = resolve;
          });
    });
    const first = start();
    await clock.advance(1250);
    expect(await first).toMatchObject({ status: 'critical', reason: 'timeout', durationMs: 1250 });
    await clock.advance(60_000);
    expect(await start()).toMatchObject({
      status: 'critical',
      reason: 'timeout',
      summary: 'still hanging: the run of 1m 1s ago has not come back',
      durationMs: 0,
    });
    expect(runs).toBe(1);
    comeBack?.(ok('at last'));
    await clock.advance(0);
    expect(await start()).toMatchObject({ status: 'ok', summary: 'well again' });
  });
});

describe('a negative test', () => {
  test.each([
    ['critical', 'ok', 'down, as it should be: refused'],
    ['warning', 'critical', 'up, but should be down: refused'],
    ['unknown', 'unknown', 'refused'],
  ] as const)('takes %s for %s', async (found, told, summary) => {
    const { start } = subject(async () => notOk(found, 'connect', 'refused'), 'down');
    const result = await start();
    expect(result).toMatchObject({ status: told, summary });
    expect('reason' in result).toBe(told !== 'ok');
  });

  test('takes ok for critical', async () => {
    const { start } = subject(async () => ok('listening'), 'down');
    expect(await start()).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: 'up, but should be down: listening',
    });
  });
});

describe('what a run says', () => {
  test('is cut to one line without control characters', async () => {
    const { start } = subject(async () => ok(`a\u001b[31m\nb${'x'.repeat(1000)}`));
    const { summary } = await start();
    expect(summary.startsWith('a [31m bxxx')).toBe(true);
    expect(summary).toHaveLength(lineLengthMax);
  });

  test('is cut to twenty lines, with the number of those left out', async () => {
    const lines = Array.from({ length: 15 }, (_, line) => `${line}\nmore of ${line}`);
    const { start } = subject(async () => notOk('critical', 'body', 'no', { detail: lines }));
    const { detail } = await start();
    expect(detail).toHaveLength(20);
    expect(detail.at(-1)).toBe('… and 11 more lines');
  });

  test('holds the log when a failure explains itself no further', async () => {
    const { start } = subject(async (context) => {
      context.log('asked');
      context.log('nobody answered');
      return notOk('critical', 'timeout', 'silence');
    });
    expect((await start()).detail).toEqual(['asked', 'nobody answered']);
  });

  test('leaves the log out when all is well or the failure has a detail of its own', async () => {
    const well = subject(async (context) => {
      context.log('asked');
      return ok('fine');
    });
    const explained = subject(async (context) => {
      context.log('asked');
      return notOk('critical', 'body', 'no', { detail: ['because'] });
    });
    expect((await well.start()).detail).toEqual([]);
    expect((await explained.start()).detail).toEqual(['because']);
  });

  test('holds a bounded number of values', async () => {
    const values = Array.from({ length: 5000 }, (_, n) => ({ metric: `m${n}`, value: n }));
    const { start } = subject(async () => ok('many', { values }));
    expect((await start()).values).toHaveLength(valuesMax);
  });
});
