import type { Acknowledgement } from '../model/acknowledgement.ts';
import type { Alert } from '../model/alert.ts';
import type { NotifyReason } from '../model/delivery.ts';
import { hashText } from '../model/fingerprint.ts';
import type { IntegrationSpec, ReceiverSpec } from '../model/route.ts';
import type { Instant } from '../model/time.ts';
import { decide, type LogEntry } from './decide.ts';
import { fingerprintOf, toldId, type Group } from './group.ts';
import { messages, type PlannedNotification } from './message.ts';
import type { Mute, MuteOf, Suppressed } from './mute.ts';
import { newlySuppressed, splitAlerts, type SplitAlerts } from './split-alerts.ts';

/** What a plan has to know beyond its group. */
export interface Knowledge {
  /** Whether an integration of a receiver knows another group under this key. */
  usesKey(receiver: string, integration: IntegrationSpec, dedupKey: string): boolean;
  /** Whether it knows more than one group under this key, which a reload may have split. */
  sharesKey(receiver: string, integration: IntegrationSpec, dedupKey: string): boolean;
}

/** Who has taken on an alert, by fingerprint. */
export type AcknowledgementOf = (fingerprint: string) => Acknowledgement | undefined;

interface PlanInput {
  readonly group: Group;
  readonly receiver: ReceiverSpec | undefined;
  readonly log: ReadonlyMap<string, LogEntry>;
  readonly now: Instant;
  readonly muteOf: MuteOf;
  readonly acknowledgementOf: AcknowledgementOf;
  readonly origin: string;
  readonly knowledge: Knowledge;
}

export interface GroupPlan {
  readonly planned: readonly PlannedNotification[];
  readonly suppressed: readonly Suppressed[];
  /** New log entries by key; `undefined` means nothing is told any more. */
  readonly log: ReadonlyMap<string, LogEntry | undefined>;
  /** The alerts that fire and are not kept back. */
  readonly told: readonly Alert[];
}

/** The identity of a log entry: the group with its receiver, and which of that one's integrations. */
export function logKey(group: string, { integration, index }: IntegrationSpec): string {
  return `${group}\n${integration}/${index}`;
}

/** Decides what each integration of a group's receiver is told at this tick. */
export function planGroup(input: PlanInput): GroupPlan {
  const { group, now } = input;
  const split = splitAlerts(group, input.muteOf, now);
  const planned: PlannedNotification[] = [];
  const log = new Map<string, LogEntry | undefined>();
  const spared = new Map<string, { readonly alert: Alert; readonly mute: Mute }>();
  for (const integration of input.receiver?.integrations ?? []) {
    const key = logKey(group.id, integration);
    const entry = input.log.get(key);
    const plan = planIntegration({ ...input, split, integration, entry });
    planned.push(...plan.planned);
    if (plan.entry !== entry) log.set(key, plan.entry);
    for (const alert of plan.spared) {
      const by = input.acknowledgementOf(alert.fingerprint)?.by ?? '';
      spared.set(alert.fingerprint, { alert, mute: { reason: 'acknowledged', by } });
    }
  }
  const suppressed = newlySuppressed(group, split, spared);
  return { planned, suppressed, log, told: split.firing };
}

interface IntegrationInput extends PlanInput {
  readonly split: SplitAlerts;
  readonly integration: IntegrationSpec;
  readonly entry: LogEntry | undefined;
}

interface IntegrationPlan {
  readonly planned: readonly PlannedNotification[];
  readonly entry: LogEntry | undefined;
  /** Alerts that would be reminded of now, had nobody taken them on. */
  readonly spared: readonly Alert[];
}

/** What one integration is told, and what it knows afterwards. */
function planIntegration(input: IntegrationInput): IntegrationPlan {
  const { group, split, integration, entry, now } = input;
  const elsewhere = new Set(entry?.elsewhere);
  const firing = [
    ...split.firing.filter(({ fingerprint }) => !elsewhere.has(fingerprint)),
    ...keptAlive(integration, entry, split),
  ];
  const resolved = endsToTell(input, elsewhere);
  const stillTold = silentlyFiring(entry, split, new Set(firing.map(fingerprintIn)));
  const isAcknowledged = (one: Alert): boolean =>
    input.acknowledgementOf(one.fingerprint) !== undefined;
  // A flapping alert is told once; reminders of it, or of what somebody has taken on, say nothing new.
  const isQuiet = (alert: Alert): boolean =>
    integration.refreshMs === undefined && (alert.flapping === true || isAcknowledged(alert));
  const intervalMs = integration.refreshMs ?? reminderIntervalMs(group, entry?.reminders ?? 0);
  const decision = decide({
    entry,
    firing: firing.map(toldId),
    resolved: resolved.map(toldId),
    mutedStillFiring: stillTold.length > 0,
    sendResolved: integration.sendResolved,
    repeatIntervalMs: intervalMs,
    now: now.steadyMs,
  });
  const isReminder = decision.reason === 'repeat interval elapsed';
  const spared =
    isReminder && integration.refreshMs === undefined ? firing.filter(isAcknowledged) : [];
  const alerts = [...firing, ...(integration.sendResolved ? resolved : [])];
  const saysNothing = isReminder && firing.every(isQuiet);
  if (!decision.send || alerts.length === 0 || saysNothing) {
    return { planned: [], entry: afterSilence(entry, split), spared };
  }
  const dedupKey = entry?.dedupKey ?? freshKey(input);
  const isShared =
    entry !== undefined && input.knowledge.sharesKey(group.receiver, integration, dedupKey);
  // Only the last group under a key ends what the receiver takes for one incident.
  const goesOn = isShared || stillTold.some((id) => !elsewhere.has(fingerprintOf(id)));
  const reason = shownReason(group, decision.reason, goesOn);
  const known = entry?.firing ?? [];
  const message = { group, integration, alerts, known, reason, dedupKey, goesOn };
  return {
    planned: messages(message, isQuiet),
    entry: knowing([...firing.map(toldId), ...stillTold], {
      resolved: resolved.map(toldId),
      at: now.steadyMs,
      dedupKey,
      elsewhere: entry?.elsewhere ?? [],
      reminders: remindersAfter(entry, decision.reason),
    }),
    spared,
  };
}

