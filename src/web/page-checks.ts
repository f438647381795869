import { formatDuration, humanDuration } from '../lib/duration.ts';
import type { CheckSchedule } from '../model/check.ts';
import { formatLabels } from '../model/labels.ts';
import type { MeasuredValue, RecordedResult } from '../model/result.ts';
import type { AgentSnapshot, CheckSnapshot } from '../model/snapshot.ts';
import { checkState, stateWord, worstFirst } from './check-words.ts';
import { html, type Html } from './html.ts';
import { mark, moment, phaseBar, span, sparkline } from './page-marks.ts';

/** All checks, worst first, one line each; everything known of one unfolds below it. */
export function checksSection(snapshot: AgentSnapshot): Html {
  const rows = worstFirst(snapshot.checks).map((check) => checkRow(check, snapshot));
  const empty = html`<p class="empty">
    No checks are configured. Write some into <code>agent.config.yaml</code>, or let
    <code>tocsin init</code> propose them for this host.
  </p>`;
  return html`<section aria-labelledby="checks-title">
    <h2 id="checks-title">Checks</h2>
    ${rows.length === 0 ? empty : html`<div class="rows">${rows}</div>`}
  </section>`;
}

function checkRow(check: CheckSnapshot, snapshot: AgentSnapshot): Html {
  const { spec, recent } = check;
  const state = checkState(check);
  const latest = recent.at(-1);
  const stalled =
    check.stalledSince === undefined ? undefined : html` <span class="tag">stalled</span>`;
  const flapping = check.flapping ? html` <span class="tag">flapping</span>` : undefined;
  const since =
    check.since === undefined ? undefined : html`for ${span(check.since, snapshot.now)}`;
  return html`<details class="check ${state}" id="check:${encodeURIComponent(spec.name)}">
    <summary>
      ${mark(state)}
      <span class="who"
        ><span class="name">${spec.name}</span>
        <span class="target">${spec.target ?? spec.type}</span></span
      >
      <span class="what"
        ><span class="word">${stateWord(check)}</span>
        ${latest?.summary ?? 'not looked at yet'}${flapping}${stalled}</span
      >
      <span class="since">${since}</span>
      ${sparkline(recent)}
    </summary>
    <div class="more">
      ${facts(check, snapshot)}${latest === undefined ? undefined : findings(latest)}
    </div>
  </details>`;
}

function facts(check: CheckSnapshot, snapshot: AgentSnapshot): Html {
  const { spec, recent } = check;
  const latest = recent.at(-1);
  const ran =
    latest === undefined
      ? 'never'
      : html`${moment(latest.startedAt.wallMs, snapshot.now)}, took
        ${humanDuration(latest.durationMs)}`;
  const next = check.running
    ? 'under way'
    : check.nextRunAt === undefined
      ? 'not planned'
      : moment(check.nextRunAt, snapshot.now);
  const missed = check.missedRuns === 0 ? '' : `, ${check.missedRuns} missed`;
  const held = mutedBy(check, snapshot);
  const summary = spec.annotations['summary'];
  return html`<dl>
    ${summary === undefined ? undefined : fact('Meaning', summary)} ${fact('Last run', ran)}
    ${fact('Next run', html`${next}, ${schedule(spec.schedule)}`)}
    ${fact('Alert', alertWords(check, snapshot))} ${fact('Why', check.rule)}
    ${held === undefined ? undefined : fact('Held back', held)}
    ${latest?.reason === undefined ? undefined : fact('Reason', latest.reason)}
    ${fact('Runs', `${check.runs}${missed}`)}
    ${fact('Type', `${spec.type}, severity ${spec.severity}`)}
    ${spec.dependsOn.length === 0 ? undefined : fact('Depends on', spec.dependsOn.join(', '))}
    ${
      Object.keys(spec.labels).length === 0
        ? undefined
        : fact('Labels', html`<code>${formatLabels(spec.labels)}</code>`)
    }
    ${runbook(spec.annotations['runbook_url'])}
  </dl>`;
}

function fact(name: string, content: Html | string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${content}</dd>
  </div>`;
}

function alertWords(check: CheckSnapshot, snapshot: AgentSnapshot): Html | string {
  if (check.since === undefined) return check.phase;
  return html`${check.phase} for ${span(check.since, snapshot.now)}`;
}

/** Why the alert of a check is not told at the moment, where it is in a group. */
function mutedBy({ spec }: CheckSnapshot, { groups }: AgentSnapshot): string | undefined {
  const alerts = groups.flatMap((group) => group.alerts);
  return alerts.find((alert) => alert.alertname === spec.name && alert.mutedBy !== undefined)
    ?.mutedBy;
}

/** Only an address on the web becomes a link: another scheme could run code in this page. */
function runbook(url: string | undefined): Html | undefined {
  if (url === undefined) return undefined;
  const isWeb = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  return fact('Runbook', isWeb ? html`<a href="${url}" rel="noreferrer">${url}</a>` : url);
}

function schedule(schedule: CheckSchedule): string {
  if (schedule.kind === 'interval') return `every ${formatDuration(schedule.intervalMs)}`;
  const zone = schedule.timeZone === undefined ? '' : ` (${schedule.timeZone})`;
  return `at ${schedule.expression}${zone}`;
}

function findings(latest: RecordedResult): Html {
  const lines = latest.detail.join('\n');
  return html`${phaseBar(latest.phases)}${
    latest.values.length === 0 ? undefined : valueTable(latest.values)
  }${lines === '' ? undefined : html`<pre>${lines}</pre>`}`;
}

function valueTable(values: readonly MeasuredValue[]): Html {
  const rows = values.map(
    (one) =>
      html`<tr>
        <th scope="row">${one.metric}</th>
        <td>${figure(one)}</td>
        <td>${one.warning ?? '–'}</td>
        <td>${one.critical ?? '–'}</td>
      </tr>`,
  );
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Measured</th>
        <th scope="col">Value</th>
        <th scope="col">Warning</th>
        <th scope="col">Critical</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

/** A figure with its unit, as people write it. */
function figure({ value, unit = '' }: MeasuredValue): string {
  if (unit === 's') return value >= 0 ? humanDuration(value * 1000) : `${value} s`;
  if (unit === 'B') return bytes(value);
  const rounded = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  return unit === '%' ? `${rounded}%` : `${rounded} ${unit}`.trim();
}

function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = Math.min(
    units.length - 1,
    Math.max(0, Math.floor(Math.log2(Math.max(1, Math.abs(value))) / 10)),
  );
  return `${Number((value / 1024 ** power).toPrecision(3))} ${units[power] ?? ''}`;
}
