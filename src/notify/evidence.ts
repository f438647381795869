import { type Alert, alertStatus } from '../model/alert.ts';
import type { Labels } from '../model/labels.ts';
import { evidenceAnnotationMax } from '../model/command-limits.ts';
import { cutText } from './cut-text.ts';
import type { Story } from './summary.ts';

/** The heading of what was found around an alert. */
export const evidenceHeading = 'Found on the host';

/** What was found around an alert that fires; of one that is over nobody wants to know. */
export function evidenceOf(alert: Alert): readonly string[] {
  return alertStatus(alert) === 'firing' ? (alert.evidence ?? []) : [];
}

/** The evidence of several stories, without what an earlier one of them has told in the same words. */
export function evidenceByStory(stories: readonly Story[]): ReadonlyMap<Story, readonly string[]> {
  const told = new Set<string>();
  return new Map(
    stories.map((story) => {
      const news = evidenceOf(story.alert).filter((line) => !told.has(line));
      for (const line of news) told.add(line);
      return [story, news];
    }),
  );
}

/** The annotations of an alert with its evidence among them, for receivers that take nothing else. */
export function annotationsWithEvidence(alert: Alert): Labels {
  const evidence = evidenceOf(alert).join('\n');
  return evidence === ''
    ? alert.annotations
    : { evidence: cutText(evidence, evidenceAnnotationMax), ...alert.annotations };
}
