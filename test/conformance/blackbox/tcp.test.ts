import { expect } from 'vitest';
import { contest, type ProbeCase, type Served } from './kit/contest.ts';
import { onLines, servingTcp } from './kit/tcp.ts';

/** Writes at once, and ends the connection where that is said. */
function saying(text: string | Buffer, { end = false } = {}): () => Promise<Served> {
  return servingTcp((socket) => void (end ? socket.end(text) : socket.write(text)));
}

const resolver = ['probe_dns_lookup_time_seconds', 'probe_ip_addr_hash', 'probe_ip_protocol'];
const dialled = ['probe_failed_due_to_regex', 'probe_failed_due_to_bytes'];
const quick = { timeout: '2s' };

const connections: readonly ProbeCase[] = [
  {
    title: 'BB-P01 a connection is enough',
    module: { prober: 'tcp' },
    server: servingTcp(),
    expect: {
      success: 1,
      metrics: { probe_ip_protocol: 4, probe_ip_addr_hash: 3668918509 },
      families: [...resolver, ...dialled],
    },
  },
  {
    title: 'BB-P02 port 0 cannot be connected to',
    module: { prober: 'tcp', tcp: { preferred_ip_protocol: 'ip4' } },
    target: '127.0.0.1:0',
    expect: { success: 0, metrics: { probe_ip_protocol: 4 }, families: resolver },
  },
  {
    title: 'BB-P14 a line that never comes fails when the time of the scrape is over',
    module: { prober: 'tcp', tcp: { query_response: [{ expect: 'SMTP' }] } },
    server: servingTcp(),
    headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '1' },
    expect: { success: 0, metrics: { probe_failed_due_to_regex: 0, probe_timeout_seconds: 0.5 } },
    judge: ({ families }) =>
      expect(families.get('probe_duration_seconds')?.samples.get('')).toBeLessThan(1),
  },
  {
    title: 'BB-P17 a target without a port has nothing of a lookup',
    module: { prober: 'tcp' },
    target: '127.0.0.1',
    expect: { success: 0, families: [] },
  },
];

const irc = [
  { send: 'NICK prober' },
  { send: 'USER prober prober prober :prober' },
  { expect: '^:[^ ]+ 001' },
];
const ssh = [
  {
    expect: '^(SSH-2.0)-([^ -]+)(?: (.*))?$',
    send: '${1}-tocsin',
    labels: [
      { name: 'version', value: '${2}' },
      { name: 'comments', value: 'on $3' },
    ],
  },
];

const dialogues: readonly ProbeCase[] = [
  {
    title: 'BB-P08 lines that do not match are skipped until one does',
    module: { prober: 'tcp', ...quick, tcp: { query_response: irc } },
    server: servingTcp((socket) => {
      socket.write(':tide NOTICE AUTH :*** Looking up your hostname\r\n');
      onLines(socket, (line) =>
        line.startsWith('USER ') ? ':tide 001 prober :Welcome\r\n' : undefined,
      );
    }),
    expect: { success: 1, metrics: { probe_failed_due_to_regex: 0 } },
  },
  {
    title: 'BB-P09 an end without the line that is wanted is the fault of the pattern',
    module: { prober: 'tcp', ...quick, tcp: { query_response: irc } },
    server: servingTcp((socket) => {
      socket.write(':tide NOTICE AUTH :*** Looking up your hostname\r\n');
      onLines(socket, (line) => {
        if (line.startsWith('USER ')) socket.end('ERROR: Closing Link\r\n');
        return undefined;
      });
    }),
    expect: { success: 0, metrics: { probe_failed_due_to_regex: 1 } },
  },
  {
    title: 'BB-P10 a banner is read, its parts become labels, and one goes back',
    module: { prober: 'tcp', ...quick, tcp: { query_response: [...ssh, { expect: 'never' }] } },
    server: servingTcp((socket) => {
      socket.write('SSH-2.0-OpenSSH_9.2p1 Debian-2\n');
      onLines(socket, (line) => (line === 'SSH-2.0-tocsin' ? 'this was never sent\n' : 'no\n'));
    }),
    expect: {
      success: 1,
      metrics: {
        probe_failed_due_to_regex: 0,
        'probe_expect_info{comments="on Debian-2",version="OpenSSH_9.2p1"}': 1,
      },
    },
    beyond: 'labels came with 0.26',
  },
  {
    title: 'BB-P15 every group is in its label',
    module: { prober: 'tcp', ...quick, tcp: { query_response: ssh } },
    server: saying('SSH-2.0-OpenSSH_9.2p1 Debian-2\n'),
    expect: {
      success: 1,
      metrics: { 'probe_expect_info{comments="on Debian-2",version="OpenSSH_9.2p1"}': 1 },
      families: [...resolver, ...dialled, 'probe_expect_info'],
    },
    beyond: 'labels came with 0.26',
  },
  {
    title: 'BB-P18 two steps with labels do no harm',
    module: {
      prober: 'tcp',
      ...quick,
      tcp: {
        query_response: [
          { expect: '^one (.*)', labels: [{ name: 'first', value: '${1}' }] },
          { expect: '^two (.*)', labels: [{ name: 'second', value: '${1}' }] },
        ],
      },
    },
    server: saying('one fish\ntwo fish\n'),
    expect: { success: 1, metrics: { probe_failed_due_to_regex: 0 } },
    judge: ({ families }) => expect(families.has('probe_expect_info')).toBe(true),
    beyond: 'labels came with 0.26, and a second step with them is a crash',
  },
];

const expectBytes = { query_response: [{ expect_bytes: new Uint8Array([1, 2, 255]) }] };
const bytesBeyond = 'expect_bytes came with 0.28';

const bytes: readonly ProbeCase[] = [
  {
    title: 'BB-P11 the bytes that are wanted come',
    module: { prober: 'tcp', ...quick, tcp: expectBytes },
    server: saying(Buffer.from([1, 2, 255])),
    expect: {
      success: 1,
      metrics: { probe_failed_due_to_regex: 0, probe_failed_due_to_bytes: 0 },
    },
    beyond: bytesBeyond,
  },
  {
    title: 'BB-P12 other bytes than those that are wanted come',
    module: { prober: 'tcp', ...quick, tcp: expectBytes },
    server: saying(Buffer.from([1, 2, 254])),
    expect: {
      success: 0,
      metrics: { probe_failed_due_to_regex: 0, probe_failed_due_to_bytes: 1 },
    },
    beyond: bytesBeyond,
  },
];

contest({ connections, dialogues, bytes });
