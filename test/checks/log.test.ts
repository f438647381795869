import { appendFile, copyFile, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { log, logOf } from '../../src/checks/log.ts';
import { logBehindBytesMax } from '../../src/model/limits.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import {
  folderWith,
  openedCheck,
  placesIn,
  rememberingChecks,
  valuesOf,
} from '../support/host-check.ts';

const errors = { rules: [{ pattern: 'ERROR' }] };

async function logFile(keys: Readonly<Record<string, unknown>> = errors, text = 'ERROR old\n') {
  const folder = await folderWith({ 'app.log': text });
  const path = join(folder, 'app.log');
  const clock = createFakeClock();
  const memory = rememberingChecks();
  return {
    path,
    clock,
    opened: () => openedCheck(log, { file: path, ...keys }, { clock, memory }),
    write: async (more: string) => appendFile(path, more),
  };
}

describe('a log file', () => {
  test('is read from its end on; a line that matches is told for as long as the rule says', async () => {
    const { path, opened, write, clock } = await logFile();
    const check = opened();
    expect(await check.run()).toMatchObject({
      status: 'ok',
      summary: `nothing in ${path} is over a limit`,
    });
    await write('fine\nan ERROR at last\nfine\n');
    const result = await check.run();
    expect(result).toMatchObject({
      status: 'critical',
      reason: 'body',
      summary: `${path} has a line that matches /ERROR/, just now: an ERROR at last`,
    });
    expect(valuesOf(result)).toEqual({ new_lines: 3, new_matches: 1, skipped_bytes: 0 });
    await clock.advance(14 * 60_000);
    expect((await check.run()).summary).toContain('/ERROR/, 14m ago');
    await clock.advance(60_000);
    expect((await check.run()).status).toBe('ok');
  });

  test('counts lines that come one by one, within the time of the rule', async () => {
    const rules = [{ pattern: ' 5\\d\\d ', status: 'warning', count: 3, within: '1m' }];
    const { path, opened, write, clock } = await logFile({ rules, ignore: 'healthz' });
    const check = opened();
    await check.run();
    for (const line of ['GET 500 \n', 'GET /healthz 500 \n', 'GET 502 \n', 'GET 200 \n']) {
      await write(line);
      expect((await check.run()).status).toBe('ok');
      await clock.advance(10_000);
    }
    await write('GET 503 \n');
    expect(await check.run()).toMatchObject({
      status: 'warning',
      summary: `${path} has 3 lines or more that match / 5\\d\\d / within 1m, the last just now: GET 503`,
    });
    await clock.advance(30_000);
    expect((await check.run()).status).toBe('ok');
  });

  test('goes on where it was after a restart, half a line is read once it is whole', async () => {
    const { opened, write } = await logFile();
    await opened().run();
    await write('ERR');
    expect((await opened().run()).status).toBe('ok');
    await write('OR while nobody looked\n');
    expect((await opened().run()).summary).toContain('ERROR while nobody looked');
  });

  test('that is renamed is read to its end, and the new one from its start', async () => {
    const { path, opened, write } = await logFile({ rules: [{ pattern: 'ERROR', count: 2 }] });
    const check = opened();
    await check.run();
    await write('ERROR in the old one\n');
    await rename(path, `${path}.1`);
    await writeFile(path, 'ERROR in the new one\n');
    const result = await check.run();
    expect(result.summary).toContain('ERROR in the new one');
    expect(valuesOf(result)).toMatchObject({ new_lines: 2, new_matches: 2 });
    expect(valuesOf(await check.run())).toMatchObject({ new_lines: 0, new_matches: 0 });
  });

  test('that is copied and cut off is read from its start, also when it has grown past where it was', async () => {
    const { path, opened, write } = await logFile(errors, 'one\n');
    const check = opened();
    await check.run();
    await copyFile(path, `${path}.1`);
    await truncate(path);
    expect((await check.run()).status).toBe('ok');
    await write('two\nthree\nfour\n');
    await check.run();
    await truncate(path);
    await write('ERROR, and much more than there was before\n');
    expect((await check.run()).summary).toContain('ERROR, and much more');
  });

  test('that is not there is unknown, and read from its start once it is', async () => {
    const { path, opened } = await logFile();
    const check = openedCheck(log, { file: `${path}.new`, ...errors });
    expect(await check.run()).toMatchObject({ status: 'unknown', reason: 'missing' });
    await writeFile(`${path}.new`, 'ERROR at once\n');
    expect((await check.run()).status).toBe('critical');
    const folder = openedCheck(log, { file: join(path, '..'), ...errors });
    expect((await folder.run()).status).toBe('unknown');
    expect((await opened().run()).status).toBe('ok');
  });

  test('that grows without end is read in bounded pieces, and what is too much is left out', async () => {
    const { opened, write } = await logFile();
    const check = opened();
    await check.run();
    await write('x'.repeat(2_000_000));
    expect((await check.run()).status).toBe('ok');
    await write(`\n${'ERROR line\n'.repeat(100_000)}`);
    const flood = await check.run();
    expect(valuesOf(flood)['new_lines']).toBeLessThan(2);
    await write('y'.repeat(logBehindBytesMax));
    const result = await check.run();
    expect(valuesOf(result)['skipped_bytes']).toBeGreaterThan(9_000_000);
    await write('\nERROR at the end\n');
    expect((await check.run()).status).toBe('critical');
  }, 20_000);

  test('with lines of secrets shows none of them where that is wanted', async () => {
    const { opened, write } = await logFile({ ...errors, show_lines: false });
    const check = opened();
    await check.run();
    await write('ERROR token=hunter2 \u001B[31m\n');
    const result = await check.run();
    expect(result.status).toBe('critical');
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });
});

