import type { GatewayLine } from './gateway-line.ts';
import { patienceMs } from './handshake.ts';
import { ill, well, type Found } from './part.ts';
import type { Scene } from './scene.ts';

/** What a call gave: a payload, or a finding that says why not. */
export type Answer = { readonly payload: unknown } | { readonly found: Found };

export type Call = (method: string, parameters?: object) => Promise<Answer>;

/**
 * Calls what this version has; what it has not is said. One call without an answer may be chance, two are
 * critical, and a consequence if the database or all of the connection is not well.
 */
export function callOn(line: GatewayLine, scene: Scene): Call {
  const { history, now } = scene;
  return async (method, parameters) => {
    if (!line.methods.has(method)) return { found: well(`this version does not offer ${method}`) };
    const answer = await line.ask(method, parameters, patienceMs(scene));
    const isDown =
      'reason' in answer && (answer.reason === 'timeout' || answer.reason === 'status');
    const name = `call ${method} ${JSON.stringify(parameters ?? {})}`;
    const streak = history.note(name, isDown, now);
    if (!('reason' in answer)) return answer;
    const { reason, summary } = answer;
    if (reason === 'permission') {
      const what = `${summary}: the token has to give the right operator.read`;
      return { found: ill('unknown', reason, what) };
    }
    if (answer.code === 'INVALID_REQUEST') {
      return { found: well(`this version does not offer ${method} in the way it is asked`) };
    }
    if (!isDown) return { found: ill('unknown', reason, summary) };
    if (streak.inRow < 2) return { found: well(summary) };
    return { found: { ...ill('critical', reason, summary), because: ['storage', 'handshake'] } };
  };
}

/** Several calls without an answer are one finding: the gateway lets in, and then nothing. */
const silentCallsMin = 3;

/** What the handshake says once the calls have been made over it. */
export function afterCalls(handshake: Found, answers: readonly Answer[]): Found {
  const silent = answers.flatMap((one) =>
    'found' in one && one.found.status === 'critical' ? [one.found] : [],
  );
  const [first] = silent;
  if (first === undefined || silent.length < silentCallsMin) return handshake;
  const what = `the gateway lets the agent in, but does not answer ${silent.length} of ${answers.length} questions: ${first.summary}`;
  return { ...ill('critical', first.reason ?? 'status', what), because: ['storage'] };
}
