import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { heading, item, literal, page, paragraph, subheading, type Part } from './roff.ts';

/** As much of JSON Schema as the schema of the configuration uses. */
interface Node {
  readonly $ref?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
}

const root = join(import.meta.dirname, '..', '..');

/** The manual page agent.config.yaml(5), from the schema that `tocsin schema` prints. */
export function configPage(version: string, date: string): string {
  const schema = JSON.parse(readFileSync(join(root, 'agent.config.schema.json'), 'utf8')) as Node;
  const keysOf = keyReader(schema);
  const top = Object.entries(schema.properties ?? {}).filter(([key]) => key !== '$schema');
  const isOfTypes = (key: string): boolean => key === 'checks';
  return page('agent.config.yaml', 5, date, version, [
    heading('name', ['agent.config.yaml \\- configuration of tocsin']),
    heading(
      'description',
      paragraph(
        'tocsin reads agent.config.yaml (also .yml and .json) from where it is started, then from /etc/tocsin; `-c` and `TOCSIN_CONFIG` name another file. Each *.yaml in conf.d beside it is merged in: lists are appended, and the same key twice is an error.',
      ),
      paragraph(
        'An unknown key is an error. `tocsin validate` lists every problem with its line and what would be right. Durations are written as 500ms, 30s, 2m, 1h30m or 7d.',
      ),
      paragraph(
        'Any text may hold `${NAME}` and `${NAME:-default}` out of the environment, `${file:/path}`, and `${credential:NAME}`, which systemd hands over by LoadCredential=. What is secret is never printed.',
      ),
    ),
    heading(
      'example',
      literal(`notify:
  slack: \${SLACK_WEBHOOK_URL}
checks:
  - name: gateway
    type: http
    target: http://127.0.0.1:18789/health
  - type: disk
    warning: 80
    critical: 90`),
    ),
    heading(
      'keys',
      ...top
        .filter(([key]) => !isOfTypes(key))
        .map(([key, node]) => subheading(key, ...keyParts(keysOf, node, [], 0))),
    ),
    heading('checks', ...checkParts(keysOf, schema)),
    heading('see also', ['.BR tocsin (1)']),
  ]);
}

type KeysOf = (node: Node, above: readonly Node[]) => Readonly<Record<string, Node>>;

/** How deep keys have paragraphs of their own; below it they are named. */
const depthMax = 2;

function keyParts(
  keysOf: KeysOf,
  node: Node,
  above: readonly Node[],
  depth: number,
  without: ReadonlySet<string> = new Set(),
): readonly Part[] {
  return Object.entries(keysOf(node, above))
    .filter(([key]) => !without.has(key))
    .map(([key, inner]) => {
      const path = [...above, node];
      if (depth < depthMax) {
        const below = keyParts(keysOf, inner, path, depth + 1);
        return item(key, meaningOf(inner), below.flat());
      }
      const names = Object.keys(keysOf(inner, path));
      const named = names.length === 0 ? '' : ` Keys: ${names.join(', ')}.`;
      return item(key, `${meaningOf(inner)}${named}`.trim());
    });
}

function meaningOf({ description = '', enum: words = [] }: Node): string {
  const told = description === '' || /[.!?…]$/.test(description) ? description : `${description}.`;
  const isTold = words.every((word) => told.includes(String(word)));
  return isTold ? told : `${told} One of ${words.join(', ')}.`.trim();
}

/** The keys of every check once, then those of each type. */
function checkParts(keysOf: KeysOf, schema: Node): readonly Part[] {
  const checks = schema.properties?.['checks']?.items;
  const types = (checks?.anyOf ?? checks?.oneOf ?? []).filter(
    ({ properties }) => properties?.['type']?.const !== undefined,
  );
  const [first, ...others] = types;
  const shared = Object.keys(first?.properties ?? {}).filter((key) =>
    others.every(({ properties = {} }) => key in properties),
  );
  const sharedKeys = new Set(shared);
  const common = {
    properties: Object.fromEntries(shared.map((key) => [key, first?.properties?.[key] ?? {}])),
  };
  return [
    paragraph('A list. A URL alone is an http check.'),
    subheading('every check', ...keyParts(keysOf, common, [], 1, new Set(['type']))),
    ...types.map((type) =>
      typeSection(
        String(type.properties?.['type']?.const),
        keyParts(keysOf, type, [], 1, sharedKeys),
      ),
    ),
  ];
}

function typeSection(type: string, keys: readonly Part[]): Part {
  const own = keys.length === 0 ? [paragraph('It has no keys of its own.')] : keys;
  return subheading(`type: ${type}`, ...own);
}

/** Finds the keys that a value may have, through references, alternatives and lists, once on each way down. */
function keyReader(schema: Node): KeysOf {
  const resolved = (node: Node): Node => {
    if (node.$ref === undefined) return node;
    const steps = node.$ref.replace(/^#\//, '').split('/');
    let found: unknown = schema;
    for (const step of steps) found = (found as Record<string, unknown>)[step];
    return found as Node;
  };
  const keysOf: KeysOf = (written, above) => {
    const node = resolved(written);
    if (above.includes(node)) return {};
    const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
    const inner = node.items === undefined ? alternatives : [node.items, ...alternatives];
    return Object.assign({}, ...inner.map((one) => keysOf(one, [...above, node])), node.properties);
  };
  return keysOf;
}
