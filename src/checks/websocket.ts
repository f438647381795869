import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType } from './check-type.ts';

export const websocket = checkType({
  entries: { target: nonEmptyText },
  target: (options) => options.target,
  open: () => {
    throw new Error('not yet');
  },
});
