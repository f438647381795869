import * as v from 'valibot';
import type { WebSocket } from 'ws';
import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import { websocketMessageBytesMax } from '../../model/limits.ts';
import type { Secret } from '../../model/secret.ts';
import { connectFailure, type Failure } from '../net/failure.ts';

/** A conversation with a gateway that is kept from one look to the next, with the right to read. */
export interface GatewayLine {
  readonly version: string;
  /** The names of the calls that this version has. */
  readonly methods: ReadonlySet<string>;
  /** One call; its answer, or why there is none within the deadline. */
  ask(method: string, parameters?: object): Promise<{ readonly payload: unknown } | Failure>;
  /** Steady milliseconds of the last tick, at first of the login. */
  lastTickMs(): number;
  isOpen(): boolean;
  close(): void;
}

/** Why a gateway that answered let nobody in. */
export interface Refusal {
  readonly code: string;
}

const frame = v.object({
  type: v.string(),
  event: v.optional(v.string()),
  id: v.optional(v.string()),
  ok: v.optional(v.boolean()),
  payload: v.optional(v.unknown()),
  error: v.optional(v.object({ code: v.optional(v.string()), details: v.optional(v.unknown()) })),
});

type Frame = v.InferOutput<typeof frame>;

const details = v.object({ code: v.string() });

const hello = v.object({
  server: v.object({ version: v.optional(v.string(), '') }),
  features: v.object({ methods: v.array(v.string()) }),
});

/** What the gateway is told; it lets in only names that it knows. */
function introduction(token: Secret): object {
  return {
    minProtocol: 4,
    maxProtocol: 4,
    role: 'operator',
    scopes: ['operator.read'],
    caps: [],
    client: { id: 'gateway-client', mode: 'backend', version: '0', platform: 'linux' },
    auth: { token: token.reveal() },
  };
}

interface Place {
  readonly port: number;
  readonly isTls: boolean;
  readonly token: Secret;
  /** For the login as a whole, and for each call. */
  readonly deadlineMs: number;
}

/** Connects, and logs in with the right to read. */
export async function openLine(
  { port, isTls, token, deadlineMs }: Place,
  clock: Clock,
): Promise<GatewayLine | Failure | Refusal> {
  const { WebSocket } = await import('ws');
  const peer = `127.0.0.1:${port}`;
  const websocket = new WebSocket(`${isTls ? 'wss' : 'ws'}://${peer}/`, {
    perMessageDeflate: false,
    maxPayload: websocketMessageBytesMax,
  });
  const talk = createTalk(websocket, peer, clock, deadlineMs);
  const challenge = await talk.challenged;
  const answer =
    'reason' in challenge ? challenge : await talk.send('connect', introduction(token));
  if ('reason' in answer || answer.ok !== true) {
    websocket.terminate();
    return 'reason' in answer ? answer : { code: codeOf(answer) };
  }
  const parsed = v.safeParse(hello, answer.payload);
  if (!parsed.success) {
    websocket.terminate();
    return { reason: 'protocol', summary: `${peer} greets in a way that is not understood` };
  }
  return {
    version: parsed.output.server.version,
    methods: new Set(parsed.output.features.methods),
    async ask(method, parameters = {}) {
      const result = await talk.send(method, parameters);
      if ('reason' in result) return result;
      if (result.ok === true) return { payload: result.payload };
      const code = codeOf(result);
      // Not that the agent may not ask, but that the gateway cannot answer.
      const reason = code === 'UNAVAILABLE' ? 'status' : 'protocol';
      return { reason, summary: `the gateway refuses ${method}: ${code}` };
    },
    lastTickMs: talk.lastTickMs,
    isOpen: talk.isOpen,
    close: () => websocket.terminate(),
  };
}

/** The most exact word for a refusal. */
function codeOf({ error }: Frame): string {
  const exact = v.safeParse(details, error?.details);
  return exact.success ? exact.output.code : (error?.code ?? 'without a code');
}

/** Sends requests and tells their answers from what the gateway says unasked. */
function createTalk(websocket: WebSocket, peer: string, clock: Clock, deadlineMs: number) {
  const waiting = new Map<string, (answer: Frame | Failure) => void>();
  let ended: Failure | undefined;
  let tickMs = clock.now().steadyMs;
  let count = 0;
  const challenge = 'challenge';
  const end = (failure: Failure): void => {
    ended ??= failure;
    for (const settle of waiting.values()) settle(failure);
  };
  const wait = async (id: string, doing: string): Promise<Frame | Failure> => {
    const { promise, resolve } = Promise.withResolvers<Frame | Failure>();
    const cancel = clock.after(deadlineMs, () => {
      const summary = `no answer within ${humanDuration(deadlineMs)} while ${doing}`;
      resolve({ reason: 'timeout', summary });
    });
    waiting.set(id, resolve);
    if (ended !== undefined) resolve(ended);
    try {
      return await promise;
    } finally {
      cancel();
      waiting.delete(id);
    }
  };
  websocket.on('message', (data: Buffer) => {
    const said = frameOf(data);
    if (said === undefined) return end({ reason: 'protocol', summary: `${peer} talks nonsense` });
    if (said.event === 'tick') tickMs = clock.now().steadyMs;
    const id = said.event === 'connect.challenge' ? challenge : said.id;
    if (id !== undefined && (said.type === 'res' || id === challenge)) waiting.get(id)?.(said);
    return undefined;
  });
  websocket.on('error', (error) => end(connectFailure(error, peer)));
  websocket.on('close', (code) =>
    end({ reason: 'protocol', summary: `${peer} closed the connection with code ${code}` }),
  );
  return {
    challenged: wait(challenge, `waiting for ${peer} to begin`),
    async send(method: string, params: object): Promise<Frame | Failure> {
      if (ended !== undefined) return ended;
      count += 1;
      const id = String(count);
      websocket.send(JSON.stringify({ type: 'req', id, method, params }), () => undefined);
      return wait(id, `waiting for ${method}`);
    },
    lastTickMs: () => tickMs,
    isOpen: () => ended === undefined,
  };
}

function frameOf(data: Buffer): Frame | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), frame), data.toString('utf8'));
  return parsed.success ? parsed.output : undefined;
}
