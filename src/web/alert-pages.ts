import { parseDuration } from '../lib/duration.ts';
import type { AlertView } from '../model/alert-view.ts';
import type { WallMs } from '../model/time.ts';
import { htmlType, type WebRequest, type WebResponse, type WebRoute } from './exchange.ts';
import { formOf } from './form.ts';
import { alertPage, sayingPage, silenceChoices, subjectMatchers } from './page-alert.ts';
import type { WebServerOptions } from './server-options.ts';

/**
 * The pages of single alerts, and the forms of the page. Forms go through the same guard as every other
 * change: this host itself, or a user, and never on behalf of another web site.
 */
export function alertPageRoutes({ commands, clock }: WebServerOptions): readonly WebRoute[] {
  const find = ({ parameters }: WebRequest): AlertView | undefined =>
    commands.alerts().find(({ alert }) => alert.fingerprint === parameters['fingerprint']);
  return [
    {
      path: '/alerts/:fingerprint',
      get: (request) => {
        const view = find(request);
        if (view === undefined) return over('../');
        const now = clock.now().wallMs;
        return page(200, alertPage(view, commands.silences(), now));
      },
    },
    {
      path: '/alerts/:fingerprint/acknowledge',
      post: async (request) => {
        const view = find(request);
        if (view === undefined) return over('../../');
        const field = await formOf(request);
        const alert = view.alert.fingerprint;
        commands.acknowledge({ alert, by: field('by'), comment: field('comment') });
        return seeOther(`../${alert}`);
      },
    },
    {
      path: '/alerts/:fingerprint/silence',
      post: async (request) => {
        const view = find(request);
        if (view === undefined) return over('../../');
        const field = await formOf(request);
        const chosen = silenceChoices.find(({ value }) => value === field('for'));
        const now = clock.now().wallMs;
        const answer = commands.putSilence({
          matchers: subjectMatchers(view),
          startsAt: now,
          endsAt: (now + (parseDuration(chosen?.value ?? '1h') ?? 0)) as WallMs,
          createdBy: field('by'),
          comment: field('comment'),
          ...(field('until_ok') === 'yes' ? { untilOk: true } : {}),
        });
        return answer.kind === 'kept'
          ? seeOther(`../${view.alert.fingerprint}`)
          : page(400, sayingPage('No silence', said(answer), '../../'));
      },
    },
    {
      path: '/silences/:id/expire',
      post: ({ parameters }) => {
        commands.expireSilence(parameters['id'] ?? '');
        return seeOther('../../');
      },
    },
  ];
}

function said(answer: { readonly kind: string; readonly error?: string }): string {
  return answer.error ?? 'It could not be begun.';
}

function over(base: string): WebResponse {
  const sentence =
    'This alert does not fire, or not any more. There is nothing to be done about it.';
  return page(404, sayingPage('It is over', sentence, base));
}

export function page(status: number, body: string): WebResponse {
  return { status, contentType: htmlType, body };
}

/** Leads a browser on after a form, so that going back or loading again does not send it twice. */
function seeOther(location: string): WebResponse {
  return { ...page(303, ''), headers: { Location: location } };
}
