import type { AlertView } from '../model/alert-view.ts';
import { formatMatcher } from '../model/format-matcher.ts';
import { silenceState, type Silence } from '../model/silence.ts';
import type { WallMs } from '../model/time.ts';
import { toldFirst } from './told-first.ts';
import type { CheckState } from './check-words.ts';
import { html, type Html } from './html.ts';
import { mark, moment, span } from './page-marks.ts';

/** What the page shows beside the snapshot. */
export interface Attention {
  readonly alerts: readonly AlertView[];
  readonly silences: readonly Silence[];
}

/** What fires, with who has it in hand and what keeps it back; nothing while nothing fires. */
export function alertsSection({ alerts, silences }: Attention, now: WallMs): Html | undefined {
  if (alerts.length === 0) return undefined;
  return html`<section aria-labelledby="alerts-title">
    <h2 id="alerts-title">Alerts</h2>
    <div class="rows">${toldFirst(alerts).map((view) => alertRow(view, silences, now))}</div>
  </section>`;
}

export function alertState({ alert, state }: AlertView): CheckState {
  if (state === 'suppressed') return 'waiting';
  return alert.labels['severity'] === 'critical' ? 'down' : 'warning';
}

function alertRow(view: AlertView, silences: readonly Silence[], now: WallMs): Html {
  const { alert, acknowledgement } = view;
  const href = `alerts/${alert.fingerprint}`;
  const state = alertState(view);
  const button =
    acknowledgement === undefined
      ? html`<form method="post" action="${href}/acknowledge">
          <button>Acknowledge</button>
        </form>`
      : undefined;
  return html`<div class="receiver alert ${state}">
    ${mark(state)}
    <span class="who"
      ><a class="name" href="${href}">${alert.labels['alertname']}</a>
      <span class="target">${alert.labels['severity']}</span></span
    >
    <span class="what"
      >${alert.annotations['description'] ?? alert.annotations['summary'] ?? ''}
      ${notesOf(view, silences, now).map((note) => html`<span class="note">${note}</span>`)}</span
    >
    <span class="since">${span(alert.startsAt, now)} ${button}</span>
  </div>`;
}

/** Who has an alert in hand, and everything that keeps it from being told. */
export function notesOf(
  { acknowledgement, silencedBy, inhibitedBy, mutedBy, dependsOn }: AlertView,
  silences: readonly Silence[],
  now: WallMs,
): Html[] {
  const by = acknowledgement?.by === '' ? 'somebody' : acknowledgement?.by;
  const comment = acknowledgement?.comment ?? '';
  return [
    ...(acknowledgement === undefined
      ? []
      : [
          html`Acknowledged by ${by}
          ${moment(acknowledgement.at, now)}${comment === '' ? '' : `: ${comment}`}`,
        ]),
    ...silencedBy.map((id) => silenceNote(silences.find((one) => one.id === id)?.comment ?? '')),
    ...inhibitedBy.map(() => html`Kept back: another alert that fires inhibits it`),
    ...mutedBy.map((name) => html`Kept back: outside the hours of ${name}`),
    ...(dependsOn === undefined
      ? []
      : [html`Kept back: ${dependsOn} is failing, on which it depends`]),
  ];
}

function silenceNote(comment: string): Html {
  return html`Kept back: silenced${comment === '' ? '' : ` (${comment})`}`;
}

/** Silences that keep something back or will; nothing while there are none. */
export function silencesSection({ silences }: Attention, now: WallMs): Html | undefined {
  const open = silences.filter((silence) => silenceState(silence, now) !== 'expired');
  if (open.length === 0) return undefined;
  const sorted = open.toSorted((a, b) => a.endsAt - b.endsAt);
  return html`<section aria-labelledby="silences-title">
    <h2 id="silences-title">Silences</h2>
    <div class="rows">${sorted.map((silence) => silenceRow(silence, now))}</div>
  </section>`;
}

function silenceRow(silence: Silence, now: WallMs): Html {
  const { id, matchers, startsAt, endsAt, createdBy, comment, untilOk } = silence;
  const pending = silenceState(silence, now) === 'pending';
  const when = pending
    ? html`begins ${moment(startsAt, now)}`
    : html`${untilOk === true ? 'until all is ok, at the latest ' : 'ends '}${moment(endsAt, now)}`;
  return html`<div class="receiver silence waiting">
    ${mark('waiting')}
    <span class="who"
      ><span class="name">${comment === '' ? 'Silence' : comment}</span>
      <span class="target">${createdBy}</span></span
    >
    <span class="what"><code>${matchers.map(formatMatcher).join(', ')}</code> ${when}</span>
    <span class="since"
      ><form method="post" action="silences/${encodeURIComponent(id)}/expire">
        <button>Expire</button>
      </form></span
    >
  </div>`;
}
