import type * as YamlLibrary from 'yaml';
import type { Document, LineCounter, YAMLError } from 'yaml';
import type { Problem } from '../model/config.ts';
import { syntaxProblemsMax } from '../model/limits.ts';
import { problemAt } from './problem.ts';
import { isNothing, type Tree } from './tree.ts';
import { convertNode, placeOf, type Conversion, type Yaml } from './yaml-nodes.ts';

/** A document as a tree, which is missing after an error of syntax, and what is wrong with it. */
export interface Parsed {
  readonly tree?: Tree;
  readonly problems: readonly Problem[];
}

/**
 * Reads one YAML (or JSON) document. Problems are everything the syntax gets wrong, and doubled keys.
 * `isForeign` says that the file has the format of another program, in which `${…}` means nothing.
 */
export async function parseYaml(file: string, text: string, isForeign = false): Promise<Parsed> {
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = parseDocument(yaml, text, lines);
  if (document === undefined) {
    return { problems: [problemAt({ file, path: '' }, 'is nested too deeply')] };
  }
  return convertDocument(yaml, document, { file, lines, isForeign });
}

/** The tree of a document that may have been changed since it was read; places are those of the file. */
export function convertDocument(
  yaml: Yaml,
  document: Document,
  origin: Pick<Conversion, 'file' | 'lines' | 'isForeign'>,
): Parsed {
  const { file } = origin;
  const conversion: Conversion = {
    ...origin,
    yaml,
    problems: [],
    anchors: new Map(),
    aliasedNodes: 0,
    depth: 0,
  };
  // A tag nobody knows is only a warning to the library, but its value would be read as something else.
  for (const error of [...document.errors, ...document.warnings].slice(0, syntaxProblemsMax)) {
    const place = placeOf(conversion, error.pos[0], '');
    conversion.problems.push(problemAt(place, sentenceOf(error)));
  }
  if (conversion.problems.length > 0) return conversion;
  const tree = convertNode(conversion, document.contents, '');
  if (!isNothing(tree)) return { tree, problems: conversion.problems };
  const message = 'is empty; write at least one section such as checks:, or remove the file';
  return { problems: [problemAt({ file, path: '' }, message)] };
}

/** The document; undefined if it is nested so deeply that the parser, which recurses, ran out of stack. */
export function parseDocument(
  yaml: Yaml,
  text: string,
  lineCounter: LineCounter,
): Document | undefined {
  // Doubled keys are told with the place of the first one, which the library does not do.
  const customTags: YamlLibrary.Tags = ['binary'];
  const options = { lineCounter, prettyErrors: false, uniqueKeys: false, customTags };
  const document = yaml.parseDocument(text, options);
  return document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION') ? undefined : document;
}

function sentenceOf({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'holds several documents, expected one';
  return `is no valid YAML: ${message.slice(0, 1).toLowerCase()}${message.slice(1)}`;
}
