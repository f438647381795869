import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { createServer as createTlsServer } from 'node:tls';
import {
  certificateKinds,
  type CertificateKind,
  type Certificates,
} from './random-certificates.ts';
import { diceOf, present, type Dice, type RandomCase, type RandomServer } from './random-case.ts';
import { randomTlsConfig } from './random-http.ts';
import { randomPattern, randomWord } from './random-pattern.ts';
import { eventually } from './eventually.ts';
import { listen } from './tcp-server.ts';

/** One thing that a server does with a connection. */
type Move =
  | { readonly say: string }
  | { readonly hear: number }
  | { readonly secure: true }
  | { readonly end: 'end' | 'reset' }
  | { readonly waitMs: number };

interface TcpScript {
  readonly certificate: CertificateKind;
  readonly isTls: boolean;
  readonly moves: readonly Move[];
  readonly host: string;
}

const ends = ['\r\n', '\n', '\n', '\r\n', '\r\r\n'] as const;

/** A line that a server says, and a step that waits for it, or for another one. */
function randomExchange(dice: Dice): { readonly moves: Move[]; readonly steps: object[] } {
  const [first, second] = [randomWord(dice), randomWord(dice)];
  const line = `${dice.pick(['220', '250-', 'ok', ''])} ${first} ${second}`;
  const pattern = dice.weighted([
    [6, () => '^(\\S*) (.*)$'],
    [2, () => '^(?P<code>\\d+)[ -](?P<rest>.*)$'],
    [2, () => '(.*) (.*) (.*)'],
    [3, () => randomPattern(dice)],
    [1, () => 'this is never said'],
  ]);
  const send = dice.pick([
    'HELO $1',
    '${1}-${2}',
    '$code ${rest}!',
    '$$ and $9 and ${10}',
    '$1x ${1}x $',
    'plain',
    '${',
    '$name ${other}',
    'two\nlines',
  ]);
  const noise = dice.several(0, 2, (): Move => ({ say: `${randomWord(dice)}${dice.pick(ends)}` }));
  const parts = dice.chance(0.2) ? [line.slice(0, 3), line.slice(3)] : [line];
  const said = [...noise, ...parts.map((part): Move => ({ say: part }))];
  const isHeard = dice.chance(0.8);
  const lines = send === 'two\nlines' ? 2 : 1;
  return {
    moves: [...said, { say: dice.pick(ends) }, ...(isHeard ? [{ hear: lines }] : [])],
    steps: [
      present({
        expect: dice.chance(0.95) ? pattern : undefined,
        send: isHeard ? send : undefined,
      }),
    ],
  };
}

function randomTcpScript(dice: Dice): { readonly script: TcpScript; readonly steps: object[] } {
  const exchanges = dice.several(0, 4, () => randomExchange(dice));
  const isTls = dice.chance(0.2);
  const moves: Move[] = [];
  const steps: object[] = [];
  // At the beginning, where no line that was said too much can get between.
  if (!isTls && dice.chance(0.3)) {
    moves.push({ say: '220 ready\r\n' }, { hear: 1 }, { secure: true });
    steps.push({ expect: '^220 ready$', send: 'STARTTLS', starttls: true });
  }
  for (const exchange of exchanges) {
    moves.push(...exchange.moves);
    steps.push(...exchange.steps);
  }
  if (dice.chance(0.1)) steps.push({ expect: '^more$' });
  const end = dice.weighted<Move[]>([
    [14, () => [{ end: 'end' }]],
    [2, () => []],
    [1, () => [{ waitMs: 300 }, { end: 'reset' }]],
  ]);
  const certificate = dice.chance(0.5) ? 'good' : dice.pick(certificateKinds);
  const host = dice.weighted([
    [6, () => '127.0.0.1'],
    [3, () => 'localhost'],
    [1, () => '[::1]'],
  ]);
  return { script: { certificate, isTls, moves: [...moves, ...end], host }, steps };
}

