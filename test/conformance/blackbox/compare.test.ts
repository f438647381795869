import { expect, test } from 'vitest';
import { differences, implausibleTimes } from './kit/compare.ts';
import { readPage } from './kit/page.ts';

const page = (...lines: string[]) =>
  readPage(
    200,
    lines.map((line) => `# TYPE ${/^\w+/.exec(line)?.[0] ?? ''} gauge\n${line}\n`).join(''),
  );

const facts = ['probe_success 1', 'probe_http_version 1.1'];

test('the same is no difference, whatever the time it took', () => {
  const ours = page(...facts, 'probe_duration_seconds 0.5');
  expect(differences('http', ours, page('probe_duration_seconds 0.1', ...facts))).toEqual([]);
});

test('another value, status or label is a difference, and so is a family too few or too many', () => {
  const theirs = page(...facts);
  expect(differences('http', page('probe_success 0', facts[1] ?? ''), theirs)).toEqual([
    'probe_success is 0, not 1',
  ]);
  expect(differences('http', page('probe_success 1'), theirs)).toEqual([
    'probe_http_version is missing',
  ]);
  expect(differences('http', page(...facts, 'probe_http_ssl 0'), theirs)).toEqual([
    'probe_http_ssl is too much',
  ]);
  expect(differences('tcp', page('a{b="1"} 1'), page('a{b="2"} 1'))).toEqual([
    'a{b="2"} is missing',
    'a{b="1"} is too much',
  ]);
  expect(differences('tcp', readPage(400, ''), page())).toEqual(['status 400, not 200']);
});

test('what is known to differ is no difference: additions, and what came or went after 0.23', () => {
  const own = ['probe_failure_reason{reason="body"} 1', 'probe_timeout_seconds 9.5'];
  expect(differences('http', page(...facts, ...own), page(...facts))).toEqual([]);
  const regex = 'probe_failed_due_to_regex 0';
  expect(differences('tcp', page(...facts), page(...facts, regex))).toEqual([]);
  expect(differences('http', page(...facts), page(...facts, regex))).toEqual([
    'probe_failed_due_to_regex is missing',
  ]);
  const info = 'probe_ssl_last_chain_info{fingerprint_sha256="f",issuer="i"';
  const ours = page(`${info},serialnumber="0a",subject="s"} 1`);
  expect(differences('http', ours, page(`${info},subject="s"} 1`))).toEqual([]);
});

test('parts that are negative or longer than the whole are implausible', () => {
  const took = 'probe_duration_seconds 0.1';
  const phase = 'probe_http_duration_seconds{phase="connect"}';
  expect(implausibleTimes(page(took, `${phase} 0.1`))).toEqual([]);
  expect(implausibleTimes(page(took, `${phase} 0.2`))).toHaveLength(1);
  expect(implausibleTimes(page(took, `${phase} -0.1`))).toHaveLength(1);
});
