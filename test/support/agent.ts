import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { ask, type Answer } from './ask.ts';
import { eventually } from './eventually.ts';
import { closedPort } from './tcp-server.ts';
import { runTocsin, spawnTocsin, type Output, type TocsinProcess } from './tocsin.ts';

export { powerless, runTocsin } from './tocsin.ts';

export interface AgentSetup {
  /**
   * What `agent.config.yaml` holds: its text, or the object to be written as YAML. `agent.data_dir` and
   * `server.listen` are added (in `conf.d/`) unless it names them. Undefined leaves the files of
   * `directory` as they are.
   */
  readonly config?: string | object;
  /** More files: path inside the directory to content. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of `tocsin run`. */
  readonly args?: readonly string[];
  /** A program and its arguments that run the agent, in surroundings of their making. */
  readonly within?: readonly string[];
  /** False gives the agent back as soon as it has been started. */
  readonly waitUntilReady?: boolean;
  /** The directory and port of an earlier agent, to go on where it stopped; the caller removes it. */
  readonly directory?: string;
  readonly port?: number;
}

/** An agent in a process and a directory of its own; disposing of it kills the process. */
export interface TestAgent extends AsyncDisposable, TocsinProcess {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  readonly port: number;
  /** Where its configuration is. */
  readonly directory: string;
  readonly configFile: string;
  readonly dataDir: string;
  get(path: string): Promise<Answer>;
  post(path: string, body?: string): Promise<Answer>;
  /** The text of `/metrics`. */
  metrics(): Promise<string>;
  /** Runs another command with the same configuration. */
  cli(...args: string[]): Promise<Output>;
  /** Replaces the configuration file; the agent only sees it after a reload. */
  rewrite(config: string | object): Promise<void>;
}

/** Starts `dist/tocsin run`. Rejects, with what it wrote, when it ends instead of becoming ready. */
export async function startAgent(setup: AgentSetup): Promise<TestAgent> {
  const directory = setup.directory ?? (await mkdtemp(join(tmpdir(), 'tocsin-agent-')));
  const port = setup.port ?? (await closedPort());
  const configFile = join(directory, 'agent.config.yaml');
  const dataDir = join(directory, 'data');
  const rewrite = async (config: string | object): Promise<void> => {
    await write(directory, { ...placement(config, port, dataDir), 'agent.config.yaml': config });
  };
  await write(directory, setup.files ?? {});
  if (setup.config !== undefined) await rewrite(setup.config);
  const env = { XDG_STATE_HOME: join(directory, 'state'), ...setup.env };
  const surroundings = { cwd: directory, env, within: setup.within ?? [] };
  const tocsin = spawnTocsin(['run', '-c', configFile, ...(setup.args ?? [])], surroundings);
  const url = `http://127.0.0.1:${port}`;
  const agent: TestAgent = {
    ...tocsin,
    url,
    port,
    directory,
    configFile,
    dataDir,
    get: (path) => ask(url + path),
    post: (path, body) =>
      ask(url + path, { method: 'POST', ...(body === undefined ? {} : { body }) }),
    metrics: async () => (await ask(`${url}/metrics`)).body,
    cli: (...args) =>
      runTocsin(args, { ...surroundings, env: { ...env, TOCSIN_CONFIG: configFile } }),
    rewrite,
    async [Symbol.asyncDispose]() {
      tocsin.kill('SIGKILL');
      await tocsin.exited;
      if (setup.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
  if (setup.waitUntilReady ?? true) await becomeReady(agent);
  return agent;
}

async function becomeReady(agent: TestAgent): Promise<void> {
  const ready = async (): Promise<boolean> => {
    if (!agent.running()) throw new Error(`the agent ended: ${agent.stderr()}`);
    return agent.get('/-/ready').then(
      ({ status }) => status === 200,
      () => false,
    );
  };
  try {
    await eventually(ready, 'the agent becomes ready');
  } catch (error) {
    await agent[Symbol.asyncDispose]();
    throw error;
  }
}

/** Where the agent keeps state and listens, unless its configuration says so itself. */
function placement(
  config: string | object,
  port: number,
  dataDir: string,
): Record<string, string | object> {
  const text = textOf(config);
  return {
    'conf.d/data-dir.yaml': /\bdata_dir:/.test(text) ? {} : { agent: { data_dir: dataDir } },
    'conf.d/listen.yaml': /\blisten:/.test(text) ? {} : { server: { listen: `127.0.0.1:${port}` } },
  };
}

async function write(
  directory: string,
  files: Readonly<Record<string, string | object>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, textOf(content));
  }
}

function textOf(content: string | object): string {
  return typeof content === 'string' ? content : stringify(content);
}
