import type { CheckTypeName } from '../src/model/check.ts';

/** What the schema of a check type cannot say about it. */
interface CheckNotes {
  readonly looksAt: string;
  /** Values (`tocsin_check_value{metric}`) and families of its own. */
  readonly metrics: string;
  /** What is a warning, what is critical; `unknown` is always: the agent could not look. */
  readonly statuses: string;
  /** What the user of the agent needs beyond what every user has. */
  readonly rights: string;
}

const ofFiles = 'to read the files that it names, such as those of `tls_config`';

const probe = (looksAt: string, statuses: string, rights = ofFiles): CheckNotes => ({
  looksAt,
  metrics:
    '`response_time`, `certificate_days_left` over TLS, and the `probe_…` families of blackbox_exporter for this prober',
  statuses: `${statuses}; warning by \`latency\` and \`certificate\`, where there are such keys`,
  rights,
});

const service = '`answer` where an answer is judged as a number';
const byLimits = 'warning and critical by their limits';

/** One entry for each check type; a test tells which is missing. */
export const checkNotes: Readonly<Partial<Record<CheckTypeName, CheckNotes>>> = {
  http: probe('a web service', 'critical when it does not answer as it should'),
  tcp: probe('a TCP service, with a dialogue', 'critical when it does not connect or answer so'),
  dns: probe('a name server', 'critical when it does not give the records that are wanted'),
  grpc: probe('a gRPC service, by its health protocol', 'critical when it is not SERVING'),
  unix: probe(
    'a service on a Unix socket',
    'critical when it does not connect or answer so',
    'to write to the socket: its group',
  ),
  websocket: probe('a websocket, with a dialogue', 'critical when it does not open or answer so'),
  icmp: {
    looksAt: 'a host, by echo requests',
    metrics: '`round_trip_time`, `response_time`, and the `probe_…` families',
    statuses: 'critical when no echo comes back; warning by `latency`',
    rights: 'none where the host has `ping`, which brings its own',
  },
  command: {
    looksAt: 'whatever a plugin of Nagios looks at',
    metrics: 'what it prints as performance data, in base units',
    statuses:
      'by its exit code 0 to 3, or the worse of that and `limits`; any other end is unknown',
    rights: 'to start the program; root for `user`; to read the program for `allow`',
  },
  heartbeat: {
    looksAt: 'whether a job reported in time at `/ping/NAME`',
    metrics: '`last_success_age_seconds`',
    statuses: 'critical when the job reported a failure, or not in time',
    rights: 'none',
  },
  disk: {
    looksAt: 'file systems: space, inodes, read-only, and when they will be full',
    metrics:
      '`used_percent PATH`, `free_bytes PATH`, `inodes_used_percent PATH`, `full_in_seconds PATH`',
    statuses: `${byLimits}; critical when the kernel made one read-only`,
    rights: 'to enter the folder above the mount point',
  },
  mount: {
    looksAt: 'whether a file system is mounted, answers and can be written to',
    metrics: '`write_seconds`, `file_system_errors`',
    statuses:
      'critical when it is missing, is another, hangs or is read-only; by limits of the write',
    rights: 'to write into the folder, for `write_test`',
  },
  memory: {
    looksAt: 'memory and swap',
    metrics: '`used_percent`, `available_bytes`, `swap_used_percent`',
    statuses: byLimits,
    rights: 'to read `/proc/meminfo`, as every user may where nobody forbids it',
  },
  oom: {
    looksAt: 'whom the kernel killed for lack of memory',
    metrics: '`oom_kills`, `oom_kills UNIT`',
    statuses: 'critical for `hold` after a kill',
    rights: 'to read the messages of the kernel (`/dev/kmsg`), to name who was killed',
  },
  cpu: {
    looksAt: 'how busy the processors were since the run before',
    metrics: '`busy_percent`, `user_percent`, `system_percent`, `iowait_percent`, `steal_percent`',
    statuses: byLimits,
    rights: 'to read `/proc/stat`, as every user may where nobody forbids it',
  },
  load: {
    looksAt: 'the load, for each processor',
    metrics: '`load1`, `load5`, `load15`, `load5_per_core`',
    statuses: byLimits,
    rights: 'to read `/proc/loadavg`, as every user may where nobody forbids it',
  },
  reboot: {
    looksAt: 'whether the host was rebooted, and whether in order',
    metrics: '`uptime_seconds`',
    statuses: 'by `unannounced` and `announced`, for `hold`',
    rights: 'to read `/var/log/wtmp` or the journal, to tell whether it was announced',
  },
  process: {
    looksAt: 'whether a program runs, and how often',
    metrics: '`count`, `resident_bytes`, `oldest_age_seconds`',
    statuses: 'critical below `min` and above `max`',
    rights: 'to see processes of others, where `/proc` hides them (`hidepid`)',
  },
  log: {
    looksAt: 'lines of a file or of the journal of a unit',
    metrics: '`new_lines`, `new_matches`, `skipped_bytes`',
    statuses: 'as each rule says',
    rights: 'to read the file; for a unit the group `systemd-journal`',
  },
  systemd: {
    looksAt: 'units: state, restarts, start limit, watchdog, timers that did not run',
    metrics:
      '`failed_units`, `late_timers`; of named units `restarts UNIT`, `recent_restarts UNIT`, `last_run_seconds UNIT`',
    statuses:
      'critical when a unit is not active, a timer is late, or none of the kind is installed; restarts and last run by their limits',
    rights: 'the group `systemd-journal`, for the last lines of the journal',
  },
  clock: {
    looksAt: 'whether the clock is kept in time, how far it is off, and jumps',
    metrics:
      '`synchronized`, `step_seconds`; `offset_seconds` (positive: ahead) where chrony or systemd-timesyncd tells it, `server_offset_seconds` of `server`',
    statuses:
      '`unsynchronized` says which, also when chrony has heard from no server for three hours; jumps and offset by their limits; unknown when `server` does not answer',
    rights: 'none',
  },
  certificate: {
    looksAt: 'a certificate that is served, lies on disk, or both',
    metrics: '`served_days_left`, `file_days_left`, and the `probe_certificate_…` families',
    statuses: `${byLimits}; critical when chain or name are wrong; warning when what is served is not what is on disk`,
    rights: 'to read the file',
  },
  port: {
    looksAt: 'who listens on a port',
    metrics: '`listening_sockets`, `waiting_connections`',
    statuses: 'critical when nobody listens, on another address, or another program',
    rights: 'root or CAP_SYS_PTRACE, to name programs of other users',
  },
  redis: {
    looksAt: 'Redis from inside',
    metrics: `\`clients\`, \`clients_percent\`, \`memory_bytes\`, \`memory_percent\`, \`replicas\`, \`replication_lag\`, \`rejected_connections\`, \`rejected_connections_total\`, \`last_save_failed\`; ${service}`,
    statuses: `critical when login, PING, role or the answer are wrong; the rest ${byLimits}`,
    rights: 'a user of Redis with `+ping +info` and the command; the group of a socket',
  },
  file: {
    looksAt: 'a file or files: age, size, number, JSON, checksum, owner, mode',
    metrics:
      '`count`, `newest_age_seconds`, `oldest_age_seconds`, `newest_bytes`; with `checksum` the fact `sha256`, for groups',
    statuses: 'critical when it is missing or not as said; age by its limits',
    rights: 'to enter the folder; to read the file for `json` and `checksum`',
  },
  postgres: {
    looksAt: 'PostgreSQL from inside',
    metrics: `\`connections\`, \`connections_percent\`, \`replicas\`, \`replication_lag\`, \`rows\`; ${service}`,
    statuses: `critical when login, recovery or the answer are wrong; the rest ${byLimits}`,
    rights: 'a role with LOGIN; `pg_monitor` for replication; what the query reads',
  },
  smtp: {
    looksAt:
      'a mail server, by a dialogue that ends before a message: greeting, EHLO, TLS, login, recipients',
    metrics:
      '`response_time`, `certificate_days_left`, `message_bytes_max`, `recipients_accepted`, `recipients_deferred`, `recipients_refused`, and the `probe_certificate_…` families',
    statuses:
      'critical when it does not answer, lacks what it must offer, cannot check logins, refuses a recipient or takes one that it must refuse; `deferred` says what a recipient that is put off is; warning and critical by `latency` and `certificate`',
    rights:
      'what the server asks for: an address that it lets in, a login, TLS; the group of a socket; to read `password_file`',
  },
  docker: {
    looksAt: 'containers of Docker or Podman',
    metrics:
      '`containers`, `containers_running`, `running NAME`, `restarts NAME`, `image_age NAME`',
    statuses:
      'critical when one is missing, has ended, is unhealthy or ran out of memory; restarts and age by their limits',
    rights:
      'to write to the socket of the engine: its group, which for Docker can do what root can',
  },
  nginx: {
    looksAt: 'nginx: its own counts, the answer through it, and each upstream past it',
    metrics:
      '`connections`, `dropped`, `requests_total`, `requests_per_second`, `LAYER up`, `LAYER response_time`',
    statuses: `critical for the layer that is broken; warning for an upstream that is lost, answers otherwise than the rest or is asked in vain; the counts ${byLimits}`,
    rights: '`stub_status` allowed from 127.0.0.1',
  },
  caddy: {
    looksAt: 'Caddy: its admin API, the answer through it, and each upstream past it',
    metrics:
      '`fails UPSTREAM`, `requests UPSTREAM`, `healthy UPSTREAM`, `LAYER up`, `LAYER response_time`',
    statuses:
      'critical for the layer that is broken, or an upstream that is missing; warning for one that is lost, answers otherwise than the rest, or of which Caddy thinks otherwise than it answers',
    rights: 'to reach the admin API; the group of its socket',
  },
  layers: {
    looksAt:
      'the way from a service to its users, layer by layer: sockets, upstreams, proxy, certificate, answer through it, name, public address; no further than the first that is broken',
    metrics: '`LAYER.seconds`, `upstream HOST:PORT up`, `upstream HOST:PORT response_time`',
    statuses:
      'critical, named after the layer that is broken; each layer has a status of its own, `unknown` beyond that one. Of several upstreams one is enough',
    rights: 'to read `/proc/net/tcp`, as every user may where nobody forbids it',
  },
  llm: {
    looksAt: "a provider of language models, by the service's own key",
    metrics:
      '`answer_seconds`, `models`, `first_token_seconds`, `calls_left_today`; of requests, tokens, input_tokens and output_tokens `…_used`, `…_remaining`, `…_limit`; of several profiles `profiles`, `profiles_working`, and `answer_seconds PROFILE`, `models PROFILE`, `first_token_seconds PROFILE`, `…_used PROFILE`, `…_remaining PROFILE`, `…_limit PROFILE`',
    statuses:
      'critical for auth, billing, rate limit, overload, timeout or a model that is missing; of several profiles each that fails is a warning, until none works; quota and first token by their limits',
    rights: 'to read `api_key_file`',
  },
  openclaw: {
    looksAt: 'an OpenClaw gateway from inside; see [openclaw.md](openclaw.md)',
    metrics: 'those of its parts, each as `PART.METRIC`',
    statuses: 'by the part that is worst; each part has a status of its own',
    rights: 'to read the state folder: the user or the group of the gateway',
  },
  remote: {
    looksAt: 'what another tocsin found with one of its checks, so that a group here can count it',
    metrics: 'those of that check, and `PART` statuses where it has parts',
    statuses:
      'those of that check; critical when the other tocsin cannot be reached (`unreachable`), unknown when it could not look itself',
    rights: 'a user of the other tocsin, where its `web_config_file` has users',
  },
  agent: {
    looksAt: 'tocsin itself; always there',
    metrics: '`outbox_pending`, `outbox_oldest_seconds`, `scheduler_lag_seconds`, `resident_bytes`',
    statuses: 'warning or critical by its own problems, such as messages that nobody takes',
    rights: 'none',
  },
  group: {
    looksAt: 'other checks together: how many are up or have a figure, and what they agree on',
    metrics:
      '`members`, `members_up`; with `count` also `members_counted` and `counted MEMBER`; `agree NAME`',
    statuses:
      'critical when fewer than `min_ok`, or not `exactly` so many, count; a warning when one does not and nothing depends on it; `disagree` says what a difference is',
    rights: 'none',
  },
};
