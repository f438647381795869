import { runCheck } from '../checks/run.ts';
import { systemClock } from '../lib/clock.ts';
import { redactor } from '../lib/redact.ts';
import type { CheckSpec } from '../model/check.ts';
import type { Config } from '../model/config.ts';
import { concurrentRunsMax } from '../model/limits.ts';
import { notOk, type CheckResult, type RecordedResult } from '../model/result.ts';
import { viewWithoutAgent } from './no-agent.ts';
import { systemPorts } from './system-ports.ts';

/**
 * Runs checks once, without an agent: `group` sees the results of its members from the same round, which
 * run first whether they were asked for or not. Results come in the order of `specs`.
 */
export async function checkOnce(
  specs: readonly CheckSpec[],
  config: Config,
): Promise<RecordedResult[]> {
  const clock = systemClock();
  const redact = redactor(config.secrets);
  const found = new Map<string, RecordedResult>();
  const view = viewWithoutAgent(found);
  const runAll = async (list: readonly CheckSpec[]): Promise<void> => {
    const waiting = [...list];
    const worker = async (): Promise<void> => {
      for (let spec = waiting.shift(); spec !== undefined; spec = waiting.shift()) {
        const open = systemPorts.openCheck(spec, { clock, view });
        found.set(spec.name, await runCheck(open, spec, { clock, view }, redact));
        open.close?.();
      }
    };
    await Promise.all(Array.from({ length: concurrentRunsMax }, worker));
  };
  const groups = specs.filter(({ type }) => type === 'group');
  await runAll(groups.length === 0 ? specs : config.checks.filter(({ type }) => type !== 'group'));
  // A group may be a member of another one: the order of the file decides, as people write it.
  for (const group of config.checks.filter(({ type }) => type === 'group')) {
    if (groups.length > 0) await runAll([group]);
  }
  return specs.flatMap(({ name }) => found.get(name) ?? []);
}

/**
 * Looks at one check again and again, without an agent; what it keeps from one run to the next stays. A
 * group has its members looked at with it. Never throws.
 */
export function repeatedLook(
  spec: CheckSpec,
  config: Config,
): { readonly look: () => Promise<CheckResult>; readonly close: () => void } {
  if (spec.type === 'group') {
    const look = async (): Promise<CheckResult> => {
      const [result] = await checkOnce([spec], config);
      return result ?? notOk('unknown', 'internal', `${spec.name} gave no result`);
    };
    return { look, close: () => undefined };
  }
  const environment = { clock: systemClock(), view: viewWithoutAgent(new Map()) };
  const redact = redactor(config.secrets);
  const open = systemPorts.openCheck(spec, environment);
  return {
    look: async () => runCheck(open, spec, environment, redact),
    close: () => open.close?.(),
  };
}
