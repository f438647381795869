import { runCheck } from '../checks/run.ts';
import type { CheckEnvironment } from '../checks/check-type.ts';
import type { Track } from '../alerts/track.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { CheckSpec } from '../model/check.ts';
import type { Config } from '../model/config.ts';
import { pruneIntervalMs } from '../model/limits.ts';
import type { Instant, WallMs } from '../model/time.ts';
import type { AgentHealth } from '../model/view.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { createOutbox, type Outbox } from '../notify/outbox.ts';
import type { LogEntry } from '../routing/decide.ts';
import { groupsFromRows } from '../routing/saved-rows.ts';
import { Scheduler } from '../schedule/scheduler.ts';
import type { Saved, Store } from '../store/store.ts';
import { createAlertLinks, type AlertLinks } from './people/alert-links.ts';
import { noteRun } from './agent-runs.ts';
import { checkEnvironment } from './check-environment.ts';
import { createCheckMemories } from './pipeline/check-memories.ts';
import { Heartbeats } from './people/heartbeats.ts';
import { agentHealth } from './watching/health.ts';
import { Journal } from './pipeline/journal.ts';
import { tellMetrics } from './pipeline/observe.ts';
import { Pipeline, type PipelineWorld } from './pipeline/pipeline.ts';
import { pipelineWorld } from './pipeline/pipeline-world.ts';
import type { Ports } from './ports.ts';
import { createPostedAlerts } from './people/create-posted-alerts.ts';
import type { PostedAlerts } from './people/posted-alerts.ts';
import { createRecords, type Records } from './pipeline/records.ts';
import { Evidence } from './evidence.ts';
import { ReceiverBook } from './watching/receiver-book.ts';
import { Conversations } from './people/conversations.ts';
import { createSender, type Sender } from './sender.ts';
import type { Progress } from './watching/progress.ts';
import { Proofs } from './watching/proofs.ts';
import { openState, type State } from './pipeline/state.ts';
import { OwnWatch } from './watching/own-watch.ts';
import { SuppressionLog } from './pipeline/suppression-log.ts';
import { describeMute } from './view/describe-mute.ts';
import { buildWorld, closeReplaced, type World } from './world.ts';

export interface AgentOptions {
  readonly config: Config;
  readonly dataDir: string;
  readonly ports: Ports;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Address of the page, for links in messages; empty when nobody else could open it. */
  readonly externalURL: () => string;
  readonly userAgent: string;
}

/**
 * The agent without its surfaces: reads its saved state, runs the checks of a configuration, and tells
 * what became of them. Everything it is made of is built in the constructor, in the order of the data.
 */
export class Agent {
  readonly clock: Clock;
  readonly startedAt: Instant;
  readonly pipeline: Pipeline;
  readonly outbox: Outbox;
  readonly scheduler: Scheduler;
  readonly heartbeats: Heartbeats;
  /** Alerts that others post. */
  readonly posted: PostedAlerts;
  /** What it watches about its own watching. */
  readonly own: OwnWatch;
  readonly receivers: ReceiverBook;
  readonly send: Sender;
  readonly links: AlertLinks;
  readonly suppressions = new SuppressionLog(() => this.clock.now().wallMs);
  /** What was found and told. */
  readonly records: Records;
  readonly options: AgentOptions;
  readonly #state: State;
  readonly #journal: Journal;
  readonly #proofs: Proofs;
  readonly #evidence: Evidence;
  readonly #conversations: Conversations;
  readonly #noteRun: () => void;
  readonly #memories: ReturnType<typeof createCheckMemories>;
  readonly #environment: CheckEnvironment;
  #world: World;
  #reload: { readonly successful: boolean; readonly at: WallMs; readonly error?: string };
  #lagMs = 0;
  #cancelPrune: Cancel | undefined;

