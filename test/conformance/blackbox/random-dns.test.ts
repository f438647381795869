import { test } from 'vitest';
import { randomDnsCase } from '../../support/random-dns.ts';
import { compareAll, seeds } from './random-contest.ts';

test('whatever a dns module says and a name server answers, both programs tell the same', async () => {
  await compareAll(seeds(150).map((seed) => randomDnsCase(seed)));
}, 900_000);
