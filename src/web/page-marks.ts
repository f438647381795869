import { humanDuration } from '../lib/duration.ts';
import { recentResultsMax } from '../model/limits.ts';
import { statuses, type Phase, type RecordedResult } from '../model/result.ts';
import { rfc3339, type WallMs } from '../model/time.ts';
import type { CheckState } from './check-words.ts';
import { html, type Html } from './html.ts';

/** A shape for each state, so that nobody has to tell colours apart. 16 by 16 units. */
const shapes: Readonly<Record<CheckState, Html>> = {
  down: html`<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" /><path
      class="ink"
      d="M5.5 5.5l5 5m0-5l-5 5"
    />`,
  warning: html`<path d="M8 1.5L15.5 15H.5z" /><path class="ink" d="M8 6v4.2m0 1.6v.7" />`,
  recovering: html`<path d="M8 1.5L15.5 15H.5z" /><path
      class="ink"
      d="M8 12.5V7.5m-2 2l2-2 2 2"
    />`,
  failing: html`<path class="line" d="M8 2.5L14.5 14H1.5z" /><path
      class="line"
      d="M8 7v3.2m0 1.2v.6"
    />`,
  unknown: html`<circle class="line" cx="8" cy="8" r="6.5" /><path
      class="line"
      d="M6 6.4a2 2 0 1 1 2.6 2c-.4.2-.6.5-.6 1m0 1.6v.4"
    />`,
  waiting: html`<circle class="line dash" cx="8" cy="8" r="6.5" />`,
  up: html`<circle cx="8" cy="8" r="7" /><path class="ink" d="M4.8 8.3l2.3 2.3 4.2-4.6" />`,
};

export function mark(state: CheckState): Html {
  return html`<svg class="mark ${state}" viewBox="0 0 16 16" aria-hidden="true">
    ${shapes[state]}
  </svg>`;
}

/** The icon in the tab of the browser: a dot in the colour of the worst state. */
export function tabIcon(state: CheckState): string {
  const colours: Partial<Record<CheckState, string>> = {
    down: '#d23b33',
    warning: '#d9920a',
    recovering: '#d9920a',
    up: '#2f8f5b',
  };
  const colour = colours[state] ?? '#7d7f8c';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${colour}"/></svg>\n`;
}

const bar = { width: 4, gap: 2, height: 20, heightMin: 5 };

/** The last results, newest at the right: the colour tells the status, the height how long it took. */
export function sparkline(recent: readonly RecordedResult[]): Html {
  const step = bar.width + bar.gap;
  const width = recentResultsMax * step - bar.gap;
  const longestMs = Math.max(1, ...recent.map((result) => result.durationMs));
  const first = recentResultsMax - recent.length;
  const bars = recent.map((result, position) => {
    const share = Math.sqrt(result.durationMs / longestMs);
    const height =
      result.status === 'ok' ? Math.max(bar.heightMin, Math.round(share * bar.height)) : bar.height;
    return html`<rect
      class="${result.status}"
      x="${(first + position) * step}"
      y="${bar.height - height}"
      width="${bar.width}"
      height="${height}"
      rx="1"
    />`;
  });
  const counts = statuses
    .map((status) => [recent.filter((result) => result.status === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${count} ${status}`);
  const label = counts.length === 0 ? 'no results yet' : `last results: ${counts.join(', ')}`;
  return html`<svg
    class="spark"
    viewBox="0 0 ${width} ${bar.height}"
    role="img"
    aria-label="${label}"
  >
    <title>${label}</title>
    <path class="base" d="M0 ${bar.height - 0.5}H${width}" />
    ${bars}
  </svg>`;
}

/** How the time of one run divides up: a bar, and the figures below. */
export function phaseBar(phases: readonly Phase[]): Html | undefined {
  const totalMs = phases.reduce((sum, phase) => sum + phase.ms, 0);
  if (phases.length < 2 || totalMs <= 0) return undefined;
  let beforeMs = 0;
  const parts = phases.map((phase, position) => {
    const x = (beforeMs / totalMs) * 100;
    beforeMs += phase.ms;
    const width = (phase.ms / totalMs) * 100;
    return html`<rect
      class="part${position % 5}"
      x="${x.toFixed(2)}%"
      width="${width.toFixed(2)}%"
      height="100%"
    />`;
  });
  const legend = phases.map(
    (phase, position) =>
      html`<li>
        <i class="part${position % 5}"></i>${phase.name} <b>${milliseconds(phase.ms)}</b>
      </li>`,
  );
  return html`<div class="phases">
    <svg aria-hidden="true">${parts}</svg>
    <ul>
      ${legend}
    </ul>
  </div>`;
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)}ms` : humanDuration(ms);
}

/** A moment as a distance from now, with the date to read when pointing at it. */
export function moment(at: WallMs, now: WallMs): Html {
  const ms = now - at;
  if (Math.abs(ms) < 1000) return time(at, 'now');
  return time(at, ms > 0 ? `${humanDuration(ms)} ago` : `in ${humanDuration(-ms)}`);
}

/** How long something has lasted, with the date of its start to read when pointing at it. */
export function span(from: WallMs, now: WallMs): Html {
  return time(from, humanDuration(Math.max(0, now - from)));
}

function time(at: WallMs, words: string): Html {
  return html`<time datetime="${rfc3339(at)}" title="${rfc3339(at)}">${words}</time>`;
}
