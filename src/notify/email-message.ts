import { createHash } from 'node:crypto';
import type { SendMailOptions } from 'nodemailer';
import type { Delivery } from '../model/delivery.ts';
import type { Labels } from '../model/labels.ts';
import { cutText } from './cut-text.ts';
import { emailHtml } from './email-html.ts';
import { emailText } from './email-text.ts';
import type { SendContext } from './integration.ts';
import { headline } from './summary.ts';

const subjectMax = 200;

/**
 * The e-mail for a delivery. Its Message-ID and date depend on the delivery alone, so that a repeat after
 * a crash can be recognised; everything told about the same group refers to one thread.
 */
export function emailMessage(
  delivery: Delivery,
  options: { readonly to: string; readonly from: string; readonly headers: Labels },
  context: SendContext,
): SendMailOptions {
  const { notification, createdAt } = delivery;
  const domain = /@([\w.-]+)/.exec(options.from)?.[1] ?? 'localhost';
  const thread = `<thread.${digest(delivery.dedupKey)}@${domain}>`;
  const preset = new Map([
    ['subject', cutText(headline(notification, createdAt.wallMs), subjectMax)],
    ['to', options.to],
    ['from', options.from],
  ]);
  const others: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers)) {
    if (preset.has(name.toLowerCase())) preset.set(name.toLowerCase(), value);
    else others[name] = value;
  }
  return {
    ...Object.fromEntries(preset),
    envelope: { from: options.from, to: options.to },
    messageId: `<${digest(delivery.id)}@${domain}>`,
    inReplyTo: thread,
    references: thread,
    date: new Date(createdAt.wallMs),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Mailer': context.userAgent, ...others },
    text: emailText(delivery, context.externalURL),
    html: emailHtml(delivery, context.externalURL),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
