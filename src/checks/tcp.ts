import * as v from 'valibot';
import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType } from './check-type.ts';
import { probeTcp } from './net/tcp-probe.ts';
import { tcpBlock } from './net/tcp-options.ts';
import { openProbe } from './net/probe.ts';

export const tcp = checkType({
  entries: { target: nonEmptyText, tcp: v.optional(tcpBlock, {}) },
  target: (options) => options.target,
  open: (spec, environment) =>
    openProbe(probeTcp, spec.options.target, spec.options.tcp, environment),
});
