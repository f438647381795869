import { jsonOf } from '../../lib/json-of.ts';
import * as v from 'valibot';
import type { Failure } from '../net/failure.ts';
import { isFailure } from '../net/failure.ts';
import type { ProbeContext } from '../net/probe.ts';
import { httpCall, httpGet, type HttpPlace } from './http-get.ts';

const versionAnswer = v.object({
  ApiVersion: v.string(),
  MinAPIVersion: v.optional(v.string()),
  Version: v.optional(v.string(), ''),
  Components: v.optional(v.array(v.object({ Name: v.optional(v.string(), '') })), []),
});

const listAnswer = v.array(
  v.object({
    Id: v.string(),
    Names: v.optional(v.nullable(v.array(v.string()))),
    Labels: v.optional(v.nullable(v.record(v.string(), v.string()))),
    State: v.optional(v.string(), ''),
    Status: v.optional(v.string(), ''),
  }),
);

const health = v.object({
  Status: v.optional(v.string(), ''),
  Log: v.optional(v.nullable(v.array(v.object({ Output: v.optional(v.string(), '') })))),
});

const containerAnswer = v.object({
  Id: v.string(),
  Name: v.string(),
  Image: v.optional(v.string(), ''),
  RestartCount: v.optional(v.number(), 0),
  State: v.object({
    Status: v.string(),
    OOMKilled: v.optional(v.boolean(), false),
    ExitCode: v.optional(v.number(), 0),
    StartedAt: v.optional(v.string(), ''),
    FinishedAt: v.optional(v.string(), ''),
    // Older versions of Podman call it so.
    Healthcheck: v.optional(health),
    Health: v.optional(v.nullable(health)),
  }),
});

const imageAnswer = v.object({ Created: v.string() });

/** One container as a list names it. */
export interface ListedContainer {
  readonly id: string;
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** One word, such as `running`; empty where the engine does not list it. */
  readonly state: string;
  /** As people are shown it, such as `Up 3 hours (healthy)` or `Exited (1) 5 minutes ago`. */
  readonly status: string;
}

/** One container as its inspection shows it. */
export type Container = v.InferOutput<typeof containerAnswer>;

/** The Docker API, as far as it only reads. Podman offers the same. Source: Docker Engine API, 1.24 to 1.51. */
export interface ContainerApi {
  /** Who answers: `Docker 20.10` or `Podman 4.3`. */
  readonly engine: string;
  list(): Promise<readonly ListedContainer[] | Failure>;
  /** Undefined if the container is gone. */
  inspect(id: string): Promise<{ readonly container: Container | undefined } | Failure>;
  /** The last lines that the container wrote, as the engine sends them; nothing where it does not. */
  log(id: string, lines: number, within: ProbeContext): Promise<Buffer>;
  /** When the image was made; undefined if it does not say. */
  imageCreated(image: string): Promise<{ readonly createdMs: number | undefined } | Failure>;
}

/** The newest version whose answers are known here. */
const apiVersionMax = '1.51';

/** Agrees with the engine on the version of the API. */
export async function openContainerApi(
  place: HttpPlace,
  context: ProbeContext,
): Promise<ContainerApi | Failure> {
  const version = await ask(place, '/version', versionAnswer, context);
  if (isFailure(version)) return version;
  if (version.found === undefined) return { reason: 'protocol', summary: nothing(place) };
  const { ApiVersion: newest, Components: parts, Version: release } = version.found;
  const prefix = `/v${isBelow(apiVersionMax, newest) ? apiVersionMax : newest}`;
  const isPodman = parts.some(({ Name: name }) => /podman/i.test(name));
  return {
    engine: `${isPodman ? 'Podman' : 'Docker'} ${release}`,
    async list() {
      const answer = await ask(place, `${prefix}/containers/json?all=1`, listAnswer, context);
      if (isFailure(answer)) return answer;
      return (answer.found ?? []).map((one) => ({
        id: one.Id,
        names: (one.Names ?? []).map((name) => name.replace(/^\//, '')),
        labels: one.Labels ?? {},
        state: one.State,
        status: one.Status,
      }));
    },
    async inspect(id) {
      const path = `${prefix}/containers/${encodeURIComponent(id)}/json`;
      const answer = await ask(place, path, containerAnswer, context);
      return isFailure(answer) ? answer : { container: answer.found };
    },
    async log(id, lines, within) {
      const path = `${prefix}/containers/${encodeURIComponent(id)}/logs?stdout=1&stderr=1&tail=${lines}`;
      const chunks: Buffer[] = [];
      const onChunk = (chunk: Buffer): void => void chunks.push(chunk);
      const answer = await httpCall(place, { method: 'GET', path, onChunk }, within);
      const isThere = !isFailure(answer) && answer.status === 200;
      return isThere ? Buffer.concat(chunks) : Buffer.alloc(0);
    },
    async imageCreated(image) {
      const path = `${prefix}/images/${encodeURIComponent(image)}/json`;
      const answer = await ask(place, path, imageAnswer, context);
      if (isFailure(answer)) return answer;
      const createdMs = Date.parse(answer.found?.Created ?? '');
      return { createdMs: Number.isFinite(createdMs) ? createdMs : undefined };
    },
  };
}

function nothing({ target }: HttpPlace): string {
  return `${target} does not speak the API of Docker`;
}

/** One question; nothing is found where the answer is 404. */
async function ask<const Schema extends v.GenericSchema>(
  place: HttpPlace,
  path: string,
  schema: Schema,
  context: ProbeContext,
): Promise<{ readonly found: v.InferOutput<Schema> | undefined } | Failure> {
  const answer = await httpGet(place, path, context);
  if (isFailure(answer)) return answer;
  const { status, body, peer } = answer;
  if (status === 404) return { found: undefined };
  const json = jsonOf(body);
  if (status !== 200) {
    const said = v.safeParse(v.object({ message: v.string() }), json);
    const why = said.success ? `: ${said.output.message}` : '';
    return { reason: 'status', summary: `${peer} answers GET ${path} with ${status}${why}` };
  }
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return { found: parsed.output };
  return { reason: 'protocol', summary: `${peer} answers GET ${path} with something else` };
}

/** Whether one version of the API, such as `1.9`, is older than another. */
function isBelow(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major === otherMajor ? minor < otherMinor : major < otherMajor;
}
