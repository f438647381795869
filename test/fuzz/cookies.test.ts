import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCookieJar } from '../../src/checks/net/http/cookie-jar.ts';
import { cookiesMax } from '../../src/model/limits.ts';
import { anyText, holdsInTime, inTime } from '../support/fuzz.ts';

/** What Node lets through as the value of a header, a byte a character. */
const headerText = (maxLength: number): fc.Arbitrary<string> =>
  anyText(maxLength).map((text) =>
    Buffer.from(text)
      .toString('latin1')
      // oxlint-disable-next-line no-control-regex -- control characters never come through
      .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ''),
  );

const attribute = fc.oneof(
  fc.constantFrom('Path=/', 'Path=x', 'Domain=.', 'Domain=com', 'Domain=a.example', 'Secure'),
  fc.constantFrom('Max-Age=0', 'Max-Age=-1', `Max-Age=${'9'.repeat(30)}`, 'SameSite=Lax'),
  fc.constantFrom('Expires=0', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'Domain=', 'Path='),
  headerText(20),
);

const cookie = fc
  .tuple(headerText(20), headerText(40), fc.array(attribute, { maxLength: 6 }))
  .map(([name, value, attributes]) => [`${name}=${value}`, ...attributes].join('; '));

const place = fc.constantFrom(
  'http://a.example/',
  'https://b.a.example/x/y?z',
  'http://127.0.0.1:80/',
  'http://[::1]/',
  'http://localhost/',
  'http://com/',
);

test('a jar takes whatever it is handed, and gives what can be sent', async () => {
  await holdsInTime(
    fc.asyncProperty(place, place, fc.array(cookie, { maxLength: 8 }), async (from, to, lines) => {
      const jar = createCookieJar();
      const headers = lines.flatMap((line) => ['Set-Cookie', line]);
      await jar.store(new URL(from), headers);
      const text = inTime(() => jar.header(new URL(to)));
      if (text === undefined) return;
      expect(() => validateHeaderValue('Cookie', text)).not.toThrow();
      // What is no UTF-8 grows threefold at most, when it is replaced.
      expect(text.length).toBeLessThanOrEqual(3 * lines.join('; ').length);
    }),
    800,
  );
});

test('a jar keeps so many cookies and no more, and none crosses to another site', async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 2 * cookiesMax });
  await holdsInTime(
    fc.asyncProperty(names, async (all) => {
      const jar = createCookieJar();
      const headers = all.flatMap((name) => ['Set-Cookie', `${name}=v; Path=/`]);
      await jar.store(new URL('http://a.example/'), headers);
      const sent = jar.header(new URL('http://a.example/x'))?.split('; ') ?? [];
      expect(sent.length).toBe(Math.min(all.length, cookiesMax));
      expect(jar.header(new URL('http://b.example/'))).toBeUndefined();
      expect(jar.header(new URL('http://x.a.example/'))).toBeUndefined();
    }),
    60,
  );
});

test.each([
  ['attributes', `a=b${'; x=y'.repeat(40_000)}`],
  ['semicolons', `a=b${';'.repeat(200_000)}`],
  ['spaces', `a=b${' '.repeat(200_000)}; x`],
  ['equals signs', `a${'='.repeat(200_000)}`],
  ['labels of a domain', `a=b; Domain=${'a.'.repeat(100_000)}example`],
  ['digits of a date', `a=b; Expires=${'1'.repeat(200_000)}`],
  ['words of a date', `a=b; Expires=${'Jan 1 '.repeat(30_000)}`],
  ['digits of an age', `a=b; Max-Age=${'1'.repeat(200_000)}`],
])('a cookie with thousands of %s is read in time', async (_what, line) => {
  const jar = createCookieJar();
  await jar.store(new URL('http://a.example/'), ['Set-Cookie', 'first=1']);
  const startMs = performance.now();
  await jar.store(new URL('http://a.example/'), ['Set-Cookie', line]);
  expect(performance.now() - startMs).toBeLessThan(1000);
});
