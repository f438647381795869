/*
 * The webhook of the bench of alerts, in a process of its own: it notes when it first hears of each change.
 * A change says in its annotation `sent` when it was posted, in milliseconds since 1970.
 *
 *   POST /hook/SIDE      a message in Alertmanager's webhook format
 *   GET  /heard/SIDE     what was heard, as `Heard`
 *   GET  /               200
 */
import { createServer, type IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';

export interface Heard {
  readonly messages: number;
  /** Milliseconds from posting a change to the request that told it, by the kind of its alert. */
  readonly latenciesMs: Readonly<Record<string, readonly number[]>>;
}

interface Message {
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

interface Ear {
  messages: number;
  readonly changes: Set<string>;
  readonly latenciesMs: Record<string, number[]>;
}

const ears = new Map<string, Ear>();

function earOf(side: string): Ear {
  const ear = ears.get(side) ?? { messages: 0, changes: new Set(), latenciesMs: {} };
  ears.set(side, ear);
  return ear;
}

async function hear(side: string, request: IncomingMessage): Promise<void> {
  const arrivedAtMs = performance.timeOrigin + performance.now();
  const { alerts } = JSON.parse(await text(request)) as Message;
  const ear = earOf(side);
  ear.messages += 1;
  for (const { status, labels, annotations } of alerts) {
    const { number = '', kind = '' } = labels;
    const sent = annotations['sent'] ?? '';
    const change = `${number} ${status} ${sent}`;
    if (ear.changes.has(change)) continue;
    ear.changes.add(change);
    (ear.latenciesMs[kind] ??= []).push(arrivedAtMs - Number(sent));
  }
}

const server = createServer((request, response) => {
  const [, place, side = ''] = (request.url ?? '/').split('/');
  if (place !== 'hook') {
    const { messages, latenciesMs } = earOf(side);
    response.end(JSON.stringify({ messages, latenciesMs } satisfies Heard));
    return;
  }
  hear(side, request).then(
    () => response.end(),
    () => response.writeHead(400).end(),
  );
});

server.listen(Number(process.argv[2]), '127.0.0.1');