/** The resolved alerts whose end this integration has to hear. */
function endsToTell(
  { split, integration, entry }: Pick<IntegrationInput, 'split' | 'integration' | 'entry'>,
  elsewhere: ReadonlySet<string>,
): Alert[] {
  if (split.resolved.length === 0 || entry === undefined) return [];
  const told = new Set(entry.firing.map(fingerprintOf));
  return split.resolved.filter(({ fingerprint, supersededBy }) => {
    // Whoever uses the key under which it was told tells its end.
    if (elsewhere.has(fingerprint) || !told.has(fingerprint)) return false;
    if (!integration.splitsAlerts || supersededBy === undefined) return true;
    // The incident goes on at another severity, which is kept back now but was told before.
    const successor = supersededBy.fingerprint;
    return !(split.muted.has(successor) && told.has(successor));
  });
}

/** What the integration was told of and still fires, though it is not among what is told now. */
function silentlyFiring(
  entry: LogEntry | undefined,
  { firing, muted }: SplitAlerts,
  telling: ReadonlySet<string>,
): string[] {
  if (entry === undefined || muted.size + firing.length === telling.size) return [];
  const silent = new Set([...muted.keys(), ...firing.map(fingerprintIn)]);
  return entry.firing.filter((id) => {
    const fingerprint = fingerprintOf(id);
    return silent.has(fingerprint) && !telling.has(fingerprint);
  });
}

function fingerprintIn({ fingerprint }: Alert): string {
  return fingerprint;
}

/** How long after a message the next reminder comes, when there were so many already. */
export function reminderIntervalMs(group: Group, reminders: number): number {
  const { repeatIntervalMs, repeatFactor, repeatIntervalMaxMs } = group;
  const grown = repeatIntervalMs * repeatFactor ** reminders;
  return Math.max(repeatIntervalMs, Math.min(grown, repeatIntervalMaxMs));
}

/** How many reminders there were since the last news of something that fires. */
function remindersAfter(entry: LogEntry | undefined, reason: NotifyReason): number {
  if (reason === 'repeat interval elapsed') return (entry?.reminders ?? 0) + 1;
  return reason === 'some alerts resolved' ? (entry?.reminders ?? 0) : 0;
}

function shownReason({ stepAfterMs }: Group, reason: NotifyReason, goesOn: boolean): NotifyReason {
  const isNews = reason === 'first notification' || reason === 'new alerts added';
  if (stepAfterMs !== undefined && isNews) return 'escalated';
  return reason === 'all alerts resolved' && goesOn ? 'some alerts resolved' : reason;
}

/**
 * What an integration that forgets must go on hearing of although it is kept back: it was told that it
 * fires, and would take silence for its end.
 */
function keptAlive(
  { refreshMs }: IntegrationSpec,
  entry: LogEntry | undefined,
  { muted }: SplitAlerts,
): Alert[] {
  if (refreshMs === undefined || entry === undefined) return [];
  const known = new Set(entry.firing.map(fingerprintOf));
  return [...muted.values()]
    .map(({ alert }) => alert)
    .filter(({ fingerprint }) => known.has(fingerprint));
}

/**
 * The key of a group that is told for the first time: always the same for the same group, unless a reload
 * has given that key to another group that is still open.
 */
function freshKey(input: {
  readonly group: Group;
  readonly integration: IntegrationSpec;
  readonly origin: string;
  readonly knowledge: Knowledge;
}): string {
  const { group, integration, knowledge } = input;
  const name = `${input.origin}\n${group.key}`;
  let key = hashText(name);
  for (let again = 2; knowledge.usesKey(group.receiver, integration, key); again += 1) {
    key = hashText(`${name}\n${again}`);
  }
  return key;
}

/** A log entry with these alerts firing; none when nothing is left that the integration knows. */
function knowing(firing: readonly string[], rest: Omit<LogEntry, 'firing'>): LogEntry | undefined {
  if (firing.length === 0) return undefined;
  const { elsewhere = [], reminders = 0, ...entry } = rest;
  const known = elsewhere.length === 0 ? undefined : new Set(firing.map(fingerprintOf));
  const still = elsewhere.filter((fingerprint) => known?.has(fingerprint));
  return {
    ...entry,
    firing,
    ...(still.length === 0 ? {} : { elsewhere: still }),
    ...(reminders === 0 ? {} : { reminders }),
  };
}

/** What the integration still believes when nothing is sent: all it knew but the resolved. */
function afterSilence(
  entry: LogEntry | undefined,
  { resolved }: SplitAlerts,
): LogEntry | undefined {
  if (entry === undefined || resolved.length === 0) return entry;
  const ended = new Set(resolved.map(({ fingerprint }) => fingerprint));
  const firing = entry.firing.filter((id) => !ended.has(fingerprintOf(id)));
  return firing.length === entry.firing.length ? entry : knowing(firing, entry);
}
