import { createExposition, exactLabelText, gauge } from '../metrics/exposition.ts';
import type { ModuleSpec } from '../model/config.ts';
import { probeLogLinesMax } from '../model/limits.ts';
import type { CheckResult } from '../model/result.ts';
import { moduleYaml } from './module-yaml.ts';

/** Whether blackbox_exporter would call this a success: a warning is none of its notions. */
export function isSuccess({ status }: CheckResult): boolean {
  return status === 'ok' || status === 'warning';
}

/** The answer of `/probe`: what the probe measured, and how it ended. Times in seconds. */
export function probeExposition(
  result: CheckResult,
  durationSeconds: number,
  timeoutSeconds: number,
): string {
  const exposition = createExposition();
  const single = (name: string, help: string, value: number): void =>
    exposition.add(gauge(name, help), '', value);
  single(
    'probe_success',
    'Displays whether or not the probe was a success',
    isSuccess(result) ? 1 : 0,
  );
  single(
    'probe_duration_seconds',
    'Returns how long the probe took to complete in seconds',
    durationSeconds,
  );
  single('probe_timeout_seconds', 'How long the probe was allowed to take.', timeoutSeconds);
  for (const { name, help, samples } of result.families) {
    const texts = new Map(samples.map(({ labels, value }) => [exactLabelText(labels), value]));
    for (const text of [...texts.keys()].toSorted()) {
      exposition.add(gauge(name, help), text, texts.get(text) ?? 0);
    }
  }
  return exposition.text();
}

/** Collects what a probe says of itself, a line each with time and level, up to a bound. */
export interface ProbeLog {
  add(
    level: 'debug' | 'info' | 'error',
    message: string,
    fields?: Readonly<Record<string, string | number>>,
  ): void;
  text(): string;
}

export function createProbeLog(
  facts: { readonly module: string; readonly target: string },
  level: 'info' | 'debug',
  now: () => Date,
): ProbeLog {
  const lines: string[] = [];
  return {
    add(lineLevel, message, fields = {}) {
      if (lineLevel === 'debug' && level !== 'debug') return;
      const line = {
        time: now().toISOString(),
        level: lineLevel,
        ...facts,
        msg: message,
        ...fields,
      };
      lines.push(
        Object.entries(line)
          .map(([name, value]) => `${name}=${quoted(value)}`)
          .join(' '),
      );
      // How it began and how it ended says more than the flood in between.
      if (lines.length > probeLogLinesMax) lines.splice(probeLogLinesMax / 2, 1);
    },
    text: () => lines.map((line) => `${line}\n`).join(''),
  };
}

function quoted(value: string | number): string {
  const text = String(value);
  return /^[^\s"=\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text);
}

/** What `debug=true` and `/logs` show. */
export async function debugReport(
  log: string,
  metrics: string,
  module: ModuleSpec,
): Promise<string> {
  const configuration = await moduleYaml(module);
  return (
    `Logs for the probe:\n${log}\n\n\n` +
    `Metrics that would have been returned:\n${metrics}\n\n\n` +
    `Module configuration:\n${configuration}`
  );
}