describe('the journal of a unit', () => {
  const entry = (cursor: string, message: unknown, seconds: number) =>
    `${JSON.stringify({ __CURSOR: cursor, MESSAGE: message, __REALTIME_TIMESTAMP: `${seconds * 1e6}` })}\n`;

  async function journal(keys: Readonly<Record<string, unknown>> = errors) {
    const folder = await folderWith({
      said: '',
      end: '',
      'bin/journalctl':
        '#!/bin/sh\nd=${0%/bin/*}; echo "$@" >> $d/asked; /bin/cat $d/said; . $d/end; exit 0\n',
    });
    const clock = createFakeClock();
    const memory = rememberingChecks();
    const opened = () =>
      openedCheck(logOf(placesIn(folder)), { unit: 'web.service', ...keys }, { clock, memory });
    return {
      opened,
      clock,
      says: async (text: string) => writeFile(join(folder, 'said'), text),
      ends: async (script: string) => writeFile(join(folder, 'end'), script),
      asked: async () => (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n'),
    };
  }

  test('is read from now on, then after the last entry that was seen, over a restart', async () => {
    const { opened, clock, says, asked } = await journal();
    const seconds = Math.floor(clock.now().wallMs / 1000);
    await opened().run();
    await says(
      entry('c1', 'fine', seconds) +
        entry('c2', 'an ERROR', seconds) +
        entry('c3', [69, 82, 82, 79, 82], seconds),
    );
    const result = await opened().run();
    expect(result).toMatchObject({ status: 'critical' });
    expect(result.summary).toMatch(/^web\.service has a line that matches \/ERROR\/.*: ERROR$/);
    // Asked from the last entry on, journalctl begins with that one.
    await says(`${entry('c3', 'an ERROR', seconds)}rubbish\n{"half":`);
    expect(valuesOf(await opened().run())).toMatchObject({ new_lines: 0, new_matches: 0 });
    await says(entry('c3', 'an ERROR', seconds) + entry('c4', 'fine', seconds));
    expect(valuesOf(await opened().run())).toMatchObject({ new_lines: 1, new_matches: 0 });
    // Where the last entry is gone with its file, it begins with the first one after it.
    await says(entry('c5', 'an ERROR', seconds));
    expect(valuesOf(await opened().run())).toMatchObject({ new_lines: 1, new_matches: 1 });
    const lines = await asked();
    expect(lines[0]).toContain(
      `--since=@${seconds} _SYSTEMD_UNIT=web.service + _SYSTEMD_USER_UNIT=web.service`,
    );
    expect(lines.at(-1)).toContain('--cursor=c4');
    expect(lines.filter((line) => !line.includes('json'))).toHaveLength(1);
  });

  test('that may not be read is unknown and says who may; one that is broken as well', async () => {
    const { opened, ends } = await journal();
    /** As JSON it says nothing, whatever the reason is. */
    const inWords = async (said: string) =>
      ends(`case "$*" in *json*) ;; *) echo "-- No entries --"; echo "${said}" >&2;; esac`);
    await inWords('Hint: You are currently not seeing messages from other users');
    const result = await opened().run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(result.summary).toContain('the group systemd-journal');
    await inWords('No journal files were found.');
    expect(await opened().run()).toMatchObject({ status: 'unknown', reason: 'missing' });
    await ends('echo "journalctl: Bad message" >&2; exit 1');
    expect(await opened().run()).toMatchObject({ status: 'unknown', reason: 'command' });
    const none = openedCheck(logOf(placesIn(await folderWith())), { unit: 'a.service', ...errors });
    expect((await none.run()).status).toBe('unknown');
  });

  test('that was thrown away is read anew', async () => {
    const { opened, says, ends, asked } = await journal();
    await says(entry('c1', 'fine', 1));
    const check = opened();
    await check.run();
    await says('');
    // A real journalctl says this, as JSON as well, to who may read no journal at all.
    await ends('echo "No journal files were opened due to insufficient permissions." >&2; exit 1');
    expect(await check.run()).toMatchObject({ status: 'unknown', reason: 'permission' });
    await ends('echo "Failed to seek to cursor: Invalid argument" >&2; exit 1');
    expect((await check.run()).status).toBe('ok');
    await ends('');
    await check.run();
    expect((await asked()).join()).toMatch(/--cursor=c1.*--since=@/s);
  });

  test('whose journalctl hangs is unknown in time', async () => {
    const folder = await folderWith({ 'bin/journalctl': '#!/bin/sh\nexec /bin/sleep 60' });
    const keys = { unit: 'web.service', ...errors };
    const common = { timeoutMs: 300 };
    const check = openedCheck(logOf(placesIn(folder)), keys, { common });
    expect(await check.run()).toMatchObject({ status: 'unknown', reason: 'timeout' });
  });
});

test('A log check without a log, or with two, is refused', () => {
  expect(() => openedCheck(log, errors)).toThrow('needs file or unit');
  expect(() => openedCheck(log, { file: '/x', unit: 'a.service', ...errors })).toThrow(
    'needs file',
  );
  expect(() => openedCheck(log, { file: '/x', rules: [] })).toThrow('at least one rule');
});
