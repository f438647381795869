import { createHash } from 'node:crypto';

/** The Message-ID for a name, always the same, in the domain of the sender. */
export function messageIdOf(name: string, from: string): string {
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost';
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `<${digest}@${domain}>`;
}
