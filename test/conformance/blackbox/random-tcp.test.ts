import { test } from 'vitest';
import { createCertificates } from '../../support/random-certificates.ts';
import { randomTcpCase } from '../../support/random-tcp.ts';
import { compareAll, seeds } from './random-contest.ts';

test('whatever a tcp module says and a server does, both programs tell the same', async () => {
  using certificates = createCertificates();
  await compareAll(seeds(100).map((seed) => randomTcpCase(seed, certificates)));
}, 900_000);
