import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { oom } from '../../src/checks/oom.ts';
import { eventually } from '../support/eventually.ts';
import { openedCheck } from '../support/host-check.ts';

/** Makes a control group in which 16 MB may be used; undefined where that is not allowed. */
function smallGroup(): string | undefined {
  const roots = [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const;
  for (const [root, limit] of roots) {
    const group = `${root}/tocsin-test-${process.pid}`;
    try {
      mkdirSync(group);
      onTestFinished(() => rmdirSync(group));
      writeFileSync(`${group}/${limit}`, '16000000');
      return group;
    } catch {
      continue;
    }
  }
  return undefined;
}

test('A real kill for lack of memory is told with its victim', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('only root may make control groups');
  if (!existsSync('/usr/bin/tail')) skip('there is no tail');
  const group = smallGroup();
  if (group === undefined) skip('no control group with a limit of memory can be made here');
  const check = openedCheck(oom);
  expect((await check.run()).status).toBe('ok');
  const greedy = `echo $$ > ${group}/cgroup.procs; exec tail /dev/zero`;
  const { signal } = spawnSync('/bin/sh', ['-c', greedy], { timeout: 10_000 });
  expect(signal).toBe('SIGKILL');
  await eventually(async () => (await check.run()).status === 'critical', 'the kill is seen');
  const result = await check.run();
  expect(result.summary).toMatch(/^the kernel killed .*tail \(pid \d+, 1\d MB, in .*tocsin-test-/);
});
