import { escapeHtml } from '../lib/escape-html.ts';

/** A piece of HTML that is safe to send; only the tag below makes one. */
export interface Html {
  readonly markup: string;
}

type Content = Html | string | number | undefined | readonly Content[];

/**
 * Builds HTML from a template. Whatever is put in is escaped, for text and for quoted attributes alike,
 * unless it is HTML already; lists are joined, undefined is nothing.
 */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  const markup = parts.map((part, position) => part + render(contents[position])).join('');
  return { markup };
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return String(content);
  return 'markup' in content ? content.markup : content.map(render).join('');
}
