import type { CheckState } from './check-words.ts';
import { html, type Html } from './html.ts';
import { mark } from './page-marks.ts';

/** A page beside the main one: a heading, and what is to be read or done. `base` leads to the main page. */
export function framed(page: {
  readonly title: string;
  readonly state: CheckState;
  readonly base: string;
  /** Leads to the style and the icons; by default the same. */
  readonly assets?: string;
  readonly content: readonly Html[];
}): string {
  const { title, state, base, assets = base, content } = page;
  const whole = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" type="image/svg+xml" href="${assets}icon/${state}.svg" />
        <link rel="stylesheet" href="${assets}page.css" />
      </head>
      <body>
        <main>
          <header class="${state}">
            <h1>${mark(state)}<span>${title}</span></h1>
          </header>
          ${content}
        </main>
      </body>
    </html>`;
  return `${whole.markup}\n`;
}
