import { alertStatus, type Alert } from '../model/alert.ts';
import type { Labels } from '../model/labels.ts';
import type { EscalationStep, ReceiverSpec } from '../model/route.ts';
import { laterMs, type Instant, type SteadyMs, type WallMs } from '../model/time.ts';
import type { LogEntry } from './decide.ts';
import { fingerprintOf, groupId, newGroup, savedGroup, type Group } from './group.ts';
import { DueQueue } from '../model/due-queue.ts';
import { stepGroup, takeSteps } from './escalation.ts';
import { handOverIncidents } from './hand-over.ts';
import { Inhibition } from './inhibition.ts';
import { KeyBook } from './key-book.ts';
import type { PlannedNotification } from './message.ts';
import type { MuteOf, Suppressed } from './mute.ts';
import { planAcknowledgement } from './plan-acknowledgement.ts';
import {
  logKey,
  planGroup,
  type AcknowledgementOf,
  type GroupPlan,
  type Knowledge,
} from './plan-group.ts';
import { regroup } from './regroup.ts';
import { sameAlert } from './same-alert.ts';
import { headRow, memberKey, memberRow, movedRows, rowsOf, type SavedRow } from './saved-rows.ts';
import { muteIn } from './split-alerts.ts';
import { groupKey, matchRoutes } from './route-tree.ts';
import type { RoutingChanges, RoutingTable, SavedRouting } from './state.ts';

/** What a look at the groups has to know of the rest of the agent. */
interface LookAround {
  readonly muteOf: MuteOf;
  readonly acknowledgementOf: AcknowledgementOf;
}

/** An alert that fires. */
export interface ActiveAlert {
  readonly alert: Alert;
  /** When it was last heard of. */
  readonly updatedAt: WallMs;
  /** Whether a group has looked at it. */
  looked: boolean;
}

/**
 * Groups alerts and decides when they are told, by Alertmanager's timers: a new group waits for
 * `group_wait`, then is looked at every `group_interval`. Deterministic: it reads no clock and does no
 * I/O; everything it remembers can be saved and handed to the dispatcher of a later configuration.
 */
export class Dispatcher {
  readonly #table: RoutingTable;
  readonly #groups: Map<string, Group>;
  readonly #log: Map<string, LogEntry>;
  readonly #receivers: ReadonlyMap<string, ReceiverSpec>;
  /** Groups by when they have to be looked at. */
  readonly #queue = new DueQueue<Group>();
  /** Which groups hold an alert, by fingerprint. */
  readonly #holders = new Map<string, Set<Group>>();
  /** Alerts that fire, by fingerprint. */
  readonly #active = new Map<string, ActiveAlert>();
  readonly #inhibition: Inhibition;
  readonly #keys = new KeyBook();
  /** Keys of rows to be saved, of groups and of alerts in them. */
  readonly #changedRows: Set<string>;
  readonly #changedLog: Set<string>;

  /** `relabelled` maps fingerprints of saved alerts to the same alerts under their present labels. */
  constructor(
    table: RoutingTable,
    saved: SavedRouting,
    now: Instant,
    relabelled: ReadonlyMap<string, Alert> = new Map(),
  ) {
    const start = regroup(table, saved, now, relabelled);
    this.#table = table;
    this.#receivers = new Map(table.receivers.map((one) => [one.name, one]));
    this.#groups = start.groups;
    this.#log = start.log;
    const keys = new Set([...saved.log.keys(), ...start.log.keys()]);
    const isMoved = (key: string): boolean => saved.log.get(key) !== start.log.get(key);
    this.#changedLog = new Set([...keys].filter(isMoved));
    for (const [key, entry] of start.log) this.#keys.count(key, entry, 1);
    this.#inhibition = new Inhibition(table.inhibitRules ?? []);
    const told = new Set(
      [...start.log.values()].flatMap(({ firing }) => firing.map(fingerprintOf)),
    );
    for (const group of start.groups.values()) {
      this.#escalateOnwards(group);
      for (const alert of group.alerts.values()) {
        this.#hold(group, alert);
        if (alertStatus(alert) === 'firing')
          this.#activate(alert, now, told.has(alert.fingerprint));
      }
    }
    this.#changedRows = movedRows(saved.groups, start.groups);
  }

