import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { load, type Surroundings } from '../app/load.ts';
import { notifyLines, secretsOf, type Contacts } from '../app/proposal/contacts.ts';
import { proxyLines, secretsOfProxy } from '../app/proposal/outward-proxy.ts';
import { additionText, configurationText } from '../app/proposal/proposal-text.ts';
import {
  proposeConfiguration,
  type Proposed,
  type TriedProposal,
} from '../app/proposal/propose-configuration.ts';
import type { Config } from '../model/config.ts';
import { askContacts } from './ask-contacts.ts';
import {
  exitCode,
  jsonOption,
  text,
  UsageError,
  type Command,
  type CommandContext,
  type Parsed,
} from './command.ts';
import { contactOptions, contactsGiven } from './contacts.ts';
import { keepSecrets } from './credential-files.ts';
import { tellProblems } from './load.ts';
import { Interrupted, openPrompt } from './prompt.ts';
import { proxyGiven } from './proxy-given.ts';
import { painter } from './style.ts';

type Propose = (present: Config | undefined, around: Surroundings) => Promise<Proposed>;

/**
 * Looks at the host and writes a configuration, with whom to tell: by options, by the environment, or by
 * asking, if there is somebody at a terminal. It overwrites no configuration.
 */
export const initOf = (propose: Propose): Command => ({
  name: 'init',
  summary: 'looks at this host and writes a configuration for what it finds',
  usage:
    '[-o FILE] [--slack-webhook URL|@FILE] [--pagerduty-key KEY|@FILE] [--email TO --smarthost HOST:PORT] [--credentials DIR] [--yes] [--json]',
  options: {
    ...jsonOption,
    ...contactOptions,
    output: {
      type: 'string',
      short: 'o',
      value: 'FILE',
      about: 'where to write, agent.config.yaml when not given',
    },
    credentials: {
      type: 'string',
      value: 'DIR',
      about: 'where secrets are kept, in files that only their owner reads',
    },
    yes: { type: 'boolean', short: 'y', about: 'asks nothing, also on a terminal' },
  },
  async run(parsed, context) {
    if (parsed.positionals.length > 0) throw new UsageError('takes no values but those of options');
    const name = text(parsed, 'output') ?? 'agent.config.yaml';
    const file = resolve(context.cwd, name);
    const given = contactsGiven(parsed, context);
    if (given.exposed.length > 0) {
      const options = given.exposed.join(', ');
      context.stderr.write(
        `tocsin: what stands behind ${options} is in the history of the shell and was seen by whoever lists processes; use @FILE or the environment\n`,
      );
    }
    if (existsSync(file))
      return addTo(file, { propose, isTold: isAnyone(given.contacts) }, parsed, context);
    try {
      return await create(file, propose, given.contacts, parsed, context);
    } catch (error) {
      if (error instanceof Interrupted) {
        context.stderr.write('\ntocsin: broken off, nothing was written\n');
        return exitCode.interrupted;
      }
      throw error;
    }
  },
});

export const init = initOf(async (present, around) => proposeConfiguration(present, around));

async function create(
  file: string,
  propose: Propose,
  given: Contacts,
  parsed: Parsed,
  context: CommandContext,
): Promise<number> {
  const proxy = proxyGiven(context.environment);
  const contacts = await complete(given, parsed, context);
  const proposed = await propose(undefined, context);
  const beside = join(dirname(file), 'credentials');
  const folder = resolve(context.cwd, text(parsed, 'credentials') ?? beside);
  try {
    const secrets = new Map([...secretsOf(contacts), ...secretsOfProxy(proxy)]);
    const referenceTo = await keepSecrets(secrets, folder, { beside });
    const notify = notifyLines(contacts, referenceTo);
    const written = configurationText(
      proposed.proposals,
      { notify, global: proxyLines(proxy, referenceTo) },
      hostname(),
    );
    await writeFile(file, written, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    const { code, path = file } = error as NodeJS.ErrnoException;
    context.stderr.write(`tocsin: ${path} cannot be written (${code})\n`);
    return exitCode.failed;
  }
  tell(proposed, parsed, context, { file, written: true });
  if (!parsed.values['json']) sayNext(isAnyone(contacts), context);
  return exitCode.ok;
}

/** Asks for what was not given, if somebody is there to answer. */
async function complete(
  given: Contacts,
  parsed: Parsed,
  { stdin, stderr }: CommandContext,
): Promise<Contacts> {
  const isAlone = stdin?.isTTY !== true || stderr.isTTY !== true;
  if (stdin === undefined || isAlone || parsed.values['yes'] || parsed.values['json']) return given;
  const prompt = openPrompt(stdin, stderr);
  try {
    return await askContacts(prompt, given);
  } finally {
    prompt.close();
  }
}

function isAnyone(contacts: Contacts): boolean {
  return Object.keys(contacts).length > 0;
}

/** Prints what the configuration in this file does not have yet. */
async function addTo(
  file: string,
  { propose, isTold }: { readonly propose: Propose; readonly isTold: boolean },
  parsed: Parsed,
  context: CommandContext,
): Promise<number> {
  const loading = await load(file, context);
  if (!loading.ok) {
    tellProblems(loading.problems, context);
    return exitCode.config;
  }
  const proposed = await propose(loading.loaded.config, context);
  const { proposals, remarks } = proposed;
  const { stderr, stdout } = context;
  if (isTold) stderr.write(`tocsin: who is told stays as it is in ${file}\n`);
  if (parsed.values['json']) {
    tell(proposed, parsed, context, { file, written: false });
    return exitCode.ok;
  }
  for (const remark of remarks) stderr.write(`tocsin: ${remark}\n`);
  if (proposals.length > 0) {
    stderr.write(
      `tocsin: ${file} is there already and stays as it is; this could be added to it, or to conf.d/ beside it:\n`,
    );
    stdout.write(additionText(proposals));
  } else {
    stderr.write(`tocsin: ${file} has everything that was found\n`);
  }
  return exitCode.ok;
}

function tell(
  { proposals, remarks }: Proposed,
  parsed: Parsed,
  context: CommandContext,
  about: { readonly file: string; readonly written: boolean },
): void {
  const { stdout } = context;
  if (parsed.values['json']) {
    const checks = proposals.map(({ check, because, result: { status, summary }, isOff }) => ({
      check,
      because,
      status,
      summary,
      enabled: !isOff,
    }));
    stdout.write(`${JSON.stringify({ apiVersion: 1, ...about, checks, remarks })}\n`);
    return;
  }
  const paint = painter(context);
  const off = proposals.filter(({ isOff }) => isOff);
  const failing = proposals.filter(({ result, isOff }) => !isOff && result.status !== 'ok');
  const passing = proposals.length - off.length - failing.length;
  stdout.write(`${about.file}: ${proposals.length} checks, ${passing} pass now\n`);
  const line = ({ check, result }: TriedProposal): string => `${check.name}: ${result.summary}\n`;
  for (const one of failing)
    stdout.write(`  ${paint('fails', one.result.status)}         ${line(one)}`);
  for (const one of off) stdout.write(`  ${paint('switched off', 'unknown')}  ${line(one)}`);
  for (const remark of remarks) stdout.write(`  ${paint('note', 'dim')}          ${remark}\n`);
}

function sayNext(isTold: boolean, { stdout }: CommandContext): void {
  const test = isTold
    ? 'tocsin notify test   sends a marked test to those who are told'
    : 'nobody is told yet: add notify: to the file, or take it away and run this with --slack-webhook';
  stdout.write(
    `next:\n  tocsin check         runs the checks once\n  ${test}\n  tocsin run           begins to watch\n`,
  );
}
