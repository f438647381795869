import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../support/ask.ts';
import { hasAlertmanager, startAlertmanager, type ApiServer } from './kit/oracle.ts';
import { startTocsinServer } from './kit/tocsin-server.ts';

const config = `
route:
  receiver: team
  group_by: [job]
  group_wait: 1h
  routes: [{ matchers: [severity="critical"], receiver: pager, continue: true, group_by: [severity] }]
receivers:
  - { name: team, webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }
  - { name: pager, webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }
inhibit_rules:
  - { source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [job] }
`;

const unknown = '8e6d1b5c-5f3c-4b1c-a4dc-3e9b3a3d6a11';
const times = '"startsAt":"2026-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z"';
const who = '"createdBy":"me","comment":"c"';

/** Requests to both, in this order: method, path, body; a body is sent as JSON. */
const requests: readonly (readonly [method: string, path: string, body?: string])[] = [
  ['GET', '/alerts'],
  ['GET', '/silences'],
  ['GET', '/receivers'],
  ['POST', '/alerts', ''],
  ['POST', '/alerts', '[]'],
  ['POST', '/alerts', 'null'],
  ['POST', '/alerts', '[{"labels":{}}]'],
  ['POST', '/alerts', '[{}]'],
  ['POST', '/alerts', '[{"labels":{"a":""}}]'],
  [
    'POST',
    '/alerts',
    `[{"labels":{"good":"1"},"startsAt":"2030-01-01T00:00:00Z","endsAt":"2029-01-01T00:00:00Z"},
      {"labels":{"job":"a","severity":"critical","empty":""},"annotations":{"empty":"","s":"x"},${times}},
      {"labels":{"job":"a","severity":"warning"},"generatorURL":"http://prometheus/graph",${times}},
      {"labels":{"job":"b"},"startsAt":"2026-01-01T00:00:00.123456789Z","endsAt":"2099-01-01T00:00:00Z"},
      {"labels":{"constructor":"c","__proto__":"d"},${times}}]`,
  ],
  ['GET', '/alerts'],
  ['GET', '/alerts/groups'],
  ['GET', '/alerts?active=false'],
  ['GET', '/alerts?inhibited=false'],
  ['GET', '/alerts?filter=job=a&filter=severity!=warning'],
  ['GET', '/alerts?filter=job=~%22a|b%22'],
  ['GET', '/alerts?filter=severity='],
  ['GET', '/alerts?filter=constructor=c'],
  ['GET', '/alerts?filter=a'],
  ['GET', '/alerts?receiver=pager'],
  ['GET', '/alerts?receiver=pag'],
  ['GET', '/alerts/groups?receiver=pager'],
  ['GET', '/alerts/groups?filter=job=b'],
  ['POST', '/silences', '{}'],
  ['POST', '/silences', `{"matchers":[],${times},${who}}`],
  ['POST', '/silences', `{"matchers":[{"name":"a","value":"b"}],${times},${who}}`],
  ['POST', '/silences', `{"matchers":[{"name":"a","value":"","isRegex":false}],${times},${who}}`],
  [
    'POST',
    '/silences',
    `{"id":"${unknown}","matchers":[{"name":"a","value":"b","isRegex":false}],${times},${who}}`,
  ],
  [
    'POST',
    '/silences',
    `{"matchers":[{"name":"job","value":"b","isRegex":false}],${times},${who}}`,
  ],
  ['GET', '/silences'],
  ['GET', '/silences?filter=job=b'],
  ['GET', '/silences?filter=job=c'],
  ['GET', '/alerts?silenced=false'],
  ['GET', '/alerts?filter=job=b'],
  ['GET', '/alerts/groups?silenced=false&inhibited=false'],
  ['GET', `/silence/${unknown}`],
  ['GET', '/silence/x'],
  ['DELETE', '/silence/x'],
  ['POST', '/alerts', '[{"labels":{"job":"b"},"endsAt":"2026-01-02T00:00:00Z"}]'],
  ['GET', '/alerts?filter=job=b'],
];

function normalised(body: string): string {
  const text = body
    .trim()
    .replaceAll(/"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"/g, '"<id>"')
    .replaceAll(/"(updatedAt|startsAt)":"2026-(?!01)[^"]*"/g, '"$1":"<now>"')
    // Of later versions.
    .replaceAll('"mutedBy":[],', '');
  if (text === '') return '';
  return JSON.stringify(
    JSON.parse(text, (_, value: unknown) => inOrder(value)),
    undefined,
    1,
  );
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

describe.skipIf(!hasAlertmanager)('AM-A19 the API beside that of Debian', () => {
  let servers: readonly ApiServer[] = [];
  beforeAll(async () => {
    servers = await Promise.all([startAlertmanager(config), startTocsinServer(config)]);
  });
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  test.each(requests)('answers the same to %s %s %s', async (method = 'GET', path = '', body) => {
    const answers: unknown[] = [];
    for (const { url } of servers) {
      const answer = await ask(`${url}/api/v2${path}`, {
        method,
        ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
      });
      answers.push([answer.status, normalised(answer.body)]);
    }
    expect(answers[1]).toEqual(answers[0]);
  });
});
