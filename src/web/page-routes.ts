import { checkStates } from './check-words.ts';
import { htmlType, textResponse, type WebResponse, type WebRoute } from './exchange.ts';
import { renderPage } from './page.ts';
import { tabIcon } from './page-marks.ts';
import { pageScript } from './page-script.ts';
import type { ProbeHistory } from './probe-history.ts';
import { pageStyle } from './page-style.ts';
import type { WebServerOptions } from './server-options.ts';

/** The page and the three files it needs. */
export function pageRoutes(
  { snapshot, commands }: Pick<WebServerOptions, 'snapshot' | 'commands'>,
  history: ProbeHistory,
): readonly WebRoute[] {
  return [
    {
      path: '/',
      get: () => {
        const attention = { alerts: commands.alerts(), silences: commands.silences() };
        return page(renderPage(snapshot(), history.list(), attention), htmlType);
      },
    },
    { path: '/page.css', get: styleSheet },
    { path: '/page.js', get: () => page(pageScript, 'text/javascript; charset=utf-8') },
    { path: '/icon/:file', get: ({ parameters }) => icon(parameters['file'] ?? '') },
  ];
}

function page(body: string, contentType: string): WebResponse {
  return { status: 200, contentType, body };
}

export function styleSheet(): WebResponse {
  return page(pageStyle, 'text/css; charset=utf-8');
}

export function icon(file: string): WebResponse {
  const state = checkStates.find((one) => `${one}.svg` === file);
  return state === undefined
    ? textResponse(404, 'Not found.')
    : page(tabIcon(state), 'image/svg+xml');
}
