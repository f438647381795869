/**
 * Runs checks of disks and mounts inside another mount namespace, where a test cannot go itself. Reads commands from
 * standard input, a line each, and answers each with a line of JSON on standard output:
 * `{"type": "disk", "keys": …, "timeoutMs": …}` runs a check (one for each different `keys`, kept open) and gives its result.
 */
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { OpenCheck } from '../../src/checks/check-type.ts';
import { disk } from '../../src/checks/disk.ts';
import { mount } from '../../src/checks/mount.ts';
import { runCheck } from '../../src/checks/run.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { CheckSpec } from '../../src/model/check.ts';
import type { AgentView } from '../../src/model/view.ts';

const environment = { clock: systemClock(), view: {} as AgentView };
const opened = new Map<string, OpenCheck>();

for await (const line of createInterface(process.stdin)) {
  const command = JSON.parse(line) as { type: string; keys: object; timeoutMs: number };
  const { keys, timeoutMs } = command;
  const type = command.type === 'mount' ? mount : disk;
  const options = v.parse(v.strictObject(type.entries), keys);
  const spec = { name: 'disk', timeoutMs, expect: 'up', options } as unknown as CheckSpec<never>;
  const name = JSON.stringify(keys);
  const open = opened.get(name) ?? type.open(spec, environment);
  opened.set(name, open);
  const result = await runCheck(open, spec, environment);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
for (const open of opened.values()) open.close?.();
