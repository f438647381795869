import * as v from 'valibot';
import { Secret } from '../../model/secret.ts';
import { parseJson5 } from './json5.ts';

/** Where the settings say that a secret is: in themselves, or somewhere that they only name. */
export type SecretPlace =
  | { readonly kind: 'here'; readonly secret: Secret }
  | { readonly kind: 'variable'; readonly name: string }
  /** A file; with a JSON pointer, where it holds several. */
  | { readonly kind: 'file'; readonly path: string; readonly pointer: string | undefined }
  /** What only the gateway itself can ask, such as a program or its own store. */
  | { readonly kind: 'elsewhere'; readonly source: string };

/** What of the gateway's settings is looked at. All else in them is passed over, secrets above all. */
export interface GatewaySettings {
  readonly port?: number;
  /** A path of the log, where the settings name one. */
  readonly logFile?: string;
  /** How clients show who they are; the gateway decides by what is there if it is not written. */
  readonly authMode?: string;
  readonly token?: SecretPlace;
  readonly password?: SecretPlace;
  /** A variable that the settings themselves set for the gateway. */
  variable(name: string): Secret | undefined;
  readonly isTls: boolean;
  /** Its certificate, where that is not at its usual place. */
  readonly certificatePath?: string;
  /** Cron was switched off by whoever wrote the settings. */
  readonly isCronOff: boolean;
}

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

/** A key that may be missing, or hold what is not understood: then it counts as missing. */
function lenient<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.optional(v.fallback(v.optional(schema), undefined));
}

const authShape = v.object({
  mode: lenient(v.string()),
  token: v.optional(v.unknown()),
  password: v.optional(v.unknown()),
});

const tlsShape = v.object({ enabled: lenient(v.boolean()), certPath: lenient(v.string()) });

const shape = v.object({
  gateway: v.optional(
    v.object({ port: lenient(port), auth: lenient(authShape), tls: lenient(tlsShape) }),
  ),
  logging: lenient(v.object({ file: lenient(v.string()) })),
  cron: lenient(v.object({ enabled: lenient(v.boolean()) })),
  env: lenient(v.record(v.string(), v.unknown())),
  secrets: lenient(v.object({ providers: lenient(v.record(v.string(), v.unknown())) })),
});

type Known = v.InferOutput<typeof shape>;

/** Reads `openclaw.json`; undefined if it is not JSON5, or holds no settings. */
export function readSettings(text: string): GatewaySettings | undefined {
  const parsed = v.safeParse(shape, parseJson5(text));
  if (!parsed.success) return undefined;
  const { gateway, logging, cron } = parsed.output;
  const auth = gateway?.auth;
  const token = placeOf(auth?.token, parsed.output);
  const password = placeOf(auth?.password, parsed.output);
  return {
    isTls: gateway?.tls?.enabled === true,
    isCronOff: cron?.enabled === false,
    variable: (name) => variableIn(parsed.output, name),
    ...(gateway?.port === undefined ? {} : { port: gateway.port }),
    ...(logging?.file === undefined ? {} : { logFile: logging.file }),
    ...(auth?.mode === undefined ? {} : { authMode: auth.mode }),
    ...(gateway?.tls?.certPath === undefined ? {} : { certificatePath: gateway.tls.certPath }),
    ...(token === undefined ? {} : { token }),
    ...(password === undefined ? {} : { password }),
  };
}

const reference = v.object({
  source: v.string(),
  provider: v.optional(v.string(), 'default'),
  id: v.string(),
});

const fileProvider = v.object({ path: v.string(), mode: v.optional(v.string(), 'json') });

function placeOf(written: unknown, { secrets }: Known): SecretPlace | undefined {
  if (typeof written === 'string') {
    const name = /^\$(?:\{(\w+)\}|([A-Z]\w*)$)/.exec(written);
    if (name !== null) return { kind: 'variable', name: name[1] ?? name[2] ?? '' };
    return written === '' ? undefined : { kind: 'here', secret: Secret.of(written) };
  }
  const parsed = v.safeParse(reference, written);
  if (!parsed.success) return undefined;
  const { source, provider, id } = parsed.output;
  if (source === 'env') return { kind: 'variable', name: id };
  const file = v.safeParse(fileProvider, secrets?.providers?.[provider]);
  if (source !== 'file' || !file.success) return { kind: 'elsewhere', source };
  const { path, mode } = file.output;
  return { kind: 'file', path, pointer: mode === 'singleValue' ? undefined : id };
}

function variableIn({ env }: Known, name: string): Secret | undefined {
  const vars = v.safeParse(v.record(v.string(), v.unknown()), env?.['vars']);
  const value = (vars.success ? vars.output[name] : undefined) ?? env?.[name];
  return typeof value === 'string' && value !== '' ? Secret.of(value) : undefined;
}
