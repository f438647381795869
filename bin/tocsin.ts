#!/usr/bin/env node
import { main } from '../src/main.ts';

const context = {
  environment: process.env,
  cwd: process.cwd(),
  // Not touched before somebody reads: a service may have none.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
};

// What ps, top and systemctl call it; Node's own name for its thread says nothing.
process.title = 'tocsin';

main(process.argv.slice(2), context).then(end, (error: unknown) => {
  // A programmer's error: whoever reports it needs the trace.
  process.stderr.write(`tocsin: ${error instanceof Error ? error.stack : String(error)}\n`);
  end(70);
});

/** Ends once all is written, whatever else is open: a stop that was cut short leaves sends under way. */
function end(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
