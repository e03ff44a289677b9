/** Puts an act of the visitor into words for the service, and says what it means here meanwhile. */
import { choicesOf, type State } from "./state";
import type { Action, Answer, Kept, LegalDocument, Notice, Purpose } from "./types";

export interface Act {
  action: Action;
  decisions?: Record<string, boolean> | undefined;
  /** Services that are to differ from their purpose. */
  services?: Record<string, boolean>;
  /** To agree to, or to take note of. */
  documents?: LegalDocument[] | undefined;
  /** 1: first layer, 2: preferences; absent: the page's own code. */
  layer?: 1 | 2 | undefined;
}

/** The same answer to each purpose; a signal stands against granting what it switches off. */
export function decideAll(
  purposes: Purpose[],
  allowed: boolean,
  gpc: boolean,
): Record<string, boolean> {
  return Object.fromEntries(
    purposes.map((one) => [one.key, allowed && !(gpc && one.sale_or_sharing)]),
  );
}

/** What was never granted cannot be taken back, only refused; the service would not record it. */
export function asRefusal(act: Act, notice: Notice, state: State): Act {
  const { action, decisions } = act;
  if (action !== "withdraw") return act;
  const keys = decisions ? Object.keys(decisions) : choicesOf(notice).map(({ key }) => key);
  const named = keys.map((key) => state.purposes[key]);
  const agreed = !decisions && Object.keys(state.agreed).length > 0;
  const held = agreed || named.some((one) => one?.value === "granted");
  const running = named.some((one) => one?.open && one.allowed);
  if ((held && !running) || !named.length) return act;
  return { ...act, action: decisions ? "choose" : "reject" };
}

export function keep(act: Act, notice: Notice, state: State, gpc: boolean): Kept {
  const { action, decisions, services, documents, layer } = act;
  const all = documents || services ? [] : choicesOf(notice);
  const chosen = decisions ?? decideAll(all, action === "accept", gpc);
  const overrides = notice.purposes.some((one) => one.sale_or_sharing && chosen[one.key]);
  const ended = action === "withdraw" && !decisions ? Object.keys(state.agreed) : [];
  const agreed = Object.fromEntries(
    documents?.map(({ kind, number }) => [kind, number]) ?? ended.map((kind) => [kind, 0]),
  );
  const answer: Answer = {
    action,
    notice: notice.number,
    variant: notice.variant,
    locale: notice.locale,
    method: layer === 1 || (documents && !layer) ? "banner" : "preferences",
    banner: BANNER_DIGEST,
    key: crypto.randomUUID(),
    ...(decisions && { decisions }),
    ...(services && { services }),
    ...(documents && { documents: agreed }),
    ...(layer && { layer }),
    ...(gpc && { signals: overrides ? { gpc, override: true } : { gpc } }),
  };
  return { answer, at: new Date().toISOString(), chosen, services, agreed };
}
