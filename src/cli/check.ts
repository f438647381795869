import { stringify } from 'yaml';
import { checkOnce } from '../app/check-once.ts';
import { humanDuration } from '../lib/duration.ts';
import { redactor } from '../lib/redact.ts';
import type { CheckSpec } from '../model/check.ts';
import { byWorst, worstOf, type RecordedResult, type Status } from '../model/result.ts';
import {
  configOption,
  exitCode,
  jsonOption,
  UsageError,
  type Command,
  type CommandContext,
} from './command.ts';
import { loadOrTell } from './load.ts';
import { columns, painter } from './style.ts';

export const exitCodeOf: Record<Status, number> = {
  ok: exitCode.ok,
  warning: exitCode.warning,
  critical: exitCode.critical,
  unknown: exitCode.unknown,
};

export const check: Command = {
  name: 'check',
  summary: 'runs checks once, a line each, worst first',
  usage: '[-c FILE] [--verbose] [--json] [CHECK…]',
  options: {
    ...configOption,
    ...jsonOption,
    verbose: { type: 'boolean', short: 'v', about: 'with phases, log and the options in effect' },
  },
  async run(parsed, context) {
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    const { config } = loaded;
    // The check of the running agent itself has nothing to look at here.
    const here = config.checks.filter(({ type }) => type !== 'agent');
    const unknown = parsed.positionals.filter((name) => !here.some((spec) => spec.name === name));
    if (unknown.length > 0) {
      throw new UsageError(
        `no check named ${unknown.join(', ')} to run; there are ${here.map(({ name }) => name).join(', ')}`,
      );
    }
    const specs = here.filter(
      ({ name }) => parsed.positionals.length === 0 || parsed.positionals.includes(name),
    );
    const redact = redactor(config.secrets);
    const results = (await checkOnce(specs, config)).toSorted((a, b) =>
      byWorst(a.status, b.status),
    );
    if (parsed.values['json']) {
      context.stdout.write(
        `${redact(JSON.stringify({ apiVersion: 1, results: results.map(shape) }))}\n`,
      );
    } else {
      const text = parsed.values['verbose'] ? verbose(results, specs) : lines(results, context);
      context.stdout.write(redact(text));
    }
    return exitCodeOf[worstOf(results.map(({ status }) => status))];
  },
};

function lines(results: readonly RecordedResult[], context: CommandContext): string {
  const paint = painter(context);
  const rows = results.map(({ status, check, durationMs, summary }) => [
    status,
    check,
    humanDuration(durationMs),
    summary,
  ]);
  return columns(rows)
    .map((line, index) => {
      const status = results[index]?.status ?? 'unknown';
      return `${paint(line.slice(0, status.length), status)}${line.slice(status.length)}\n`;
    })
    .join('');
}

function verbose(results: readonly RecordedResult[], specs: readonly CheckSpec[]): string {
  return results
    .map((result) => {
      const spec = specs.find(({ name }) => name === result.check);
      const phases = result.phases.map(({ name, ms }) => `${name} ${ms.toFixed(1)}ms`);
      const values = result.values.map(
        ({ metric, value, unit = '' }) => `${metric} ${value}${unit}`,
      );
      return [
        `${result.check}: ${result.status}${result.reason === undefined ? '' : ` (${result.reason})`}`,
        `  ${result.summary}`,
        `  took ${humanDuration(result.durationMs)}${phases.length === 0 ? '' : `: ${phases.join(', ')}`}`,
        ...(values.length === 0 ? [] : [`  measured ${values.join(', ')}`]),
        ...result.detail.map((line) => `  | ${line}`),
        '  effective options:',
        ...stringify(printable(spec))
          .trimEnd()
          .split('\n')
          .map((line) => `    ${line}`),
        '',
      ].join('\n');
    })
    .join('\n');
}

function printable(spec: CheckSpec | undefined): unknown {
  return JSON.parse(
    JSON.stringify(spec ?? {}, (_key, value: unknown) =>
      value instanceof RegExp ? value.source : value,
    ),
  );
}

function shape({ startedAt, families: _families, ...result }: RecordedResult): object {
  return { ...result, startedAt: new Date(startedAt.wallMs).toISOString() };
}
