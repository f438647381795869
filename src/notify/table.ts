import type { IntegrationName } from '../model/delivery.ts';
import { alertmanager } from './alertmanager.ts';
import { email } from './email.ts';
import type { Integration } from './integration.ts';
import { pagerduty } from './pagerduty.ts';
import { slack } from './slack.ts';
import { terminal } from './terminal.ts';
import { webhook } from './webhook.ts';

/** Every way of reaching people, by the name it has in deliveries. */
export const integrations: Record<IntegrationName, Integration> = {
  slack,
  pagerduty,
  email,
  webhook,
  alertmanager,
  terminal,
};
