import type { Agent } from '../../src/app/agent.ts';
import { alertStatus, type Alert } from '../../src/model/alert.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import { silenceState, type SilenceRequest } from '../../src/model/silence.ts';
import type { WallMs } from '../../src/model/time.ts';
import { equal } from '../support/routes.ts';
import type { Complain } from './inbox.ts';
import type { Random } from './random.ts';

/** Those who silence alerts and take them on, and who remember what must then not be told. */
export class People {
  readonly #random: Random;
  readonly #trace: (line: string) => void;
  readonly #complain: Complain;
  /** The alert that a step of an escalation told last, by receiver and check. */
  readonly #called = new Map<string, { readonly identity: string; readonly startsAt: number }>();
  /** Ids of silences that were answered, with whether they last until all is well. */
  readonly #silences = new Map<string, boolean>();

  constructor(random: Random, trace: (line: string) => void, complain: Complain) {
    this.#random = random;
    this.#trace = trace;
    this.#complain = complain;
  }

  /** Silences something, ends a silence, or takes something on. */
  act(agent: Agent, names: readonly string[]): void {
    const random = this.#random;
    const name = names[random.between(0, names.length - 1)] ?? '';
    const turn = random.between(0, 9);
    if (turn < 4) this.#silence(agent, name);
    else if (turn < 6) this.#endOne(agent);
    else {
      const answer = agent.pipeline.acknowledge({ alert: name, by: 'somebody', comment: '' });
      this.#trace(`somebody takes on ${name}: ${answer}`);
    }
  }

  /** Ends every silence, so that in the end everything can be told. */
  goHome(agent: Agent): void {
    for (const { id } of agent.pipeline.silences.list()) agent.pipeline.silences.expire(id);
  }

  /** Says what of a message should not be told, in the moment it is planned. */
  judge({ id, receiver, integration, index, notification }: Delivery, agent: Agent): void {
    const { reason, alerts } = notification;
    if (reason === 'acknowledged') return;
    const name = `${receiver}/${integration}/${index}`;
    const now = agent.clock.now();
    const firing = alerts.filter((alert) => alertStatus(alert) === 'firing');
    const views = new Map(agent.pipeline.alerts().map((view) => [view.alert.fingerprint, view]));
    for (const alert of firing) {
      const mute = agent.pipeline.muteOf(alert, now);
      if (mute !== undefined)
        this.#complain(`${id} tells ${name} of ${mute.reason} ${nameOf(alert)}`);
    }
    const isTaken = ({ fingerprint }: Alert): boolean =>
      views.get(fingerprint)?.acknowledgement !== undefined;
    if (reason === 'repeat interval elapsed' && firing.every(isTaken)) {
      this.#complain(`${id} reminds ${name} of what somebody has taken on`);
    }
    if (reason === 'escalated') this.#judgeStep(name, firing, isTaken);
    const goOn = new Set(firing.map(nameOf));
    for (const alert of alerts) {
      if (!goOn.has(nameOf(alert))) this.#called.delete(`${name} ${nameOf(alert)}`);
    }
  }

  /** In the end nothing is silenced that was to be silent until all is well. */
  expectWell(agent: Agent): void {
    const now = agent.clock.now().wallMs;
    for (const silence of agent.pipeline.silences.list()) {
      const isActive = silenceState(silence, now) === 'active';
      if (isActive && silence.untilOk) this.#complain(`${silence.id} lasts though all is well`);
    }
  }

  /** A step tells an alert once, and again only when it goes on at another severity. */
  #judgeStep(name: string, firing: readonly Alert[], isTaken: (alert: Alert) => boolean): void {
    const isOld = (alert: Alert): boolean =>
      this.#called.get(`${name} ${nameOf(alert)}`)?.identity === identityOf(alert);
    if (firing.length > 0 && firing.every(isOld)) {
      this.#complain(`${name} is called twice for ${firing.map(nameOf).join()}`);
    }
    for (const alert of firing) {
      const key = `${name} ${nameOf(alert)}`;
      if (this.#called.get(key)?.startsAt !== alert.startsAt && isTaken(alert)) {
        this.#complain(`${name} is called for ${nameOf(alert)}, which somebody has taken on`);
      }
      this.#called.set(key, { identity: identityOf(alert), startsAt: alert.startsAt });
    }
  }

  #silence(agent: Agent, name: string): void {
    const { wallMs } = agent.clock.now();
    const random = this.#random;
    const startsAt = (wallMs + random.pick([0, 0, 30_000])) as WallMs;
    const untilOk = random.chance(0.4);
    const known = [...this.#silences.keys()];
    const named = random.chance(0.2) ? known[random.between(0, known.length - 1)] : undefined;
    const request: SilenceRequest = {
      matchers: [random.pick([equal('alertname', name), equal('host', 'sim')])],
      startsAt,
      endsAt: (startsAt + random.between(10, 300) * 1000) as WallMs,
      createdBy: 'somebody',
      comment: '',
      ...(untilOk ? { untilOk } : {}),
      ...(named === undefined ? {} : { id: named }),
    };
    const answer = agent.pipeline.silences.put(request);
    this.#trace(`silence ${JSON.stringify(request)}: ${JSON.stringify(answer)}`);
    if (answer.kind === 'kept') this.#silences.set(answer.id, untilOk);
  }

  #endOne(agent: Agent): void {
    const active = agent.pipeline.silences
      .list()
      .filter((silence) => silenceState(silence, agent.clock.now().wallMs) !== 'expired');
    const silence = active[this.#random.between(0, active.length - 1)];
    if (silence === undefined) return;
    agent.pipeline.silences.expire(silence.id);
    this.#trace(`${silence.id} is ended`);
  }
}

function identityOf({ fingerprint, startsAt, revision }: Alert): string {
  return `${fingerprint}@${startsAt}/${revision}`;
}

function nameOf({ labels }: Alert): string {
  return labels['check'] ?? '';
}
