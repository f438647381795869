/**
 * Started in a guest's network, but among this machine's files: takes connections at a port of the guest's own
 * loopback and passes them to a socket of the test, which no network reaches. `relay.ts PORT SOCKET`.
 */
import { connect, createServer } from 'node:net';

const [port, socket] = process.argv.slice(2) as [string, string];

const server = createServer((inner) => {
  const outer = connect(socket);
  inner.pipe(outer).pipe(inner);
  inner.on('error', () => outer.destroy());
  outer.on('error', () => inner.destroy());
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
// The end of whoever started it, even by a signal, is that of the relay: it would keep the network alive.
process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'));
