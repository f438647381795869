import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { folderWith } from './host-check.ts';

/** An engine of containers whose answers are given by path; it notes what it is asked. */
export async function fakeEngine(
  answers: Readonly<Record<string, unknown>>,
): Promise<{ readonly host: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const answer = answers[request.url ?? ''];
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer ?? { message: 'no' }));
  });
  const path = join(await folderWith(), 'engine.sock');
  server.listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: path, asked };
}

/** As Podman 4.3.1 answers. */
export const podmanVersion = {
  Platform: { Name: 'linux/amd64/debian-12' },
  Components: [{ Name: 'Podman Engine', Version: '4.3.1', Details: { APIVersion: '4.3.1' } }],
  Version: '4.3.1',
  ApiVersion: '1.41',
  MinAPIVersion: '1.24',
};

export const podmanContainer = {
  Id: 'abc',
  Name: '/web',
  Image: 'sha256:1',
  RestartCount: 0,
  State: {
    Status: 'running',
    OOMKilled: false,
    ExitCode: 0,
    StartedAt: '2026-11-28T20:40:01.566989008Z',
    Healthcheck: { Status: 'unhealthy', FailingStreak: 3, Log: null },
  },
};
