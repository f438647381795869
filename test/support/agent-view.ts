import type {
  CheckAnswer,
  ReceiverAnswer,
  StatusAnswer,
  WhyAnswer,
} from '../../src/cli/api-types.ts';
import type { TestAgent } from './agent.ts';
import { eventually } from './eventually.ts';

/** Gives what the API answers to GET, as JSON. */
export async function read<Answer>(agent: TestAgent, path: string): Promise<Answer> {
  const { status, body } = await agent.get(path);
  if (status !== 200) throw new Error(`${path} answers ${status}: ${body}`);
  return JSON.parse(body) as Answer;
}

export function statusOf(agent: TestAgent): Promise<StatusAnswer> {
  return read(agent, '/api/v1/status');
}

export function whyOf(agent: TestAgent, check: string): Promise<WhyAnswer> {
  return read(agent, `/api/v1/why/${encodeURIComponent(check)}`);
}

/** One check as the API shows it. Rejects when there is none of this name. */
export async function checkOf(agent: TestAgent, name: string): Promise<CheckAnswer> {
  const { checks } = await statusOf(agent);
  const found = checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`the agent has no check ${name}`);
  return found;
}

/** One integration of a receiver as the API shows it. */
export async function receiverOf(agent: TestAgent, name: string): Promise<ReceiverAnswer> {
  const { receivers } = await statusOf(agent);
  const found = receivers.find(({ receiver }) => receiver === name);
  if (found === undefined) throw new Error(`the agent has no receiver ${name}`);
  return found;
}

/** Waits until the alert of a check is in this phase. */
export async function reaches(agent: TestAgent, check: string, phase: string): Promise<void> {
  const isThere = async (): Promise<boolean> => (await checkOf(agent, check)).phase === phase;
  await eventually(isThere, `${check} is ${phase}`);
}

/** Waits until a check has run this often again: time for whatever should not happen to happen. */
export async function runsAgain(agent: TestAgent, check: string, times: number): Promise<void> {
  const { runs } = await checkOf(agent, check);
  const hasRun = async (): Promise<boolean> => (await checkOf(agent, check)).runs >= runs + times;
  await eventually(hasRun, `${check} runs ${times} times`);
}

/** The series of one metric that are not 0: labels as they are written, `{a="1",b="2"}`, to values. */
export async function seriesOf(agent: TestAgent, metric: string): Promise<Record<string, number>> {
  const series: Record<string, number> = {};
  for (const line of (await agent.metrics()).split('\n')) {
    const [, name, labels = '', value] = /^(\w+)(\{.*\})? (\S+)$/.exec(line) ?? [];
    if (name === metric && Number(value) !== 0) series[labels] = Number(value);
  }
  return series;
}
