import type * as v from 'valibot';
import { Secret } from '../model/secret.ts';

export type Schema = v.GenericSchema;

/** One step of a pipe. */
interface Step {
  readonly metadata?: unknown;
  readonly pipe?: readonly Step[];
}

/** The parts of any schema that say what is below it. */
interface Inner {
  readonly type: string;
  readonly wrapped?: Schema;
  readonly options?: readonly Schema[];
  readonly getter?: (input: unknown) => Schema;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly value?: Schema;
  readonly item?: Schema;
  readonly items?: readonly Schema[];
  readonly class?: unknown;
  readonly pipe?: readonly Step[];
}

const inner = (schema: Schema): Inner => schema;

const known = new WeakMap<Schema, readonly Schema[]>();

/** The schemas one of which a value must match: unions are opened, wrappers such as optional taken off. */
export function alternatives(schema: Schema): readonly Schema[] {
  const earlier = known.get(schema);
  if (earlier !== undefined) return earlier;
  const found = open(inner(schema), schema);
  known.set(schema, found);
  return found;
}

function open(shape: Inner, schema: Schema): readonly Schema[] {
  if (shape.wrapped !== undefined) return alternatives(shape.wrapped);
  if (shape.getter !== undefined) return alternatives(shape.getter(undefined));
  if (['union', 'variant', 'intersect'].includes(shape.type)) {
    return (shape.options ?? []).flatMap(alternatives);
  }
  return [schema];
}

/** Schemas for the value of a key. */
export function schemasOfKey(schemas: readonly Schema[], key: string): readonly Schema[] {
  return schemas.flatMap((schema) => {
    const { entries, value, type } = inner(schema);
    const found = entries === undefined ? (type === 'record' ? value : undefined) : entries[key];
    return found === undefined ? [] : alternatives(found);
  });
}

/** Schemas for an item of a list. */
export function schemasOfItem(schemas: readonly Schema[], index: number): readonly Schema[] {
  return schemas.flatMap((schema) => {
    const { item, items } = inner(schema);
    const found = item ?? items?.[index];
    return found === undefined ? [] : alternatives(found);
  });
}

/** The keys a map may have; undefined if any key is fine, or if no map is wanted at all. */
export function keysOf(schemas: readonly Schema[]): readonly string[] | undefined {
  const shapes = schemas.map(inner);
  const open = shapes.some(({ type }) =>
    ['record', 'loose_object', 'any', 'unknown'].includes(type),
  );
  const closed = shapes.flatMap(({ entries }) => (entries === undefined ? [] : [entries]));
  return open || closed.length === 0 ? undefined : closed.flatMap(Object.keys);
}

/** Whether one of the schemas takes a `Secret`. */
export function takesSecret(schemas: readonly Schema[]): boolean {
  return schemas.some((schema) => inner(schema).class === Secret);
}

/** Whether one of the schemas takes a text as it is written, with no references in it. */
export function takesLiteral(schemas: readonly Schema[]): boolean {
  return schemas.some((schema) => isLiteral(inner(schema)));
}

function isLiteral({ pipe = [] }: Pick<Inner, 'pipe'>): boolean {
  return pipe.some((step) => {
    const { literal } = (step.metadata ?? {}) as { readonly literal?: unknown };
    // The first step of a pipe is the schema it was made of, which may be a pipe itself.
    return literal === true || isLiteral(step);
  });
}

/** Whether one of the schemas takes raw bytes. */
export function takesBytes(schemas: readonly Schema[]): boolean {
  return schemas.some((schema) => inner(schema).class === Uint8Array);
}

const listTypes = new Set(['array', 'tuple', 'strict_tuple', 'loose_tuple', 'any', 'unknown']);

/** Whether one of the schemas takes lists; where nothing is known, anything may stand. */
export function takesList(schemas: readonly Schema[]): boolean {
  return schemas.length === 0 || schemas.some((schema) => listTypes.has(inner(schema).type));
}

/** Whether one of the schemas takes values of this JavaScript type. */
export function takesType(
  schemas: readonly Schema[],
  type: 'string' | 'number' | 'boolean',
): boolean {
  return schemas.some((schema) => [type, 'any', 'unknown'].includes(inner(schema).type));
}
