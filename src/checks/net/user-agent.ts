import { version } from '../../model/version.ts';

/** What an http check calls itself unless its headers say otherwise. */
export const userAgent = `tocsin/${version}`;
