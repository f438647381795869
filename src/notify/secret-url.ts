import * as v from 'valibot';
import { secret } from '../lib/schema-atoms.ts';
import { isWebAddress } from '../lib/web-address.ts';

/** An address that is a secret as a whole, such as that of an incoming webhook. */
export const secretUrl = v.pipe(
  secret,
  v.check((url) => isWebAddress(url.reveal().trim()), 'an http or https URL'),
  v.check(
    (url) => !url.reveal().includes('{{'),
    'a URL without templates ({{ … }}), which are not supported',
  ),
);
