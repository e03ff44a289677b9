/** The rules of consent, pure: what a token says, what is valid now, what must be asked. */
import type { Kept, Notice, Purpose, StateValue, Token, TokenDecision } from "./types";

/** Where one purpose stands. `pending`: granted here, not yet stored by the service. */
export interface Standing {
  value: StateValue;
  allowed: boolean;
  pending: boolean;
  /** Nothing valid has been said about it, whatever a signal says. */
  open: boolean;
}

export interface State {
  purposes: Record<string, Standing>;
  /** Services that differ from their purpose. */
  services: Record<string, boolean>;
  /** Version of each document agreed to under a notice that still counts. */
  agreed: Record<string, number>;
}

export interface Facts {
  notice?: Notice | undefined;
  token?: Token | undefined;
  kept: Kept[];
  gpc: boolean;
  now: number;
}

const VALUES = ["granted", "denied", "not_subject"];

export function parseToken(raw: string | undefined, site: string): Token | undefined {
  try {
    const encoded = raw?.split(".")[0]?.replace(/-/g, "+").replace(/_/g, "/") ?? "";
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    const token = JSON.parse(new TextDecoder().decode(bytes));
    if (token.v !== 1 || token.site !== site) return undefined;
    const { purposes = {}, services = {}, documents = {} } = token;
    const decisions = [...Object.values(purposes), ...Object.values(services)] as TokenDecision[];
    const sound = ([value, notice, until]: TokenDecision) =>
      VALUES.includes(value) && Number.isInteger(notice) && Number.isInteger(until);
    return decisions.every(sound) ? { ...token, purposes, services, documents } : undefined;
  } catch {
    return undefined;
  }
}

/** The notice since which a purpose, with all its services, has meant the same. */
function askedSince(notice: Notice, purpose: Purpose): number {
  const services = notice.services.filter((service) => service.purpose === purpose.key);
  return Math.max(purpose.asked_since, ...services.map((service) => service.asked_since));
}

const unexpired = (decision: TokenDecision, now: number) => decision[2] === 0 || decision[2] > now;

function standingOf(facts: Facts, key: string, purpose?: Purpose): Standing {
  const before = purpose?.before_choice === "allowed";
  if (purpose && !purpose.choice)
    return { value: "not_subject", allowed: before, pending: false, open: false };
  const since = purpose && facts.notice ? askedSince(facts.notice, purpose) : 0;
  const stored = facts.token?.purposes[key];
  const valid = stored && stored[1] >= since && unexpired(stored, facts.now);
  let value: StateValue = valid ? stored[0] : "undecided";
  let pending = false;
  for (const { answer, chosen } of facts.kept) {
    if (chosen[key] === undefined || answer.notice < since) continue;
    pending = chosen[key];
    if (!pending) value = "denied";
  }
  const open = value === "undecided" && !pending;
  if (facts.gpc && purpose?.sale_or_sharing && !(value === "granted" && stored?.[3]))
    return { value: "denied", allowed: false, pending: false, open };
  const allowed = value === "undecided" ? before : value !== "denied";
  return { value, allowed, pending, open };
}

function serviceExceptions(
  facts: Facts,
  purposes: Record<string, Standing>,
): Record<string, boolean> {
  const exceptions: Record<string, boolean> = {};
  for (const [key, decision] of Object.entries(facts.token?.services ?? {})) {
    const service = facts.notice?.services.find((candidate) => candidate.key === key);
    if (facts.notice && !service) continue;
    if (decision[1] < (service?.asked_since ?? 0) || !unexpired(decision, facts.now)) continue;
    // What was refused since, or is switched off by a signal, is not reopened by an older exception.
    const purpose = service && facts.notice?.purposes.find((one) => one.key === service.purpose);
    const closed =
      facts.kept.some(({ chosen }) => service && chosen[service.purpose] === false) ||
      (facts.gpc && purpose?.sale_or_sharing && !purposes[purpose.key]?.allowed);
    exceptions[key] = decision[0] !== "denied" && !closed;
  }
  return exceptions;
}

function agreements(facts: Facts): Record<string, number> {
  const agreed: Record<string, number> = {};
  const since = (kind: string) =>
    facts.notice?.documents.find((document) => document.kind === kind)?.asked_since ?? 0;
  const stored = Object.entries(facts.token?.documents ?? {});
  for (const [kind, [version, notice]] of stored) if (notice >= since(kind)) agreed[kind] = version;
  for (const kept of facts.kept)
    for (const [kind, version] of Object.entries(kept.agreed)) {
      if (version === 0) delete agreed[kind];
      else if (kept.answer.notice >= since(kind)) agreed[kind] = version;
    }
  return agreed;
}

export function resolve(facts: Facts): State {
  const purposes: Record<string, Standing> = {};
  if (facts.notice)
    for (const purpose of facts.notice.purposes)
      purposes[purpose.key] = standingOf(facts, purpose.key, purpose);
  else
    for (const key of Object.keys(facts.token?.purposes ?? {}))
      purposes[key] = standingOf(facts, key);
  return { purposes, services: serviceExceptions(facts, purposes), agreed: agreements(facts) };
}

export function allows(state: State, purpose: string, service?: string | null): boolean {
  const exception = service ? state.services[service] : undefined;
  return exception ?? state.purposes[purpose]?.allowed ?? false;
}

export function documentsToAsk(notice: Notice, state: State) {
  return notice.documents.filter(
    (document) => document.accept !== "inform" && state.agreed[document.kind] === undefined,
  );
}

export type Question = "choice" | "documents";

export function whatToAsk(notice: Notice, state: State): Question | undefined {
  const open = notice.purposes.some(
    (purpose) => purpose.choice && state.purposes[purpose.key]?.open,
  );
  if (notice.model === "opt-in" && open) return "choice";
  return documentsToAsk(notice, state).length ? "documents" : undefined;
}

/** Is there anything that a visitor could take back? */
export function canWithdraw(state: State): boolean {
  const standings = Object.values(state.purposes);
  const granted = standings.some((standing) => standing.value === "granted" || standing.pending);
  return granted || Object.keys(state.agreed).length > 0;
}

export function concernedByOptOut(notice: Notice): boolean {
  return notice.purposes.some((purpose) => purpose.sale_or_sharing);
}
