import { test } from 'vitest';
import { createCertificates } from '../../support/random-certificates.ts';
import { randomHttpCase } from '../../support/random-http.ts';
import { compareAll, seeds } from './random-contest.ts';

test('whatever an http module says and a server answers, both programs tell the same', async () => {
  using certificates = createCertificates();
  await compareAll(seeds(150).map((seed) => randomHttpCase(seed, certificates)));
}, 900_000);
