import { randomUUID } from 'node:crypto';
import { checkTypes } from '../checks/table.ts';
import { systemClock } from '../lib/clock.ts';
import { integrations } from '../notify/table.ts';
import { startCron } from '../schedule/cron.ts';
import { openDatabase } from '../store/open.ts';
import { createHostEvidence } from './host-evidence.ts';
import type { Ports } from './ports.ts';

/** The real world: the machine's clock, its disk, its network. */
export const systemPorts: Ports = {
  clock: systemClock,
  random: Math.random,
  newId: randomUUID,
  openDatabase: (directory) => openDatabase(directory, String(systemClock().now().wallMs)),
  openCheck: (spec, environment) => checkTypes[spec.type].open(spec as never, environment),
  send: (delivery, integration, context) =>
    integrations[integration.integration].send(delivery, integration.options as never, context),
  startCron,
  openEvidence: createHostEvidence,
};
