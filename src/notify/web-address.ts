import * as v from 'valibot';
import { isWebAddress } from '../lib/web-address.ts';
import { plainText } from './plain-text.ts';

/** An address that is no secret. */
export const webAddress = v.pipe(
  plainText,
  v.check((text) => isWebAddress(text.trim()), 'an http or https URL'),
);
