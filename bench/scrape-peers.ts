/*
 * Asks addresses again and again, as Prometheus asks exporters: `scrape-peers.ts SECONDS URL…`. Prints how many
 * answers were not 200 once its input ends.
 */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

const [seconds = '30', ...urls] = process.argv.slice(2);
let failures = 0;

async function scrape(url: string): Promise<void> {
  const status = await fetch(url).then(
    async (response) => (await response.arrayBuffer(), response.status),
    () => 0,
  );
  if (status !== 200) failures += 1;
}

const ended = once(process.stdin.resume(), 'end').then(() => 'ended' as const);
for (;;) {
  const round = Promise.all(urls.map(scrape));
  const next = await Promise.race([ended, wait(Number(seconds) * 1000, 'next' as const)]);
  await round;
  if (next === 'ended') break;
}
process.stdout.write(`${failures}\n`, () => process.exit(0));
