/**
 * Runs checks as a user who may nothing, which a test that runs as root cannot. Reads commands from standard input, a
 * line each, and answers each with a line of JSON: `{"type": "file", "keys": …, "timeoutMs": …, "places": …}` runs
 * a check once and gives its result. With `places` the check looks at a host made of files.
 */
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { CheckType } from '../../src/checks/check-type.ts';
import type { HostPlaces } from '../../src/checks/host/places.ts';
import { runCheck } from '../../src/checks/run.ts';
import { checkTypes } from '../../src/checks/table.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { CheckSpec, CheckTypeName } from '../../src/model/check.ts';
import type { AgentView } from '../../src/model/view.ts';

interface Command {
  readonly type: CheckTypeName;
  readonly keys: object;
  readonly timeoutMs: number;
  readonly places?: HostPlaces;
}

// What is loaded at the first use must be read before: this folder may be one that nobody else may enter.
await Promise.all([import('ioredis'), import('pg'), import('ws')]);
const nobody = 65_534;
if (process.getuid?.() === 0) {
  process.setgroups?.([nobody]);
  process.setgid?.(nobody);
  process.setuid?.(nobody);
}

async function typeOf({ type, places }: Command): Promise<CheckType> {
  if (places === undefined) return checkTypes[type];
  const module = (await import(`../../src/checks/${type}.ts`)) as Readonly<
    Record<string, (places: HostPlaces) => CheckType>
  >;
  const make = module[`${type}Of`];
  if (make === undefined) throw new Error(`${type} looks at no places`);
  return make(places);
}

const environment = { clock: systemClock(), view: {} as AgentView };
process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const command = JSON.parse(line) as Command;
  const type = await typeOf(command);
  const options = v.parse(v.strictObject(type.entries), command.keys);
  const { timeoutMs } = command;
  const spec = { name: 'subject', timeoutMs, expect: 'up', options } as unknown as CheckSpec<never>;
  const open = type.open(spec, environment);
  const result = await runCheck(open, spec, environment);
  open.close?.();
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
