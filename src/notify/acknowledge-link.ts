import { type Alert, alertStatus } from '../model/alert.ts';
import type { Notification } from '../model/delivery.ts';
import type { SendContext } from './integration.ts';

/** Addresses that messages lead to. */
export type MessageLinks = Pick<SendContext, 'externalURL' | 'acknowledgeURL'>;

/** Where a reader takes on an alert; empty where there is nothing to take on, or nobody could open it. */
export function acknowledgeLinkOf(
  alert: Alert,
  { reason, acknowledgedBy }: Notification,
  { acknowledgeURL }: MessageLinks,
): string {
  const isOpen = alertStatus(alert) === 'firing' && acknowledgedBy === undefined;
  if (!isOpen || reason === 'test' || reason === 'report') return '';
  return acknowledgeURL?.(alert) ?? '';
}
