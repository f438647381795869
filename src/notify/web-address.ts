import * as v from 'valibot';
import { plainText } from './plain-text.ts';

/** Whether a text is an http or https URL. */
export function isWebAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text.trim())?.protocol ?? '');
}

/** An address that is no secret. */
export const webAddress = v.pipe(plainText, v.check(isWebAddress, 'an http or https URL'));
