import { fileSchema } from './file-schema.ts';
import { withSharedDefinitions } from './shared-definitions.ts';
import { alternatives, takesSecret } from './schema-shape.ts';
import type { ConfigTables } from './tables.ts';

/** The JSON Schema (draft 7) of the whole file, from the schemas that validate it. */
export async function jsonSchema(tables: ConfigTables): Promise<object> {
  const { toJsonSchema } = await import('@valibot/to-json-schema');
  const schema = toJsonSchema(fileSchema(tables), {
    typeMode: 'input',
    // What JSON Schema cannot say is left to the agent.
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema, jsonSchema }) => {
      const wanted = 'message' in valibotSchema ? valibotSchema.message : undefined;
      const description = typeof wanted === 'string' ? { description: wanted } : {};
      if (valibotSchema.type === 'union' && takesSecret(alternatives(valibotSchema))) {
        return { type: 'string', ...description };
      }
      return { ...description, ...jsonSchema };
    },
    overrideAction: ({ valibotAction, jsonSchema }) => {
      if (valibotAction.type !== 'regex' || !('requirement' in valibotAction)) return undefined;
      const { requirement } = valibotAction;
      if (!(requirement instanceof RegExp)) return undefined;
      // Any text may hold a reference instead.
      return { ...jsonSchema, pattern: `(?:${requirement.source})|\\$\\{` };
    },
  });
  return withSharedDefinitions({ title: 'Configuration of tocsin', ...schema });
}
