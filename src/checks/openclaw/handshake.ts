import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import type { Failure } from '../net/failure.ts';
import { openLine, type GatewayLine, type Place } from './gateway-line.ts';
import { ill, well, type Found } from './part.ts';
import type { Scene } from './scene.ts';

/** For the login and for each call; less where the check itself has less time. */
const deadlineMaxMs = 10_000;

/** The connection to a gateway, which is kept. */
export interface Handshake {
  /** Sees to it that there is a connection, and says how that went. */
  greet(scene: Scene): Promise<Found>;
  /** The connection while it is open. */
  line(): GatewayLine | undefined;
  /** It was open once, and has ended since. */
  isLost(): boolean;
  close(): void;
}

export function createHandshake(clock: Clock): Handshake {
  let line: GatewayLine | undefined;
  let greeting = well('not asked: the gateway does not answer');

  const connect = async (scene: Scene): Promise<Found> => {
    const place = placeOf(scene, 'operator.read');
    if ('status' in place) return place;
    const startMs = clock.now().steadyMs;
    line?.close();
    line = undefined;
    const opened = await openLine(place, clock);
    const isSilent = 'reason' in opened && opened.unknown !== true && opened.reason !== 'tls';
    const streak = scene.history.note('handshake', isSilent, scene.now);
    if ('code' in opened) return refused(opened.code);
    if ('reason' in opened) return notLetIn(opened, streak.inRow);
    line = opened;
    return welcome(opened, clock.now().steadyMs - startMs);
  };

  return {
    async greet(scene) {
      if (line?.isOpen() !== true) greeting = await connect(scene);
      return greeting;
    },
    line: () => (line?.isOpen() === true ? line : undefined),
    isLost: () => line?.isOpen() === false,
    close: () => line?.close(),
  };
}

/** Milliseconds that a question may take, so that the run still ends in time. */
export function patienceMs({ run, clock }: Scene): number {
  const leftMs = run.startedAt.steadyMs + run.timeoutMs - clock.now().steadyMs;
  return Math.max(1000, Math.min(deadlineMaxMs, leftMs - 1000));
}

/** How the gateway is talked to with a right, or why it cannot be. */
export function placeOf(scene: Scene, scope: Place['scope']): Place | Found {
  const { installation, options, isTls } = scene;
  const { port, credential, certificatePath } = installation;
  if (credential.kind === 'missing') return ill('unknown', credential.reason, credential.why);
  return {
    port,
    tls: isTls ? { config: options.tls_config, certificatePath } : undefined,
    credential,
    scope,
    deadlineMs: patienceMs(scene),
  };
}

function notLetIn({ reason, summary, unknown }: Failure, inRow: number): Found {
  if (unknown === true) return ill('unknown', reason, summary);
  if (reason === 'tls') return ill('warning', reason, summary);
  const what = `the gateway answers HTTP, but lets nobody in (its state database, or a handler, stands still): ${summary}`;
  return inRow >= 2 ? { ...ill('critical', reason, what), because: ['storage'] } : well(what);
}

function welcome({ version }: GatewayLine, tookMs: number): Found {
  const seconds = { metric: 'seconds', value: tookMs / 1000, unit: 's' };
  const found = well(`let in by OpenClaw ${version} within ${humanDuration(tookMs)}`, [seconds]);
  return version === '' ? found : { ...found, facts: [{ name: 'version', text: version }] };
}

function refused(code: string): Found {
  if (code === 'PROTOCOL_MISMATCH') {
    return well('this version speaks another protocol, and is not asked any more than that');
  }
  return ill('warning', 'auth', `the gateway does not let the agent in with its token: ${code}`);
}
