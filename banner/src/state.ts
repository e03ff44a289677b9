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

/** Why something is allowed or not, in the words of the service. */
export type Why =
  | "granted"
  | "denied"
  | "signal"
  | "opted_out"
  | "not_subject"
  | "not_asked"
  | "undecided"
  | "expired"
  | "changed";

/** Where one purpose stands. */
export interface Standing {
  allowed: boolean;
  why: Why;
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
  /** Of each document with a version that is new to the visitor: which two to compare. */
  changes: Record<string, string>;
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

const DAY = 86400;
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
    const { objected = 0 } = token;
    const read = { ...token, purposes, services, documents, objected };
    return decisions.every(sound) && Number.isInteger(objected) ? read : undefined;
  } catch {
    return undefined;
  }
}

/** The notice since which a purpose, with all its services, has meant the same. */
function askedSince(notice: Notice | undefined, purpose: Purpose | undefined): number {
  const services = notice?.services.filter((service) => service.purpose === purpose?.key) ?? [];
  return Math.max(purpose?.asked_since ?? 0, ...services.map((service) => service.asked_since));
}

const isOver = (decision: TokenDecision, now: number) => decision[2] !== 0 && decision[2] <= now;

/** What a decision says about what means the same since a notice, or why it says nothing. */
function validity(decision: TokenDecision | undefined, since: number, now: number): Why {
  if (!decision || decision[0] === "not_subject") return "undecided";
  if (decision[1] < since) return "changed";
  return isOver(decision, now) ? "expired" : decision[0];
}

const isOpen = (said: Why) => said !== "granted" && said !== "denied";
const runsUnasked = (purpose?: Purpose) => purpose?.before_choice === "allowed";
const isRefused = (facts: Facts, key: string) =>
  facts.kept.some(({ chosen }) => chosen[key] === false);

/** What the visitor has said about a purpose. An objection to what runs unasked holds for good. */
function wordOn(facts: Facts, key: string, purpose?: Purpose): { said: Why; pending: boolean } {
  const since = askedSince(facts.notice, purpose);
  const stored = facts.token?.purposes[key];
  const objection = stored?.[0] === "denied" && runsUnasked(purpose);
  let said = objection ? "denied" : validity(stored, since, facts.now);
  let pending = false;
  for (const { answer, chosen } of facts.kept) {
    const granted = chosen[key];
    if (granted === undefined) continue;
    if (answer.notice < since && (granted || !runsUnasked(purpose))) continue;
    const heeded = facts.gpc && purpose?.sale_or_sharing && !answer.signals?.override;
    pending = granted && !heeded;
    if (!granted) said = "denied";
  }
  return { said, pending };
}

/** An opt-out from one sale holds for sales that come later. */
function hasOptedOut(facts: Facts): boolean {
  return !!facts.notice?.purposes.some(
    (one) =>
      one.sale_or_sharing &&
      runsUnasked(one) &&
      (facts.token?.purposes[one.key]?.[0] === "denied" || isRefused(facts, one.key)),
  );
}

/** Whether the visitor objected too short ago to be asked again (Cal. Civ. Code 1798.135). */
function isQuiet({ notice, token, kept, now }: Facts): boolean {
  const days = notice?.lifetime?.quiet_days;
  // Without a rest this browser's clock, which may be slow, has no say.
  if (!days) return false;
  const refusals = kept.filter(({ chosen }) => Object.values(chosen).includes(false));
  const moments = refusals.map(({ at }) => Date.parse(at) / 1000);
  return now < Math.max(token?.objected ?? 0, ...moments) + days * DAY;
}

function standingOf(facts: Facts, key: string, purpose?: Purpose): Standing {
  const before = runsUnasked(purpose);
  if (purpose && !purpose.choice) {
    const why = before ? "not_subject" : "not_asked";
    return { allowed: before, why, pending: false, open: false, asked: false };
  }
  const { said, pending } = wordOn(facts, key, purpose);
  const open = isOpen(said) && !pending;
  const signal = facts.gpc && !!purpose?.sale_or_sharing;
  const optedOut = before && !!purpose?.sale_or_sharing && hasOptedOut(facts);
  const answered = (signal && facts.notice?.model === "opt-out") || optedOut;
  const rest = { pending, open, asked: open && !answered && !isQuiet(facts) };
  if (signal && !(said === "granted" && facts.token?.purposes[key]?.[3]))
    return { allowed: false, why: "signal", ...rest };
  if (!isOpen(said)) return { allowed: said === "granted", why: said, ...rest };
  if (optedOut) return { allowed: false, why: "opted_out", ...rest };
  return { allowed: before, why: said, ...rest };
}

