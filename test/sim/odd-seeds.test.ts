import { test } from 'vitest';
import { liveThrough } from './histories.ts';

test('nothing is lost, doubled or told too early, whatever happens', { timeout: 900_000 }, () =>
  liveThrough('odd'),
);
