/** What somebody did to a file of the source, and published. */
interface Change {
  readonly path: string;
  readonly change: (text: string) => string;
}

/** Versions of the real agent that are asked everything the installer asks, answer well, and fail as a service. */
export const faulty = {
  ends: '0.1.0-ends',
  hangs: '0.1.0-hangs',
  crashes: '0.1.0-crashes',
} as const;

/** A version of the real agent that keeps its state in another form, as a later one may. */
export const newerState = '0.1.0-newer';

/** The same, and it falls over. */
export const newerAndBroken = '0.1.0-newer-crashes';

/** Lines before the program's own, for the agent alone. */
const before = (lines: string): Change => ({
  path: 'bin/tocsin.ts',
  change: (text) =>
    text.replace(/^main\(/m, `if (process.argv[2] === 'run') {\n${lines}\n}\nmain(`),
});

const doesNotLast = before(`
    setTimeout(() => { throw new Error('this version does not last'); }, 10_000);`);

const otherState: Change = {
  path: 'src/store/migrations.ts',
  change: (text) =>
    text.replace(/\];\n$/, '`CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;`,\n];\n'),
};

/** By version. */
export const changes: Readonly<Record<string, readonly Change[]>> = {
  [faulty.ends]: [before(`throw new Error('this version ends at once');`)],
  // With the state open, before it listens; deaf to a request to end, as a loop without an end would be.
  [faulty.hangs]: [
    before(`
    process.on('SIGTERM', () => {});
    const { Server } = process.getBuiltinModule('node:net');
    Server.prototype.listen = () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      throw new Error('nobody wakes it');
    };`),
  ],
  [faulty.crashes]: [doesNotLast],
  [newerState]: [otherState],
  [newerAndBroken]: [otherState, doesNotLast],
};

/** Whether a version is of a changed source. */
export function isChanged(version: string): boolean {
  return version in changes;
}