/** A module of the tcp prober with a server that follows a script. */
export function randomTcpCase(seed: number, certificates: Certificates): RandomCase {
  const dice = diceOf(seed);
  const { script, steps } = randomTcpScript(dice);
  // The first bytes of TLS are never the same, and a server that expects lines takes them for some.
  const isUnderstood = dice.chance(0.95) || steps.some((step) => 'starttls' in step);
  const block = present({
    query_response: dice.chance(0.9) ? steps : undefined,
    tls: isUnderstood ? script.isTls : !script.isTls,
    tls_config: dice.maybe(0.8, () => randomTlsConfig(dice, certificates.caFile)),
    preferred_ip_protocol: dice.maybe(0.3, () => dice.pick(['ip4', 'ip6', 'ip5', ''])),
    ip_protocol_fallback: dice.maybe(0.15, () => dice.chance(0.5)),
    source_ip_address: dice.maybe(0.1, () =>
      dice.pick(['127.0.0.1', '127.0.0.5', '::1', 'nowhere']),
    ),
  });
  return {
    seed,
    module: { prober: 'tcp', timeout: '1500ms', tcp: block },
    behaviour: script,
    isTimed: true,
    losesEnd: true,
    start: () => startRandomTcp(script, certificates, isUnderstood),
  };
}

async function startRandomTcp(
  script: TcpScript,
  certificates: Certificates,
  isUnderstood: boolean,
): Promise<RandomServer> {
  const seen: string[] = [];
  let playing = 0;
  const tls = certificates.of(script.certificate);
  const serve = (socket: Socket): void => {
    socket.on('error', () => {});
    playing += 1;
    void play(socket, script.moves, { tls, seen })
      .catch(() => socket.destroy())
      .finally(() => {
        playing -= 1;
      });
  };
  const plain = script.isTls ? createTlsServer(tls, serve) : createServer(serve);
  plain.on('tlsClientError', () => {});
  const server = await listen(plain, script.host === '[::1]' ? '::1' : '127.0.0.1');
  return {
    target: `${script.host}:${server.port}`,
    async seen() {
      await eventually(() => playing === 0, `it is over: ${JSON.stringify(script)}`);
      const lines = seen.splice(0);
      return isUnderstood ? lines : [];
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

interface Scene {
  readonly tls: { readonly cert: string; readonly key: string };
  readonly seen: string[];
}

async function play(start: Socket, moves: readonly Move[], { tls, seen }: Scene): Promise<void> {
  let socket = start;
  const hear = lineReader(() => socket, seen);
  for (const move of moves) {
    if ('say' in move) socket.write(move.say);
    else if ('hear' in move) await hear(move.hear);
    else if ('waitMs' in move) await new Promise((resolve) => setTimeout(resolve, move.waitMs));
    else if ('secure' in move) {
      const secureContext = createSecureContext(tls);
      socket = new TLSSocket(socket, { isServer: true, secureContext });
      // A handshake that fails ends neither of the two sockets by itself.
      for (const event of ['error', '_tlsError', 'close']) socket.on(event, () => start.destroy());
    } else if (move.end === 'reset') socket.resetAndDestroy();
    else socket.end();
  }
  socket.resume();
}

/** Where so many lines end; 0 as long as they do not. */
function endOfLine(text: string, lines: number): number {
  let end = 0;
  for (let line = 0; line < lines; line += 1) {
    end = text.indexOf('\n', end) + 1;
    if (end === 0) return 0;
  }
  return end;
}

/** Waits for so many lines, and keeps them. */
function lineReader(socketNow: () => Socket, seen: string[]): (lines: number) => Promise<void> {
  return async (lines) => {
    const socket = socketNow();
    let text = '';
    for (;;) {
      const chunk = socket.read() as Buffer | null;
      if (chunk !== null) text += chunk.toString('latin1');
      const end = endOfLine(text, lines);
      if (end > 0) {
        // What follows may be the beginning of TLS.
        if (end < text.length) socket.unshift(Buffer.from(text.slice(end), 'latin1'));
        text = text.slice(0, end);
        break;
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      socket.once('readable', resolve);
      for (const event of ['end', 'close', 'error', '_tlsError']) {
        socket.once(event, () => reject(new Error(event)));
      }
      if (socket.destroyed || socket.readableEnded) reject(new Error('over'));
      await promise;
    }
    seen.push(text);
  };
}
