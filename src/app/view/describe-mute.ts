import type { Mute } from '../../routing/mute.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';

/** What keeps something back, in words that still say something when it is long gone. */
export function describeMute({ silences, dispatcher }: Pipeline, { reason, by }: Mute): string {
  if (reason === 'silence') {
    const silence = silences.list().find(({ id }) => id === by);
    const comment = silence?.comment ?? '';
    return comment === '' ? `silence ${by}` : `silence ${by} (${comment})`;
  }
  if (reason === 'inhibition') return dispatcher.activeAlert(by)?.labels['alertname'] ?? by;
  return by;
}
