import { loadCelEngine } from '../../src/checks/net/cel-program.ts';
import { loadPatternEngine } from '../../src/checks/net/pattern.ts';

// Tests read blocks of options without a configuration file, which would have loaded what they need.
await loadPatternEngine();
await loadCelEngine();
