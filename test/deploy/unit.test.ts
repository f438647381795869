import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type TestContext } from 'vitest';

const folder = join(import.meta.dirname, '../../deploy/systemd');
const analyze = '/usr/bin/systemd-analyze';

interface Point {
  readonly name: string;
  readonly exposure: string | null;
}

function security(...words: string[]): { status: number | null; stdout: string } {
  const call = ['security', '--offline=true', ...words, join(folder, 'tocsin.service')];
  return spawnSync(analyze, call, { encoding: 'utf8' });
}

function skipWithoutAnalyze({ skip }: Pick<TestContext, 'skip'>): void {
  skip(!existsSync(analyze), `${analyze} is missing`);
  skip(
    security().status === null || security().stdout === '',
    'systemd-analyze knows no --offline',
  );
}

test('the exposure of the unit is at most 1.5', (context) => {
  skipWithoutAnalyze(context);
  const [, level] =
    /Overall exposure level for tocsin\.service: ([\d.]+)/.exec(security().stdout) ?? [];
  expect(Number(level)).toBeLessThanOrEqual(1.5);
});

test('docs/service.md explains every point that is left', (context) => {
  skipWithoutAnalyze(context);
  const points = JSON.parse(security('--json=short').stdout) as Point[];
  const left = points.filter(({ exposure }) => exposure !== null && Number(exposure) > 0);
  const page = readFileSync(join(folder, '../../docs/service.md'), 'utf8');
  const word = ({ name }: Point): string =>
    /(?:AF_\(?\w+|^\w+)/.exec(name.replace(/^RestrictAddressFamilies=~/, ''))?.[0] ?? name;
  const told: Record<string, string> = {
    'AF_(INET': "the host's network",
    PrivateNetwork: "the host's network",
    IPAddressDeny: 'IPAddressAllow=',
    DeviceAllow: 'a device list',
  };
  const missing = left
    .map(word)
    .filter((name) => !page.includes(told[name] ?? name.replace(/=$/, '')));
  expect(missing).toEqual([]);
});

test('systemd finds nothing wrong in the units and their drop-ins', (context) => {
  skipWithoutAnalyze(context);
  for (const unit of globSync(join(folder, '*.service'))) {
    const { stderr } = spawnSync(analyze, ['verify', '--man=no', unit], { encoding: 'utf8' });
    // The program is not installed here.
    const said = stderr
      .split('\n')
      .filter((line) => line.includes(unit) && !line.includes('is not executable'));
    expect(said).toEqual([]);
  }
});
