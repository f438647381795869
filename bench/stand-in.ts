/*
 * The world of the bench, in a process of its own: a hundred web targets for each side, and the webhook
 * that each side tells. Probes and messages are counted and timed here, by one clock, so that neither
 * side's own account is believed.
 *
 *   GET  /target/SIDE/N     200, or 503 while N is among the failing
 *   POST /hook/SIDE         a message in Alertmanager's webhook format
 *   POST /failing?count=N   from now on the targets 1 to N fail
 *   GET  /state             what was seen, as `StandInState`
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';

/** What the stand-in has seen of one side. */
interface Seen {
  probes: number;
  /** Milliseconds from the first failing answer of a target to the first message about it. */
  readonly latenciesMs: number[];
}

export interface StandInState {
  readonly tocsin: Readonly<Seen>;
  readonly peers: Readonly<Seen>;
}

const seen: Record<string, Seen> = {
  tocsin: { probes: 0, latenciesMs: [] },
  peers: { probes: 0, latenciesMs: [] },
};
/** When a target (`SIDE/N`) first answered that it fails. */
const failedAtMs = new Map<string, number>();
const told = new Set<string>();
let failing = 0;

function answerProbe(side: string, number: number, response: ServerResponse): void {
  const counts = seen[side];
  if (counts !== undefined) counts.probes += 1;
  const fails = number <= failing;
  response.writeHead(fails ? 503 : 200, { 'content-type': 'application/json' });
  response.end(`{"ok":${!fails}}\n`, () => {
    const target = `${side}/${number}`;
    if (fails && !failedAtMs.has(target)) failedAtMs.set(target, performance.now());
  });
}

interface Message {
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

async function takeMessage(side: string, request: IncomingMessage): Promise<void> {
  const arrivedAtMs = performance.now();
  const { alerts } = JSON.parse(await text(request)) as Message;
  for (const { status, labels } of alerts) {
    const [target = ''] = /[a-z]+\/\d+$/.exec(labels['target'] ?? labels['instance'] ?? '') ?? [];
    const failedMs = failedAtMs.get(target);
    if (status !== 'firing' || failedMs === undefined || told.has(target)) continue;
    told.add(target);
    seen[side]?.latenciesMs.push(arrivedAtMs - failedMs);
  }
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://stand-in');
  const [, place, side = '', number] = url.pathname.split('/');
  if (place === 'target') return answerProbe(side, Number(number), response);
  if (place === 'failing') failing = Number(url.searchParams.get('count'));
  if (place !== 'hook') return response.end(place === 'state' ? JSON.stringify(seen) : '');
  takeMessage(side, request).then(
    () => response.end(),
    () => response.writeHead(400).end(),
  );
});

server.listen(Number(process.argv[2]), '127.0.0.1');
