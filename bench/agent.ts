import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers, freePort, startChild } from './child.ts';
import { targetUrls, type Side, type Work } from './side.ts';

/** What `npm run build` leaves. */
export const executable = join(import.meta.dirname, '..', 'dist', 'tocsin');

/** Starts the agent with one http check a target and one webhook; resolves once it is ready. */
export async function startAgent(work: Work): Promise<Side> {
  const { command, port } = await agentCommand(work);
  const child = startChild('tocsin', command, join(work.directory, 'tocsin.log'));
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/-/ready`, 10_000);
  return {
    children: [child],
    readyUrl: `${url}/-/ready`,
    metricsUrl: `${url}/metrics`,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Configures the agent for this work. */
export async function agentCommand(work: Work): Promise<Installed> {
  const checks = targetUrls(work, 'tocsin').map(
    (url, index) => `  - { name: target-${index + 1}, type: http, target: "${url}" }`,
  );
  return installAgent(work.directory, [
    `defaults: { interval: ${work.intervalSeconds}s, timeout: 3s, debounce: { fail_after: 1 } }`,
    'route: { receiver: hook, group_by: ["..."], group_wait: 0s }',
    `receivers: [{ name: hook, webhook_configs: [{ url: "${work.standIn}/hook/tocsin" }] }]`,
    'checks:',
    ...checks,
  ]);
}

/** How to start what was installed, and where it will listen on loopback. */
export interface Installed {
  readonly command: [string, ...string[]];
  readonly port: number;
}

/**
 * Installs the agent in a directory, with these lines of configuration. The copy matters: how much of a
 * file becomes resident depends on how its pages came into memory, and a build leaves other ones than an
 * installation.
 */
export async function installAgent(
  directory: string,
  configuration: readonly string[],
): Promise<Installed> {
  const port = await freePort();
  const program = join(directory, 'tocsin');
  copyFileSync(executable, program);
  const file = join(directory, 'agent.config.yaml');
  const lines = [
    `agent: { name: bench, data_dir: "${join(directory, 'state')}" }`,
    `server: { listen: "127.0.0.1:${port}" }`,
    ...configuration,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return { command: [program, 'run', '-c', file], port };
}
