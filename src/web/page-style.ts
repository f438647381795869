/** The whole look of the page: system fonts, two sets of colours, one breakpoint. */
export const pageStyle = `:root {
  color-scheme: light dark;
  --paper: #fbfaf7;
  --raised: #f3f1ec;
  --ink: #1f1e1c;
  --soft: #6a6760;
  --rule: #e4e0d8;
  --up: #2b7a4b;
  --warning: #95600a;
  --down: #bf2d27;
  --unknown: #565a9b;
  --bar: #9cc5ab;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #151517;
    --raised: #1e1e21;
    --ink: #e9e6e1;
    --soft: #9a978f;
    --rule: #2c2b2e;
    --up: #62bd87;
    --warning: #e2ab45;
    --down: #ff7268;
    --unknown: #a3a8ee;
    --bar: #3f6f54;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums;
  -webkit-text-size-adjust: 100%;
}
main { max-width: 66rem; margin: 0 auto; padding: 2.5rem 1.5rem 2rem; }
p, h1, h2, dl, dd, ul, ol, pre { margin: 0; }
code, pre { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
a { color: inherit; text-decoration-color: var(--rule); text-underline-offset: 0.2em; }
a:hover { text-decoration-color: currentColor; }

.up { --tone: var(--up); }
.down { --tone: var(--down); }
.warning, .recovering, .failing { --tone: var(--warning); }
.unknown { --tone: var(--unknown); }
.waiting { --tone: var(--soft); }

.mark { flex: none; width: 1em; height: 1em; fill: var(--tone); overflow: visible; }
.mark .ink, .mark .line {
  fill: none;
  stroke: var(--paper);
  stroke-width: 1.7;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.mark .line { stroke: var(--tone); stroke-width: 1.5; }
.mark .dash { stroke-dasharray: 2 2.6; }

.host { color: var(--soft); font-weight: 500; letter-spacing: 0.01em; }
h1 {
  display: flex;
  gap: 0.5em;
  margin-top: 0.1rem;
  font-size: clamp(1.35rem, 1rem + 1.8vw, 1.9rem);
  font-weight: 620;
  line-height: 1.25;
  letter-spacing: -0.015em;
  text-wrap: balance;
  overflow-wrap: anywhere;
}
h1 .mark { width: 0.8em; height: 0.8em; margin-top: 0.22em; }
.remarks { margin-top: 0.4rem; color: var(--soft); max-width: 46rem; overflow-wrap: anywhere; }
.notice {
  margin-top: 0.8rem;
  padding: 0.5rem 0.8rem;
  border-left: 3px solid var(--warning);
  background: var(--raised);
  overflow-wrap: anywhere;
}
h2 {
  margin: 2.4rem 0 0.4rem;
  color: var(--soft);
  font-size: 0.8rem;
  font-weight: 600;
  letter-spacing: 0.06em;
  text-transform: uppercase;
}
.rows { margin: 0 -0.7rem; border-top: 1px solid var(--rule); }
.rows > * { border-bottom: 1px solid var(--rule); }
.empty { padding: 0.7rem 0; border-top: 1px solid var(--rule); color: var(--soft); }

summary, .receiver {
  display: grid;
  grid-template-columns: 1rem minmax(9rem, 17rem) minmax(0, 1fr) auto 118px;
  column-gap: 0.9rem;
  align-items: baseline;
  padding: 0.42rem 0.7rem;
}
.told summary { grid-template-columns: 1rem minmax(9rem, 17rem) minmax(0, 0.6fr) minmax(0, 1fr) auto; }
.receiver { grid-template-columns: 1rem minmax(9rem, 17rem) minmax(0, 1fr) auto; }
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:hover, details[open] > summary { background: var(--raised); }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--unknown); outline-offset: 1px; }
summary .mark, .receiver .mark { align-self: start; width: 0.95rem; height: 0.95rem; margin-top: 0.2rem; }
.who, .what, .answer { min-width: 0; overflow-wrap: anywhere; }
.name { font-weight: 600; }
.who .target { display: block; line-height: 1.3; }
.target { color: var(--soft); font-size: 0.87em; }
.word { color: var(--tone); font-weight: 600; }
.up .word { color: var(--soft); font-weight: 400; }
.check .word { margin-right: 0.3em; }
.since { color: var(--soft); font-size: 0.87em; white-space: nowrap; text-align: right; }
.tag { padding: 0 0.4em; border: 1px solid var(--rule); border-radius: 3px; color: var(--soft); font-size: 0.82em; }
.alert .since, .silence .since { display: flex; gap: 0.7rem; align-items: baseline; justify-content: flex-end; }
.note { display: block; color: var(--soft); font-size: 0.87em; }
button, input, select {
  padding: 0.25rem 0.7rem;
  border: 1px solid var(--rule);
  border-radius: 4px;
  background: var(--raised);
  color: inherit;
  font: inherit;
}
button { cursor: pointer; }
button:hover { border-color: currentColor; }
button:focus-visible, input:focus-visible, select:focus-visible { outline: 2px solid var(--unknown); outline-offset: 1px; }
.ask { display: grid; gap: 0.7rem; max-width: 30rem; padding: 0.7rem 0; border-top: 1px solid var(--rule); }
.ask label { display: grid; gap: 0.2rem; color: var(--soft); font-size: 0.87em; }
.ask .tick { display: flex; gap: 0.5rem; align-items: center; }
.ask input:not([type]), .ask select { color: var(--ink); font-size: 1rem; }
.ask button { justify-self: start; padding: 0.45rem 1.2rem; font-weight: 600; }
.spark { align-self: center; width: 118px; height: 20px; }
.spark .base { stroke: var(--rule); }
.spark .ok { fill: var(--bar); }
.spark .warning { fill: var(--warning); }
.spark .critical { fill: var(--down); }
.spark .unknown { fill: var(--unknown); }

.more { padding: 0.5rem 0.7rem 1.1rem 2.6rem; background: var(--raised); }
.more > * + * { margin-top: 0.9rem; }
.more ol { padding-left: 1.2em; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0.45rem 1.6rem; }
dt { color: var(--soft); font-size: 0.82em; }
dd { overflow-wrap: anywhere; }
pre {
  padding: 0.6rem 0.8rem;
  border: 1px solid var(--rule);
  border-radius: 4px;
  background: var(--paper);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
table { border-collapse: collapse; font-size: 0.93em; }
th, td { padding: 0.15rem 1.6rem 0.15rem 0; text-align: left; font-weight: 400; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-size: 0.88em; }
td { white-space: nowrap; }
.phases svg { display: block; width: 100%; max-width: 40rem; height: 8px; border-radius: 4px; }
.phases ul { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; margin-top: 0.35rem; padding: 0; list-style: none; font-size: 0.87em; color: var(--soft); }
.phases b { color: var(--ink); font-weight: 500; }
.phases i { display: inline-block; width: 0.6em; height: 0.6em; margin-right: 0.4em; border-radius: 2px; }
.part0 { fill: #8a8fc4; background: #8a8fc4; }
.part1 { fill: #5fa3b5; background: #5fa3b5; }
.part2 { fill: #7fb083; background: #7fb083; }
.part3 { fill: #cfa353; background: #cfa353; }
.part4 { fill: #c07b73; background: #c07b73; }

footer {
  display: flex;
  flex-wrap: wrap;
  gap: 0.2rem 1.5rem;
  justify-content: space-between;
  margin-top: 2.6rem;
  color: var(--soft);
  font-size: 0.87em;
  overflow-wrap: anywhere;
}
nav { display: flex; gap: 1.1rem; }
#lost:not([hidden]) {
  position: sticky;
  top: 0;
  z-index: 1;
  padding: 0.5rem 1.5rem;
  background: var(--down);
  color: var(--paper);
  text-align: center;
}

@media (max-width: 46rem) {
  main { padding: 1.4rem 1rem; }
  summary, .receiver, .told summary {
    grid-template-columns: 1rem minmax(0, 1fr) auto;
    row-gap: 0.1rem;
  }
  .what, .answer { grid-column: 2 / -1; grid-row: 2; }
  .answer { grid-row: 3; }
  .since { grid-column: 3; grid-row: 1; }
  .spark { grid-column: 3; grid-row: 1; }
  .check .since { grid-column: 2 / -1; grid-row: 3; text-align: left; }
  .receiver .since { grid-column: 2 / -1; grid-row: 3; text-align: left; white-space: normal; }
  .more { padding-left: 0.7rem; }
  dl { grid-template-columns: 1fr; }
}
@media print {
  .rows > * { break-inside: avoid; }
}
`;
