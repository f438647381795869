import type { AlertLink } from '../model/alert-link.ts';
import type { WallMs } from '../model/time.ts';
import { page } from './alert-pages.ts';
import type { WebRequest, WebResponse, WebRoute } from './exchange.ts';
import { formOf } from './form.ts';
import { html } from './html.ts';
import { acknowledgeForm, sayingPage } from './page-alert.ts';
import { icon, styleSheet } from './page-routes.ts';
import { alertState, notesOf } from './page-alerts.ts';
import { framed } from './page-frame.ts';
import { span } from './page-marks.ts';
import type { WebServerOptions } from './server-options.ts';

/** Style and icons of these pages, which whoever has a link may load without a login. */
const assets = 'ack/';

/**
 * The link in messages by which somebody takes on an alert without a login. Looking at it does nothing:
 * whatever previews links looks at them as well. Only the button on the page acts.
 */
export function ackLinkRoutes(options: WebServerOptions): readonly WebRoute[] {
  return [
    {
      path: '/ack',
      judgesCallers: true,
      get: (request) => answer(options, request),
      post: async (request) => {
        const refused = refusal(options, request);
        if (refused !== undefined) return refused;
        const field = await formOf(request);
        const by = field('by') === '' ? 'somebody with the link' : field('by');
        const alert = linkIn(request).fingerprint;
        options.commands.acknowledge({ alert, by, comment: field('comment') });
        const sentence = `Noted for ${by}: no more reminders and no escalation until it is over, or becomes worse.`;
        return page(200, sayingPage('Acknowledged', sentence, './/', assets));
      },
    },
    { path: '/ack/page.css', judgesCallers: true, get: styleSheet },
    {
      path: '/ack/icon/:file',
      judgesCallers: true,
      get: ({ parameters }) => icon(parameters['file'] ?? ''),
    },
  ];
}

function linkIn({ query }: WebRequest): AlertLink {
  const number = (name: string): WallMs => {
    const text = query.get(name) ?? '';
    return (/^\d{1,15}$/.test(text) ? Number(text) : 0) as WallMs;
  };
  return {
    fingerprint: query.get('alert') ?? '',
    startsAt: number('since'),
    expiresAt: number('expires'),
    token: query.get('token') ?? '',
  };
}

/** Why nothing can be done with this link, as a page. */
function refusal({ commands }: WebServerOptions, request: WebRequest): WebResponse | undefined {
  const link = linkIn(request);
  const verdict = commands.judgeLink(link);
  if (verdict !== 'valid') {
    const [title, sentence] =
      verdict === 'expired'
        ? ['This link is too old', 'Use the one in a newer message, or']
        : [
            'This link is not valid',
            'It may have been cut off: use the link as it stands in the message, or',
          ];
    const otherwise = 'acknowledge on the page of the host, or there by "tocsin ack NAME".';
    return page(403, sayingPage(title, `${sentence} ${otherwise}`, './/', assets));
  }
  const view = viewOf(commands, link);
  if (view !== undefined) return undefined;
  const sentence = 'The alert of this link does not fire any more. There is nothing to take on.';
  return page(410, sayingPage('It is over', sentence, './/', assets));
}

/** The alert of a link, if it still fires since the same moment: a later failure is another matter. */
function viewOf(commands: WebServerOptions['commands'], { fingerprint, startsAt }: AlertLink) {
  return commands
    .alerts()
    .find(
      ({ alert }) => alert.fingerprint === fingerprint && Math.round(alert.startsAt) === startsAt,
    );
}

function answer(options: WebServerOptions, request: WebRequest): WebResponse {
  const refused = refusal(options, request);
  const { commands, clock } = options;
  const view = viewOf(commands, linkIn(request));
  if (refused !== undefined || view === undefined) return refused ?? page(410, '');
  const now = clock.now().wallMs;
  const { alert, acknowledgement } = view;
  return page(
    200,
    framed({
      title: alert.annotations['summary'] ?? alert.labels['alertname'] ?? '',
      state: alertState(view),
      base: './/',
      assets,
      content: [
        html`<p class="remarks">${alert.annotations['description'] ?? ''}</p>`,
        html`<p class="remarks">Firing for ${span(alert.startsAt, now)}.</p>`,
        ...notesOf(view, commands.silences(), now).map(
          (note) => html`<p class="notice">${note}</p>`,
        ),
        // The form goes back to where it came from, with the token in the query.
        ...(acknowledgement === undefined ? [acknowledgeForm(undefined)] : []),
      ],
    }),
  );
}