  /** Throws `StoreError` when the state cannot be opened. */
  constructor(options: AgentOptions) {
    this.options = options;
    const { config, ports, log, dataDir } = options;
    this.#state = openState(ports, dataDir, log);
    const { saved } = this.#state;
    this.clock = ports.clock(saved.anchor);
    this.startedAt = this.clock.now();
    this.#reload = { successful: true, at: this.startedAt.wallMs };
    this.#journal = new Journal({
      clock: this.clock,
      log,
      ...this.#state,
      replaceStore: (error) => this.#replaceStore(error),
    });
    this.links = createAlertLinks(saved.kept, this.#journal, this);
    this.#noteRun = noteRun(saved, this.startedAt, this.#journal);
    this.receivers = new ReceiverBook(saved.kept.get('receiver'), {
      receivers: () => this.config.receivers,
      keep: (change) => this.#journal.keep(change),
    });
    this.heartbeats = new Heartbeats(saved.heartbeats, this.clock, this.#journal);
    this.#memories = createCheckMemories(saved.kept, this.#journal, config.checks);
    this.#environment = checkEnvironment(this, this.#memories);
    this.#world = buildWorld(config, ports, this.#environment);
    this.#conversations = new Conversations(
      (change) => this.#journal.keep(change),
      saved.kept.get('conversation'),
    );
    this.send = createSender({
      ports,
      receivers: () => this.config.receivers,
      externalURL: options.externalURL,
      acknowledgeURL: (alert) => this.links.acknowledgeURL(alert),
      userAgent: options.userAgent,
      now: () => this.clock.now(),
      conversations: this.#conversations,
    });
    this.outbox = this.#createOutbox();
    this.#proofs = new Proofs({
      ...options,
      clock: this.clock,
      book: this.receivers,
      outbox: this.outbox,
    });
    this.posted = this.#createPosted(saved);
    const memory = createCheckMemories(saved.kept, this.#journal, config.checks, 'evidence');
    this.#evidence = new Evidence({
      source: ports.openEvidence?.({ clock: this.clock, memory }),
      isOn: () => this.config.agent.evidence !== false,
      redact: (text) => this.#world.redact(text),
      onFound: (check, lines) => this.pipeline.explain(check, lines),
    });
    this.pipeline = this.#createPipeline(saved);
    this.own = this.#createOwnWatch(saved);
    this.records = createRecords({
      log,
      journal: this.#journal,
      now: () => this.clock.now(),
      recent: (check) => this.pipeline.recent(check),
    });
    this.scheduler = new Scheduler({
      clock: this.clock,
      startCron: ports.startCron,
      run: (spec) => this.#run(spec),
      onLag: (lagMs) => {
        this.#lagMs = lagMs;
        options.metrics.schedulerLag(lagMs / 1000);
      },
    });
  }

  /** Begins to look and to tell. */
  start(): void {
    this.#expectHeartbeats();
    const { anchor, outbox } = this.#state.saved;
    this.outbox.load(outbox, anchor && { from: anchor, until: this.startedAt });
    this.pipeline.wake();
    this.own.set(this.#world.specs, this.config);
    this.scheduler.set([...this.#world.specs.values()]);
    this.#proofs.set(this.config);
    this.#prune();
  }

  /** Goes on with another configuration. Throws, changing nothing, when a check cannot be opened. */
  reload(config: Config): void {
    const former = this.#world;
    this.#world = buildWorld(config, this.options.ports, this.#environment, former);
    closeReplaced(former, this.#world);
    this.pipeline.reload(this.#pipelineWorld());
    this.#expectHeartbeats();
    this.own.set(this.#world.specs, config);
    this.scheduler.set([...this.#world.specs.values()]);
    // Whatever a receiver refused for good may be accepted under the new configuration.
    this.outbox.retryFailed(config.agent.retentionMs);
    this.#proofs.set(config);
    this.#reload = { successful: true, at: this.clock.now().wallMs };
    this.options.metrics.configReload(true, this.#reload.at);
  }

  /** Remembers that a reload failed; the agent says so until one succeeds. */
  reloadFailed(error: string): void {
    this.#reload = { successful: false, at: this.clock.now().wallMs, error };
    this.options.metrics.configReload(false, this.#reload.at);
  }

  /** Lets running checks and sends end within `graceMs`, saves everything, closes the state. */
  async stop(graceMs: number): Promise<void> {
    this.#cancelPrune?.();
    this.own.stop();
    this.#proofs.stop();
    const runs = this.scheduler.stop();
    const late = Promise.withResolvers<void>();
    const cancel = this.clock.after(graceMs, () => late.resolve());
    await Promise.race([runs, late.promise]);
    cancel();
    this.pipeline.stop();
    await this.outbox.stop(graceMs);
    closeReplaced(this.#world, undefined);
    this.#journal.close();
  }

  get config(): Config {
    return this.#world.config;
  }

  get specs(): ReadonlyMap<string, CheckSpec> {
    return this.#world.specs;
  }

  get lastReload(): { readonly successful: boolean; readonly at: WallMs; readonly error?: string } {
    return this.#reload;
  }

  health(): AgentHealth {
    const now = this.clock.now();
    return agentHealth({
      now,
      storeFailure: this.#journal.failure,
      setAside: this.#state.setAside,
      reloadError: this.#reload.error,
      postedProblem: this.posted.problem(now),
      referenceProblem: this.own.uplink.problem,
      receivers: this.receivers.snapshot(
        this.config.receivers,
        this.outbox.snapshot().entries,
        now,
      ),
      schedulerLagMs: this.#lagMs,
      checksNotRun: this.own.stalled.notRun(),
      residentBytes: process.memoryUsage.rss(),
    });
  }

  /** How far scheduler and outbox are behind with what is due. */
  progress(): Progress {
    return {
      schedulerStandstillMs: this.scheduler.standstillMs(),
      outboxStandstillMs: this.outbox.standstillMs(),
      longestRunMs: Math.max(0, ...[...this.specs.values()].map(({ timeoutMs }) => timeoutMs)),
    };
  }

  async #run(spec: CheckSpec): Promise<{ readonly undecided: boolean }> {
    const { open, redact } = this.#world;
    const check = open.get(spec.name);
    if (check === undefined) return { undecided: false };
    const result = await runCheck(check, spec, this.#environment, redact);
    this.own.uplink.before(result);
    this.#evidence.before(result, spec);
    const taken = this.pipeline.take(result, spec);
    this.own.after(result);
    return taken;
  }

  #createOutbox(): Outbox {
    const { ports, log } = this.options;
    return createOutbox({
      clock: this.clock,
      random: ports.random,
      log,
      send: (delivery, signal) => this.send(delivery, signal),
      receivers: () => this.config.receivers,
      records: this.receivers,
      open: this.receivers.open,
      keepOpen: (conversation, open) => this.receivers.keepOpen(conversation, open),
      record: ({ entries, attempts }) => {
        this.#journal.outbox(entries, attempts);
        this.#journal.flush();
      },
      onOutcome: (entry, attempt) => tellMetrics(this.options.metrics, entry, attempt),
      onSuppressed: (delivery, reason) => {
        this.options.metrics.suppressed(reason);
        this.suppressions.notToldAlone(delivery, reason);
      },
    });
  }

  #createOwnWatch(saved: Saved): OwnWatch {
    return new OwnWatch({
      clock: this.clock,
      journal: this.#journal,
      saved: saved.kept,
      openCheck: this.options.ports.openCheck,
      environment: this.#environment,
      redact: (text) => this.#world.redact(text),
      pipeline: () => this.pipeline,
      origin: () => this.#pipelineWorld().origin,
      nextRunAt: (check) => this.scheduler.view(check)?.nextRunAt,
      runSoon: (check) => this.scheduler.runSoon(check),
    });
  }

  #createPosted(saved: Saved): PostedAlerts {
    return createPostedAlerts({
      ...this.options,
      clock: this.clock,
      journal: this.#journal,
      saved,
      config: () => this.config,
      specs: () => this.specs,
      offer: (alerts) => this.pipeline.offer(alerts),
    });
  }

  #createPipeline(saved: Saved): Pipeline {
    return new Pipeline(
      {
        clock: this.clock,
        journal: this.#journal,
        newId: this.options.ports.newId,
        source: this.posted,
        evidence: (check) => this.#evidence.of(check),
        uplink: (alert) => this.own.uplink.mutes(alert),
        deliver: (deliveries) => this.outbox.add(deliveries),
        onSuppressed: ({ reason, by, alert, receiver }) => {
          const words = describeMute(this.pipeline, { reason, by });
          this.suppressions.note(alert, receiver, { reason, by: words });
          this.options.metrics.suppressed(reason);
          const check = alert.labels['alertname'];
          this.options.log.info('notification suppressed', { check, receiver, reason, by });
        },
        onAllWell: ({ id, comment }) => {
          this.options.log.info('silence ended: all it matches is well', { id, comment });
        },
      },
      this.#pipelineWorld(),
      {
        tracks: saved.tracks as ReadonlyMap<string, Track>,
        routing: {
          groups: groupsFromRows(saved.groups),
          log: saved.log as ReadonlyMap<string, LogEntry>,
        },
        kept: saved.kept,
      },
    );
  }

  #pipelineWorld(): PipelineWorld {
    const { config, specs } = this.#world;
    return pipelineWorld(config, specs, this.options.externalURL);
  }

  #expectHeartbeats(): void {
    for (const { type, name } of this.#world.specs.values()) {
      if (type === 'heartbeat') this.heartbeats.expect(name);
    }
  }

  #replaceStore(error: unknown): Store | undefined {
    const store = this.#state.replace(error, this.clock.now());
    if (store === undefined) return undefined;
    this.pipeline.resave();
    this.heartbeats.resave();
    this.posted.resave();
    this.#conversations.resave();
    this.own.resave();
    this.#memories.resave();
    this.#noteRun();
    this.links.resave();
    this.receivers.resave();
    this.#journal.outbox(this.outbox.snapshot().entries);
    return store;
  }

  #prune(): void {
    const { wallMs } = this.clock.now();
    const before = (wallMs - this.config.agent.retentionMs) as WallMs;
    this.pipeline.silences.prune(before);
    try {
      this.#journal.store.prune(before);
    } catch (error) {
      this.options.log.warn('cannot forget old results', { reason: String(error) });
    }
    this.#cancelPrune = this.clock.after(pruneIntervalMs, () => this.#prune());
  }
}
