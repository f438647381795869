import { createHash } from 'node:crypto';
import { parseJson5 } from './json5.ts';

/** What belongs to one gateway of several: where it listens, who may log in, where it writes. */
const ofOneGateway: ReadonlySet<string> = new Set([
  'gateway.port',
  'gateway.bind',
  'gateway.auth',
  'logging.file',
]);

/** Never part of it, so that nobody can try out what they might be. */
const secretName = /token|password|secret|credential|api_?key|privatekey/i;

/** Characters of the digest that are told: enough to tell apart what people wrote. */
const digits = 12;

/**
 * A checksum over what the settings mean, by which gateways can be compared: not of how they are written, of
 * what belongs to one gateway alone, or of secrets. Undefined if the text is no JSON5.
 */
export function settingsChecksum(text: string): string | undefined {
  const settings = parseJson5(text);
  if (settings === undefined) return undefined;
  const meaning = JSON.stringify(canonical(settings, ''));
  return createHash('sha256').update(meaning).digest('hex').slice(0, digits);
}

function canonical(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((item) => canonical(item, path));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, path === '' ? key : `${path}.${key}`, inner as unknown] as const)
    .filter(([key, at]) => !ofOneGateway.has(at) && !secretName.test(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, at, inner]) => [key, canonical(inner, at)]));
}
