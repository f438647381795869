import { dirname, resolve } from 'node:path';
import * as v from 'valibot';
import { allowEntryFault } from '../lib/allow-list.ts';
import {
  duration,
  flag,
  labels,
  nonEmptyText,
  optionalKey,
  positiveDuration,
  wholeNumber,
} from '../lib/schema-atoms.ts';
import type { Config } from '../model/config.ts';
import { probeHistoryMax, stalledAfterMax } from '../model/limits.ts';
import { connectivitySchema, readConnectivity } from './connectivity.ts';
import { heartbeatSchema, withWayOut } from './heartbeat.ts';
import { read } from './reader.ts';
import type { Reading } from './reading.ts';
import type { ConfigTables } from './tables.ts';
import { valueOf, type MapTree } from './tree.ts';

const day = 24 * 60 * 60_000;
const minute = 60_000;

/** The section `agent:`. */
export function agentSchema(httpConfig: ConfigTables['httpConfig']) {
  return v.strictObject(
    {
      name: optionalKey(
        'Name of this agent, the label host. Default: the host name.',
        nonEmptyText,
      ),
      labels: optionalKey('Labels of every alert.', labels),
      data_dir: optionalKey(
        'Directory of the state. Default /var/lib/tocsin if writable, else ~/.local/state/tocsin.',
        nonEmptyText,
      ),
      retention: optionalKey(
        'How long results and notifications are kept. Default 7d.',
        positiveDuration,
      ),
      stalled_after: optionalKey(
        'Intervals without a look after which a check raises an alert of its own; 0 never. Default 3.',
        v.pipe(wholeNumber, v.maxValue(stalledAfterMax, `at most ${stalledAfterMax}`)),
      ),
      evidence: optionalKey(
        'Whether a critical alert of this host tells what was found around it. Default true.',
        flag,
      ),
      connectivity: optionalKey(
        'When nothing outside and no reference can be reached, one message says so instead of all.',
        connectivitySchema,
      ),
      heartbeat: optionalKey(
        'A URL that is called as long as the agent is sound; silence tells that it is not.',
        heartbeatSchema(httpConfig),
      ),
    },
    'a map of settings of the agent',
  );
}

const listenMessage = 'an address and a port such as 127.0.0.1:9860, [::1]:9860 or :9860';

function parseListen(text: string): { host: string; port: number } | undefined {
  const listenForm = /^(?:\[([^\]\s"']+)\]|([^:[\]\s"']*)):(\d{1,5})$/;
  const [, bracketed, plain, digits] = listenForm.exec(text) ?? [];
  const port = Number(digits);
  return digits === undefined || port > 65_535
    ? undefined
    : { host: bracketed ?? plain ?? '', port };
}

/** An address to listen at; an empty host stands for all addresses, port 0 for any free one. */
const listen = v.pipe(
  v.string(listenMessage),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parseListen(dataset.value);
    if (parsed !== undefined) return parsed;
    addIssue({ message: listenMessage });
    return NEVER;
  }),
);

const externalUrlMessage = 'an address such as https://example.com/tocsin, without ? and #';

/** Kept without a slash at its end: what follows begins with one. */
const externalUrl = v.pipe(
  v.string(externalUrlMessage),
  v.check((text) => /^https?:\/\/[^?#\s]+$/.test(text) && URL.canParse(text), externalUrlMessage),
  v.check((text) => {
    const { username, password } = new URL(text);
    return username === '' && password === '';
  }, 'an address without a user and a password'),
  v.transform((text) => text.replace(/\/+$/, '')),
);

const allowEntry = v.pipe(
  nonEmptyText,
  v.rawCheck(({ dataset, addIssue }) => {
    const wanted = dataset.typed ? allowEntryFault(dataset.value) : undefined;
    if (wanted !== undefined) addIssue({ message: wanted });
  }),
);

/** The section `server:`. */
export const serverSchema = v.strictObject(
  {
    listen: optionalKey('Address and port of page and metrics. Default 127.0.0.1:9860.', listen),
    external_url: optionalKey(
      'Where people reach the page from elsewhere, such as https://example.com/tocsin. Messages then hold links.',
      externalUrl,
    ),
    web_config_file: optionalKey(
      'File with TLS and users in the format of the Prometheus exporter toolkit.',
      nonEmptyText,
    ),
    probe: optionalKey(
      'What /probe may do.',
      v.strictObject(
        {
          enabled: optionalKey('Whether /probe answers at all. Default true.', flag),
          allow: optionalKey(
            'Networks, host names and paths of sockets it may reach. Default: this host; "*" is everything.',
            v.array(allowEntry, 'a list of networks, host names and paths'),
          ),
          timeout_offset: optionalKey(
            'Taken off the timeout of a scrape, so that the answer arrives in time. Default 500ms.',
            duration,
          ),
          history_limit: optionalKey(
            'Probes kept for the page and /logs, and as many failed ones beyond these. Default 100.',
            v.pipe(wholeNumber, v.maxValue(probeHistoryMax, `at most ${probeHistoryMax}`)),
          ),
          log_level: optionalKey(
            'How much the log of a probe says: info or debug. Default info.',
            v.picklist(['info', 'debug'], 'info or debug'),
          ),
        },
        'a map of settings of /probe',
      ),
    ),
  },
  'a map of settings of the server',
);

/** Reads `agent:`. `hostname` is the name of an agent that has none. */
export function readAgent(
  reading: Reading,
  root: MapTree,
  hostname: string,
  { checkTypes, httpConfig }: ConfigTables,
): Config['agent'] {
  const tree = withWayOut(valueOf(root, 'agent'), valueOf(root, 'global'));
  const written = (tree && read(reading, tree, agentSchema(httpConfig))) ?? {};
  const name = written.name ?? hostname;
  const { heartbeat } = written;
  const at = tree && valueOf(tree, 'connectivity');
  const connectivity = readConnectivity(reading, at, checkTypes);
  return {
    name,
    labels: { ...written.labels, host: name },
    ...(written.data_dir === undefined ? {} : { dataDir: besideOf(root, written.data_dir) }),
    retentionMs: written.retention ?? 7 * day,
    stalledAfter: written.stalled_after ?? 3,
    ...(written.evidence === undefined ? {} : { evidence: written.evidence }),
    ...(connectivity === undefined ? {} : { connectivity }),
    ...(heartbeat === undefined
      ? {}
      : {
          heartbeat: {
            url: heartbeat.url,
            intervalMs: heartbeat.interval ?? minute,
            http: heartbeat.http_config,
          },
        }),
  };
}

/** Reads `server:`. */
export function readServer(reading: Reading, root: MapTree): Config['server'] {
  const tree = valueOf(root, 'server');
  const written = (tree && read(reading, tree, serverSchema)) ?? {};
  const file = written.web_config_file;
  return {
    ...(written.listen ?? { host: '127.0.0.1', port: 9860 }),
    ...(written.external_url === undefined ? {} : { externalURL: written.external_url }),
    ...(file === undefined ? {} : { webConfigFile: besideOf(root, file) }),
    probe: {
      enabled: written.probe?.enabled ?? true,
      allow: written.probe?.allow ?? ['127.0.0.0/8', '::1/128'],
      timeoutOffsetMs: written.probe?.timeout_offset ?? 500,
      historyLimit: written.probe?.history_limit ?? 100,
      logLevel: written.probe?.log_level ?? 'info',
    },
  };
}

/** A path relative to the main configuration file. */
function besideOf(root: MapTree, path: string): string {
  return resolve(dirname(root.place.file), path);
}
