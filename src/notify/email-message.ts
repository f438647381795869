import type { SendMailOptions } from 'nodemailer';
import type { Delivery } from '../model/delivery.ts';
import type { Labels } from '../model/labels.ts';
import { cutText } from './cut-text.ts';
import { emailHtml } from './email-html.ts';
import { emailText } from './email-text.ts';
import type { SendContext } from './integration.ts';
import { messageIdOf } from './message-id.ts';
import { headline } from './summary.ts';

const subjectMax = 200;

/**
 * The e-mail for a delivery. Its Message-ID and date depend on the delivery alone, so that a repeat after
 * a crash can be recognised. `parent` is the Message-ID of the one that it belongs under.
 */
export function emailMessage(
  delivery: Delivery,
  options: { readonly to: string; readonly from: string; readonly headers: Labels },
  parent: string | undefined,
  context: SendContext,
): SendMailOptions {
  const { notification, createdAt } = delivery;
  const id = messageIdOf(delivery.id, options.from);
  const headers = withOwn(options.headers, {
    Subject: cutText(headline(notification, createdAt.wallMs), subjectMax),
    To: options.to,
    From: options.from,
    'Message-ID': id,
    Date: new Date(createdAt.wallMs).toUTCString().replace('GMT', '+0000'),
    'Auto-Submitted': 'auto-generated',
    'X-Mailer': context.userAgent,
    ...(parent === undefined ? {} : { 'In-Reply-To': parent, References: parent }),
  });
  const { Subject: subject, To: to, From: from, Date: date, ...others } = headers;
  const { 'Message-ID': messageId, ...rest } = others;
  return {
    subject,
    to,
    from,
    messageId,
    date,
    headers: rest,
    envelope: { from: options.from, to: options.to },
    text: emailText(delivery, context),
    html: emailHtml(delivery, context),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Headers with those of the configuration in the place of ours, whatever their case. */
function withOwn(own: Labels, ours: Labels): Readonly<Record<string, string>> {
  const names = new Map(Object.keys(ours).map((name) => [name.toLowerCase(), name]));
  const renamed = Object.entries(own).map(([name, value]): [string, string] => [
    names.get(name.toLowerCase()) ?? name,
    value,
  ]);
  return { ...ours, ...Object.fromEntries(renamed) };
}
