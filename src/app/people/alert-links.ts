import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import type { Alert } from '../../model/alert.ts';
import type { AlertLink, LinkVerdict } from '../../model/alert-link.ts';
import type { Config } from '../../model/config.ts';
import { alertLinkValidMs } from '../../model/limits.ts';
import type { WallMs } from '../../model/time.ts';
import type { Saved } from '../../store/store.ts';
import type { Journal } from '../pipeline/journal.ts';

const keyName = 'link key';

/**
 * Links in messages by which whoever can read the message may take on its alert, without a login: signed with
 * a key that only this agent knows, for one alert as it fires now, and for a time.
 */
export interface AlertLinks {
  /** Empty where people cannot reach the page. */
  acknowledgeURL(alert: Alert): string;
  judge(link: AlertLink): LinkVerdict;
  /** Puts the key into the journal again, for a database that has begun anew. */
  resave(): void;
}

export function createAlertLinks(
  saved: Saved['kept'],
  journal: Pick<Journal, 'keep'>,
  agent: { readonly clock: Pick<Clock, 'now'>; readonly config: Pick<Config, 'server'> },
): AlertLinks {
  const now = (): WallMs => agent.clock.now().wallMs;
  const known = saved.get('single')?.get(keyName);
  const key = typeof known === 'string' ? known : randomBytes(32).toString('base64');
  const resave = (): void => journal.keep({ drawer: 'single', name: keyName, value: key });
  if (known === undefined) resave();

  const sign = ({ fingerprint, startsAt, expiresAt }: Omit<AlertLink, 'token'>): string =>
    createHmac('sha256', Buffer.from(key, 'base64'))
      .update(`acknowledge\n${fingerprint}\n${startsAt}\n${expiresAt}`)
      .digest('base64url');

  return {
    acknowledgeURL({ fingerprint, startsAt }) {
      const base = agent.config.server.externalURL;
      if (base === undefined) return '';
      // By the hour: a message that is sent again holds the same link.
      const expiresAt = (Math.ceil(now() / hourMs) * hourMs + alertLinkValidMs) as WallMs;
      const start = Math.round(startsAt) as WallMs;
      const token = sign({ fingerprint, startsAt: start, expiresAt });
      const query = new URLSearchParams({
        alert: fingerprint,
        since: String(start),
        expires: String(expiresAt),
        token,
      });
      return `${base}/ack?${query.toString()}`;
    },
    judge(link) {
      const [wanted, given] = [Buffer.from(sign(link)), Buffer.from(link.token)];
      if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return 'wrong';
      return now() < link.expiresAt ? 'valid' : 'expired';
    },
    resave,
  };
}

const hourMs = 3_600_000;
