import { humanDuration } from '../lib/duration.ts';
import type { Attempt } from '../model/delivery.ts';
import type { AgentSnapshot, DeliverySnapshot, ReceiverSnapshot } from '../model/snapshot.ts';
import type { WallMs } from '../model/time.ts';
import { html, type Html } from './html.ts';
import { mark, moment } from './page-marks.ts';

/** Notifications on the page; the API has the older ones. */
const deliveriesShown = 15;

/** Who was told what, newest first, with the answer to every attempt. */
export function toldSection({ deliveries, now }: AgentSnapshot): Html {
  const rows = deliveries.slice(0, deliveriesShown).map((delivery) => toldRow(delivery, now));
  const empty = html`<p class="empty">Nobody had to be told anything yet.</p>`;
  return html`<section aria-labelledby="told-title">
    <h2 id="told-title">Told</h2>
    ${rows.length === 0 ? empty : html`<div class="rows">${rows}</div>`}
  </section>`;
}

const marks = { delivered: 'up', pending: 'waiting', failed: 'down' } as const;
const words = { delivered: 'Delivered', pending: 'Waiting', failed: 'Failed' } as const;

function toldRow({ entry, reason, attempts }: DeliverySnapshot, now: WallMs): Html {
  const { id, receiver, integration, notification, createdAt } = entry.delivery;
  const state = marks[entry.state];
  const last = attempts.at(-1);
  const answer = last === undefined ? 'not tried yet' : last.outcome.detail;
  const times = attempts.length > 1 ? ` after ${attempts.length} attempts` : '';
  return html`<details class="told ${state}" id="told:${encodeURIComponent(id)}">
    <summary>
      ${mark(state)}
      <span class="who"
        ><span class="name">${receiver}</span> <span class="target">${integration}</span></span
      >
      <span class="what"
        >${subject(notification.alerts.map((alert) => alert.labels['alertname'] ?? ''))}
        <b>${notification.status}</b></span
      >
      <span class="answer"
        ><span class="word">${words[entry.state]}</span>${times}
        <span class="target">${answer}</span></span
      >
      <span class="since">${moment(createdAt.wallMs, now)}</span>
    </summary>
    <div class="more">
      <p>Sent for: ${reason}.</p>
      <ol>
        ${attempts.map((attempt) => attemptLine(attempt, now))}
      </ol>
    </div>
  </details>`;
}

function subject(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function attemptLine({ atMs, durationMs, outcome }: Attempt, now: WallMs): Html {
  const kind = { delivered: 'delivered', passing: 'tried again', permanent: 'given up' }[
    outcome.kind
  ];
  const reason = outcome.kind === 'delivered' ? '' : ` (${outcome.reason})`;
  return html`<li>
    ${moment(atMs, now)}, took ${humanDuration(durationMs)}: ${outcome.detail}, ${kind}${reason}
  </li>`;
}

/** Every way of reaching people, and whether it works. */
export function receiversSection({ receivers, now }: AgentSnapshot): Html {
  const rows = receivers.map((receiver) => receiverRow(receiver, now));
  const empty = html`<p class="empty">
    Nobody is told when something breaks: no receiver is configured. Set <code>notify:</code> in the
    configuration.
  </p>`;
  return html`<section aria-labelledby="receivers-title">
    <h2 id="receivers-title">Receivers</h2>
    ${rows.length === 0 ? empty : html`<div class="rows">${rows}</div>`}
  </section>`;
}

function receiverRow(one: ReceiverSnapshot, now: WallMs): Html {
  const { failing, lastSuccessAt, pending } = one;
  const state = failing !== undefined ? 'warning' : lastSuccessAt === undefined ? 'waiting' : 'up';
  const success =
    lastSuccessAt === undefined ? 'not used yet' : html`last success ${moment(lastSuccessAt, now)}`;
  const trouble =
    failing === undefined
      ? success
      : html`<span class="word">Failing</span> ${failing.detail} (${moment(failing.at, now)})`;
  const waiting =
    pending === 0 ? undefined : `${pending} waiting, the oldest ${humanDuration(one.oldestAgeMs)}`;
  return html`<div class="receiver ${state}">
    ${mark(state)}
    <span class="who"
      ><span class="name">${one.receiver}</span>
      <span class="target">${one.integration}</span></span
    >
    <span class="what">${trouble}</span>
    <span class="since">${waiting ?? (failing === undefined ? '' : success)}</span>
  </div>`;
}
