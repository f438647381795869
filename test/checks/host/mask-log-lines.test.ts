import { describe, expect, test } from 'vitest';
import { maskLogLines } from '../../../src/checks/host/mask-log-lines.ts';

/** What must never be told; made up, and no key of anybody. */
const secret = 'Zx9-made.up_Q7wR5tY3uI1oP';

const base64 = 'MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7made0up0made';

describe('what looks like a secret is masked in a line of a log', () => {
  test.each([
    `password=${secret}`,
    `DB_PASSWORD: ${secret}`,
    `"password":"${secret}","user":"web"`,
    `{'passphrase': '${secret} with blanks'}`,
    `starting with --password ${secret} --port 80`,
    `--api-key=${secret}`,
    `api_key ${secret.slice(0, 0)}= ${secret}`,
    `access_token=${secret}&expires=3600`,
    `refreshToken: ${secret}`,
    `client-secret=${secret}`,
    `AWS_SECRET_ACCESS_KEY=${secret}`,
    `Authorization: Bearer ${secret}`,
    `authorization: Basic ${secret}`,
    `curl -H "Authorization: token ${secret}"`,
    `got bearer ${secret} from client`,
    `Cookie: session=${secret}; theme=${secret}`,
    `Set-Cookie: id=${secret}; Path=/`,
    `connecting to postgres://web:${secret}@db.internal:5432/shop`,
    `https://user:${secret}@here@example.com/path`,
    `POST https://hooks.slack.com/services/T00/B00/${secret}`,
    `https://api.telegram.org/bot123456:${secret}/getUpdates`,
    `GET /download?sig=${secret}&x=1`,
    `key sk-${secret.replaceAll('.', '-')}`,
    `sk_live_${secret.replaceAll(/[.-]/g, '')}`,
    `ghp_${secret.replaceAll(/[.\-_]/g, '')}`,
    `xoxb-${secret.replaceAll(/[._]/g, '')}`,
    `id eyJhbGciOiJIUzI1NiJ9.${secret.replaceAll('.', '-')}.${secret.replaceAll('.', '-')}`,
  ])('%s', (line) => {
    const [told = ''] = maskLogLines([line]);
    expect(told).toContain('<secret>');
    expect(told).not.toMatch(/Zx9|made|Q7wR5tY3|oP/);
  });

  test('a private key, over several lines, with or without its beginning', () => {
    const lines = [
      'gateway[7]: loading key',
      'gateway[7]: -----BEGIN RSA PRIVATE KEY-----',
      `gateway[7]: ${base64}`,
      'gateway[7]: c2hvcnQgbGFzdA==',
      'gateway[7]: -----END RSA PRIVATE KEY-----',
      'gateway[7]: listening',
    ];
    expect(maskLogLines(lines)).toEqual([
      'gateway[7]: loading key',
      'gateway[7]: <secret>',
      'gateway[7]: <secret>',
      'gateway[7]: <secret>',
      'gateway[7]: -----END RSA PRIVATE <secret>',
      'gateway[7]: listening',
    ]);
    expect(maskLogLines([`gateway[7]: ${base64}`])).toEqual(['gateway[7]: <secret>']);
    const inOne = `{"key":"-----BEGIN PRIVATE KEY-----\\n${base64}\\n-----END PRIVATE KEY-----"}`;
    expect(maskLogLines([inOne])).toEqual(['{"key":"<secret>']);
  });
});

test.each([
  'nginx[7]: 2026/11/28 bind() to 0.0.0.0:80 failed (98: Address already in use)',
  'authentication failed for user web',
  'used 1200 tokens of 4000',
  'basic functionality is there',
  'GET https://example.com:8443/health HTTP/1.1 502',
  'sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'worker process 1234 exited with code 3',
  'the passenger list is empty: nobody',
])('what people need to read stays: %s', (line) => {
  expect(maskLogLines([line])).toEqual([line]);
});

test('a line of a megabyte is cut, not searched for ever', () => {
  const startedMs = performance.now();
  const [told = ''] = maskLogLines([`${'password='.repeat(120_000)}x`]);
  expect(told.length).toBeLessThan(10_000);
  expect(performance.now() - startedMs).toBeLessThan(1000);
});
