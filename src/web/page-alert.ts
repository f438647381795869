import type { AlertView } from '../model/alert-view.ts';
import { labelNames } from '../model/labels.ts';
import { formatMatcher } from '../model/format-matcher.ts';
import type { Matcher } from '../model/route.ts';
import type { Silence } from '../model/silence.ts';
import type { WallMs } from '../model/time.ts';
import { html, type Html } from './html.ts';
import { alertState, notesOf } from './page-alerts.ts';
import { framed } from './page-frame.ts';
import { span } from './page-marks.ts';

/** How long a silence from the page may last, as the form offers it. */
export const silenceChoices = [
  { value: '1h', words: 'one hour' },
  { value: '4h', words: 'four hours' },
  { value: '1d', words: 'one day' },
  { value: '7d', words: 'a week' },
] as const;

/** The page of one alert, where it can be taken on and silenced. */
export function alertPage(view: AlertView, silences: readonly Silence[], now: WallMs): string {
  const { alert, acknowledgement } = view;
  const name = alert.labels['alertname'] ?? alert.fingerprint;
  return framed({
    title: alert.annotations['summary'] ?? name,
    state: alertState(view),
    base: '../',
    content: [
      html`<p class="remarks">${alert.annotations['description'] ?? ''}</p>`,
      html`<p class="remarks">Firing for ${span(alert.startsAt, now)}.</p>`,
      ...notesOf(view, silences, now).map((note) => html`<p class="notice">${note}</p>`),
      acknowledgement === undefined ? acknowledgeForm(`${alert.fingerprint}/acknowledge`) : empty,
      silenceForm(view),
      factsSection(view),
      html`<footer>
        <nav><a href="../">All of ${alert.labels['host'] ?? 'this host'}</a></nav>
      </footer>`,
    ],
  });
}

const empty: Html = html``;

/** The form by which somebody takes an alert on. */
export function acknowledgeForm(action: string | undefined): Html {
  const target = action === undefined ? empty : html`action="${action}"`;
  return html`<section aria-labelledby="acknowledge-title">
    <h2 id="acknowledge-title">Acknowledge</h2>
    <form class="ask" method="post" ${target}>
      <p>No more reminders and no escalation until it is over, or becomes worse.</p>
      <label>Your name <input name="by" autocomplete="name" maxlength="100" /></label>
      <label>Comment <input name="comment" maxlength="500" /></label>
      <button>Acknowledge</button>
    </form>
  </section>`;
}

function silenceForm(view: AlertView): Html {
  const choices = silenceChoices.map(
    ({ value, words }) => html`<option value="${value}">${words}</option>`,
  );
  return html`<section aria-labelledby="silence-title">
    <h2 id="silence-title">Silence</h2>
    <form class="ask" method="post" action="${view.alert.fingerprint}/silence">
      <p>
        Nothing is told of <code>${subjectMatchers(view).map(formatMatcher).join(', ')}</code>. The
        end of what was told is told all the same.
      </p>
      <label
        >For
        <select name="for">
          ${choices}
        </select></label
      >
      <label class="tick"
        ><input type="checkbox" name="until_ok" value="yes" /> or until it is ok again</label
      >
      <label>Your name <input name="by" autocomplete="name" maxlength="100" /></label>
      <label>Comment <input name="comment" maxlength="500" required /></label>
      <button>Silence</button>
    </form>
  </section>`;
}

/** Matches this alert whatever its severity: one that becomes worse is the same trouble. */
export function subjectMatchers({ alert }: AlertView): Matcher[] {
  return labelNames(alert.labels)
    .filter((label) => label !== 'severity')
    .map((label) => {
      const value = alert.labels[label] ?? '';
      return { label, operator: '=', value, matches: (labels) => (labels[label] ?? '') === value };
    });
}

function factsSection({ alert, receivers }: AlertView): Html {
  const facts = (of: Readonly<Record<string, string>>): Html[] =>
    labelNames(of).map(
      (name) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${of[name]}</dd>
        </div>`,
    );
  return html`<section aria-labelledby="facts-title">
    <h2 id="facts-title">Facts</h2>
    <dl>
      ${facts(alert.labels)} ${facts(alert.annotations)}
      <div>
        <dt>told to</dt>
        <dd>${receivers.join(', ')}</dd>
      </div>
    </dl>
    ${linesOf(alert.detail)} ${foundLines(alert.evidence)}
  </section>`;
}

function foundLines(evidence: readonly string[] = []): Html {
  return evidence.length === 0
    ? empty
    : html`<h3>Found on the host</h3>
        ${linesOf(evidence)}`;
}

function linesOf(lines: readonly string[]): Html {
  return lines.length === 0 ? empty : html`<pre>${lines.join('\n')}</pre>`;
}

/** A page that only says something. */
export function sayingPage(
  title: string,
  sentence: string,
  base: string,
  assets: string = base,
): string {
  return framed({
    title,
    state: 'waiting',
    base,
    assets,
    content: [
      html`<p class="remarks">${sentence}</p>`,
      html`<footer>
        <nav><a href="${base}">The page of this host</a></nav>
      </footer>`,
    ],
  });
}
