/** Characters from which on a part is worth a definition. */
const worthSharing = 300;

type Part = Readonly<Record<string, unknown>>;

interface Place {
  readonly part: Part;
  /** The key that it stands under. */
  readonly name: string;
}

/**
 * The same JSON Schema (draft 7) with every part that occurs more than once written once, under
 * `definitions`, by the name of the key it first stood under. Shapes that many blocks share, such as
 * `http_config`, would otherwise be most of the file.
 */
export function withSharedDefinitions(schema: Part): Part {
  const occurrences = new Map<string, number>();
  const places = new Map<string, Place>();
  visit(schema, '', (text, place) => {
    const before = occurrences.get(text) ?? 0;
    occurrences.set(text, before + 1);
    if (before === 0) places.set(text, place);
    // The parts of what is shared already occur once, with it.
    return before === 0;
  });
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const [text, { name }] of places) {
    if ((occurrences.get(text) ?? 0) > 1) names.set(text, freeName(name, taken));
  }
  const definitions: Record<string, unknown> = {};
  const used = (text: string): string | undefined => {
    const name = names.get(text);
    const place = places.get(text);
    if (name === undefined || place === undefined) return undefined;
    // Its own parts may be shared with others as well.
    definitions[name] ??= eachValue(place.part, (value) => replaced(value, used));
    return name;
  };
  const whole = eachValue(schema, (value) => replaced(value, used));
  const sorted = Object.entries(definitions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { ...whole, definitions: Object.fromEntries(sorted) };
}

/** Shows every part that is a schema large enough, outer ones first; `see` says whether to look into it. */
function visit(value: unknown, name: string, see: (text: string, place: Place) => boolean): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, name, see);
    return;
  }
  if (!isPart(value)) return;
  const text = sharedText(value);
  if (name !== '' && text !== undefined && !see(text, { part: value, name })) return;
  for (const [key, inner] of Object.entries(value)) visit(inner, nameBelow(key, name), see);
}

/** Keys of JSON Schema do not name what stands below them. */
function nameBelow(key: string, name: string): string {
  const isOfSchema = ['properties', 'anyOf', 'items', 'additionalProperties'].includes(key);
  return isOfSchema ? name : key;
}

function replaced(value: unknown, used: (text: string) => string | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => replaced(item, used));
  if (!isPart(value)) return value;
  const text = sharedText(value);
  const name = text === undefined ? undefined : used(text);
  if (name !== undefined) return { $ref: `#/definitions/${name}` };
  return eachValue(value, (inner) => replaced(inner, used));
}

/** What identifies a part that may be shared: only what is a schema itself may be referred to. */
function sharedText(part: Part): string | undefined {
  if (!('type' in part || 'anyOf' in part) || typeof part['type'] === 'object') return undefined;
  const text = JSON.stringify(part);
  return text.length < worthSharing ? undefined : text;
}

function eachValue(part: Part, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, change(value)]));
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let again = 2; taken.has(name); again += 1) name = `${wanted}_${again}`;
  taken.add(name);
  return name;
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
