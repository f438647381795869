import { didYouMean } from './nearest.ts';

const lengthMax = 100;

/** A name for a check without one: the URL without what varies, else type and target. */
export function nameFor(type: string, target: string | undefined): string {
  if (target === undefined) return type;
  const address = /^(?:https?:\/\/)?(?:[^/?#@]*@)?([^?#]*)/.exec(target)?.[1] ?? target;
  const words = type === 'http' ? address : `${type} ${target}`;
  return plainName(words) || type;
}

/** The same words, as far as the name of a check may hold them; empty where nothing is left. */
export function plainName(words: string): string {
  const plain = words
    .replaceAll(/[[\]]/g, '')
    .replaceAll(/[^\p{L}\p{N} ._:/-]+/gu, '-')
    .replace(/[/ -]+$/, '')
    .trim();
  return plain.slice(0, lengthMax).trim();
}

/** The name itself, or with the first number behind it that makes it unique. Takes it. */
export function takeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number += 1) {
    const suffix = ` ${number}`;
    name = `${wanted.slice(0, lengthMax - suffix.length)}${suffix}`;
  }
  taken.add(name);
  return name;
}

/** `there is no check "x"`, with the one that was probably meant. */
export function noSuchName(kind: string, name: string, names: Iterable<string>): string {
  return `there is no ${kind} ${JSON.stringify(name)}${didYouMean(name, [...names])}`;
}
