import { humanDuration } from '../lib/duration.ts';
import { rfc3339 } from '../model/time.ts';
import type { AgentSnapshot } from '../model/snapshot.ts';
import { html, type Html } from './html.ts';
import { overview } from './overview.ts';
import { alertsSection, silencesSection, type Attention } from './page-alerts.ts';
import { checksSection } from './page-checks.ts';
import { mark, moment } from './page-marks.ts';
import { probesSection } from './page-probes.ts';
import type { KeptProbe } from './probe-history.ts';
import { receiversSection, toldSection } from './page-told.ts';

/** The whole page as HTML. Needs no script; the script only renews what is in `main`. */
export function renderPage(
  snapshot: AgentSnapshot,
  probes: readonly KeptProbe[] = [],
  attention: Attention = { alerts: [], silences: [] },
): string {
  const { state, sentence, remarks } = overview(snapshot);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${sentence.replace(/\.$/, '')} · ${snapshot.name}</title>
        <link rel="icon" type="image/svg+xml" href="icon/${state}.svg" />
        <link rel="stylesheet" href="page.css" />
        <noscript><meta http-equiv="refresh" content="30" /></noscript>
        <script src="page.js" defer></script>
      </head>
      <body>
        <p id="lost" role="status" hidden>
          The agent does not answer; what you see is from <b></b> ago.
        </p>
        <main>
          <header class="${state}">
            <p class="host">${snapshot.name}</p>
            <h1>${mark(state)}<span>${sentence}</span></h1>
            ${remarks.length === 0 ? undefined : html`<p class="remarks">${remarks.join(' ')}</p>`}
            ${notices(snapshot)}
          </header>
          ${alertsSection(attention, snapshot.now)} ${silencesSection(attention, snapshot.now)}
          ${checksSection(snapshot)} ${toldSection(snapshot)} ${receiversSection(snapshot)}
          ${probesSection(probes, snapshot.now)} ${footer(snapshot)}
        </main>
      </body>
    </html>`;
  return `${page.markup}\n`;
}

/** What is wrong with the agent itself rather than with what it watches. */
function notices(snapshot: AgentSnapshot): readonly Html[] {
  const { lastReload, now, problems } = snapshot;
  const reload = html`<p class="notice">
    The configuration could not be reloaded ${moment(lastReload.at, now)}; the one before it is
    still in force. ${lastReload.error}
  </p>`;
  return [
    ...(lastReload.successful ? [] : [reload]),
    ...problems.map((problem) => html`<p class="notice">${problem}</p>`),
  ];
}

function footer(snapshot: AgentSnapshot): Html {
  const files =
    snapshot.configFiles.length === 0 ? 'no configuration' : snapshot.configFiles.join(', ');
  return html`<footer>
    <p>
      tocsin ${snapshot.version} · up ${humanDuration(snapshot.now - snapshot.startedAt)} · ${files}
      · as of
      <time datetime="${rfc3339(snapshot.now)}">${rfc3339(snapshot.now).slice(11, 19)} UTC</time>
    </p>
    <nav>
      <a href="metrics">Metrics</a> <a href="config">Configuration</a>
      <a href="api/v1/status">API</a>
    </nav>
  </footer>`;
}
