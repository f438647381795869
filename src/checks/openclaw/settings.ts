import * as v from 'valibot';
import { Secret } from '../../model/secret.ts';
import { parseJson5 } from './json5.ts';

/** What of the gateway's settings is looked at. All else in them is passed over, secrets above all. */
export interface GatewaySettings {
  readonly port?: number;
  /** A path of the log, where the settings name one. */
  readonly logFile?: string;
  /** The token that clients show, if the settings hold or name it. Never shown. */
  readonly token?: Secret;
  /** The name of the variable that holds the token, where the settings only refer to it. */
  readonly tokenVariable?: string;
  readonly isTls: boolean;
}

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

const shape = v.object({
  gateway: v.optional(
    v.object({
      port: v.optional(v.fallback(v.optional(port), undefined)),
      auth: v.optional(v.fallback(v.optional(v.object({ token: v.unknown() })), undefined)),
      tls: v.optional(
        v.fallback(v.optional(v.object({ enabled: v.optional(v.boolean()) })), undefined),
      ),
    }),
  ),
  logging: v.optional(
    v.fallback(v.optional(v.object({ file: v.optional(v.string()) })), undefined),
  ),
});

/** Reads `openclaw.json`; undefined if it is not JSON5, or holds no settings. */
export function readSettings(text: string): GatewaySettings | undefined {
  const parsed = v.safeParse(shape, parseJson5(text));
  if (!parsed.success) return undefined;
  const { gateway, logging } = parsed.output;
  const token = gateway?.auth?.token;
  const variable = typeof token === 'string' ? /^\$\{(\w+)\}$/.exec(token)?.[1] : undefined;
  return {
    isTls: gateway?.tls?.enabled === true,
    ...(gateway?.port === undefined ? {} : { port: gateway.port }),
    ...(logging?.file === undefined ? {} : { logFile: logging.file }),
    ...(variable === undefined ? {} : { tokenVariable: variable }),
    ...(typeof token === 'string' && token !== '' && variable === undefined
      ? { token: Secret.of(token) }
      : {}),
  };
}
