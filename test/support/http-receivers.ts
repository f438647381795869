import type { IntegrationName } from '../../src/model/delivery.ts';

/** One way of reaching people over HTTP: how it is configured for a server, and a body it is content with. */
interface HttpReceiver {
  readonly name: string;
  readonly integration: IntegrationName;
  readonly options: (origin: string) => Readonly<Record<string, unknown>>;
  readonly content: string;
}

export const httpReceivers: readonly HttpReceiver[] = [
  {
    name: 'slack by webhook',
    integration: 'slack',
    options: (origin) => ({ api_url: `${origin}/services/T0123ABCD/secret` }),
    content: 'ok',
  },
  {
    name: 'slack as a bot',
    integration: 'slack',
    options: (origin) => ({
      app_token: 'xoxb-secret-token',
      app_url: `${origin}/api/chat.postMessage`,
      channel: '#ops',
    }),
    content: '{"ok":true,"channel":"C1","ts":"1.2"}',
  },
  {
    name: 'pagerduty',
    integration: 'pagerduty',
    options: (origin) => ({ routing_key: '0'.repeat(32), url: `${origin}/v2/enqueue` }),
    content: '{"status":"success"}',
  },
  {
    name: 'webhook',
    integration: 'webhook',
    options: (origin) => ({ url: `${origin}/hook` }),
    content: '',
  },
  {
    name: 'alertmanager',
    integration: 'alertmanager',
    options: (origin) => ({ urls: origin }),
    content: '',
  },
];
