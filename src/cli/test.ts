import { counted } from '../model/counted.ts';
import { hostname } from 'node:os';
import { tables } from '../app/load.ts';
import { playScenario, type ScenarioOutcome } from '../app/playback/scenario.ts';
import type { Difference, ToldNotification } from '../app/playback/scenario-compare.ts';
import { formatProblem } from '../config/load.ts';
import { loadScenarios } from '../config/scenario.ts';
import { formatDuration } from '../lib/duration.ts';
import type { ExpectedNotification } from '../model/scenario.ts';
import { exitCode, jsonOption, UsageError, type Command, type CommandContext } from './command.ts';
import { painter } from './style.ts';

export const test: Command = {
  name: 'test',
  summary: 'plays scenarios: results over time in, expected notifications out',
  usage: '[--json] FILE…',
  options: jsonOption,
  async run({ positionals: files, values }, context) {
    if (files.length === 0) throw new UsageError('expected at least one file of scenarios');
    const { cwd, environment, stderr, stdout } = context;
    const options = { cwd, environment, hostname: hostname(), tables };
    const loaded = [];
    for (const file of files) loaded.push({ file, ...(await loadScenarios(file, options)) });
    const problems = loaded.flatMap((one) => (one.ok ? [] : one.problems));
    if (problems.length > 0) {
      for (const problem of problems) stderr.write(`${formatProblem(problem)}\n`);
      const count = counted(problems.length, 'problem');
      stderr.write(`tocsin: the scenarios cannot be played: ${count}\n`);
      return exitCode.config;
    }
    const played = loaded.map((one) => ({
      file: one.file,
      outcomes: one.ok ? one.scenarios.map(playScenario) : [],
    }));
    const outcomes = played.flatMap((one) => one.outcomes);
    const failed = outcomes.filter(({ differences }) => differences.length > 0).length;
    if (values['json']) {
      const scenarios = played.flatMap((one) => one.outcomes.map((each) => shape(one.file, each)));
      stdout.write(`${JSON.stringify({ apiVersion: 1, scenarios })}\n`);
    } else {
      for (const one of played) {
        // The shorter name of a place is the one that people have typed.
        stdout.write(render(one.file, one.outcomes, context).replaceAll(`${cwd}/`, ''));
      }
      const count = counted(outcomes.length, 'scenario');
      stdout.write(`${count}, ${failed === 0 ? 'all as expected' : `${failed} not as expected`}\n`);
    }
    return failed === 0 ? exitCode.ok : exitCode.failed;
  },
};

function render(
  file: string,
  outcomes: readonly ScenarioOutcome[],
  context: CommandContext,
): string {
  const paint = painter(context);
  const lines = outcomes.flatMap(({ scenario, differences, told }) => {
    const passed = differences.length === 0;
    const word = passed ? paint('ok  ', 'ok') : paint('FAIL', 'critical');
    return [
      `  ${word} ${scenario.name}${passed ? '' : ` (${scenario.place})`}`,
      ...differences.flatMap(differenceLines).map((line) => `         ${line}`),
      ...(passed ? [] : toldLines(told).map((line) => `       ${line}`)),
    ];
  });
  return `${[file, ...lines].join('\n')}\n`;
}

function differenceLines(difference: Difference): string[] {
  if (difference.kind === 'phase') {
    const { expected, phase } = difference;
    return [
      `at ${formatDuration(expected.atMs)} ${expected.check} is ${phase}, ` +
        `expected ${expected.phase} (${expected.place})`,
    ];
  }
  if (difference.kind === 'unexpected') return [`unexpected: ${toldLine(difference.told)}`];
  const { expected, nearest } = difference;
  return [
    `missing:    ${expectedLine(expected)} (${expected.place})`,
    ...(nearest === undefined
      ? []
      : [`  nearest:  ${toldLine(nearest.told)}; differs in ${nearest.keys.join(', ')}`]),
  ];
}

function toldLines(told: readonly ToldNotification[]): string[] {
  return told.length === 0
    ? ['nobody was told anything']
    : ['told in all:', ...told.map((one) => `  ${toldLine(one)}`)];
}

function toldLine({ atMs, receiver, status, reason, firing, resolved }: ToldNotification): string {
  return [
    formatDuration(atMs),
    receiver,
    status,
    ...(firing.length === 0 ? [] : [firing.join(', ')]),
    ...(resolved.length === 0 ? [] : [`(resolved: ${resolved.join(', ')})`]),
    `because ${reason}`,
  ].join(' ');
}

function expectedLine(expected: ExpectedNotification): string {
  const { atMs, receiver, status, reason, alerts, firing, resolved, text } = expected;
  const names = [...(alerts ?? []), ...(firing ?? [])];
  const parts = [
    ...(atMs === undefined ? [] : [formatDuration(atMs)]),
    ...(receiver === undefined ? [] : [receiver]),
    ...(status === undefined ? [] : [status]),
    ...(names.length === 0 ? [] : [names.join(', ')]),
    ...(resolved === undefined ? [] : [`(resolved: ${resolved.join(', ')})`]),
    ...(reason === undefined ? [] : [`because ${reason}`]),
    ...(text === undefined ? [] : [`with ${text.map((part) => JSON.stringify(part)).join(', ')}`]),
  ];
  return parts.length === 0 ? 'any notification' : parts.join(' ');
}

function shape(file: string, { scenario, told, differences }: ScenarioOutcome): object {
  return {
    file,
    name: scenario.name,
    passed: differences.length === 0,
    told: told.map(toldShape),
    differences: differences.map((one) => {
      if (one.kind === 'phase') return { ...one.expected, kind: one.kind, found: one.phase };
      if (one.kind === 'unexpected') return { kind: one.kind, told: toldShape(one.told) };
      return { kind: one.kind, expected: one.expected };
    }),
  };
}

function toldShape({ text: _text, ofChecks: _ofChecks, ...facts }: ToldNotification): object {
  return facts;
}
