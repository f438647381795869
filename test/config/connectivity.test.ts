import { describe, expect, test } from 'vitest';
import { tables } from '../../src/app/load.ts';
import { directoryWith, loadDirectory } from '../support/config.ts';

async function loaded(connectivity: string) {
  const text = `agent:\n  connectivity: ${connectivity}\n`;
  return loadDirectory(await directoryWith({ 'agent.config.yaml': text }), { tables });
}

describe('agent.connectivity', () => {
  test('takes one reference or several, each looked at in its own way', async () => {
    const { config } = await loaded(
      '{ reference: [1.1.1.1:443, "https://example.com/", example.org] }',
    );
    const { references = [], intervalMs } = config?.agent.connectivity ?? {};
    expect(intervalMs).toBe(300_000);
    expect(references.map(({ type, target, timeoutMs }) => [type, target, timeoutMs])).toEqual([
      ['tcp', '1.1.1.1:443', 3000],
      ['http', 'https://example.com/', 3000],
      ['icmp', 'example.org', 3000],
    ]);
    const one = await loaded('{ reference: "[2606:4700::1111]:443", interval: 1m, timeout: 1s }');
    expect(one.config?.agent.connectivity?.references[0]?.type).toBe('tcp');
  });

  test('refuses what proves nothing, by line', async () => {
    expect((await loaded('{ reference: "127.0.0.1:53" }')).problems).toEqual([
      'agent.config.yaml:2:30: agent.connectivity.reference: expected something outside of this host',
    ]);
    expect((await loaded('{ reference: [] }')).problems).toHaveLength(1);
    expect((await loaded('{ interval: 1m }')).problems[0]).toContain(
      'the key reference is missing',
    );
    expect((await loaded('{ reference: a:1, references: b }')).problems[0]).toContain('references');
  });

  test('is told by a check whether that looks outside', async () => {
    const text = 'checks: [{ type: tcp, target: "10.0.0.1:22", outside: true }]\n';
    const { config } = await loadDirectory(await directoryWith({ 'agent.config.yaml': text }), {
      tables,
    });
    expect(config?.checks[0]?.outside).toBe(true);
  });
});
