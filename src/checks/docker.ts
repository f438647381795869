import { counted } from '../model/counted.ts';
import { access } from 'node:fs/promises';
import * as v from 'valibot';
import {
  defaultedKey,
  flag,
  nonEmptyText,
  optionalKey,
  type OutputOf,
  positiveDuration,
} from '../lib/schema-atoms.ts';
import { containersMax } from '../model/limits.ts';
import { notOk, type CheckResult } from '../model/result.ts';
import type { Instant } from '../model/time.ts';
import { checkType } from './check-type.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { isFailure, type Failure } from './net/failure.ts';
import type { ProbeContext } from './net/probe.ts';
import {
  openContainerApi,
  type Container,
  type ContainerApi,
  type ListedContainer,
} from './service/container-api.ts';
import { createContainerBook, type ContainerBook } from './service/container-book.ts';
import { containerLogs } from './service/container-log.ts';
import { judgeContainer } from './service/container-finding.ts';
import { tlsEntries } from './service/endpoint.ts';
import { durationLimits, numberLimits } from './service/figure.ts';
import { findingOf, sumUp, type Finding } from './service/finding.ts';
import type { HttpPlace } from './service/http-get.ts';
import { createRestartWindow, type RestartWindow } from './service/restart-window.ts';

const names = (message: string) =>
  v.pipe(
    v.union([nonEmptyText, v.array(nonEmptyText, message)], message),
    v.transform((value): readonly string[] => (typeof value === 'string' ? [value] : value)),
    v.minLength(1, message),
  );

const entries = {
  host: optionalKey(
    'The socket of Docker or Podman: unix:///path, tcp://host:port; else /run/docker.sock or /run/podman/podman.sock.',
    v.pipe(
      nonEmptyText,
      v.regex(/^(?:unix:\/\/)?\/|^tcp:\/\/./, 'unix:///path, a path, or tcp://host:port'),
    ),
  ),
  ...tlsEntries,
  container: optionalKey(
    'Names of containers that must run; without these and label, all there are.',
    names('the name of a container, or a list of names'),
  ),
  label: optionalKey(
    'Labels, such as app=shop: the containers that have one of them must run.',
    names('a label such as app=shop, or a list of labels'),
  ),
  may_end: defaultedKey(
    'Whether a container may also have ended with exit code 0, as jobs do.',
    flag,
    false,
  ),
  restarts: defaultedKey('Restarts by the engine within restart_window.', numberLimits, {
    warning: 1,
    critical: 3,
  }),
  restart_window: defaultedKey('How far back restarts are counted.', positiveDuration, '10m'),
  logs: defaultedKey('Whether a container in trouble is told with its last lines.', flag, true),
  image_age: optionalKey('How old the images of the containers may be.', durationLimits),
};

type Options = OutputOf<typeof entries>;

/** Judges containers of Docker or Podman, asking the engine nothing but GET. */
export const dockerOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: ({ container, label, tls, host }) => {
      if (container !== undefined && label !== undefined) return 'either container or label';
      return tls && host?.startsWith('tcp://') !== true ? 'tls needs a host: tcp://…' : undefined;
    },
    target: ({ container, label }) => (container ?? label)?.join(', '),
    open({ options }, { clock }) {
      const restarts = createRestartWindow(options.restart_window);
      const book = createContainerBook();
      const images = new Map<string, number>();
      return {
        async run(run) {
          // That each question found its socket is nothing to whoever reads why a container ended.
          const context: ProbeContext = { ...run, clock, log: () => {} };
          const place = await placeOf(options, places);
          if (isFailure(place)) return resultOf(place);
          const memory = { restarts, book, images, now: run.startedAt };
          const found = await look(place, options, context, memory);
          return isFailure(found) ? resultOf(found) : found.result;
        },
      };
    },
  });

export const docker = dockerOf(hostPlaces);

function resultOf({ reason, summary, unknown }: Failure): CheckResult {
  return notOk(unknown ? 'unknown' : 'critical', reason, summary);
}

