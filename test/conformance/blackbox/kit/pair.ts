import { startAgent, type TestAgent } from '../../../support/agent.ts';
import { ask, type Answer, type Question } from '../../../support/ask.ts';
import { startOracle, type Oracle } from './oracle.ts';

export interface PairSetup {
  /** The text of `blackbox.yml` for tocsin. */
  readonly modules: string;
  /** The same for blackbox_exporter 0.23.0, without what it does not know; if absent, it is not started. */
  readonly oracleModules?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Further settings of tocsin, in its own format. */
  readonly config?: object;
  /** A program and its arguments that run either of them, in surroundings of their making. */
  readonly within?: readonly string[];
  /** Further arguments of blackbox_exporter. */
  readonly args?: readonly string[];
}

/** tocsin, and blackbox_exporter beside it where it is installed. */
export interface Pair extends AsyncDisposable {
  readonly agent: TestAgent;
  readonly oracle: Oracle | undefined;
  /** Asks both the same; the first answer is that of tocsin. */
  ask(path: string, question?: Question): Promise<readonly Answer[]>;
}

export async function startPair(setup: PairSetup): Promise<Pair> {
  const { modules, oracleModules, env = {}, config, args = [], within = [] } = setup;
  const agent = await startAgent({
    config: { modules_file: 'blackbox.yml', ...config },
    files: { 'blackbox.yml': modules },
    env,
    within,
  });
  const oracle =
    oracleModules === undefined
      ? undefined
      : await startOracle({ modules: oracleModules, env, args, within }).catch(
          async (error: unknown) => {
            await agent[Symbol.asyncDispose]();
            throw error;
          },
        );
  const urls = [agent, ...(oracle === undefined ? [] : [oracle])].map(({ url }) => url);
  return {
    agent,
    oracle,
    async ask(path, question) {
      const answers: Answer[] = [];
      for (const url of urls) answers.push(await ask(url + path, question));
      return answers;
    },
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await oracle?.[Symbol.asyncDispose]();
    },
  };
}

/** The path of a probe. */
export function probePath(query: Readonly<Record<string, string>>): string {
  return `/probe?${new URLSearchParams(query).toString()}`;
}
