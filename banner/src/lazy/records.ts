/** Looks after what the service has on record: what it has to hear, and what it knows better. */

import type { Response } from "../client";
import type { Core } from "../core";
import { fetchNotice } from "../fetched";
import { allows } from "../state";
import type { Answer, Kept, Notice, Reply } from "../types";

const SECOND_ASK = 86400;

function without<T>(from: Record<string, T>, names: string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));
}

/** Takes out of an answer the grants on which a later one speaks; refusals stay, they are facts. */
function reduce(kept: Kept, later: Kept): Kept[] {
  const grants = Object.keys(kept.chosen).filter((key) => kept.chosen[key] && key in later.chosen);
  const agreements = Object.keys(kept.agreed).filter(
    (kind) => kept.agreed[kind] && kind in later.agreed,
  );
  const services = Object.keys(kept.services ?? {}).filter(
    (key) => kept.services?.[key] && key in (later.services ?? {}),
  );
  if (!grants.length && !agreements.length && !services.length) return [kept];
  const chosen = without(kept.chosen, grants);
  const agreed = without(kept.agreed, agreements);
  const rest = kept.services && without(kept.services, services);
  if (![chosen, agreed, rest ?? {}].some((one) => Object.keys(one).length)) return [];
  // What is left of an answer is another answer, so it gets a key of its own.
  const answer: Answer = { ...kept.answer, key: crypto.randomUUID() };
  if (grants.length) Object.assign(answer, { action: "choose", decisions: chosen });
  if (agreements.length) answer.documents = agreed;
  if (services.length && rest) answer.services = rest;
  return [{ ...kept, answer, chosen, agreed, services: rest }];
}

/** Kept answers without the grants that a later one has overtaken. */
export function supersede(list: Kept[]): Kept[] {
  return list.reduce<Kept[]>(
    (earlier, later) => [...earlier.flatMap((kept) => reduce(kept, later)), later],
    [],
  );
}

async function post({ client, jar }: Core, { answer, at }: Kept, late: boolean): Promise<Response> {
  const times = late ? { occurred_at: at, sent_at: new Date().toISOString() } : {};
  const attempt = () =>
    client.post("/consents", { ...answer, ...times, credential: jar.credential() });
  const response = await attempt();
  if (response.status !== 401 || response.data.code !== "credential_refused") return response;
  jar.put(undefined, "");
  return attempt();
}

const isSuperseded = ({ data }: Response) => data.code === "notice_superseded";

/** Sends one answer; false: the service cannot be had, so it is kept. */
async function send(core: Core, kept: Kept): Promise<boolean> {
  let response = await post(core, kept, true);
  // The first attempt, without times, may have arrived although its reply was lost.
  if (response.status === 409 && !isSuperseded(response)) response = await post(core, kept, false);
  const { status, data } = response;
  if (status >= 500 || status === 429) return false;
  if (status < 300) core.learn(data);
  else if (!isSuperseded(response)) drop(core, kept, data.detail ?? data.title ?? status);
  core.queue.save(core.queue.all().filter(({ answer }) => answer.key !== kept.answer.key));
  if (isSuperseded(response)) core.notice = await current(core);
  core.update();
  return true;
}

async function current(core: Core): Promise<Notice | undefined> {
  return fetchNotice(core).catch(() => core.notice);
}

/** An answer that is never recorded must not bring back what it switched off: ask again instead. */
function drop(core: Core, kept: Kept, detail: string): void {
  console.error(`consent: not recorded: ${detail}`);
  const refuses = [kept.chosen, kept.services ?? {}].some((one) =>
    Object.values(one).includes(false),
  );
  if (refuses) core.jar.put("");
}

/** Sends everything that is kept, in order. */
export async function recover(core: Core): Promise<void> {
  core.queue.save(supersede(core.queue.all()));
  for (let [kept] = core.queue.all(); kept; [kept] = core.queue.all())
    if (!(await send(core, kept).catch(() => false))) return;
}

/** How the visitor stands as the service knows it; undefined where it knows none (any more). */
async function me({ client, jar }: Core): Promise<Reply | undefined> {
  const credential = jar.credential();
  const headers = credential ? { Authorization: `Consent ${credential}` } : undefined;
  const { status, data } = await client.call("/consents/me", headers && { headers });
  if (status === 200) return data;
  if (status === 401 || status === 404) return undefined;
  throw new Error(`the service answered ${status}`);
}

/** Takes over what the service knows; a change made elsewhere takes effect here. */
export async function ask(core: Core): Promise<void> {
  const reply = await me(core);
  if (!reply) return core.forget();
  core.learn(reply);
  core.update();
}

/** Where the signal changes what is on record, that goes on record too. */
function signalled(core: Core): Kept | undefined {
  const facts = core.facts();
  const { notice } = core;
  const unheeded = core.resolve({ ...facts, gpc: false });
  const off = Object.keys(unheeded.purposes).filter(
    (key) => allows(unheeded, key) && !core.allows(key),
  );
  const services = Object.keys(unheeded.services).filter(
    (key) => unheeded.services[key] && !core.state.services[key],
  );
  if (!facts.gpc || !facts.token || !notice || !(off.length || services.length)) return undefined;
  const { number, variant } = notice;
  const answer: Answer = {
    ...{ action: "signal", notice: number, variant },
    ...{ key: crypto.randomUUID(), signals: { gpc: true } },
  } as const;
  const chosen = Object.fromEntries(off.map((key) => [key, false]));
  return { answer, at: new Date().toISOString(), chosen, agreed: {} };
}

/** At most once a day; where the service cannot be had, not at every page either. */
function isDue({ embed, facts }: Core): boolean {
  const { token, now } = facts();
  const name = `consent_asked_${embed.key}`;
  try {
    if (!token || now - Math.max(token.iat, Number(localStorage[name] ?? 0)) < SECOND_ASK)
      return false;
    localStorage[name] = Math.floor(now);
  } catch {
    // Without storage the token's own age has to do.
  }
  return !!token;
}

let signalSent = false;

export async function catchUp(core: Core): Promise<void> {
  await core.send();
  const returned = location.hash === "#consent-refresh";
  if (returned) history.replaceState(history.state, "", location.pathname + location.search);
  if (returned || isDue(core)) await ask(core);
  const kept = signalSent ? undefined : signalled(core);
  if (kept) {
    signalSent = true;
    await core.take(kept);
  }
}

function fill(form: HTMLFormElement, fields: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(fields)) {
    form.querySelector(`input[type=hidden][name=${name}]`)?.remove();
    if (!value) continue;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
}

/** Agrees to what a form of the page names, and tells the form. */
export async function agreeBy(core: Core, form: HTMLFormElement): Promise<void> {
  const kinds = form.dataset.consentAgree?.split(/\s+/).filter(Boolean) ?? [];
  const documents = core.notice?.documents.filter(({ kind }) => kinds.includes(kind)) ?? [];
  if (documents.length < kinds.length)
    console.warn(`consent: no version is known of each of: ${kinds.join(", ")}`);
  const agreed = documents.map(({ kind, number }) => `${kind}@${number}`).join(" ");
  fill(form, { consent_agreed: agreed, consent_reference: core.reference });
  if (!agreed) return;
  await core.agree(undefined, kinds);
  fill(form, { consent_reference: core.reference });
}

/** Links this visitor to the user whom the site's backend asserts. */
export async function identify({ client, jar }: Core, assertion: string): Promise<void> {
  const body = { assertion, credential: jar.credential() };
  const { status, data } = await client.post("/consents/me/subject", body);
  if (status >= 300) throw new Error(`consent: not linked: ${data.detail ?? status}`);
}
