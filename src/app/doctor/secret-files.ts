import { statSync } from 'node:fs';
import type { Symptom } from './symptom.ts';

const area = 'configuration';

/** Files of a configuration that holds secrets in plain sight of every user of the host. */
export function lookAtFiles(files: readonly string[], hasSecrets: boolean): readonly Symptom[] {
  if (!hasSecrets) return [];
  return files.flatMap((path): readonly Symptom[] => {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & 0o004) === 0) return [];
    const sentence = `${path} can be read by every user of this host, and the configuration has secrets`;
    const remedy = `chmod o= ${path}, or keep the secrets in files: \${credential:NAME}, \${file:PATH}`;
    return [{ area, status: 'warning', sentence, remedy }];
  });
}