  /** Takes in an alert that fires, changed or resolved. A resolve of something unknown is nothing. */
  offer(alert: Alert, now: Instant): void {
    if (alertStatus(alert) === 'resolved') {
      this.#active.delete(alert.fingerprint);
      this.#inhibition.remove(alert.fingerprint);
      for (const group of this.#holders.get(alert.fingerprint) ?? []) {
        // Two senders may disagree about the end: the later one is told.
        const end = group.alerts.get(alert.fingerprint)?.endsAt;
        if (end === undefined || end < (alert.endsAt ?? end)) this.#put(group, alert);
      }
      return;
    }
    this.#activate(alert, now, false);
    for (const matched of matchRoutes(this.#table.root, alert.labels)) {
      const key = groupKey(matched, alert.labels);
      const { groupWaitMs } = matched.route;
      // What began longer ago has waited already, such as an alert that a sender repeats to a new process.
      const hasWaited = alert.startsAt + groupWaitMs < now.wallMs;
      const firstFlushAt = laterMs(now.steadyMs, hasWaited ? 0 : groupWaitMs);
      const id = groupId(matched.route.receiver, key);
      const group = this.#groups.get(id) ?? newGroup(matched, key, alert.labels, firstFlushAt);
      if (!this.#groups.has(id)) {
        this.#groups.set(id, group);
        this.#changedRows.add(id);
        this.#schedule(group);
      }
      if (!sameAlert(group.alerts.get(alert.fingerprint), alert)) this.#put(group, alert);
    }
  }

  /**
   * Plans the messages of every group that is due. The log already knows them as told: whoever asks must
   * save the plan together with the changes before anything is sent.
   */
  flush(
    now: Instant,
    muteOf: MuteOf,
    acknowledgementOf: AcknowledgementOf = () => undefined,
  ): {
    readonly planned: readonly PlannedNotification[];
    readonly suppressed: readonly Suppressed[];
  } {
    const planned: PlannedNotification[] = [];
    const suppressed: Suppressed[] = [];
    const world: LookAround = { muteOf, acknowledgementOf };
    for (let group = this.#next(now); group !== undefined; group = this.#next(now)) {
      if (group.nextFlushAt <= now.steadyMs) {
        const plan = this.#tell(group, now, world);
        planned.push(...plan.planned);
        suppressed.push(...plan.suppressed);
      }
      if (this.#groups.has(group.id)) {
        this.#escalate(group, now, world);
        this.#schedule(group);
      }
    }
    return { planned, suppressed };
  }

  /** Looks at the groups of an alert at the next flush, whatever their timers say. */
  hasten(fingerprint: string, now: Instant): void {
    for (const group of this.#holders.get(fingerprint) ?? []) {
      if (group.nextFlushAt > now.steadyMs) group.nextFlushAt = now.steadyMs;
      this.#changedRows.add(group.id);
      this.#schedule(group);
    }
  }

  nextFlushAt(): SteadyMs | undefined {
    return this.#queue.nextAt();
  }

  /**
   * What is told to those who know of these alerts and want to hear that somebody has taken them on. Where
   * one message stands for many alerts, it is told once all of them are taken on.
   */
  acknowledge(
    fingerprints: ReadonlySet<string>,
    acknowledgementOf: AcknowledgementOf,
  ): PlannedNotification[] {
    const groups = new Set([...fingerprints].flatMap((one) => [...(this.#holders.get(one) ?? [])]));
    return [...groups].flatMap((group) =>
      planAcknowledgement({
        group,
        receiver: this.#receiver(group),
        log: this.#log,
        fingerprints,
        acknowledgementOf,
      }),
    );
  }

  /** What has to be saved since this was last asked. */
  takeChanges(): RoutingChanges {
    const rows = new Map<string, SavedRow | undefined>();
    for (const key of this.#changedRows) rows.set(key, this.#row(key));
    const log = [...this.#changedLog].map((key) => [key, this.#log.get(key)] as const);
    this.#changedRows.clear();
    this.#changedLog.clear();
    return {
      groups: [...rows.values()].flatMap((row) => (row === undefined ? [] : [row])),
      removedGroups: [...rows].flatMap(([key, row]) => (row === undefined ? [key] : [])),
      log: log.flatMap(([key, entry]) => (entry === undefined ? [] : [[key, entry] as const])),
      removedLog: log.flatMap(([key, entry]) => (entry === undefined ? [key] : [])),
    };
  }

  /** Everything that is remembered, for a store that has begun anew. */
  everything(): RoutingChanges {
    const groups = rowsOf(this.#groups.values());
    return { groups, removedGroups: [], log: [...this.#log], removedLog: [] };
  }

  groups(): readonly Group[] {
    return [...this.#groups.values()];
  }

  /** The alerts that fire. */
  active(): IterableIterator<ActiveAlert> {
    return this.#active.values();
  }

  activeAlert(fingerprint: string): Alert | undefined {
    return this.#active.get(fingerprint)?.alert;
  }

  /** Fingerprints of firing alerts that inhibit one with these labels. */
  inhibitors(labels: Labels): string[] {
    return this.#inhibition.inhibitors(labels);
  }

  /** Everything, to be handed to the dispatcher of a changed configuration. */
  save(): SavedRouting {
    return { groups: this.groups().map(savedGroup), log: new Map(this.#log) };
  }

  #row(key: string): SavedRow | undefined {
    const known = this.#groups.get(key);
    if (known !== undefined) return headRow(known);
    const end = key.lastIndexOf('\n');
    const group = this.#groups.get(key.slice(0, end));
    const alert = group?.alerts.get(key.slice(end + 1));
    return group === undefined || alert === undefined ? undefined : memberRow(group, alert);
  }

  #next(now: Instant): Group | undefined {
    return this.#queue.take(now.steadyMs);
  }

  /** Steps that were not taken yet are asked for again at once: one may have come due meanwhile. */
  #escalateOnwards(group: Group): void {
    if (group.escalate.length > 0 && group.tellings.size > 0) group.escalateAt = 0 as SteadyMs;
    this.#schedule(group);
  }

  #schedule(group: Group): void {
    const { nextFlushAt, escalateAt = nextFlushAt } = group;
    this.#queue.put(group, escalateAt < nextFlushAt ? escalateAt : nextFlushAt);
  }

  #receiver({ receiver }: Group): ReceiverSpec | undefined {
    return this.#receivers.get(receiver);
  }

  #tell(group: Group, now: Instant, { muteOf, acknowledgementOf }: LookAround): GroupPlan {
    const { origin } = this.#table;
    const knowledge: Knowledge = {
      usesKey: (...key) => this.#keys.isUsed(...key),
      sharesKey: (...key) => this.#keys.isShared(...key),
    };
    if (group.stepAfterMs !== undefined) this.#addSuccessors(group);
    const receiver = this.#receiver(group);
    const log = this.#log;
    handOverIncidents(group, receiver, {
      entry: (key) => log.get(key),
      setEntry: (key, entry) => this.#setLog(key, entry),
      holders: (fingerprint) => this.#holders.get(fingerprint) ?? [],
      put: (heir, alert) => this.#put(heir, alert),
    });
    const sight = { now, acknowledgementOf, origin, knowledge };
    const isStep = group.stepAfterMs !== undefined;
    const mutes = isStep ? unlessTakenOn(muteOf, acknowledgementOf) : muteOf;
    const plan = planGroup({ group, receiver, log, muteOf: mutes, ...sight });
    for (const [key, entry] of plan.log) this.#setLog(key, entry);
    for (const fingerprint of group.alerts.keys()) {
      const active = this.#active.get(fingerprint);
      if (active !== undefined) active.looked = true;
    }
    for (const { fingerprint } of plan.told) {
      // What a step has told once is only waited for.
      const isCounted = group.escalate.length === 0 || group.tellings.has(fingerprint);
      if (isStep) group.departed.add(fingerprint);
      else if (isCounted) continue;
      else group.tellings.set(fingerprint, { at: now.steadyMs, escalatedMs: -1 });
      this.#changedRows.add(memberKey(group.id, fingerprint));
    }
    group.nextFlushAt = laterMs(now.steadyMs, group.groupIntervalMs);
    this.#removeResolved(group);
    return plan;
  }

  /** A severity that changed is the same trouble: who was told of it by a step goes on to hear of it. */
  #addSuccessors(group: Group): void {
    for (const { supersededBy } of group.alerts.values()) {
      const successor = this.activeAlert(supersededBy?.fingerprint ?? '');
      if (successor !== undefined && !group.alerts.has(successor.fingerprint)) {
        this.#put(group, successor);
      }
    }
  }

  /** Hands what nobody has taken on in time to the next ones. */
  #escalate(group: Group, now: Instant, world: LookAround): void {
    if (group.escalate.length === 0) return;
    const { muteOf, acknowledgementOf } = world;
    const muteHere = muteIn(group, muteOf, now);
    const { due, nextAt } = takeSteps(
      group,
      now.steadyMs,
      (alert) =>
        acknowledgementOf(alert.fingerprint) !== undefined || muteHere(alert) !== undefined,
    );
    group.escalateAt = nextAt;
    for (const { step, alert } of due) {
      this.#changedRows.add(memberKey(group.id, alert.fingerprint));
      // Two routes, or a reload, may lead to the same step: who has been called is not called again.
      if (this.#isCalled(alert, step)) continue;
      const fresh = stepGroup(group, step);
      const target = this.#groups.get(fresh.id) ?? fresh;
      this.#groups.set(target.id, target);
      this.#changedRows.add(target.id);
      this.#put(target, alert);
      target.nextFlushAt = now.steadyMs;
      this.#schedule(target);
    }
  }

  #isCalled({ fingerprint }: Alert, { receiver, afterMs }: EscalationStep): boolean {
    const holders = [...(this.#holders.get(fingerprint) ?? [])];
    return holders.some((one) => one.stepAfterMs === afterMs && one.receiver === receiver);
  }

  #activate(alert: Alert, { wallMs }: Instant, looked: boolean): void {
    const known = this.#active.get(alert.fingerprint);
    const active = { alert, updatedAt: wallMs, looked: looked || known?.looked === true };
    this.#active.set(alert.fingerprint, active);
    if (known === undefined) this.#inhibition.add(alert.fingerprint, alert.labels);
  }

  #put(group: Group, alert: Alert): void {
    group.alerts.set(alert.fingerprint, alert);
    this.#hold(group, alert);
    this.#changedRows.add(memberKey(group.id, alert.fingerprint));
  }

  #hold(group: Group, { fingerprint }: Alert): void {
    const holders = this.#holders.get(fingerprint) ?? new Set();
    this.#holders.set(fingerprint, holders.add(group));
  }

  #setLog(key: string, entry: LogEntry | undefined): void {
    const former = this.#log.get(key);
    if (former !== undefined) this.#keys.count(key, former, -1);
    if (entry === undefined) this.#log.delete(key);
    else this.#log.set(key, entry);
    if (entry !== undefined) this.#keys.count(key, entry, 1);
    this.#changedLog.add(key);
  }

  #removeResolved(group: Group): void {
    this.#changedRows.add(group.id);
    for (const [fingerprint, alert] of group.alerts) {
      if (alertStatus(alert) === 'firing') continue;
      this.#changedRows.add(memberKey(group.id, fingerprint));
      group.alerts.delete(fingerprint);
      group.reportedMuted.delete(fingerprint);
      group.departed.delete(fingerprint);
      group.tellings.delete(fingerprint);
      const holders = this.#holders.get(fingerprint);
      holders?.delete(group);
      if (holders?.size === 0) this.#holders.delete(fingerprint);
    }
    if (group.alerts.size > 0) return;
    this.#groups.delete(group.id);
    this.#queue.remove(group);
    for (const integration of this.#receiver(group)?.integrations ?? []) {
      const key = logKey(group.id, integration);
      if (this.#log.has(key)) this.#setLog(key, undefined);
    }
  }
}

/** Nobody is called for what somebody has taken on. */
function unlessTakenOn(muteOf: MuteOf, acknowledgementOf: AcknowledgementOf): MuteOf {
  return (alert) => {
    const by = acknowledgementOf(alert.fingerprint)?.by;
    return muteOf(alert) ?? (by === undefined ? undefined : { reason: 'acknowledged', by });
  };
}
