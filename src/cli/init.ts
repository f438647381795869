import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { load } from '../app/load.ts';
import {
  additionText,
  configurationText,
  notifyWays,
  type NotifyWay,
} from '../app/proposal/proposal-text.ts';
import { proposeConfiguration, type TriedProposal } from '../app/proposal/propose-configuration.ts';
import type { Config } from '../model/config.ts';
import type { Surroundings } from '../app/load.ts';
import {
  exitCode,
  jsonOption,
  text,
  UsageError,
  type Command,
  type CommandContext,
  type Parsed,
} from './command.ts';
import { tellProblems } from './load.ts';

type Propose = (
  present: Config | undefined,
  around: Surroundings,
) => Promise<readonly TriedProposal[]>;

/** Looks at the host and writes a configuration; it asks nothing, and overwrites nothing. */
export const initOf = (propose: Propose): Command => ({
  name: 'init',
  summary: 'looks at this host and writes a configuration for what it finds',
  usage: '[-o FILE] [--slack-webhook] [--pagerduty] [--email] [--webhook] [--json]',
  options: {
    ...jsonOption,
    output: { type: 'string', short: 'o' },
    'slack-webhook': { type: 'boolean' },
    pagerduty: { type: 'boolean' },
    email: { type: 'boolean' },
    webhook: { type: 'boolean' },
  },
  async run(parsed, context) {
    if (parsed.positionals.length > 0) {
      throw new UsageError(
        'takes no values: what is secret is read from the environment, such as SLACK_WEBHOOK_URL',
      );
    }
    const ways = (Object.keys(notifyWays) as NotifyWay[]).filter((way) => parsed.values[way]);
    const name = text(parsed, 'output') ?? 'agent.config.yaml';
    const file = resolve(context.cwd, name);
    if (existsSync(file)) return addTo(file, propose, parsed, context);
    const proposals = await propose(undefined, context);
    const written = configurationText(proposals, ways, hostname());
    try {
      await writeFile(file, written, { flag: 'wx', mode: 0o644 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      context.stderr.write(`tocsin: ${file} cannot be written (${code})\n`);
      return exitCode.failed;
    }
    tell(proposals, parsed, context, { file, written: true });
    const missing = ways
      .flatMap((way) => notifyWays[way].variables)
      .filter((variable) => (context.environment[variable] ?? '') === '');
    if (missing.length > 0) {
      context.stderr.write(`tocsin: set ${missing.join(', ')} in the environment of the agent\n`);
    }
    return exitCode.ok;
  },
});

export const init = initOf(async (present, around) => proposeConfiguration(present, around));

/** Prints what the configuration in this file does not have yet. */
async function addTo(
  file: string,
  propose: Propose,
  parsed: Parsed,
  context: CommandContext,
): Promise<number> {
  const loading = await load(file, context);
  if (!loading.ok) {
    tellProblems(loading.problems, context);
    return exitCode.config;
  }
  const proposals = await propose(loading.loaded.config, context);
  if (parsed.values['json']) {
    tell(proposals, parsed, context, { file, written: false });
  } else if (proposals.length > 0) {
    context.stderr.write(
      `tocsin: ${file} is there already and stays as it is; this could be added to it, or to conf.d/ beside it:\n`,
    );
    context.stdout.write(additionText(proposals));
  } else {
    context.stderr.write(`tocsin: ${file} has everything that was found\n`);
  }
  return exitCode.ok;
}

function tell(
  proposals: readonly TriedProposal[],
  parsed: Parsed,
  { stdout }: CommandContext,
  about: { readonly file: string; readonly written: boolean },
): void {
  if (parsed.values['json']) {
    const checks = proposals.map(({ check, because, result: { status, summary }, isOff }) => ({
      check,
      because,
      status,
      summary,
      enabled: !isOff,
    }));
    stdout.write(`${JSON.stringify({ apiVersion: 1, ...about, checks })}\n`);
    return;
  }
  const off = proposals.filter(({ isOff }) => isOff);
  const failing = proposals.filter(({ result, isOff }) => !isOff && result.status !== 'ok');
  stdout.write(
    `${about.file}: ${proposals.length} checks, ${proposals.length - off.length - failing.length} pass now\n`,
  );
  for (const { check, result } of failing)
    stdout.write(`  fails: ${check.name}: ${result.summary}\n`);
  for (const { check, result } of off) {
    stdout.write(`  switched off: ${check.name}: ${result.summary}\n`);
  }
}
