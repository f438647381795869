import { systemClock } from '../lib/clock.ts';
import type { Config } from '../model/config.ts';
import { sendTimeoutMs } from '../model/limits.ts';
import type { IntegrationSpec } from '../model/route.ts';
import type { Instant } from '../model/time.ts';
import { version } from '../model/version.ts';
import { receiverKey } from '../notify/place.ts';
import { keepsIncidents } from '../notify/incident-integrations.ts';
import { testShape, type TestShape } from '../web/api-shapes.ts';
import type { TestOutcome } from '../web/commands.ts';
import type { LoadedConfig } from './load.ts';
import { Conversations } from './people/conversations.ts';
import type { Ports } from './ports.ts';
import { leaveDirectTests } from './direct-tests.ts';
import { createSender, type Sender } from './sender.ts';
import { endOfTest, testDelivery } from './test-delivery.ts';

interface Tester {
  readonly config: Config;
  readonly send: Sender;
  readonly newId: () => string;
  readonly now: () => Instant;
  readonly externalURL: () => string;
}

/**
 * Sends a marked test to each integration of a receiver, or of all, and gives the answers; undefined if there
 * is no such receiver. Where a test opens an incident, it is closed at once.
 */
export async function testReceivers(
  tester: Tester,
  name: string | undefined,
): Promise<readonly TestOutcome[] | undefined> {
  const receivers = tester.config.receivers.filter(
    (one) => name === undefined || one.name === name,
  );
  if (receivers.length === 0) return undefined;
  const tests = receivers.flatMap((receiver) =>
    receiver.integrations.map((integration) => testIntegration(tester, receiver.name, integration)),
  );
  return Promise.all(tests);
}

async function testIntegration(
  { config, send, newId, now, externalURL }: Tester,
  receiver: string,
  spec: IntegrationSpec,
): Promise<TestOutcome> {
  const { integration, index } = spec;
  const from = { now: now(), newId, config, externalURL: externalURL() };
  const test = testDelivery(receiver, spec, from);
  const outcome = await send(test, AbortSignal.timeout(sendTimeoutMs));
  if (outcome.kind === 'delivered' && keepsIncidents(integration)) {
    await send(endOfTest(test, newId), AbortSignal.timeout(sendTimeoutMs));
  }
  return { receiver, integration, index, outcome };
}

/** The same where no agent runs: before the first start, and when the agent itself is the problem. */
export async function testReceiversDirectly(
  { config, dataDir }: LoadedConfig,
  ports: Ports,
  name: string | undefined,
): Promise<readonly TestShape[] | undefined> {
  const clock = systemClock();
  const externalURL = (): string => config.server.externalURL ?? '';
  const send = createSender({
    ports,
    receivers: () => config.receivers,
    externalURL,
    acknowledgeURL: () => '',
    userAgent: `tocsin/${version}`,
    now: () => clock.now(),
    conversations: new Conversations(() => {}),
  });
  const tester = { config, send, newId: ports.newId, now: () => clock.now(), externalURL };
  const outcomes = await testReceivers(tester, name);
  const taken = outcomes?.filter(({ outcome }) => outcome.kind === 'delivered') ?? [];
  if (taken.length > 0) leaveDirectTests(dataDir, taken.map(receiverKey), clock.now().wallMs);
  return outcomes?.map(testShape);
}
