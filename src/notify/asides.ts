import type { Notification, RootReason } from '../model/delivery.ts';
import { lineLengthMax } from '../model/limits.ts';
import { cutText, oneLine } from './cut-text.ts';
import { nameOf } from './wording.ts';

/** Sentences beside the alerts that are shown; whoever writes them has few to say. */
const remarksMax = 20;

const rootWords: Record<RootReason, string> = {
  dependency: 'which the others depend on',
  uplink: 'the way out of this host',
  resource: 'which the others need',
  earliest: 'which failed first',
};

/** What has to be said beside the alerts, each on one line, most important first. */
export function asidesOf(notification: Notification): string[] {
  const { remarks = [], acknowledgedBy, reason } = notification;
  const isNews = reason === 'acknowledged';
  const by = acknowledgedBy === undefined || isNews ? [] : [`Taken on by ${acknowledgedBy}`];
  return [...causeOf(notification), ...by, ...remarks.slice(0, remarksMax)]
    .map((text) => cutText(oneLine(text), lineLengthMax))
    .filter((text) => text !== '');
}

function causeOf({ alerts, likelyRoot, likelyRootReason = 'earliest' }: Notification): string[] {
  const root = alerts.find(({ fingerprint }) => fingerprint === likelyRoot);
  return root === undefined || root.endsAt !== undefined
    ? []
    : [`Likely cause: ${nameOf(root)}, ${rootWords[likelyRootReason]}`];
}
