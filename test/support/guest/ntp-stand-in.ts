/** A time server in a guest's network: `ntp-stand-in.ts PORT AHEAD_MS`. */
import { startNtpServer } from '../ntp-server.ts';

const [port = 0, aheadMs = 0] = process.argv.slice(2).map(Number);
await startNtpServer({ aheadMs }, port);
process.stdout.write('ready\n');
