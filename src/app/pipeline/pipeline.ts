import { failingParent } from '../../alerts/dependencies.ts';
import {
  advance,
  newTrack,
  relabel,
  withdraw,
  worthSaving,
  type AlertOrigin,
  type Track,
} from '../../alerts/track.ts';
import { isJudged, isUp } from '../../alerts/debounce.ts';
import type { Cancel, Clock } from '../../lib/clock.ts';
import { alertStatus, type Alert } from '../../model/alert.ts';
import type { CheckSpec } from '../../model/check.ts';
import type { Delivery } from '../../model/delivery.ts';
import type { RecordedResult } from '../../model/result.ts';
import type { AlertGroupView, AlertView } from '../../model/alert-view.ts';
import type { Silence } from '../../model/silence.ts';
import type { Instant, SteadyMs } from '../../model/time.ts';
import type { CheckView } from '../../model/view.ts';
import { Dispatcher } from '../../routing/dispatcher.ts';
import type { Mute, Suppressed } from '../../routing/mute.ts';
import type { PlannedNotification } from '../../routing/message.ts';
import { receiversFor } from '../../routing/route-tree.ts';
import type { KeptSilence } from '../../routing/silences.ts';
import type { RoutingTable, SavedRouting } from '../../routing/state.ts';
import type { Saved } from '../../store/store.ts';
import { isAllWell } from '../view/all-well.ts';
import { alertGroupViews, alertViews, type ViewSource } from '../view/alert-views.ts';
import { Acknowledgements, type AckRequest } from '../people/acknowledgements.ts';
import type { AlertSource } from './alert-source.ts';
import type { Journal } from './journal.ts';
import { PendingSources } from './pending-sources.ts';
import { RecentResults } from './recent-results.ts';
import { SilenceBook } from '../people/silence-book.ts';

/** What the pipeline saves, and where: a playback keeps nothing. */
export type PipelineJournal = Pick<
  Journal,
  'result' | 'track' | 'routing' | 'keep' | 'outbox' | 'flush'
>;

export interface PipelineOptions {
  readonly clock: Clock;
  readonly journal: PipelineJournal;
  readonly newId: () => string;
  /** Hands over deliveries that are saved, or known not to be savable at the moment. */
  readonly deliver: (deliveries: readonly Delivery[]) => void;
  /** What stands for the alert of an outside check while nothing outside can be reached. */
  readonly uplink?: (alert: Alert) => string | undefined;
  /** What was found around a failing check, to be told with its alert. */
  readonly evidence?: (check: string) => readonly string[];
  readonly onSuppressed: (suppressed: Suppressed) => void;
  /** A silence has ended because all that it matches is well. */
  readonly onAllWell?: (silence: Silence) => void;
  /** Alerts of others, beside those of the checks. */
  readonly source?: AlertSource;
}

/** What the pipeline needs to know of the present configuration. */
export interface PipelineWorld {
  readonly specs: ReadonlyMap<string, CheckSpec>;
  readonly routing: RoutingTable;
  readonly origin: Omit<AlertOrigin, 'watchedSince' | 'evidence'>;
}

