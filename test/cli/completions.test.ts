import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/table.ts';
import { runCommand } from '../support/command-line.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { callByTyping, installEcho } from '../support/typed-shell.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-'));
const place = { cwd: join(folder, 'home'), path: folder };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  mkdirSync(place.cwd);
  installEcho(folder);
  const config = `notify: { webhook: 'http://127.0.0.1:9/' }
checks:
  - { name: gateway, type: tcp, target: '127.0.0.1:9' }
  - { name: the back office, type: tcp, target: '127.0.0.1:9' }
`;
  writeFileSync(join(place.cwd, 'agent.config.yaml'), config);
  writeFileSync(join(folder, 'other.yaml'), config.replace('gateway', 'elsewhere'));
  for (const [shell, file] of [
    ['bash', 'tocsin.bash'],
    ['zsh', '_tocsin'],
    ['fish', 'tocsin.fish'],
  ] as const) {
    writeFileSync(join(folder, file), (await runCommand(['completions', shell])).stdout);
  }
});

/** What is typed, with a mark where somebody asks, and the call it becomes. */
const typed = [
  ['a command', 'tocsin val\t', '<validate>'],
  ['the second word of a command', 'tocsin sil\tex\tID', '<silence><expire><ID>'],
  ['an option', 'tocsin check --verb\t', '<check><--verbose>'],
  ['one of a few words', 'tocsin run --log-level de\t', '<run><--log-level><debug>'],
  ['a file', 'tocsin test ../oth\t', '<test><../other.yaml>'],
  ['a file for an option', 'tocsin validate -c ../oth\t', '<validate><-c><../other.yaml>'],
  ['a check of the configuration', 'tocsin why gate\t', '<why><gateway>'],
  ['a name with blanks', 'tocsin ack the\t', '<ack><the back office>'],
  [
    'a check of the configuration that is named',
    'tocsin check -c ../other.yaml else\t',
    '<check><-c><../other.yaml><elsewhere>',
  ],
] as const;

for (const [shell, setUp] of [
  ['bash --norc --noprofile -i', [`source ${join(folder, 'tocsin.bash')}`]],
  ['zsh -f -i', [`fpath=(${folder} $fpath); autoload -Uz compinit; compinit -D -u`]],
] as const) {
  describe.concurrent(shell, () => {
    test.for(typed)('completes %s', async ([, keys, call], context) => {
      skipUnlessThere(`/bin/${shell.split(' ')[0]}`, context);
      const called = await callByTyping(shell, setUp, keys, place);
      expect(called).toBe(call);
    });
  });
}

describe('fish', () => {
  const complete = (line: string): readonly string[] =>
    execFileSync(
      'fish',
      ['--no-config', '-c', `source ${folder}/tocsin.fish; complete -C '${line}'`],
      {
        cwd: place.cwd,
        env: { PATH: `${folder}:${process.env['PATH']}`, HOME: place.cwd },
        encoding: 'utf8',
      },
    )
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0] ?? '');

  test('completes commands, their second words, options, words, names and files', (context) => {
    skipUnlessThere('/usr/bin/fish', context);
    expect(complete('tocsin va')).toEqual(['validate']);
    expect(complete('tocsin silence ')).toEqual(['add', 'expire', 'list']);
    expect(complete('tocsin check --verb')).toEqual(['--verbose']);
    expect(complete('tocsin run --log-level ')).toEqual(['debug', 'error', 'info', 'warn']);
    expect(complete('tocsin why ')).toEqual(['gateway', 'the back office', 'tocsin']);
    expect(complete('tocsin check -c ../other.yaml els')).toEqual(['elsewhere']);
    expect(complete('tocsin test ../oth')).toEqual(['../other.yaml']);
    expect(complete('tocsin completions f')).toEqual(['fish']);
  });
});

describe('the table of commands', () => {
  test.for(commands)(
    'names in the usage of $name only options that it has, with their values',
    ({ usage, options }) => {
      const [own = ''] = usage.split(/\[?-- /);
      for (const [, dashes = '', name = '', value] of own.matchAll(
        /(--?)([\w.-]+)(?: ([^\s[\]()]+))?/g,
      )) {
        const option = Object.entries(options).find(
          ([long, { short }]) => name === (dashes === '--' ? long : short),
        )?.[1];
        expect(option, name).toBeDefined();
        if (option?.type === 'string') expect(value, name).toBe(option.value);
      }
    },
  );

  test('says in --help what each option does', async () => {
    const { stdout } = await runCommand(['alerts', '--help']);
    expect(stdout).toContain('\n  -r, --receiver RECEIVER  those that go to this receiver\n');
  });
});

test('somebody who types hears nothing of a configuration that cannot be read', async () => {
  const said = await runCommand(['completions', '--names', 'checks', '-c', '/nowhere'], place);
  expect(said).toEqual({ code: 78, stdout: '', stderr: '' });
});

test('a shell that is not known is refused with those that are', async () => {
  const { code, stderr } = await runCommand(['completions', 'tcsh']);
  expect({ code, stderr }).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('bash|zsh|fish'),
  });
});
