/*
 * The load of the bench, in a process of its own: asks one address again and again over connections that
 * it keeps, as Prometheus does. Bounded in count and in time, and for loopback only.
 *
 *   POST /slice   what to ask, as a `Slice`; answers with a `SliceResult` once it is over
 */
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { buffer, json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

/** One stretch of load; it ends with its time or its count, whichever is first. */
export interface Slice {
  /** Where on loopback to ask. */
  readonly url: string;
  /** What the body of a good answer holds. */
  readonly expects: string;
  /** Requests under way at the same time. */
  readonly concurrency: number;
  readonly seconds: number;
  readonly requestsMax: number;
  /**
   * Milliseconds from one request to the next, whatever became of the former; 0 for the next one at once.
   * A request is timed from when it was due, so that a server that stands still is seen in each of them.
   */
  readonly everyMs: number;
}

export interface SliceResult {
  /** From sending a request, or from when it was due, to the end of its answer. */
  readonly latenciesMs: readonly number[];
  /** From the first request to the end of the last answer. */
  readonly seconds: number;
  /** Bytes of the latest body. */
  readonly bytes: number;
  /** What was wrong with the first answer that was not as expected; such answers have no latency. */
  readonly failure?: string;
}

/** Nobody needs more of the bench, and a mistake shall not run on. */
const secondsMax = 60;
const requestsMax = 100_000;
const answerTimeoutMs = 10_000;

async function ask(url: string, agent: Agent): Promise<{ status: number; body: Buffer }> {
  const headers = { 'X-Prometheus-Scrape-Timeout-Seconds': '10' };
  const signal = AbortSignal.timeout(answerTimeoutMs);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent, headers, signal }, resolve).once('error', reject);
  });
  return { status: response.statusCode ?? 0, body: await buffer(response) };
}

async function load(slice: Slice): Promise<SliceResult> {
  const { url, expects, everyMs } = slice;
  if (new URL(url).hostname !== '127.0.0.1') throw new Error(`${url} is not on loopback`);
  using agent = Object.assign(new Agent({ keepAlive: true, maxSockets: slice.concurrency }), {
    [Symbol.dispose]: () => agent.destroy(),
  });
  const latenciesMs: number[] = [];
  let bytes = 0;
  let failure: string | undefined;
  let begun = 0;
  const most = Math.min(slice.requestsMax, requestsMax);
  const startMs = performance.now();
  const endMs = startMs + Math.min(slice.seconds, secondsMax) * 1000;
  const worker = async (): Promise<void> => {
    while (begun < most && failure === undefined) {
      const dueMs = startMs + begun * everyMs;
      begun += 1;
      if (dueMs >= endMs || performance.now() >= endMs) return;
      if (everyMs > 0) await wait(Math.max(0, dueMs - performance.now()));
      const sentMs = everyMs > 0 ? dueMs : performance.now();
      const { status, body } = await ask(url, agent);
      latenciesMs.push(performance.now() - sentMs);
      bytes = body.length;
      if (status !== 200 || !body.includes(expects)) {
        failure ??= `${url} answered ${status} without ${expects}: ${body.toString('utf8', 0, 300)}`;
      }
    }
  };
  await Promise.all(Array.from({ length: slice.concurrency }, worker));
  const seconds = (performance.now() - startMs) / 1000;
  return { latenciesMs, seconds, bytes, ...(failure === undefined ? {} : { failure }) };
}

const doSlice = async (slice: unknown): Promise<string> =>
  JSON.stringify(await load(slice as Slice));

createServer((request, response) => {
  const answer = request.url === '/slice' ? json(request).then(doSlice) : Promise.resolve('');
  answer.then(
    (text) => response.end(text),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
}).listen(Number(process.argv[2]), '127.0.0.1');
