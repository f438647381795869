import * as v from 'valibot';
import { secret } from '../lib/schema-atoms.ts';

/** An address that is a secret as a whole, such as that of an incoming webhook. */
export const secretUrl = v.pipe(
  secret,
  v.check((url) => isHttp(url.reveal()), 'an http or https URL'),
  v.check(
    (url) => !url.reveal().includes('{{'),
    'a URL without templates ({{ … }}), which are not supported',
  ),
);

function isHttp(text: string): boolean {
  return /^https?:$/.test(URL.parse(text.trim())?.protocol ?? '');
}
