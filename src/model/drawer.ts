/** What small state is about: each drawer holds values by name, saved as JSON and read whole at the start. */
export const drawers = [
  /** By id. */
  'silence',
  /** By fingerprint of the alert. */
  'acknowledgement',
  /** Alerts that others posted, by fingerprint. */
  'posted_alert',
  /** Alerts that the agent raises without a check, by a name of their own. */
  'own_alert',
  /** By receiver and integration: what is known of its working. */
  'receiver',
  /** What an integration remembers of its messages, by receiver, integration and dedup key. */
  'conversation',
  /** By check: what it wants to know after a restart. */
  'check',
  /** By check: what was seen of the host while it was well, to be compared with. */
  'evidence',
  /** Whatever else has one value under its own name. */
  'single',
] as const;
export type Drawer = (typeof drawers)[number];
