/**
 * Renews the page in place every five seconds. What is unfolded stays so, the focus stays where it is,
 * and nothing moves while somebody selects text or looks elsewhere.
 */
export const pageScript = `'use strict';
(() => {
  const everyMs = 5000;
  const lost = document.getElementById('lost');
  let answeredAt = performance.now();

  const renew = async () => {
    const response = await fetch('.//', { signal: AbortSignal.timeout(everyMs) });
    if (!response.ok) throw new Error(String(response.status));
    const next = new DOMParser().parseFromString(await response.text(), 'text/html');
    for (const shown of document.querySelectorAll('details')) {
      const twin = next.getElementById(shown.id);
      if (twin) twin.open = shown.open;
    }
    const focused = document.activeElement?.closest('details')?.id;
    document.querySelector('main').replaceWith(next.querySelector('main'));
    document.title = next.title;
    const icon = document.querySelector('link[rel=icon]');
    const nextIcon = next.querySelector('link[rel=icon]');
    if (icon.getAttribute('href') !== nextIcon.getAttribute('href')) icon.replaceWith(nextIcon);
    if (focused) {
      document.getElementById(focused)?.querySelector('summary').focus({ preventScroll: true });
    }
  };

  const turn = async () => {
    const busy = document.hidden || !getSelection().isCollapsed;
    try {
      if (!busy) {
        await renew();
        answeredAt = performance.now();
        lost.hidden = true;
      }
    } catch {
      const seconds = Math.round((performance.now() - answeredAt) / 1000);
      lost.querySelector('b').textContent = seconds + 's';
      lost.hidden = false;
    }
    setTimeout(turn, everyMs);
  };

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) renew().catch(() => {});
  });
  setTimeout(turn, everyMs);
})();
`;
