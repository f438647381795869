import * as v from 'valibot';
import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType } from './check-type.ts';
import { probeHttp } from './net/http-probe.ts';
import { httpBlock } from './net/http-options.ts';
import { openProbe } from './net/probe.ts';
import { withoutPassword } from './net/http-url.ts';

export const http = checkType({
  entries: { target: nonEmptyText, http: v.optional(httpBlock, {}) },
  target: (options) => withoutPassword(options.target),
  open: (spec, environment) =>
    openProbe(probeHttp, spec.options.target, spec.options.http, environment),
});
