import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { onTestFinished } from 'vitest';
import { formatProblem, loadConfig, type LoadOptions } from '../../src/config/load.ts';
import type { CheckTypeKeys, ConfigTables, IntegrationKeys } from '../../src/config/tables.ts';
import {
  nonEmptyText,
  positiveDuration,
  positiveNumber,
  regularExpression,
  secret,
  text,
  wholeNumber,
} from '../../src/lib/schema-atoms.ts';
import { checkTypeNames } from '../../src/model/check.ts';
import type { Config } from '../../src/model/config.ts';
import { integrationNames } from '../../src/model/delivery.ts';

const plainType: CheckTypeKeys = { entries: {} };

const http: CheckTypeKeys = {
  entries: {
    target: nonEmptyText,
    http: v.optional(
      v.strictObject({
        method: v.optional(v.picklist(['GET', 'POST'])),
        valid_status_codes: v.optional(v.array(wholeNumber, 'a list of status codes'), []),
        fail_if_body_matches_regexp: v.optional(v.array(regularExpression)),
        bearer_token: v.optional(secret),
        headers: v.optional(v.record(v.string(), text)),
      }),
      {},
    ),
  },
  target: ({ target }) => String(target),
};

const heartbeat: CheckTypeKeys = {
  entries: {
    every: v.optional(positiveDuration),
    schedule: v.optional(nonEmptyText),
    tz: v.optional(text),
    token: v.optional(secret),
  },
  refuse: ({ every, schedule }) =>
    every === undefined && schedule === undefined ? 'every or schedule is missing' : undefined,
  defaults: { intervalMs: 15_000 },
};

const group: CheckTypeKeys = {
  entries: { of: v.array(nonEmptyText, 'a list of names of checks') },
  references: ({ of }) => of as string[],
};

const process: CheckTypeKeys = {
  entries: { process: nonEmptyText, min: v.optional(positiveNumber, 1) },
};

const plainIntegration: IntegrationKeys = { entries: {}, sendResolvedDefault: true };

/** Tables of a few keys of every sort, so that tests do not move when a real type gains one. */
export const configTables: ConfigTables = {
  httpConfig: v.record(v.string(), text),
  exclusiveOptions: [],
  prepare: async () => {},
  checkTypes: {
    ...(Object.fromEntries(
      checkTypeNames.map((name) => [name, plainType]),
    ) as ConfigTables['checkTypes']),
    http,
    tcp: { ...http, entries: { target: nonEmptyText } },
    heartbeat,
    group,
    process,
  },
  integrations: {
    ...(Object.fromEntries(
      integrationNames.map((name) => [name, plainIntegration]),
    ) as ConfigTables['integrations']),
    slack: {
      entries: {
        api_url: v.optional(secret),
        api_url_file: v.optional(nonEmptyText),
        channel: v.optional(text),
      },
      refuse: (options) =>
        (options['api_url'] ?? options['api_url_file']) === undefined
          ? 'api_url or api_url_file is missing'
          : undefined,
      sendResolvedDefault: false,
    },
    pagerduty: {
      entries: {
        routing_key: secret,
        url: v.optional(nonEmptyText, 'https://events.example.com'),
        incident: v.optional(v.picklist(['group', 'alert']), 'group'),
      },
      sendResolvedDefault: true,
      splitsAlerts: ({ incident }) => incident === 'alert',
    },
    email: {
      entries: {
        to: nonEmptyText,
        from: nonEmptyText,
        smarthost: nonEmptyText,
        auth_password: v.optional(secret),
        auth_password_file: v.optional(nonEmptyText),
        require_tls: v.optional(v.boolean('true or false'), true),
      },
      sendResolvedDefault: false,
    },
    webhook: {
      entries: { url: secret, timeout: v.optional(positiveDuration) },
      sendResolvedDefault: true,
    },
  },
};

/** A directory of its own for one test, with these files in it. */
export async function directoryWith(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-config-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  return directory;
}

/** What loading gives, as people see it: the configuration, or the problems with short file names. */
export async function loadDirectory(
  directory: string,
  options: Partial<LoadOptions> = {},
): Promise<{ readonly config?: Config; readonly problems: readonly string[] }> {
  const loaded = await loadConfig({
    cwd: directory,
    searchDirectories: [directory],
    environment: {},
    hostname: 'host-1',
    tables: configTables,
    ...options,
  });
  if (loaded.ok) return { config: loaded.config, problems: [] };
  const problems = loaded.problems.map((problem) =>
    formatProblem(problem).replaceAll(`${directory}/`, ''),
  );
  return { problems };
}

/** The problems of a configuration with this text, without the name of the file in front. */
export async function problemsOf(
  text: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const directory = await directoryWith({ 'agent.config.yaml': text });
  const { problems } = await loadDirectory(directory, { environment });
  return problems.map((problem) => problem.replace('agent.config.yaml:', ''));
}

/** The configuration of this text; throws with all problems if there are any. */
export async function configOf(
  text: string,
  environment: Readonly<Record<string, string>> = {},
  tables: ConfigTables = configTables,
): Promise<Config> {
  const directory = await directoryWith({ 'agent.config.yaml': text });
  const { config, problems } = await loadDirectory(directory, { environment, tables });
  if (config === undefined) throw new Error(problems.join('\n'));
  return config;
}
