#!/usr/bin/env node
import { main } from '../src/main.ts';

const context = {
  environment: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
};

main(process.argv.slice(2), context).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // A programmer's error: whoever reports it needs the trace.
    process.stderr.write(`tocsin: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 70;
  },
);
