import { formBytesMax } from '../model/limits.ts';
import type { WebRequest } from './exchange.ts';

/** The fields of a form as a browser sends it; those that are absent or too long are empty. */
export async function formOf(request: WebRequest): Promise<(name: string) => string> {
  const fields = new URLSearchParams(await request.body(formBytesMax));
  return (name) => (fields.get(name) ?? '').trim().slice(0, fieldLengthMax);
}

/** Characters of a name or a comment that are kept. */
const fieldLengthMax = 1000;
