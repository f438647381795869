import type { Agent } from '../agent.ts';

/** The checks whose alert fires, with the severity that it has. */
export function firingChecks(
  agent: Agent,
): readonly { readonly name: string; readonly severity: string | undefined }[] {
  return [...agent.specs.keys()].flatMap((name) => {
    const { state, alert } = agent.pipeline.track(name);
    return state.phase === 'firing' ? [{ name, severity: alert?.labels['severity'] }] : [];
  });
}
