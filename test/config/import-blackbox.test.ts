import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tables } from '../../src/app/load.ts';
import { formatProblem, importBlackbox } from '../../src/config/load.ts';
import type { ModuleSpec } from '../../src/model/config.ts';
import { Secret } from '../../src/model/secret.ts';
import { directoryWith, loadDirectory } from '../support/config.ts';

/** Every option of every module, with secrets revealed and expressions as their source. */
function facts(modules: ReadonlyMap<string, ModuleSpec> | undefined): unknown {
  return JSON.parse(
    JSON.stringify(
      [...(modules ?? [])],
      function reveal(this: Record<string, unknown>, key, value) {
        const raw = this[key];
        return raw instanceof Secret ? raw.reveal() : (value as unknown);
      },
    ),
  );
}

/** What a file says as `modules_file`, and what its import says as `modules`. */
async function bothWays(text: string) {
  const directory = await directoryWith({
    'blackbox.yml': text,
    'main.yaml': 'modules_file: blackbox.yml\n',
  });
  const imported = await importBlackbox(join(directory, 'blackbox.yml'), tables);
  const other = await directoryWith({ 'agent.config.yaml': imported.text ?? '' });
  const options = { tables };
  const before = await loadDirectory(directory, { ...options, file: 'main.yaml' });
  const after = await loadDirectory(other, options);
  const problems = imported.problems.map((problem) =>
    formatProblem(problem).replaceAll(`${directory}/`, ''),
  );
  return { before, after, imported, problems };
}

const samples = join(import.meta.dirname, '../support/blackbox');

describe('tocsin import blackbox', () => {
  test.each(['shipped.yml', 'corner-cases.yml', 'secrets-and-dollars.yml', 'anchors.yml'])(
    '%s means the same afterwards',
    async (name) => {
      const text = await readFile(join(samples, name), 'utf8');
      const { before, after, imported, problems } = await bothWays(text);
      expect(problems).toEqual([]);
      expect(before.problems).toEqual([]);
      expect(after.problems).toEqual([]);
      expect(imported.modules).toBeGreaterThan(4);
      expect(facts(after.config?.modules)).toEqual(facts(before.config?.modules));
    },
  );

  test('keeps the comments, and leaves out by line what cannot be done', async () => {
    const { after, imported, problems } = await bothWays(`# ours
modules:
  good: { prober: icmp } # every host
  quic:
    prober: http
    http: { enable_http3: true, enable_http2: false }
  bad: { prober: tcp, tcp: { query_response: [{ expect: ':[' }] } }
`);
    expect(problems).toEqual([
      expect.stringMatching(/^blackbox\.yml:6:27: modules\.quic\.http\.enable_http3: .*HTTP\/3/),
      expect.stringMatching(
        /^blackbox\.yml:7:57: modules\.bad\.tcp\.query_response\[0\]\.expect: /,
      ),
    ]);
    expect(imported.text).toBe('# ours\nmodules:\n  good: { prober: icmp } # every host\n');
    expect([...(after.config?.modules.keys() ?? [])]).toEqual(['good']);
  });

  test('says what is wrong with a file that is none', async () => {
    const { imported, problems } = await bothWays('modules: {a: [');
    expect(imported.text).toBeUndefined();
    expect(problems[0]).toMatch(/^blackbox\.yml:1:\d+: is no valid YAML/);
  });
});
