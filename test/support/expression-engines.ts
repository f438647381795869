import { loadCelEngine } from '../../src/checks/net/http/cel-program.ts';

// Tests read blocks of options without a configuration file, which would have loaded what they need.
await loadCelEngine();
