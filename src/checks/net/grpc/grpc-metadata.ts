import { errorMessage } from '../failure.ts';
import type { Secret } from '../../../model/secret.ts';

/** What gRPC allows as a key of metadata; the wire has no capital letters. */
export function isMetadataKey(key: string): boolean {
  return /^[0-9a-z_.-]+$/.test(key);
}

/** Headers that the call itself sets; metadata of these names is left out, as grpc-go does. */
const reserved = new Set([
  'content-type',
  'grpc-encoding',
  'grpc-message',
  'grpc-message-type',
  'grpc-status',
  'grpc-timeout',
  'te',
  'user-agent',
]);

/** Metadata as HTTP/2 headers, or why it cannot be sent. The values stay out of the sentence. */
export function metadataHeaders(
  metadata: Readonly<Record<string, readonly Secret[]>>,
): Record<string, string[]> | string {
  const headers: Record<string, string[]> = {};
  for (const [key, secrets] of Object.entries(metadata)) {
    if (!isMetadataKey(key)) return `the metadata key ${key} has other characters than a-z0-9_-.`;
    if (reserved.has(key) || secrets.length === 0) continue;
    const values = reveal(secrets);
    if (typeof values === 'string') return `the metadata ${key} cannot be read: ${values}`;
    const isBinary = key.endsWith('-bin');
    if (!isBinary && values.some((value) => !/^[\x20-\x7e]*$/.test(value))) {
      return `the metadata ${key} has a value that is not printable ASCII`;
    }
    headers[key] = isBinary ? values.map(base64) : values;
  }
  return headers;
}

function reveal(secrets: readonly Secret[]): string[] | string {
  try {
    return secrets.map((secret) => secret.reveal());
  } catch (error) {
    return errorMessage(error);
  }
}

/** How gRPC writes bytes into a header: without padding. */
function base64(value: string): string {
  return Buffer.from(value, 'utf8').toString('base64').replaceAll('=', '');
}
