import { escapeHtml } from '../lib/escape-html.ts';
import { alertStatus } from '../model/alert.ts';
import type { Delivery, Notification } from '../model/delivery.ts';
import type { WallMs } from '../model/time.ts';
import { printable } from './cut-text.ts';
import { emailRows, mailedStories } from './email-text.ts';
import type { MessageLinks } from './acknowledge-link.ts';
import { asidesOf } from './asides.ts';
import { evidenceHeading } from './evidence.ts';
import { changeOf, headline, type Story } from './summary.ts';
import { detailOf, marks, nameOf, sentences, severityOf } from './wording.ts';

const pageStyle =
  'margin:0;padding:16px;background:#ffffff;color:#1d1c1d;font:15px/1.5 -apple-system,Segoe UI,Arial,sans-serif';
const preStyle =
  'margin:8px 0 0;padding:8px;background:#f4f4f4;color:#1d1c1d;font:13px/1.4 Menlo,Consolas,monospace;white-space:pre-wrap';
const nameStyle = 'padding:2px 12px 2px 0;text-align:left;vertical-align:top;color:#555555';

/** The e-mail as HTML: styles where they apply, no images, nothing loaded from anywhere. */
export function emailHtml({ notification, createdAt }: Delivery, links: MessageLinks): string {
  const { externalURL } = links;
  const title = escapeHtml(headline(notification, createdAt.wallMs));
  const { stories, left: more, evidence } = mailedStories(notification);
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>`,
    `<body style="${pageStyle}">`,
    `<h1 style="margin:0 0 16px;font-size:18px">${title}</h1>`,
    ...asidesOf(notification).map((line) => `<p style="margin:0 0 4px">${escapeHtml(line)}</p>`),
    ...stories.flatMap((story) => [
      storyHtml(story, createdAt.wallMs, notification, links),
      ...evidenceHtml(evidence.get(story) ?? []),
    ]),
    ...(more > 0 ? [`<p>… and ${more} more</p>`] : []),
    ...(externalURL === '' ? [] : [`<p>${linkHtml(externalURL)}</p>`]),
    '</body></html>',
    '',
  ].join('\n');
}

/** Rows whose value is an address that was looked at. */
const linkedRows = new Set(['Runbook', 'Take on']);

function storyHtml(
  story: Story,
  now: WallMs,
  notification: Notification,
  links: MessageLinks,
): string {
  const { alert } = story;
  const mark = marks[alertStatus(alert) === 'firing' ? severityOf(alert) : 'resolved'];
  const rows = emailRows(story, now, notification, links).map(([name, value]) => {
    const shown = linkedRows.has(name) ? linkHtml(value) : escapeHtml(value);
    return `<tr><th style="${nameStyle}">${escapeHtml(name)}</th><td>${shown}</td></tr>`;
  });
  const said = [changeOf(story), ...sentences(alert)].filter((line) => line !== '');
  return [
    `<h2 style="margin:16px 0 4px;font-size:16px">${mark} ${escapeHtml(nameOf(alert))}</h2>`,
    ...said.map((line) => `<p style="margin:0 0 4px">${escapeHtml(line)}</p>`),
    `<table style="border-collapse:collapse">${rows.join('')}</table>`,
    ...linesHtml(detailOf(alert)),
  ].join('\n');
}

function evidenceHtml(lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  return [
    `<p style="margin:12px 0 -4px;color:#555555">${evidenceHeading}</p>`,
    ...linesHtml(lines),
  ];
}

function linesHtml(lines: readonly string[]): readonly string[] {
  const text = lines.map((line) => escapeHtml(printable(line))).join('\n');
  return text === '' ? [] : [`<pre style="${preStyle}">${text}</pre>`];
}

function linkHtml(address: string): string {
  const escaped = escapeHtml(address);
  return `<a href="${escaped}" style="color:#1264a3">${escaped}</a>`;
}
