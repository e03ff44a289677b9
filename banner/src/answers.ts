/** Puts an act of the visitor into words for the service, and says what it means here meanwhile. */
import { choicesOf, documentsToAsk, type State } from "./state";
import type { Action, Answer, Kept, LegalDocument, Notice, Purpose, Token } from "./types";

/** Of the built file; the build puts it in, and it may stand there only once. */
const DIGEST = BANNER_DIGEST;

export interface Act {
  action: Action;
  decisions?: Record<string, boolean>;
  /** To agree to; absent: those that the notice asks for. */
  documents?: LegalDocument[];
  /** 1: first layer, 2: preferences; absent: the page's own code. */
  layer?: 1 | 2;
}

/** A version 4 UUID; `randomUUID` is younger than the browsers the banner runs in. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (Number(bytes[6]) & 15) | 64;
  bytes[8] = (Number(bytes[8]) & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The same answer to each purpose; a signal stands against granting what it switches off. */
export function decideAll(
  purposes: Purpose[],
  allowed: boolean,
  gpc: boolean,
): Record<string, boolean> {
  const value = (purpose: Purpose) => allowed && !(gpc && purpose.sale_or_sharing);
  return Object.fromEntries(purposes.map((purpose) => [purpose.key, value(purpose)]));
}

function meant(act: Act, notice: Notice, gpc: boolean): Record<string, boolean> {
  if (act.action === "acknowledge" || act.action === "agree") return {};
  return act.decisions ?? decideAll(choicesOf(notice), act.action === "accept", gpc);
}

function agreedOf(act: Act, notice: Notice, state: State): Record<string, number> {
  if (act.action === "acknowledge" || act.action === "agree") {
    const asked = documentsToAsk(notice, state).filter((one) => one.accept === act.action);
    return Object.fromEntries((act.documents ?? asked).map((one) => [one.kind, one.number]));
  }
  const withdrawsAll = act.action === "withdraw" && !act.decisions;
  return withdrawsAll ? Object.fromEntries(Object.keys(state.agreed).map((kind) => [kind, 0])) : {};
}

/** What was never granted cannot be taken back, only refused; the service would not record it. */
export function asRefusal(act: Act, notice: Notice, state: State): Act {
  const asked = choicesOf(notice).map((purpose) => purpose.key);
  const named = (act.decisions ? Object.keys(act.decisions) : asked).map(
    (key) => state.purposes[key],
  );
  const agreed = !act.decisions && Object.keys(state.agreed).length > 0;
  const held = agreed || named.some((standing) => standing?.why === "granted");
  const running = named.some((standing) => standing?.open && standing.allowed);
  if ((held && !running) || !named.length) return act;
  return { ...act, action: act.decisions ? "choose" : "reject" };
}

export function keep(act: Act, notice: Notice, state: State, gpc: boolean, now: Date): Kept {
  const agreed = agreedOf(act, notice, state);
  const answer: Answer = {
    action: act.action,
    notice: notice.number,
    variant: notice.variant,
    locale: notice.locale,
    method: act.layer === 1 || act.documents ? "banner" : "preferences",
    banner: DIGEST,
    key: newKey(),
  };
  const chosen = meant(act, notice, gpc);
  const overrides = notice.purposes.some((one) => one.sale_or_sharing && chosen[one.key]);
  if (act.decisions) answer.decisions = act.decisions;
  if (act.action === "acknowledge" || act.action === "agree") answer.documents = agreed;
  if (act.layer) answer.layer = act.layer;
  if (gpc) answer.signals = overrides ? { gpc: true, override: true } : { gpc: true };
  return { answer, at: now.toISOString(), chosen, agreed };
}

/** What a signal does to a record, told once. */
export function keepSignal(switchedOff: string[], notice: Notice, now: Date): Kept {
  const { number, variant } = notice;
  return {
    answer: { action: "signal", notice: number, variant, key: newKey(), signals: { gpc: true } },
    at: now.toISOString(),
    chosen: Object.fromEntries(switchedOff.map((key) => [key, false])),
    agreed: {},
  };
}

/** A withdrawal where the notice could not be loaded: it speaks about what the token holds. */
export function keepWithdrawal(token: Token, purposes: string[] | undefined, now: Date): Kept {
  const held = Object.keys(token.purposes).filter((key) => token.purposes[key]?.[0] === "granted");
  const named = held.filter((key) => purposes?.includes(key) ?? true);
  const chosen = Object.fromEntries(named.map((key) => [key, false]));
  const kinds = purposes ? [] : Object.keys(token.documents);
  const numbers = [...Object.values(token.purposes), ...Object.values(token.documents)];
  const answer: Answer = {
    action: "withdraw",
    notice: Math.max(...numbers.map(([, notice]) => notice)),
    method: "preferences",
    banner: DIGEST,
    key: newKey(),
  };
  if (purposes) answer.decisions = chosen;
  const agreed = Object.fromEntries(kinds.map((kind) => [kind, 0]));
  return { answer, at: now.toISOString(), chosen, agreed };
}
