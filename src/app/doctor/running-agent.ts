import { humanDuration } from '../../lib/duration.ts';
import { counted } from '../../model/counted.ts';
import { undeliveredWarningMs } from '../../model/limits.ts';
import type { Symptom } from './symptom.ts';

/** What the running agent says of itself, as far as it is judged here (docs/api.md). */
export interface AgentReport {
  readonly agent: {
    readonly version: string;
    readonly ready: boolean;
    readonly problems: readonly string[];
    readonly lastReload: { readonly successful: boolean; readonly error?: string };
  };
  readonly checks: readonly {
    readonly name: string;
    readonly stalledSince: string | null;
    readonly latest: {
      readonly status: string;
      readonly reason?: string;
      readonly summary: string;
    } | null;
  }[];
  readonly receivers: readonly {
    readonly receiver: string;
    readonly integration: string;
    readonly pending: number;
    readonly oldestAgeMs: number;
    readonly lastSuccessAt: string | null;
    readonly failing: { readonly detail: string } | null;
  }[];
}

/** Judges a running agent by what it says of itself. `version` is that of the program that asks. */
export function judgeAgent(report: AgentReport, version: string): readonly Symptom[] {
  return [
    program(report, version),
    ...report.agent.problems.map((sentence): Symptom => {
      const remedy = 'tocsin status names the parts; the log says since when';
      return { area: 'agent', status: 'critical', sentence, remedy };
    }),
    ...unseen(report),
    ...receivers(report),
  ];
}

function program({ agent, checks }: AgentReport, version: string): Symptom {
  const area = 'agent';
  if (agent.version !== version) {
    return {
      area,
      status: 'warning',
      sentence: `tocsin ${agent.version} is running, the program on disk is ${version}`,
      remedy: 'systemctl restart tocsin',
    };
  }
  if (!agent.ready) {
    const sentence = 'the agent is starting or stopping';
    return { area, status: 'warning', sentence, remedy: 'call this again in a minute' };
  }
  const sentence = `tocsin ${agent.version} is running and watches ${counted(checks.length, 'check')}`;
  return { area, status: 'ok', sentence };
}

/** Checks that cannot see what they look at: mostly a right is missing. */
function unseen({ checks }: AgentReport): readonly Symptom[] {
  return checks.flatMap(({ name, latest, stalledSince }): readonly Symptom[] => {
    if (latest?.status === 'unknown') {
      const remedy =
        latest.reason === 'permission'
          ? 'grant that right: docs/service.md has a drop-in for each'
          : `tocsin check ${name} --verbose`;
      return [{ area: 'sight', status: 'warning', sentence: `${name}: ${latest.summary}`, remedy }];
    }
    if (stalledSince === null) return [];
    const sentence = `${name} has not been looked at since ${stalledSince}`;
    return [{ area: 'sight', status: 'warning', sentence, remedy: `tocsin why ${name}` }];
  });
}

function receivers(report: AgentReport): readonly Symptom[] {
  return report.receivers.map((one): Symptom => {
    const area = 'receiver';
    const name = `${one.receiver} (${one.integration})`;
    const remedy = `tocsin notify test ${one.receiver}`;
    if (one.failing !== null) {
      const sentence = `${name} does not take messages: ${one.failing.detail}`;
      return { area, status: 'critical', sentence, remedy };
    }
    if (one.pending > 0 && one.oldestAgeMs > undeliveredWarningMs) {
      const sentence = `${name}: ${counted(one.pending, 'message')} waiting for ${humanDuration(one.oldestAgeMs)}`;
      return { area, status: 'warning', sentence, remedy };
    }
    if (one.lastSuccessAt === null) {
      const sentence = `${name} has never taken a message: nobody knows whether it would`;
      return { area, status: 'warning', sentence, remedy };
    }
    return { area, status: 'ok', sentence: `${name} took a message at ${one.lastSuccessAt}` };
  });
}
