import { agentRunsMax } from '../model/limits.ts';
import type { AgentRun } from '../model/recording.ts';
import { instant, type Instant } from '../model/time.ts';
import { runsName } from '../store/recording.ts';
import type { Saved } from '../store/store.ts';
import type { Journal } from './pipeline/journal.ts';

/**
 * Notes when this process began and when the one before it last saved something: a replay has to know when
 * the agent was not there. Gives what to note again in a database that begins anew.
 */
export function noteRun(saved: Saved, startedAt: Instant, journal: Journal): () => void {
  const known = saved.kept.get('single')?.get(runsName);
  const former: readonly AgentRun[] = Array.isArray(known) ? (known as AgentRun[]) : [];
  const { anchor } = saved;
  const run: AgentRun = {
    startedAt,
    ...(anchor === undefined ? {} : { formerEndedAt: instant(anchor.steadyMs, anchor.wallMs) }),
  };
  const value = [...former, run].slice(-agentRunsMax);
  const note = (): void => journal.keep({ drawer: 'single', name: runsName, value });
  note();
  return note;
}