async function placeOf(options: Options, { run }: HostPlaces): Promise<HttpPlace | Failure> {
  const { host, tls, tls_config } = options;
  const common = { defaultPort: tls ? 2376 : 2375, host: 'localhost', tls, tls_config };
  if (host !== undefined) return { ...common, target: host.replace(/^(?:unix|tcp):\/\//, '') };
  for (const target of [`${run}/docker.sock`, `${run}/podman/podman.sock`]) {
    // A folder that may not be entered is told by the attempt to connect.
    const code = await access(target).then(
      () => '',
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (code !== 'ENOENT') return { ...common, target };
  }
  const summary = `neither Docker nor Podman has a socket in ${run}: name it with host`;
  return { reason: 'missing', summary, unknown: true };
}

interface Memory {
  readonly restarts: RestartWindow;
  readonly book: ContainerBook;
  /** When images were made, which never changes. Unix milliseconds. */
  readonly images: Map<string, number>;
  readonly now: Instant;
}

async function look(
  place: HttpPlace,
  options: Options,
  context: ProbeContext,
  memory: Memory,
): Promise<{ readonly result: CheckResult } | Failure> {
  const api = await openContainerApi(place, context);
  if (isFailure(api)) return api;
  const listed = await api.list();
  if (isFailure(listed)) return listed;
  const { chosen, missing } = choose(listed, options);
  const findings: Finding[] = missing.map((sentence) => ({
    status: 'critical',
    reason: 'missing',
    sentence,
  }));
  const { book, restarts, now } = memory;
  const shown = chosen.slice(0, containersMax);
  const due = book.due(shown, now);
  const inspected: Container[] = [];
  const troubled: Container[] = [];
  for (const one of shown) {
    if (due.has(one.id)) {
      const answer = await api.inspect(one.id);
      if (isFailure(answer)) return answer;
      book.note(one, answer.container, now);
    }
    const container = book.get(one.id);
    // Gone since the list was made.
    if (container === undefined) continue;
    inspected.push(container);
    const found = await judge(container, api, options, memory);
    if (found.some(hasLastWords)) troubled.push(container);
    findings.push(...found);
  }
  const ids = new Set(listed.map(({ id }) => id));
  restarts.keep(ids);
  book.keep(ids);
  if (chosen.length > containersMax) {
    const sentence = `only the first ${containersMax} of ${chosen.length} containers were looked at`;
    findings.push({ status: 'unknown', reason: 'internal', sentence });
  }
  const result = summed(api, inspected, findings, memory);
  const log = options.logs ? await containerLogs(troubled, api, context) : [];
  return { result: { ...result, detail: [...result.detail, ...log] } };
}

/** Whether what the container wrote may say why; of an old image it does not. */
function hasLastWords({ status, values = [] }: Finding): boolean {
  return status !== 'ok' && !values.some(({ metric }) => metric.startsWith('image_age '));
}

/** The containers that are asked for, and sentences about those that are missing. */
function choose(
  listed: readonly ListedContainer[],
  { container, label }: Options,
): { readonly chosen: readonly ListedContainer[]; readonly missing: readonly string[] } {
  const pick = (
    wanted: readonly string[],
    has: (one: ListedContainer, wanted: string) => boolean,
    lack: (wanted: string) => string,
  ) => ({
    chosen: listed.filter((one) => wanted.some((each) => has(one, each))),
    missing: wanted.filter((each) => !listed.some((one) => has(one, each))).map(lack),
  });
  if (container !== undefined) {
    const lack = (name: string): string => `there is no container ${name}`;
    return pick(container, (one, name) => one.names.includes(name), lack);
  }
  if (label === undefined) return { chosen: listed, missing: [] };
  return pick(label, hasLabel, (text) => `there is no container with the label ${text}`);
}

function hasLabel({ labels }: ListedContainer, wanted: string): boolean {
  const at = wanted.indexOf('=');
  if (at === -1) return Object.hasOwn(labels, wanted);
  return labels[wanted.slice(0, at)] === wanted.slice(at + 1);
}

async function judge(
  container: Container,
  api: ContainerApi,
  options: Options,
  { restarts, images, now }: Memory,
): Promise<readonly Finding[]> {
  const { container: byName, label, may_end: mayEnd, restart_window: restartWindowMs } = options;
  const wishes = {
    ...options,
    mustRun: (byName ?? label) !== undefined,
    mayEnd,
    restartWindowMs,
  };
  const restarted = restarts.note(container.Id, container.RestartCount, now);
  if (options.image_age === undefined) {
    return judgeContainer(container, wishes, { restarts: restarted });
  }
  const image = await imageCreated(container.Image, api, images);
  const imageAge =
    isFailure(image) || image.createdMs === undefined
      ? undefined
      : Math.max(0, (now.wallMs - image.createdMs) / 1000);
  const findings = judgeContainer(container, wishes, { restarts: restarted, imageAge });
  return isFailure(image) ? [...findings, findingOf(image)] : findings;
}

async function imageCreated(
  image: string,
  api: ContainerApi,
  known: Map<string, number>,
): ReturnType<ContainerApi['imageCreated']> {
  const createdMs = known.get(image);
  if (createdMs !== undefined) return { createdMs };
  const answer = await api.imageCreated(image);
  if (isFailure(answer) || answer.createdMs === undefined) return answer;
  // Images come and go with their containers: the oldest give way.
  const [oldest] = known.keys();
  if (known.size >= containersMax && oldest !== undefined) known.delete(oldest);
  known.set(image, answer.createdMs);
  return answer;
}

function summed(
  api: ContainerApi,
  inspected: readonly Container[],
  findings: readonly Finding[],
  { now }: Memory,
): CheckResult {
  const running = inspected.filter(({ State: state }) => state.Status === 'running');
  const values = [
    { metric: 'containers', value: inspected.length },
    { metric: 'containers_running', value: running.length },
  ];
  const ages = running.map(({ State: state }) => now.wallMs - Date.parse(state.StartedAt));
  // All of them must have started just now to be spared, and none may have ended.
  const oldest = running.length === inspected.length ? Math.max(...ages) : Number.NaN;
  const known = Number.isFinite(oldest) ? { subjectAgeMs: Math.max(0, oldest) } : {};
  const all = counted(inspected.length, 'container');
  const healthy = `${api.engine}: ${running.length} of ${all} ${running.length === 1 ? 'runs' : 'run'}, all is well`;
  return sumUp({ healthy, findings, values, ...known });
}