/**
 * The way of one result, synchronous from judging to saving: the check's track advances, routing hears of
 * what changed, the messages that are due are planned, all of it is saved in one transaction, and only then
 * the outbox gets them.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  #world: PipelineWorld;
  readonly #tracks: Map<string, Track>;
  readonly #recent = new RecentResults();
  #pendingSources = new PendingSources([]);
  readonly #watchedSince = new Map<string, Instant>();
  readonly silences: SilenceBook;
  readonly #acknowledgements: Acknowledgements;
  #dispatcher: Dispatcher;
  #timer: Cancel | undefined;
  #armedFor: SteadyMs | undefined;

  constructor(
    options: PipelineOptions,
    world: PipelineWorld,
    saved: {
      readonly tracks: ReadonlyMap<string, Track>;
      readonly routing: SavedRouting;
      readonly kept?: Saved['kept'];
    },
  ) {
    this.#options = options;
    this.#world = world;
    this.#tracks = new Map(saved.tracks);
    this.silences = new SilenceBook(options, saved.kept?.get('silence'));
    this.#acknowledgements = new Acknowledgements(
      options.journal,
      saved.kept?.get('acknowledgement'),
    );
    this.#dispatcher = this.#enter(saved.routing);
  }

  /** Goes on under another configuration: state, timers and what was told are kept by check name. */
  reload(world: PipelineWorld): void {
    this.#world = world;
    this.#options.journal.routing(this.#dispatcher.takeChanges());
    this.#dispatcher = this.#enter(this.#dispatcher.save());
    this.wake();
  }

  /** Takes in one result of a check. Says whether the check is neither clearly up nor down. */
  take(result: RecordedResult, spec: CheckSpec): { readonly undecided: boolean } {
    // A run that began before a reload may end after its check is gone.
    if (!this.#world.specs.has(spec.name)) return { undecided: false };
    const now = this.#options.clock.now();
    const before = this.#tracks.get(spec.name) ?? newTrack;
    const watchedSince = this.#watchedSince.get(spec.name) ?? now;
    const evidence = this.#options.evidence?.(spec.name) ?? [];
    const origin: AlertOrigin = { ...this.#world.origin, watchedSince, evidence };
    const advanced = advance(before, result, spec, origin, now);
    this.#tracks.set(spec.name, advanced.track);
    this.#recent.add(result);
    const { journal } = this.#options;
    journal.result(result);
    if (worthSaving(before, advanced.track)) journal.track(spec.name, advanced.track);
    for (const alert of advanced.offers) this.#hear(alert, now);
    const freed = this.#pendingSources.update(spec, advanced.track, origin, now);
    for (const fingerprint of freed) this.#dispatcher.hasten(fingerprint, now);
    if (advanced.judgement.spared !== undefined) this.#spare(advanced.track.alert);
    this.#plan(now, advanced.judgement.transition !== undefined);
    return { undecided: advanced.judgement.undecided };
  }

  /** Takes in alerts that others posted: firing ones, changed ones, and the end of known ones. */
  offer(alerts: readonly Alert[]): void {
    const now = this.#options.clock.now();
    for (const alert of alerts) this.#hear(alert, now);
    this.#plan(now, false);
  }

  /** Has evidence that came after the alert told with it. */
  explain(check: string, evidence: readonly string[]): void {
    const track = this.#tracks.get(check);
    if (track?.alert === undefined || evidence.length === 0) return;
    const alert = { ...track.alert, evidence };
    this.#tracks.set(check, { ...track, alert });
    this.offer([alert]);
  }

  /** Notes that somebody has taken on one alert, by fingerprint, or all that a check has. */
  acknowledge(request: AckRequest): 'acknowledged' | 'unknown' | 'not firing' {
    const now = this.#options.clock.now();
    const taken = this.#acknowledgements.take(request, this.#dispatcher.active(), now);
    if (taken === undefined) {
      return this.#world.specs.has(request.alert) ? 'not firing' : 'unknown';
    }
    const known = (fingerprint: string) => this.#acknowledgements.get(fingerprint);
    this.#send(this.#dispatcher.acknowledge(taken, known), now, true);
    return 'acknowledged';
  }

  /** Has the groups of these checks' alerts looked at now: what kept them back is over. */
  hasten(checks: readonly string[]): void {
    const now = this.#options.clock.now();
    const alerts = checks.flatMap((check) => this.track(check).alert ?? []);
    for (const { fingerprint } of alerts) this.#dispatcher.hasten(fingerprint, now);
    if (alerts.length > 0) this.#plan(now, false);
  }

  /** Plans what has come due. Called by its own timer; harmless at any time. */
  wake(): void {
    this.#plan(this.#options.clock.now(), false);
  }

  stop(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  view(check: string): CheckView | undefined {
    const track = this.#tracks.get(check);
    const last = this.#recent.of(check).at(-1);
    if (track === undefined || last === undefined) return undefined;
    const { phase } = track.state;
    return { phase, up: isUp(track.state), known: isJudged(track.state), latest: last };
  }

  track(check: string): Track {
    return this.#tracks.get(check) ?? newTrack;
  }

  recent(check: string): readonly RecordedResult[] {
    return this.#recent.of(check);
  }

  get dispatcher(): Dispatcher {
    return this.#dispatcher;
  }

  /** What keeps an alert from being told at the moment, wherever its routes lead. */
  muteOf(alert: Alert, now: Instant): Mute | undefined {
    const uplink = this.#options.uplink?.(alert);
    if (uplink !== undefined) return { reason: 'uplink', by: uplink };
    const parent = this.#failingParent(alert);
    if (parent !== undefined) return { reason: 'dependency', by: parent };
    const [inhibitor] = this.#dispatcher.inhibitors(alert.labels);
    const source = inhibitor ?? this.#pendingSources.heldBy(alert.labels);
    if (source !== undefined) return { reason: 'inhibition', by: source };
    const [silence] = this.silences.matching(alert.labels, now);
    return silence === undefined ? undefined : { reason: 'silence', by: silence };
  }

  alerts(): readonly AlertView[] {
    const now = this.#options.clock.now();
    return alertViews(this.#viewSource(now), now);
  }

  alertGroups(): readonly AlertGroupView[] {
    const now = this.#options.clock.now();
    return alertGroupViews(this.#viewSource(now), now);
  }

  /** Puts everything known into the journal again, for a database that has begun anew. */
  resave(): void {
    const { journal } = this.#options;
    for (const [name, track] of this.#tracks) journal.track(name, track);
    journal.routing(this.#dispatcher.everything());
    this.silences.resave();
    this.#acknowledgements.resave();
  }

  #hear(alert: Alert, now: Instant): void {
    if (alertStatus(alert) === 'resolved') this.#acknowledgements.end(alert);
    this.#dispatcher.offer(alert, now);
  }

  #failingParent(alert: Alert): string | undefined {
    return failingParent(alert, {
      stateOf: (check) => this.#tracks.get(check)?.state,
      latestOf: (check) => this.recent(check).at(-1),
      parentsOf: (check) => this.#world.specs.get(check)?.dependsOn ?? [],
    });
  }

  #viewSource(now: Instant): ViewSource {
    return {
      root: this.#world.routing.root,
      dispatcher: this.#dispatcher,
      failingParent: (alert) => this.#options.uplink?.(alert) ?? this.#failingParent(alert),
      posted: (fingerprint) => this.#options.source?.get(fingerprint),
      silencedBy: (alert) => this.silences.matching(alert.labels, now),
      acknowledgement: (fingerprint) => this.#acknowledgements.get(fingerprint),
    };
  }

  /** Brings tracks and routing, from an earlier process or configuration, into the present one. */
  #enter(saved: SavedRouting): Dispatcher {
    const { specs, origin, routing } = this.#world;
    this.#pendingSources = new PendingSources(routing.inhibitRules ?? []);
    const now = this.#options.clock.now();
    const relabelled = new Map<string, Alert>();
    this.#watch(now);
    const offers: Alert[] = [];
    for (const [name, track] of this.#tracks) {
      const spec = specs.get(name);
      if (spec === undefined) {
        if (track.alert !== undefined) offers.push(withdraw(track.alert, now));
        this.#tracks.delete(name);
        this.#recent.forget(name);
        this.#options.journal.track(name, undefined);
        continue;
      }
      const present = relabel(track, spec, origin, now);
      this.#tracks.set(name, present.track);
      this.#pendingSources.update(spec, present.track, origin, now);
      offers.push(...present.offers);
      if (track.alert !== undefined && present.alert !== undefined) {
        relabelled.set(track.alert.fingerprint, present.alert);
        const known = this.#acknowledgements.get(track.alert.fingerprint);
        if (known !== undefined) this.#acknowledgements.rename(known, present.alert.fingerprint);
      }
    }
    const dispatcher = new Dispatcher(routing, saved, now, relabelled);
    for (const alert of offers) {
      if (alertStatus(alert) === 'resolved') this.#acknowledgements.end(alert);
      dispatcher.offer(alert, now);
    }
    // A crash between judging and saving cannot lose an alert: what fires is offered again.
    for (const { alert } of this.#tracks.values()) {
      if (alert !== undefined) dispatcher.offer(alert, now);
    }
    for (const alert of this.#options.source?.known() ?? []) dispatcher.offer(alert, now);
    this.#acknowledgements.keepOnly((one) => dispatcher.activeAlert(one) !== undefined);
    return dispatcher;
  }

  /** Notes since when each check is watched: the start period of one that a reload adds begins now. */
  #watch(now: Instant): void {
    const { specs } = this.#world;
    for (const name of this.#watchedSince.keys()) {
      if (!specs.has(name)) this.#watchedSince.delete(name);
    }
    for (const name of specs.keys()) {
      if (!this.#watchedSince.has(name)) this.#watchedSince.set(name, now);
    }
  }

  #plan(now: Instant, urgent: boolean): void {
    const { journal, onSuppressed, onAllWell, source } = this.#options;
    for (const alert of source?.expire(now) ?? []) this.#hear(alert, now);
    const ended = this.silences.settle(now, (kept) => this.#isAllWell(kept));
    const due = this.#dispatcher.nextFlushAt();
    const flushed =
      due === undefined || due > now.steadyMs
        ? undefined
        : this.#dispatcher.flush(
            now,
            (alert) => {
              const mute = this.muteOf(alert, now);
              this.#pendingSources.note(alert.fingerprint, mute);
              return mute;
            },
            (fingerprint) => this.#acknowledgements.get(fingerprint),
          );
    journal.routing(this.#dispatcher.takeChanges());
    this.#send(flushed?.planned ?? [], now, urgent);
    for (const suppressed of flushed?.suppressed ?? []) onSuppressed(suppressed);
    for (const silence of ended) onAllWell?.(silence);
    this.#arm(now);
  }

  /** Saves what is to be told, with everything that waits to be saved, and only then hands it over. */
  #send(planned: readonly PlannedNotification[], now: Instant, urgent: boolean): void {
    const { journal, deliver } = this.#options;
    const deliveries = planned.map((one) => this.#address(one, now));
    journal.outbox(
      deliveries.map((delivery) => ({
        delivery,
        state: 'pending',
        attempts: 0,
        nextAttemptAt: now.steadyMs,
      })),
    );
    if (urgent || deliveries.length > 0) journal.flush();
    if (deliveries.length > 0) deliver(deliveries);
  }

  /** Tells of a message that nobody gets because the check is flapping. */
  #spare(alert: Alert | undefined): void {
    if (alert === undefined) return;
    for (const receiver of receiversFor(this.#world.routing.root, alert.labels)) {
      const by = alert.labels['check'] ?? '';
      this.#options.onSuppressed({ alert, receiver, reason: 'flapping', by });
    }
  }

  #isAllWell(kept: KeptSilence): boolean {
    return isAllWell(kept, {
      ...this.#world,
      track: (check) => this.track(check),
      recent: (check) => this.recent(check),
      dispatcher: this.#dispatcher,
    });
  }

  #address({ integration, dedupKey, notification }: PlannedNotification, now: Instant): Delivery {
    return {
      id: this.#options.newId(),
      receiver: notification.receiver,
      integration: integration.integration,
      index: integration.index,
      dedupKey,
      notification,
      createdAt: now,
    };
  }

  #arm(now: Instant): void {
    const next = earlier(this.#dispatcher.nextFlushAt(), this.#options.source?.nextExpiryAt());
    if (next === this.#armedFor) return;
    this.#armedFor = next;
    this.#timer?.();
    this.#timer =
      next === undefined
        ? undefined
        : this.#options.clock.after(Math.max(0, next - now.steadyMs), () => {
            this.#armedFor = undefined;
            this.wake();
          });
  }
}

function earlier(a: SteadyMs | undefined, b: SteadyMs | undefined): SteadyMs | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}
