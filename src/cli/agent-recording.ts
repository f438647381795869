import type { RecordingSource } from '../app/playback/replay.ts';
import type { Acknowledgement } from '../model/acknowledgement.ts';
import type { PlayedResult, RecordedNotification } from '../model/recording.ts';
import { instant, rfc3339, type Instant, type WallMs } from '../model/time.ts';
import type { Ask } from './agent-client.ts';

interface InstantAnswer {
  readonly at: string;
  readonly steadyMs: number;
}

interface FactsAnswer {
  readonly until: InstantAnswer;
  readonly runs: readonly {
    readonly startedAt: InstantAnswer;
    readonly formerEndedAt: InstantAnswer | null;
  }[];
  readonly silences: readonly unknown[];
  readonly acknowledgements: readonly Acknowledgement[];
  readonly begin: number;
}

type ResultAnswer = Omit<PlayedResult, 'startedAt'> & {
  readonly startedAt: string;
  readonly steadyMs: number;
};

/** The recording of the running agent, which holds its database for itself, asked page by page. */
export function agentRecording(ask: Ask): RecordingSource {
  const get = async <Body>(path: string): Promise<Body> => {
    const { status, body } = await ask('GET', `/api/v1/recording${path}`);
    if (status !== 200)
      throw new RecordingError(`the agent does not give its recording (${status})`);
    return body as Body;
  };
  return {
    async facts() {
      const { until, runs, silences, acknowledgements } = await get<FactsAnswer>('');
      return {
        until: instantOf(until),
        runs: runs.map(({ startedAt, formerEndedAt }) => ({
          startedAt: instantOf(startedAt),
          ...(formerEndedAt === null ? {} : { formerEndedAt: instantOf(formerEndedAt) }),
        })),
        silences,
        acknowledgements,
      };
    },
    beginAt: async (from) => (await get<FactsAnswer>(`?from=${date(from)}`)).begin,
    async results(after, limit) {
      const { results, next } = await get<{ results: ResultAnswer[]; next: number | null }>(
        `/results?after=${after}&limit=${limit}`,
      );
      return {
        results: results.map(({ startedAt, steadyMs, ...rest }) => ({
          ...rest,
          startedAt: instant(steadyMs, Date.parse(startedAt)),
        })),
        next: next ?? undefined,
      };
    },
    async notifications(from, after, limit) {
      const { notifications, next } = await get<{
        notifications: (Omit<RecordedNotification, 'at'> & { readonly at: string })[];
        next: number | null;
      }>(`/notifications?from=${date(from)}&after=${after}&limit=${limit}`);
      return {
        notifications: notifications.map((one) => ({ ...one, at: Date.parse(one.at) as WallMs })),
        next: next ?? undefined,
      };
    },
  };
}

/** Why a recording cannot be had, as a sentence. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

function date(wallMs: WallMs): string {
  return encodeURIComponent(rfc3339(Math.max(0, wallMs) as WallMs));
}

function instantOf({ at, steadyMs }: InstantAnswer): Instant {
  return instant(steadyMs, Date.parse(at));
}
