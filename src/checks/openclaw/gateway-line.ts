import * as v from 'valibot';
import type { WebSocket } from 'ws';
import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import { openclawMessageBytesMax } from '../../model/openclaw-limits.ts';
import type { Failure } from '../net/failure.ts';
import type { Credential } from './credential.ts';
import { gatewaySocket, type GatewayTls } from './gateway-socket.ts';

/** A conversation with a gateway that is kept from one look to the next, with the right to read. */
export interface GatewayLine {
  readonly version: string;
  /** The names of the calls that this version has. */
  readonly methods: ReadonlySet<string>;
  /** One call; its answer, or why there is none within the deadline. */
  ask(
    method: string,
    parameters?: object,
    withinMs?: number,
  ): Promise<{ readonly payload: unknown } | (Failure & Partial<Refusal>)>;
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
function introduction({ credential, scope }: Place): object {
  return {
    minProtocol: 4,
    maxProtocol: 4,
    role: 'operator',
    scopes: [scope],
    caps: [],
    client: { id: 'gateway-client', mode: 'backend', version: '0', platform: 'linux' },
    ...(credential.kind === 'known'
      ? { auth: { [credential.as]: credential.secret.reveal() } }
      : {}),
  };
}

/** Where and how a gateway is talked to. */
export interface Place {
  readonly port: number;
  /** How TLS is verified; undefined without TLS. */
  readonly tls: GatewayTls | undefined;
  readonly credential: Credential;
  readonly scope: 'operator.read' | 'operator.write';
  /** For the connection and the login, and for each call that does not say otherwise. */
  readonly deadlineMs: number;
}

/** Connects, and logs in with the right that `place` says. */
export async function openLine(
  place: Place,
  clock: Clock,
): Promise<GatewayLine | Failure | Refusal> {
  const { port, tls, deadlineMs } = place;
  const untilMs = clock.now().steadyMs + deadlineMs;
  const leftMs = (): number => Math.max(1, untilMs - clock.now().steadyMs);
  const peer = `127.0.0.1:${port}`;
  const socket = await gatewaySocket(port, tls, deadlineMs, clock);
  if ('reason' in socket) return socket;
  const { WebSocket } = await import('ws');
  const websocket = new WebSocket(`ws://${peer}/`, {
    createConnection: () => socket,
    perMessageDeflate: false,
    maxPayload: openclawMessageBytesMax,
  });
  const talk = createTalk(websocket, peer, clock, deadlineMs);
  const challenge = await talk.challenged(leftMs());
  const answer =
    'reason' in challenge ? challenge : await talk.send('connect', introduction(place), leftMs());
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
    async ask(method, parameters = {}, withinMs = deadlineMs) {
      const result = await talk.send(method, parameters, withinMs);
      if ('reason' in result) return result;
      if (result.ok === true) return { payload: result.payload };
      const code = codeOf(result);
      // Not that the agent may not ask, but that the gateway cannot answer.
      const reason =
        code === 'UNAVAILABLE' ? 'status' : code === 'MISSING_SCOPE' ? 'permission' : 'protocol';
      return { reason, code, summary: `the gateway refuses ${method}: ${code}` };
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
  const wait = async (
    id: string,
    doing: string,
    withinMs = deadlineMs,
  ): Promise<Frame | Failure> => {
    const { promise, resolve } = Promise.withResolvers<Frame | Failure>();
    const cancel = clock.after(withinMs, () => {
      const summary = `no answer within ${humanDuration(withinMs)} while ${doing}`;
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
    if (said === undefined) {
      end({ reason: 'protocol', summary: `${peer} talks nonsense` });
      websocket.terminate();
      return;
    }
    if (said.event === 'tick') tickMs = clock.now().steadyMs;
    const id = said.event === 'connect.challenge' ? challenge : said.id;
    if (id !== undefined && (said.type === 'res' || id === challenge)) waiting.get(id)?.(said);
  });
  websocket.on('error', (error) => {
    const summary = `${peer} does not speak as a gateway does: ${error.message}`;
    end({ reason: 'protocol', summary });
    websocket.terminate();
  });
  websocket.on('close', (code) =>
    end({ reason: 'protocol', summary: `${peer} closed the connection with code ${code}` }),
  );
  return {
    challenged: async (withinMs: number) =>
      wait(challenge, `waiting for ${peer} to begin`, withinMs),
    async send(method: string, params: object, withinMs?: number): Promise<Frame | Failure> {
      if (ended !== undefined) return ended;
      count += 1;
      const id = String(count);
      websocket.send(JSON.stringify({ type: 'req', id, method, params }), () => undefined);
      return wait(id, `waiting for ${method}`, withinMs);
    },
    lastTickMs: () => tickMs,
    isOpen: () => ended === undefined,
  };
}

function frameOf(data: Buffer): Frame | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), frame), data.toString('utf8'));
  return parsed.success ? parsed.output : undefined;
}
