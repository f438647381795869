import { setTimeout as delay } from 'node:timers/promises';
import type { CheckAnswer } from '../../src/cli/api-types.ts';
import { read } from '../support/agent-view.ts';
import type { TestAgent } from '../support/agent.ts';
import type { ScriptedHttpServer } from '../support/scripted-http-server.ts';
import { checkName } from './lab.ts';

/** One result that was not ok. */
export interface BadResult {
  /** Milliseconds on the clock of `performance.now()`. */
  readonly atMs: number;
  readonly status: string;
  /** `critical health: the gateway is down …`, one for each part. */
  readonly lines: readonly string[];
}

export interface Message {
  readonly atMs: number;
  readonly status: string;
  readonly text: string;
}

/** What the agent has made of the gateway since it was watched. */
export interface Timeline extends AsyncDisposable {
  readonly bad: readonly BadResult[];
  readonly messages: readonly Message[];
  /** When the alert began to fire, and when it ended. */
  readonly phases: readonly { readonly atMs: number; readonly phase: string }[];
  readonly runs: () => number;
  /** Waits until it holds; false after `withinMs`. */
  until(holds: () => boolean, withinMs: number): Promise<boolean>;
}

interface Posted {
  readonly status: string;
  readonly alerts: readonly {
    readonly annotations: Readonly<Record<string, string>>;
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

type Shown = CheckAnswer & {
  readonly latest: (NonNullable<CheckAnswer['latest']> & { detail?: readonly string[] }) | null;
};

/** Follows the check of an agent through its API, and the webhook it tells, four times a second. */
export function followCheck(agent: TestAgent, webhook: ScriptedHttpServer): Timeline {
  const bad: BadResult[] = [];
  const messages: Message[] = [];
  const phases: { readonly atMs: number; readonly phase: string }[] = [];
  let seen = '';
  let runs = 0;
  let phase = 'inactive';
  const closing = new AbortController();
  const look = async (): Promise<void> => {
    const { checks } = await read<{ checks: readonly Shown[] }>(agent, '/api/v1/status');
    const check = checks.find(({ name }) => name === checkName);
    const atMs = performance.now();
    if (check?.latest && check.latest.startedAt !== seen) {
      const { status, summary, detail = [summary] } = check.latest;
      seen = check.latest.startedAt;
      runs += 1;
      if (status !== 'ok') bad.push({ atMs, status, lines: detail });
    }
    if (check !== undefined && check.phase !== phase) phases.push({ atMs, phase: check.phase });
    phase = check?.phase ?? phase;
    for (const { body } of webhook.accepted.slice(messages.length)) {
      const { status, alerts } = JSON.parse(body) as Posted;
      const text = alerts
        .map(({ annotations: { summary = '', description = '' } }) => `${summary}: ${description}`)
        .join('\n');
      messages.push({ atMs, status, text });
    }
  };
  const loop = (async () => {
    while (!closing.signal.aborted) {
      await look();
      await delay(250);
    }
  })();
  return {
    bad,
    messages,
    phases,
    runs: () => runs,
    async until(holds, withinMs) {
      const endMs = performance.now() + withinMs;
      while (!holds() && performance.now() < endMs) {
        await Promise.race([delay(250), loop]);
      }
      return holds();
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await loop;
    },
  };
}
