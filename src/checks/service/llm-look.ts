import { humanDuration } from '../../lib/duration.ts';
import type { MeasuredValue } from '../../model/result.ts';
import { isFailure } from '../net/failure.ts';
import type { ProbeContext } from '../net/probe.ts';
import { judgeFigure, type FigureLimits } from './figure.ts';
import { findingOf, type Finding } from './finding.ts';
import type { LlmCallBudget } from './llm-call-budget.ts';
import {
  askToken,
  knowsModel,
  listModels,
  type LlmAccount,
  type LlmToken,
} from './llm-provider.ts';
import { judgeQuotas } from './llm-quota.ts';

/** One profile to look at. */
export interface LlmProfile {
  readonly account: LlmAccount;
  readonly model?: string | undefined;
}

/** How profiles are judged, and what is remembered from one run to the next. */
export interface LlmWishes {
  readonly quota?: FigureLimits | undefined;
  readonly firstToken?: FigureLimits | undefined;
  /** Absent where no calls are made. */
  readonly budget?: LlmCallBudget | undefined;
  /** What the last call of each profile found: it stands until the next. */
  readonly called: Map<string, readonly Finding[]>;
}

/** Looks at one profile: the list of models, and a call if one is due. */
export async function lookAtProfile(
  profile: LlmProfile,
  wishes: LlmWishes,
  context: ProbeContext,
): Promise<readonly Finding[]> {
  const { account, model } = profile;
  const { who } = account;
  const listing = await listModels(account, context);
  if (isFailure(listing)) return [findingOf(listing)];
  const { models, answer } = listing;
  const seconds = Math.round(answer.tookMs) / 1000;
  const findings: Finding[] = [
    sound(who, [
      { metric: 'answer_seconds', value: seconds, unit: 's' },
      ...(models === undefined ? [] : [{ metric: 'models', value: models.size }]),
    ]),
    ...judgeQuotas(who, answer.headers, wishes.quota),
  ];
  if (models === undefined && wishes.budget === undefined) {
    const sentence = `${who}: offers no list of models, so that only a call tells whether the key is accepted: add call`;
    return [...findings, { status: 'unknown', reason: 'protocol', sentence }];
  }
  if (models !== undefined && model !== undefined && !models.has(model)) {
    if (!(await knowsModel(account, model, context))) {
      const sentence = `${who}: the model ${model} is not offered; ${models.size} others are`;
      return [...findings, { status: 'critical', reason: 'missing', sentence }];
    }
  }
  const { budget } = wishes;
  if (budget === undefined || model === undefined) return findings;
  return [...findings, ...(await callIfDue({ account, model }, { ...wishes, budget }, context))];
}

async function callIfDue(
  { account, model }: LlmProfile & { readonly model: string },
  wishes: LlmWishes & { readonly budget: LlmCallBudget },
  context: ProbeContext,
): Promise<readonly Finding[]> {
  const { budget, called } = wishes;
  const { who } = account;
  const before = called.get(who);
  const nowMs = context.clock.now().wallMs;
  if (!budget.isDue(who, nowMs)) return before ?? [];
  if (!budget.take(who, nowMs)) return usedUp(before);
  const token = await askToken(account, model, context);
  const failed = isFailure(token);
  budget.ended(who, { failed, refused: failed && token.refused === true });
  const found = failed ? [findingOf(token)] : judgeToken(who, model, token, wishes);
  called.set(who, found);
  return found;
}

/** What failed last can no longer be told from what has recovered since. */
function usedUp(before: readonly Finding[] | undefined): readonly Finding[] {
  const bad = before?.find(({ status }) => status !== 'ok');
  if (bad === undefined) return before ?? [];
  const sentence = `${bad.sentence}; so it was at the last call, and those of today are used up`;
  return [{ status: 'unknown', reason: bad.reason, sentence }];
}

function judgeToken(
  who: string,
  model: string,
  { answer, firstTokenMs }: LlmToken,
  { quota, firstToken }: LlmWishes,
): readonly Finding[] {
  const quotas = judgeQuotas(who, answer.headers, quota);
  if (firstTokenMs === undefined) return quotas;
  const sentence = `${who}: ${model} wrote its first token after ${humanDuration(firstTokenMs)}`;
  const value = Math.round(firstTokenMs) / 1000;
  const figure = { metric: 'first_token_seconds', value, unit: 's', sentence };
  return [...quotas, judgeFigure(figure, firstToken)];
}

function sound(who: string, values: readonly MeasuredValue[]): Finding {
  return { status: 'ok', reason: 'status', sentence: `${who} accepts the key`, values };
}
