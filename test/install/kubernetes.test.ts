import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { ask } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { buildImage, imageVersion } from '../support/install/image.ts';
import { processStatus } from '../support/install/process-status.ts';
import { unitLimits } from '../support/install/unit-limits.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { lacksPodman, startPodman, type PodmanEngine } from '../support/podman-engine.ts';
import { root } from '../support/release.ts';
import { startSlackServer, type SlackServer } from '../support/slack-server.ts';
import { closedPort } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Probe {
  readonly httpGet: { readonly host: string; readonly port: number; readonly path: string };
}

interface Container {
  readonly name: string;
  image: string;
  env: { name: string; value?: string; valueFrom?: unknown }[];
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: { readonly limits: { readonly cpu: string; readonly memory: string } };
  readonly securityContext: object;
  readonly volumeMounts: { readonly name: string; readonly readOnly?: boolean }[];
}

interface PodSpec {
  readonly initContainers: [Container];
  readonly containers: [Container];
  readonly securityContext: object;
  readonly volumes: {
    readonly name: string;
    readonly hostPath?: { path: string };
    readonly secret?: { optional?: boolean };
  }[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: object;
  readonly data: { 'agent.config.yaml': string };
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: PodSpec } };
}

const user = 65_532;
const file = join(root, 'deploy', 'kubernetes', 'daemonset.yaml');
const documents = parseAllDocuments(readFileSync(file, 'utf8'));
const [map, set] = documents.map((document) => document.toJS() as Manifest) as [Manifest, Manifest];
const { spec } = set.spec.template;

test('the DaemonSet gives the agent as much as the unit, no right, and the files of the host to read', () => {
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  expect([map.kind, set.kind]).toEqual(['ConfigMap', 'DaemonSet']);
  const [agent] = spec.containers;
  const unit = unitLimits();
  expect(agent.resources.limits).toEqual({
    cpu: `${unit.cores * 1000}m`,
    memory: `${unit.memoryBytes / 1024 ** 2}Mi`,
  });
  expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: user });
  expect(agent.securityContext).toEqual({
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
  });
  const writable = agent.volumeMounts.filter(({ readOnly }) => readOnly !== true);
  expect(writable.map(({ name }) => name)).toEqual(['state']);
});

const kubectl = '/usr/bin/kubectl';

test('kubectl knows every field of the DaemonSet', (context) => {
  skipUnlessThere(kubectl, context);
  const folder = temporaryFolder();
  // It reads the file into its own types without a cluster, and what these do not hold is gone.
  const kept = (text: string): unknown => {
    const path = join(folder, 'set.yaml');
    writeFileSync(path, text);
    const [agent] = spec.containers;
    const words = ['set', 'image', '--local', '-f', path, `${agent.name}=${agent.image}`];
    const env = { HOME: folder, KUBECONFIG: '/dev/null' };
    return JSON.parse(execFileSync(kubectl, [...words, '-o', 'json'], { env, encoding: 'utf8' }));
  };
  // It prints what it changed only.
  const text = stringify(set).replace(spec.containers[0].image, 'another:1');
  expect(kept(text)).toMatchObject(set);
  expect(kept(text.replace('livenessProbe', 'livenesProbe'))).not.toMatchObject(set);
});

const lacking = lacksPodman();
const reason = lacking === undefined ? '' : ` (skipped: ${lacking})`;
const folder = mkdtempSync(join(tmpdir(), 'tocsin-kubernetes-'));

/*
 * No cluster can be had for a test. Podman plays the pod of the DaemonSet, with ConfigMap and Secret. The one of Debian 12
 * (4.3) knows no name of a node, no other processes of the host and no fsGroup, makes probes into calls of curl within the
 * container, starts a first container again and again where the pod is always restarted, and hands secrets out as they
 * are encoded: these are done here in its place, or left out.
 */
