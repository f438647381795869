import type { WallMs } from '../model/time.ts';
import { html, type Html } from './html.ts';
import { mark, moment } from './page-marks.ts';
import type { KeptProbe } from './probe-history.ts';

/** Probes on the page; `/logs` has the others that are kept. */
const probesShown = 15;

/** What others had probed, newest first; nothing while nobody has. */
export function probesSection(probes: readonly KeptProbe[], now: WallMs): Html | undefined {
  if (probes.length === 0) return undefined;
  const newest = probes.toSorted((a, b) => b.id - a.id).slice(0, probesShown);
  return html`<section aria-labelledby="probes-title">
    <h2 id="probes-title">Probed on request</h2>
    <div class="rows">${newest.map((probe) => probeRow(probe, now))}</div>
  </section>`;
}

function probeRow({ id, module, target, success, summary, at }: KeptProbe, now: WallMs): Html {
  const state = success ? 'up' : 'down';
  return html`<div class="receiver ${state}">
    ${mark(state)}
    <span class="who"
      ><span class="name">${target}</span> <span class="target">${module}</span></span
    >
    <span class="what"
      ><span class="word">${success ? 'Success' : 'Failure'}</span> ${summary}</span
    >
    <span class="since"><a href="logs?id=${id}">Log</a> · ${moment(at, now)}</span>
  </div>`;
}
