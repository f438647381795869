import { expect, onTestFinished, test } from 'vitest';
import { blackboxYaml } from './kit/contest.ts';
import { answering } from './kit/http.ts';
import { probePath, startPair, type Pair } from './kit/pair.ts';

const modules = blackboxYaml({
  one: { prober: 'http', http: { preferred_ip_protocol: 'ip4' } },
  two: { prober: 'tcp', tcp: { preferred_ip_protocol: 'ip4' } },
});

interface Desk {
  readonly pair: Pair;
  /** Has one probed that succeeds or fails; gives the target. */
  probe(module: 'one' | 'two', path: string, success?: boolean): Promise<string>;
  /** The ids of the probes that are still kept, of both programs. */
  kept(): Promise<readonly (readonly number[])[]>;
}

/** Programs that keep three probes, and three failed ones that are older. */
async function startDesk(limit = 3): Promise<Desk> {
  const pair = await startPair({
    modules,
    oracleModules: modules,
    config: { server: { probe: { history_limit: limit } } },
    args: [`--history.limit=${limit}`],
  });
  onTestFinished(() => pair[Symbol.asyncDispose]());
  const server = await answering({ body: 'ok' })();
  onTestFinished(() => server[Symbol.asyncDispose]());
  return {
    pair,
    async probe(module, path, success = true) {
      const target = success ? `${server.target}/${path}` : `http://127.0.0.1:9/${path}`;
      await pair.ask(probePath({ module, target }));
      return target;
    },
    async kept() {
      const ids = Array.from({ length: 16 }, (_, id) => id);
      const answers = await Promise.all(ids.map(async (id) => pair.ask(`/logs?id=${id}`)));
      return (answers[0] ?? []).map((_, program) =>
        ids.filter((id) => answers[id]?.[program]?.status === 200),
      );
    },
  };
}

function everywhere<T>({ pair }: Desk, value: T): readonly T[] {
  return pair.oracle === undefined ? [value] : [value, value];
}

test('BB-Y01 the latest probes are kept, up to the limit', async () => {
  const desk = await startDesk();
  for (const path of ['a', 'b', 'c', 'd']) await desk.probe('one', path);
  expect(await desk.kept()).toEqual(everywhere(desk, [1, 2, 3]));
});

test('BB-Y02 failures that are older are kept as well, up to the limit once more', async () => {
  const desk = await startDesk();
  const rounds = [true, false, false, false, true];
  const kept = [
    [0, 1, 2],
    [3, 4, 5],
    [3, 4, 5, 6, 7, 8],
    [6, 7, 8, 9, 10, 11],
    [9, 10, 11, 12, 13, 14],
  ];
  for (const [round, success] of rounds.entries()) {
    for (const path of ['a', 'b', 'c']) await desk.probe('one', path, success);
    expect(await desk.kept()).toEqual(everywhere(desk, kept[round]));
  }
});

test('BB-Y03 a probe is found by its number, an unknown number is not found', async () => {
  const desk = await startDesk();
  const target = await desk.probe('one', 'a');
  await desk.probe('one', 'b', false);
  const { pair } = desk;
  for (const { status, body } of await pair.ask('/logs?id=0')) {
    expect(status).toBe(200);
    expect(body).toContain(target);
    expect(body).toMatch(/^Logs for the probe:\n[^]+\nModule configuration:\nprober: http\n/);
  }
  for (const { body } of await pair.ask('/logs?id=1')) expect(body).toContain('probe_success 0');
  const statuses = (await pair.ask('/logs?id=5')).map(({ status }) => status);
  expect(statuses).toEqual(everywhere(desk, 404));
});

test('BB-Y04 a probe is found by its target, the first one of a target that was probed twice', async () => {
  const desk = await startDesk();
  const once = await desk.probe('one', 'once');
  const twice = await desk.probe('one', 'twice', false);
  await desk.probe('two', 'twice', false);
  const { agent } = desk.pair;
  const find = async (target: string): Promise<string> => {
    const { status, body } = await agent.get(`/logs?${new URLSearchParams({ target }).toString()}`);
    return status === 200 ? (/\bmodule=(\w+)/.exec(body)?.[1] ?? '') : String(status);
  };
  expect(await find(once)).toBe('one');
  expect(await find(twice)).toBe('one');
  expect(await find('never')).toBe('404');
});

test('BB-Y05 a probe is found by its target and its module', async () => {
  const desk = await startDesk();
  const target = await desk.probe('one', 'a', false);
  await desk.probe('two', 'a', false);
  const find = async (module: string): Promise<string> => {
    const query = new URLSearchParams({ target, module });
    const { status, body } = await desk.pair.agent.get(`/logs?${query.toString()}`);
    return status === 200 ? (/\bmodule=(\w+)/.exec(body)?.[1] ?? '') : String(status);
  };
  expect(await find('one')).toBe('one');
  expect(await find('two')).toBe('two');
  expect(await find('three')).toBe('404');
});