function serviceExceptions(facts: Facts): Record<string, boolean> {
  const { notice, token, gpc, now } = facts;
  const exceptions: Record<string, boolean> = {};
  for (const [key, own] of Object.entries(token?.services ?? {})) {
    const service = notice?.services.find((candidate) => candidate.key === key);
    const purpose = notice?.purposes.find((candidate) => candidate.key === service?.purpose);
    if (notice && !purpose?.choice) continue;
    const denied = own[0] === "denied";
    // Saying yes to a purpose that changed says nothing about a service that was refused.
    const since = Math.max(service?.asked_since ?? 0, denied ? 0 : (purpose?.asked_since ?? 0));
    const said = denied && runsUnasked(purpose) ? "denied" : validity(own, since, now);
    if (isOpen(said)) continue;
    // What was refused since, or is switched off by a signal, is not reopened by an older exception.
    const closed =
      (purpose && isRefused(facts, purpose.key)) || (gpc && purpose?.sale_or_sharing && !own[3]);
    exceptions[key] = said === "granted" && !closed;
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

/** Documents of which the visitor knows an earlier version: agreed to, or in force at the last answer. */
function documentChanges({ notice, token }: Facts): Record<string, string> {
  const changes: Record<string, string> = {};
  if (!notice || !token) return changes;
  const numbers = [...Object.values(token.purposes), ...Object.values(token.documents)];
  const latest = Math.max(0, ...numbers.map(([, number]) => number));
  for (const { kind, number, asked_since } of notice.documents) {
    const known = token.documents[kind]?.[0];
    if (known !== undefined && known < number) changes[kind] = `from=${known}&to=${number}`;
    else if (known === undefined && latest && latest < asked_since && number > 1)
      changes[kind] = `to=${number}`;
  }
  return changes;
}

export function resolve(facts: Facts): State {
  const { notice, token, now } = facts;
  const purposes: Record<string, Standing> = {};
  if (notice)
    for (const one of notice.purposes) purposes[one.key] = standingOf(facts, one.key, one);
  else for (const key in token?.purposes) purposes[key] = standingOf(facts, key);
  const services = serviceExceptions(facts);
  const agreed = agreements(facts);
  const isHeld = ([key, decision]: [string, TokenDecision]) =>
    decision[0] === "granted" && !isOver(decision, now) && !isRefused(facts, key);
  const withdrawable =
    Object.entries(token?.purposes ?? {}).some(isHeld) ||
    Object.values(purposes).some((standing) => standing.pending) ||
    Object.values(services).includes(true) ||
    Object.keys(agreed).length > 0;
  return { purposes, services, agreed, changes: documentChanges(facts), withdrawable };
}

export function stateOf({ why }: Standing): StateValue {
  if (why === "granted" || why === "not_subject") return why;
  return ["undecided", "expired", "changed"].includes(why) ? "undecided" : "denied";
}

export function allows(state: State, purpose: string, service?: string | null): boolean {
  const exception = service ? state.services[service] : undefined;
  return exception ?? state.purposes[purpose]?.allowed ?? false;
}

export function documentsToAsk(notice: Notice, state: State): LegalDocument[] {
  return notice.documents.filter(
    (document) => document.accept !== "inform" && state.agreed[document.kind] === undefined,
  );
}

export const choicesOf = (notice: Notice): Purpose[] => notice.purposes.filter((one) => one.choice);

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

/** The purposes that a signal switches off although the record lets them run; undefined: it changes nothing. */
export function switchedOff(facts: Facts): string[] | undefined {
  const [heeded, without] = [true, false].map((gpc) => resolve({ ...facts, gpc }));
  if (!facts.gpc || !heeded || !without) return undefined;
  const purposes = Object.keys(without.purposes).filter(
    (key) => allows(without, key) && !allows(heeded, key),
  );
  const services = Object.keys(without.services).filter(
    (key) => without.services[key] && !heeded.services[key],
  );
  return purposes.length || services.length ? purposes : undefined;
}

export function concernedByOptOut(notice: Notice): boolean {
  return notice.purposes.some((purpose) => purpose.sale_or_sharing);
}
