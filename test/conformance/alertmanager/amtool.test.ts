import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasAmtool } from './kit/amtool.ts';
import { askAmtool, normalised } from './kit/amtool-client.ts';
import { hasAlertmanager, startAlertmanager, type ApiServer } from './kit/oracle.ts';
import { startTocsinServer } from './kit/tocsin-server.ts';

const config = `
global:
  resolve_timeout: 5m
route:
  receiver: team
  group_by: [alertname]
  group_wait: 1h
  routes:
    - matchers: [severity="critical"]
      receiver: pager
receivers:
  - name: team
    webhook_configs: [{ url: 'http://127.0.0.1:9/' }]
  - name: pager
    webhook_configs: [{ url: 'http://127.0.0.1:9/' }]
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [job]
`;

const missing = !(hasAmtool && hasAlertmanager);

/** The same commands to both, in this order; `ID0` stands for the id of the first silence, and so on. */
const steps: readonly (string | readonly [command: string, input: string])[] = [
  'alert query',
  'alert add disk severity=warning job=api --annotation=summary=full',
  'alert add severity=critical job=api alertname=down --generator-url=http://prometheus/graph',
  'alert add mail job=mail --start=2026-01-01T00:00:00Z --end=2099-01-01T00:00:00Z',
  'alert add past job=old --start=2020-01-01T00:00:00Z --end=2020-01-02T00:00:00Z',
  'alert add odd job=x --start=2020-01-03T00:00:00Z --end=2020-01-02T00:00:00Z',
  'alert add',
  'alert query',
  'alert',
  'alert query -o extended',
  'alert query -o json mail',
  'alert query -a',
  'alert query -i',
  'alert query -s',
  'alert query -u',
  'alert query -a -i -s -u',
  'alert query -r pager',
  'alert query -r page.*',
  'alert query -r page',
  'alert query -r [',
  'alert query disk -i',
  'alert query job=~mail|api',
  'alert query job!=api',
  'alert query severity=',
  'alert query job=~[',
  'silence query',
  'silence add alertname=mail -c upgrade -a me',
  'silence add mail -d 2h -c again',
  'silence add job=~m.*l severity!=critical --comment=regexp --duration=30m',
  'silence add job=later --start=2098-01-01T00:00:00Z --end=2099-01-01T00:00:00Z -c later',
  'silence add job=api',
  'silence add -c nothing',
  'silence add job=~[ -c bad',
  'silence add job= -c empty',
  'silence add job=x --end=2020-01-01T00:00:00Z -c past',
  'alert query',
  'alert query -s',
  'alert query -s -o extended',
  'silence query -q --created-by=me',
  'silence query -o extended alertname=mail',
  'silence query job=later',
  'silence query --id=ID0',
  'silence query --within=45m -q',
  'silence update ID0 -d 3h -c longer',
  'silence query -o extended --id=ID0',
  'silence update 8e6d1b5c-5f3c-4b1c-a4dc-3e9b3a3d6a11 -d 3h',
  'silence expire ID0',
  'silence expire ID1',
  'silence expire ID2',
  'silence query',
  'silence query --expired -q',
  'silence query --expired -o extended',
  'silence expire',
  'silence expire not-an-id',
  [
    'silence import',
    JSON.stringify([
      {
        matchers: [{ name: 'job', value: 'imported', isRegex: false, isEqual: true }],
        startsAt: '2026-01-01T00:00:00.000Z',
        endsAt: '2099-01-01T00:00:00.000Z',
        createdBy: 'me',
        comment: 'one',
      },
    ]),
  ],
  ['silence import', '{"bad"'],
  'silence query -o extended job=imported',
  'silence query -o json job=imported',
  'cluster show',
  'config routes show',
  'config routes test severity=critical',
  'config routes test job=api --tree',
  'config routes test severity=critical --verify.receivers=pager',
  'config routes test severity=critical --verify.receivers=team',
];

describe.skipIf(missing)('AM-A22 amtool of Debian', () => {
  let servers: readonly ApiServer[] = [];
  const ids: string[][] = [[], []];

  beforeAll(async () => {
    servers = await Promise.all([startAlertmanager(config), startTocsinServer(config)]);
  });
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  const both = async (command: string, input: string): Promise<string[]> => {
    const outputs: string[] = [];
    for (const [index, { url }] of servers.entries()) {
      const known = ids[index] ?? [];
      const args = command.split(' ').map((arg) => arg.replace(/ID(\d)/, (_, n) => known[n] ?? ''));
      const output = await askAmtool(url, args, input);
      if (command.startsWith('silence add') && output.code === 0) known.push(output.stdout.trim());
      outputs.push(normalised(output));
    }
    return outputs;
  };

  test.each(steps.map((step) => (typeof step === 'string' ? ([step, ''] as const) : step)))(
    'says the same of tocsin as of Alertmanager: %s',
    async (command, input) => {
      const [theirs, ours] = await both(command, input);
      expect(ours).toBe(theirs);
    },
  );

  // Whether amtool counts a refusal that it printed before it ends is a race within amtool.
  test('says the same of tocsin as of Alertmanager: silence import of one that is refused', async () => {
    const [theirs, ours] = await both('silence import', '[{"matchers":[],"comment":"none"}]');
    const refusal = (said: string | undefined): string | undefined => said?.split('\n')[0];
    expect(refusal(ours)).toBe(refusal(theirs));
    expect(refusal(ours)).toContain('Error adding silence');
  });
});
