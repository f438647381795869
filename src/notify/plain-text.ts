import * as v from 'valibot';
import { nonEmptyText } from '../lib/schema-atoms.ts';

/**
 * A text that is used as it stands. One with a template of Alertmanager's in it is refused rather than
 * shown with its braces.
 */
export const plainText = v.pipe(
  nonEmptyText,
  v.check(
    (text) => !text.includes('{{'),
    'a text without templates ({{ … }}), which are not supported',
  ),
);
