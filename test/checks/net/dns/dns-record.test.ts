import { afterAll, describe, expect, test } from 'vitest';
import { decodeAnswer } from '../../../../src/checks/net/dns/dns-message.ts';
import { startOracle } from '../../../conformance/blackbox/kit/oracle.ts';
import { ask } from '../../../support/ask.ts';
import { ednsSamples } from '../../../support/dns-edns-samples.ts';
import { dnsAnswerOf, dnsSamples } from '../../../support/dns-samples.ts';
import { startUdpAnswers } from '../../../support/hostile-dns.ts';

const samples = [...dnsSamples, ...ednsSamples];

/** What the rules of a module say for exactly this text: RE2 takes a backslash before any sign. */
function exactly(wanted: string): string {
  return `^${wanted.replaceAll(/[^A-Za-z0-9]/g, String.raw`\$&`)}$`;
}

/** The name that a sample is asked for by. */
function nameOf(index: number): string {
  return `sample-${index}.test`;
}

const modules = Object.fromEntries(
  samples.map((sample, index) => [
    `m${index}`,
    {
      prober: 'dns',
      dns: {
        query_name: nameOf(index),
        preferred_ip_protocol: 'ip4',
        validate_answer_rrs: { fail_if_none_matches_regexp: [exactly(sample.text)] },
      },
    },
  ]),
);

describe('blackbox_exporter writes the same', async () => {
  const oracle = await startOracle({ modules: JSON.stringify({ modules }) });
  const server = await startUdpAnswers((query) => {
    const index = Number(/^sample-(\d+)/.exec(query.questions?.[0]?.name ?? '')?.[1]);
    const sample = samples[index];
    return sample === undefined ? [] : [dnsAnswerOf(sample, query.id ?? 0)];
  });
  afterAll(async () => {
    await oracle?.[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const cases = samples.map((sample, index) => [sample.title, sample, index] as const);
  test.skipIf(oracle === undefined).each(cases)('%s', async (_title, sample, index) => {
    const answer = await ask(`${oracle?.url}/probe?module=m${index}&target=${server.address}`);
    const isSame = answer.body.includes('\nprobe_success 1');
    expect(isSame).toBe(sample.apart === undefined);
  });
});

test.each(samples.map((sample) => [sample.title, sample] as const))('%s', (_title, sample) => {
  const answer = decodeAnswer(dnsAnswerOf(sample, 1), 'peer');
  expect('answers' in answer ? answer.answers.map((record) => record.text) : answer).toEqual([
    sample.text,
  ]);
});
