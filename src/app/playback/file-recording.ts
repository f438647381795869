import { openRecording } from '../../store/recording.ts';
import type { RecordingSource } from './replay.ts';

/** The recording in the data directory of an agent that does not run. Throws `StoreError`. */
export function fileRecording(dataDir: string): RecordingSource & { close(): void } {
  const recording = openRecording(dataDir);
  return {
    facts: async () => recording.facts(),
    beginAt: async (from) => recording.beginAt(from),
    results: async (after, limit) => recording.results(after, limit),
    notifications: async (from, after, limit) => recording.notifications(from, after, limit),
    close: () => recording.close(),
  };
}
