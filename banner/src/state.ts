/** The rules of consent, pure: what a token says, what holds now, what must be asked. The service has the same. */
import type {
  Kept,
  LegalDocument,
  Notice,
  Purpose,
  StateValue,
  Token,
  TokenDecision,
} from "./types";

/** Where one purpose stands. */
export interface Standing {
  allowed: boolean;
  value: StateValue;
  /** Granted here, not yet stored by the service. */
  pending: boolean;
  /** Nothing valid has been said about it, whatever a signal says. */
  open: boolean;
  /** Open, and neither a signal nor a rest after an objection keeps the question away. */
  asked: boolean;
}

export interface State {
  purposes: Record<string, Standing>;
  /** Services that differ from their purpose. */
  services: Record<string, boolean>;
  /** Version of each document agreed to under a notice that still counts. */
  agreed: Record<string, number>;
  /** There is something that the visitor could take back. */
  withdrawable: boolean;
}

export interface Facts {
  notice?: Notice | undefined;
  token?: Token | undefined;
  kept: Kept[];
  gpc: boolean;
  now: number;
}

/** Reads a state token; what is not one, or one of another site, counts as absent. */
export function parseToken(raw: string | undefined, site: string): Token | undefined {
  try {
    const encoded = String(raw).replace(/\..*/, "").replace(/-/g, "+").replace(/_/g, "/");
    const token = { services: {}, ...JSON.parse(atob(encoded)) };
    const { v, purposes, services, documents } = token;
    const isWhole = [purposes, services, documents].every((one) =>
      Object.values(one).every(Array.isArray),
    );
    return v === 1 && token.site === site && isWhole ? token : undefined;
  } catch {
    return undefined;
  }
}

export const choicesOf = (notice: Notice): Purpose[] => notice.purposes.filter((one) => one.choice);

export const runsUnasked = (purpose?: Purpose) => purpose?.before_choice === "allowed";
export const isRefused = (facts: Facts, key: string) =>
  facts.kept.some(({ chosen }) => chosen[key] === false);

/** The notice since which a purpose, with all its services, has meant the same. */
function askedSince(notice?: Notice, purpose?: Purpose): number {
  const services = notice?.services.filter((service) => service.purpose === purpose?.key) ?? [];
  return Math.max(...[purpose, ...services].map((one) => one?.asked_since ?? 0));
}

/** What a decision says about what means the same since a notice; undefined: nothing (any more). */
function validity(decision: TokenDecision | undefined, since: number, now: number) {
  const [value, notice = 0, until = 0] = decision ?? [];
  const holds = notice >= since && (!until || until > now);
  return holds && value !== "not_subject" ? value : undefined;
}

function standingOf(facts: Facts, key: string, purpose?: Purpose): Standing {
  const { notice, token, kept, gpc, now } = facts;
  const before = runsUnasked(purpose);
  if (purpose && !purpose.choice) {
    const value = before ? "not_subject" : "denied";
    return { allowed: before, value, pending: false, open: false, asked: false };
  }
  const since = askedSince(notice, purpose);
  const sale = !!purpose?.sale_or_sharing;
  const stored = token?.purposes[key];
  // An objection to what runs unasked holds for good.
  let said = before && stored?.[0] === "denied" ? "denied" : validity(stored, since, now);
  let [pending, confirmed] = [false, !!stored?.[3]];
  for (const { answer, chosen } of kept) {
    const granted = chosen[key];
    if (granted === undefined || (answer.notice < since && (granted || !before))) continue;
    const counts = granted && !(gpc && sale && !answer.signals?.override);
    const atOnce = counts && notice?.release === "click";
    pending = counts && !atOnce;
    if (atOnce || !granted) [said, confirmed] = [granted ? "granted" : "denied", granted];
  }
  const signal = gpc && sale;
  const optedOut = before && sale && HOOKS.hasOptedOut?.(facts);
  const answered = (signal && notice?.model === "opt-out") || optedOut;
  const off = (signal && !(said === "granted" && confirmed)) || (!said && optedOut);
  const open = !said && !pending;
  return {
    allowed: !off && (said ? said === "granted" : before),
    value: off ? "denied" : (said ?? "undecided"),
    pending,
    open,
    asked: open && !answered && !HOOKS.isQuiet?.(facts),
  };
}

function serviceExceptions(facts: Facts): Record<string, boolean> {
  const { notice, token, gpc, now } = facts;
  // Whatever a page names must not be found on every object.
  const exceptions: Record<string, boolean> = Object.create(null);
  const said: Record<string, TokenDecision> = { ...token?.services };
  for (const { answer, services } of facts.kept)
    for (const [key, allowed] of Object.entries(services ?? {}))
      if (!allowed || notice?.release === "click")
        said[key] = [allowed ? "granted" : "denied", answer.notice, 0];
  for (const [key, own] of Object.entries(said)) {
    const service = notice?.services.find((candidate) => candidate.key === key);
    const purpose = notice?.purposes.find((candidate) => candidate.key === service?.purpose);
    if (notice && !purpose?.choice) continue;
    const denied = own[0] === "denied";
    // Saying yes to a purpose that changed says nothing about a service that was refused.
    const since = Math.max(service?.asked_since ?? 0, denied ? 0 : (purpose?.asked_since ?? 0));
    if (!(denied && runsUnasked(purpose)) && !validity(own, since, now)) continue;
    // What was refused since, or is switched off by a signal, is not reopened by an older exception.
    const closed =
      (purpose && isRefused(facts, purpose.key)) || (gpc && purpose?.sale_or_sharing && !own[3]);
    exceptions[key] = !denied && !closed;
  }
  return exceptions;
}

export function resolve(facts: Facts): State {
  const { notice, token } = facts;
  const purposes: Record<string, Standing> = {};
  if (notice)
    for (const one of notice.purposes) purposes[one.key] = standingOf(facts, one.key, one);
  else for (const key in token?.purposes) purposes[key] = standingOf(facts, key);
  const services = serviceExceptions(facts);
  const agreed = HOOKS.agreements?.(facts) ?? {};
  const withdrawable =
    Object.values(token?.purposes ?? {}).some(([value]) => value === "granted") ||
    Object.values(purposes).some(({ pending, value }) => pending || value === "granted") ||
    Object.values(services).includes(true) ||
    !!Object.keys(agreed)[0];
  return { purposes, services, agreed, withdrawable };
}

export function allows(state: State, purpose: string, service?: string | null): boolean {
  const exception = service ? state.services[service] : undefined;
  return exception ?? state.purposes[purpose]?.allowed ?? false;
}

export function documentsToAsk(notice: Notice, state: State): LegalDocument[] {
  return notice.documents.filter(
    ({ accept = "inform", kind }) => accept !== "inform" && state.agreed[kind] === undefined,
  );
}

export function purposesToAsk(notice: Notice, state: State): Purpose[] {
  return notice.purposes.filter((purpose) => state.purposes[purpose.key]?.asked);
}

/** Is something asked while other choices stay as they are? */
export function asksForPart(notice: Notice, state: State): boolean {
  return choicesOf(notice).some((purpose) => state.purposes[purpose.key]?.open === false);
}

export type Question = "choice" | "documents";

/** One surface at a time: choices first. */
export function whatToAsk(notice: Notice, state: State): Question | undefined {
  if (purposesToAsk(notice, state).length) return "choice";
  return documentsToAsk(notice, state).length ? "documents" : undefined;
}