describe.skipIf(lacking !== undefined)(`its pod under podman play kube${reason}`, () => {
  const open = new AsyncDisposableStack();
  let podman: PodmanEngine;
  let slack: SlackServer;
  let port: number;
  const state = join(folder, 'state');

  beforeAll(async () => {
    slack = open.use(await startSlackServer());
    podman = await startPodman();
    open.defer(podman.remove);
    await buildImage(podman.say, folder, '--format=docker', '--layers=false');
    port = await closedPort();
  }, 300_000);

  afterAll(async () => {
    await open.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** Writes pod and ConfigMap into one file, as this host can run them, and creates the Secret. */
  async function podFile(): Promise<string> {
    const pod = structuredClone(spec);
    const [init] = pod.initContainers;
    const [agent] = pod.containers;
    agent.image = `localhost/tocsin:${imageVersion}`;
    init.image = 'localhost/tocsin/busybox:1';
    agent.env = agent.env.map(({ name, value }) => ({ name, value: value ?? 'node-1' }));
    for (const { hostPath, secret } of pod.volumes) {
      if (hostPath !== undefined && hostPath.path !== '/') hostPath.path = state;
      // Podman 4.3 crashes on a secret that does not say so.
      if (secret !== undefined) secret.optional = false;
    }
    const config = parse(map.data['agent.config.yaml']) as { checks: object[] };
    const target = `127.0.0.1:${await closedPort()}`;
    const ofTest = {
      ...config,
      server: { listen: `127.0.0.1:${port}` },
      defaults: { interval: '500ms', debounce: { fail_after: 1 } },
      checks: [...config.checks, { name: 'down', type: 'tcp', target }],
    };
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'tocsin-secrets' },
      data: { 'slack-webhook-url': slack.url },
    };
    writeFileSync(join(folder, 'secret.yaml'), stringify(secret));
    podman.say('secret', 'create', 'tocsin-secrets', join(folder, 'secret.yaml'));
    const all = [
      { ...map, data: { 'agent.config.yaml': stringify(ofTest) } },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'node' },
        spec: {
          ...pod,
          containers: [{ ...agent, livenessProbe: undefined, readinessProbe: undefined }],
          restartPolicy: 'OnFailure',
        },
      },
    ];
    const path = join(folder, 'pod.yaml');
    writeFileSync(path, all.map((one) => stringify(one)).join('---\n'));
    return path;
  }

  const answers = async ({ httpGet }: Probe): Promise<number> =>
    ask(`http://${httpGet.host}:${port}${httpGet.path}`).then(
      ({ status }) => status,
      () => 0,
    );

  test('starts, answers its probes, tells, and is started again on the state it left', async () => {
    const path = await podFile();
    podman.say('play', 'kube', path);
    const { livenessProbe, readinessProbe } = spec.containers[0];
    await eventually(async () => (await answers(readinessProbe)) === 200, 'it is ready', 30_000);
    expect(await answers(livenessProbe)).toBe(200);
    await eventually(
      () => slack.messages().some(({ text }) => text.includes('down')),
      'Slack is told',
      30_000,
    );
    const { uid, mode } = statSync(state);
    expect([uid, (mode & 0o777).toString(8)]).toEqual([user, '700']);
    const pid = Number(podman.say('inspect', '-f', '{{.State.Pid}}', 'node-tocsin'));
    const { Uid, CapEff, CapBnd, NoNewPrivs } = processStatus(pid);
    expect({ Uid, CapEff, CapBnd, NoNewPrivs }).toEqual({
      Uid: [user, user, user, user].join('\t'),
      CapEff: '0000000000000000',
      CapBnd: '0000000000000000',
      NoNewPrivs: '1',
    });
    const write = (where: string) => () => writeFileSync(`/proc/${pid}/root${where}/proof`, '');
    for (const where of ['/opt/tocsin', '/host/tmp']) {
      expect(write(where), where).toThrow('EROFS');
    }
    const { Memory, NanoCpus } = JSON.parse(
      podman.say('inspect', '-f', '{{json .HostConfig}}', 'node-tocsin'),
    ) as Record<string, number>;
    const unit = unitLimits();
    expect({ Memory, NanoCpus }).toEqual({
      Memory: unit.memoryBytes,
      NanoCpus: unit.cores * 1e9,
    });
    podman.say('stop', 'node-tocsin');
    expect(podman.say('inspect', '-f', '{{.State.ExitCode}}', 'node-tocsin')).toBe('0');
    podman.say('play', 'kube', '--down', path);
    podman.say('play', 'kube', path);
    await eventually(async () => (await answers(readinessProbe)) === 200, 'it is ready', 30_000);
  }, 150_000);
});
