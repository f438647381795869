import { humanDuration } from '../../lib/duration.ts';
import { excerptLengthMax } from '../../model/limits.ts';
import type { Container } from './container-api.ts';
import { judgeFigure, type FigureLimits } from './figure.ts';
import type { Finding } from './finding.ts';

/** How containers are judged. */
export interface ContainerWishes {
  /** Whether the container must run, because somebody named it. */
  readonly mustRun: boolean;
  /** Whether it may also have ended well. */
  readonly mayEnd: boolean;
  readonly restarts: FigureLimits;
  readonly restartWindowMs: number;
  readonly image_age?: FigureLimits | undefined;
}

/** What was seen of a container beside its state. */
export interface ContainerEvidence {
  /** Restarts within the window; undefined where it has only been seen once. */
  readonly restarts: number | undefined;
  /** Seconds since its image was made, where that is judged. */
  readonly imageAge?: number | undefined;
}

export function nameOf({ Name: name }: Container): string {
  return name.replace(/^\//, '');
}

/** Judges one container. */
export function judgeContainer(
  container: Container,
  wishes: ContainerWishes,
  { restarts, imageAge }: ContainerEvidence,
): readonly Finding[] {
  const name = nameOf(container);
  const findings = [...judgeState(container, wishes), ...judgeHealth(container)];
  if (restarts !== undefined) {
    const within = humanDuration(wishes.restartWindowMs);
    const sentence = `container ${name} was restarted ${times(restarts)} within ${within}`;
    const figure = { metric: `restarts ${name}`, value: restarts, sentence };
    findings.push(judgeFigure(figure, wishes.restarts));
  }
  if (imageAge !== undefined) {
    const sentence = `the image of container ${name} is ${humanDuration(imageAge * 1000)} old`;
    const figure = { metric: `image_age ${name}`, value: imageAge, unit: 's', sentence };
    findings.push(judgeFigure(figure, wishes.image_age));
  }
  return findings;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function judgeState(container: Container, wishes: ContainerWishes): Finding[] {
  const { Status: status, OOMKilled: isOutOfMemory, ExitCode: code } = container.State;
  const name = nameOf(container);
  const memory = isOutOfMemory ? 'it was killed because it ran out of memory' : '';
  const values = [{ metric: `running ${name}`, value: status === 'running' ? 1 : 0 }];
  const found = (level: Finding['status'], sentence: string): Finding[] => [
    { status: level, reason: 'status', sentence: `container ${name} ${sentence}`, values },
  ];
  switch (status) {
    case 'running':
      // The container lives on, so that it was one of its other processes.
      return isOutOfMemory ? found('warning', `runs, but ${memory} in part`) : found('ok', 'runs');
    case 'restarting':
      return found(
        'critical',
        `is being restarted again and again: ${memory || `exit code ${code}`}`,
      );
    case 'dead':
      return found('critical', 'is dead: it could not be removed');
    case 'paused':
      return found('warning', 'is paused');
    case 'created':
    case 'configured':
    case 'initialized':
      return found(wishes.mustRun ? 'critical' : 'ok', 'was never started');
    case 'exited':
    case 'stopped':
      return found(levelOfEnd(container, wishes), `has ended: ${memory || exitOf(code)}`);
    default:
      return found(wishes.mustRun ? 'critical' : 'warning', `is ${status}`);
  }
}

/** Exit codes of a container that somebody stopped: by SIGTERM, or by SIGKILL when that took too long. */
const stoppedCodes: ReadonlySet<number> = new Set([143, 137]);

/** Nobody named it: then what ended well, or was stopped, is no fault. */
function levelOfEnd(
  { State: state }: Container,
  { mustRun, mayEnd }: ContainerWishes,
): Finding['status'] {
  const { ExitCode: code, OOMKilled: isOutOfMemory } = state;
  if (isOutOfMemory) return 'critical';
  if (mayEnd && code === 0) return 'ok';
  if (mustRun) return 'critical';
  return code === 0 || stoppedCodes.has(code) ? 'ok' : 'critical';
}

function exitOf(code: number): string {
  if (code === 137) return 'exit code 137 (killed)';
  return code === 143 ? 'exit code 143 (stopped)' : `exit code ${code}`;
}

function judgeHealth({ State: state, ...container }: Container): readonly Finding[] {
  const health = state.Health ?? state.Healthcheck;
  if (state.Status !== 'running' || health?.Status !== 'unhealthy') return [];
  const output = (health.Log ?? []).at(-1)?.Output.trim() ?? '';
  const said = output === '' ? '' : `: ${output.slice(0, excerptLengthMax)}`;
  const name = container.Name.replace(/^\//, '');
  const sentence = `container ${name} runs, but its health check fails${said}`;
  return [{ status: 'critical', reason: 'status', sentence }];
}
