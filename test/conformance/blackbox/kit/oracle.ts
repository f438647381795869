import { existsSync } from 'node:fs';
import { startPeerProgram, type PeerProgram } from '../../../support/peer-program.ts';

/** The blackbox_exporter that Debian ships: 0.23.0. */
export const oracleProgram = '/usr/bin/prometheus-blackbox-exporter';

export interface OracleSetup {
  /** The text of `blackbox.yml`. */
  readonly modules: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** A program and its arguments that run it, in surroundings of their making. */
  readonly within?: readonly string[];
}

/** A blackbox_exporter in a process of its own; disposing of it kills the process. */
export type Oracle = PeerProgram;

/** Starts the program to compare with. Undefined, with a line that says so, where it is not installed. */
export async function startOracle(setup: OracleSetup): Promise<Oracle | undefined> {
  if (!existsSync(oracleProgram)) {
    process.stderr.write(`${oracleProgram} is not installed: nothing is compared with it\n`);
    return undefined;
  }
  const { modules, args = [], ...surroundings } = setup;
  return startPeerProgram({
    ...surroundings,
    program: oracleProgram,
    config: modules,
    args: ({ file, listen }) => [
      `--config.file=${file}`,
      `--web.listen-address=${listen}`,
      ...args,
    ],
    readyPath: '/-/healthy',
  });
}
