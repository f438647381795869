import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseByteSize } from '../../src/checks/net/http/byte-size.ts';
import { isAcceptable } from '../../src/checks/net/http/content-coding.ts';
import { formatHostPort, parseHostPort } from '../../src/checks/net/host-port.ts';
import { parseHttpDate } from '../../src/checks/net/http/http-headers.ts';
import { hostOf, parseTarget, portOf, shownUrl, withoutPassword } from '../../src/lib/http-url.ts';
import { compilePattern } from '../../src/lib/pattern.ts';
import { expandTemplate } from '../../src/checks/net/stream/template.ts';
import { anyText, holds, inTime } from '../support/fuzz.ts';

describe('a template', () => {
  const match = compilePattern('^(?P<first>[^-]*)-(.*)$').find('one-two');
  if (match === undefined) throw new Error('the expression shall match');
  const template = fc
    .array(fc.oneof(fc.constantFrom('$', '${', '}', '1', 'first', '$$', '${2}', 'x'), anyText(5)), {
      maxLength: 20,
    })
    .map((parts) => parts.join(''));

  test('never throws, and grows by no more than its groups', () => {
    holds(
      fc.property(template, (text) => {
        const expanded = inTime(() => expandTemplate(text, match));
        expect(expanded.length).toBeLessThanOrEqual(text.length * 'one-two'.length);
      }),
      2500,
    );
  });

  test('in which every dollar is doubled is the text that it was', () => {
    holds(
      fc.property(template, (text) => {
        expect(expandTemplate(text.replaceAll('$', '$$$$'), match)).toBe(text);
      }),
      3000,
    );
  });

  test('gives each group by its number and its name', () => {
    holds(
      fc.property(anyText(20), anyText(20), (before, after) => {
        const plain = (text: string): string => text.replaceAll('$', '');
        const text = `${plain(before)}\${1}\${first}\${2}\${none}${plain(after)}`;
        expect(expandTemplate(text, match)).toBe(`${plain(before)}oneonetwo${plain(after)}`);
      }),
      1000,
    );
  });

  test('a group may hold anything, and is not expanded again', () => {
    holds(
      fc.property(anyText(40), (value) => {
        const found = compilePattern('(?s)^(.*)$').find(value);
        expect(found).toBeDefined();
        if (found === undefined) return;
        expect(expandTemplate('<${1}>', found)).toBe(`<${found[1]}>`);
        expect(found[1]).toBe(value);
      }),
      2000,
    );
  });
});

describe('host and port', () => {
  const name = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);
  const host = fc.oneof(name, fc.ipV4(), fc.ipV6());

  test('that were written read back as they were', () => {
    holds(
      fc.property(host, fc.nat(65_535), (one, port) => {
        expect(parseHostPort(formatHostPort(one, port))).toEqual({ host: one, port });
      }),
      3000,
    );
  });

  test('of any text are a host and a port that can be, or nothing', () => {
    const soup = fc.array(
      fc.constantFrom('[', ']', ':', '::', '.', '1', '99999', 'a', '%', '@', '/'),
    );
    holds(
      fc.property(
        fc.oneof(
          soup.map((parts) => parts.join('')),
          anyText(40),
        ),
        (text) => {
          const place = inTime(() => parseHostPort(text, 80));
          if (place === undefined) return;
          expect(place.port).toBeGreaterThanOrEqual(0);
          expect(place.port).toBeLessThanOrEqual(65_535);
          expect(text).toContain(place.host);
        },
      ),
      2500,
    );
  });
});

describe('a URL', () => {
  const scheme = fc.constantFrom('', 'http://', 'https://', 'HTTP://', 'hTTps://', 'http:///');
  const user = fc.stringMatching(/^[a-z@%.!$&'()*+,;=~_-]{0,10}$/);
  const secret = 'correct-horse-battery';
  const tail = fc.constantFrom('', '/', '/path@x:y@z', '?q=@', '#a@b', '/a:b@c');
  const place = fc.constantFrom('h', 'h.example:80', '127.0.0.1', '[::1]:8080');

  test('as it is shown has no password in it, nor has the target as it was typed', () => {
    holds(
      fc.property(scheme, user, place, tail, (start, name, at, end) => {
        const target = `${start}${name}:${secret}@${at}${end}`;
        const url = parseTarget(target);
        if (url === undefined) return;
        expect(decodeURIComponent(url.password)).toBe(secret);
        expect(shownUrl(url)).not.toContain(secret);
        expect(withoutPassword(target)).not.toContain(secret);
        expect(withoutPassword(target)).toContain(at);
      }),
      3000,
    );
  });

  test('without a password is shown as it was typed', () => {
    holds(
      fc.property(scheme, place, tail, (start, at, end) => {
        expect(withoutPassword(`${start}${at}${end}`)).toBe(`${start}${at}${end}`);
      }),
      500,
    );
  });

  test('of any text never throws, and has a host and a port that can be', () => {
    const soup = fc
      .array(
        fc.constantFrom('http:', '/', '//', '\\', '@', ':', '[', ']', '%zz', '%00', 'ü', 'x', '?'),
      )
      .map((parts) => parts.join(''));
    holds(
      fc.property(fc.oneof(soup, anyText(60)), (text) => {
        const url = inTime(() => parseTarget(text));
        inTime(() => withoutPassword(text));
        if (url === undefined) return;
        expect(portOf(url)).toBeLessThanOrEqual(65_535);
        // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
        expect(hostOf(url)).not.toMatch(/[\0-\x20/?#@]/);
        expect(shownUrl(url)).toMatch(/^https?:\/\//);
      }),
      2500,
    );
  });
});

test('small parsers of headers and sizes take any text', () => {
  holds(
    fc.property(anyText(80), (text) => {
      const size = inTime(() => parseByteSize(text));
      if (size !== undefined) expect(Number.isNaN(size)).toBe(false);
      const date = inTime(() => parseHttpDate(text));
      if (date !== undefined) expect(Number.isFinite(date)).toBe(true);
      expect(typeof inTime(() => isAcceptable('gzip', text))).toBe('boolean');
    }),
    3000,
  );
});

test('a date reads back as the second that it was', () => {
  const last = Date.UTC(9999, 11, 31) / 1000;
  holds(
    fc.property(fc.integer({ min: 0, max: last }), (seconds) => {
      expect(parseHttpDate(new Date(seconds * 1000).toUTCString())).toBe(seconds);
    }),
    2000,
  );
});
