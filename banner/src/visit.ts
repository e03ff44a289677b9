/** One visit of one page: what is known, and what follows from it. */
import { type Act, asRefusal, keep, keepSignal, keepWithdrawal } from "./answers";
import { type Client, openClient } from "./client";
import { type Jar, openJar } from "./cookies";
import type { Embed } from "./embed";
import { type Fields, watchForms } from "./forms";
import { openGate } from "./gate";
import { openQueue } from "./queue";
import * as rules from "./state";
import { sweep } from "./sweep";
import { openTabs } from "./tabs";
import type { Kept, Notice, Reply, StateValue, Token } from "./types";
import type { Scene } from "./view/scene";
import { openStage, type Stage } from "./view/stage";

export interface Visit {
  start(): Promise<void>;
  open(): Promise<void>;
  withdraw(purposes?: string[]): void;
  allows(purpose: string): boolean;
  values(): Record<string, StateValue>;
  reference(): string | undefined;
}

const RETURNED = "#consent-refresh";
const gpc = navigator.globalPrivacyControl === true;

export function openVisit(embed: Embed, secure: boolean, changed: () => void): Visit {
  const jar: Jar = openJar(embed.key, secure);
  const client: Client = openClient(embed, jar);
  const queue = openQueue(`consent_queue_${embed.key}`);
  const gate = openGate((purpose, service) => rules.allows(state, purpose, service));
  const tabs = openTabs(`consent_${embed.key}`, () => started && refresh());
  /** Answers given on this page that have not been tried yet. */
  const fresh = new Set<string>();
  /** Before the notice has been looked for, a token cannot be judged. */
  let started = false;
  let notice: Notice | undefined;
  let state = rules.resolve({ kept: [], gpc, now: 0 });
  let stage: Stage | undefined;
  let latest: string | undefined;
  let reference: string | undefined;
  let sending: Promise<void> | undefined;
  /** Once per page: the showing is counted, the signal is told. */
  let counted = false;
  let signalled = false;
  /** The visitor has put the documents off, on this page. */
  let postponed = false;
  let settle = (): void => {};
  /** The notice has come, or will not. */
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });

  function newestToken(): Token | undefined {
    const tokens = [...jar.tokens(), latest].flatMap(
      (raw) => rules.parseToken(raw, embed.key) ?? [],
    );
    // The newest: a browser that refuses cookies still has the one of this page.
    return tokens.sort((one, other) => other.iat - one.iat)[0];
  }

  function facts(): rules.Facts {
    const now = Date.now() / 1000;
    return { notice, token: newestToken(), kept: queue.all(), gpc, now };
  }

  const values = (): Record<string, StateValue> =>
    Object.fromEntries(
      Object.entries(state.purposes).map(([key, standing]) => [key, rules.stateOf(standing)]),
    );

  const denied = () =>
    Object.keys(state.purposes).filter((key) => {
      const standing = state.purposes[key];
      return standing && !standing.open && rules.stateOf(standing) === "denied";
    });

  const scene = (from: Notice): Scene => ({
    base: embed.base,
    notice: from,
    state,
    optedOut: gpc && rules.concernedByOptOut(from),
    known: Boolean(jar.credential() ?? (jar.mode !== "external" && jar.tokens()[0])),
    reference,
  });

  /** Makes the page follow what is stored and kept now. */
  function refresh(): void {
    const before = JSON.stringify([values(), state.services]);
    const allowedBefore = Object.keys(state.purposes).filter((key) => rules.allows(state, key));
    state = rules.resolve(facts());
    const ended = allowedBefore.filter((key) => !rules.allows(state, key));
    if (notice) sweep(notice, [...denied(), ...ended]);
    gate.update();
    // What was answered elsewhere is asked here no more.
    if (stage?.asks()) show();
    else offerReopen();
    if (before !== JSON.stringify([values(), state.services])) changed();
  }

  function offerReopen(): void {
    if (!notice) return;
    const choices = rules.choicesOf(notice).length > 0;
    const agreements = notice.documents.some((document) => document.accept !== "inform");
    if (choices || agreements || state.withdrawable) stage?.showReopen(scene(notice));
  }

  function show(): void {
    if (!notice) return;
    stage ??= openStage(scene(notice), {
      act,
      agree,
      open: () => void open(),
      later() {
        postponed = true;
        show();
      },
      history: () => void goToHistory(),
    });
    const question = rules.whatToAsk(notice, state);
    if (!question || (postponed && question === "documents")) {
      stage.hideLayer();
      offerReopen();
    } else {
      stage.ask(scene(notice), question);
      if (!counted) client.shown(notice);
      counted = true;
    }
  }

  function useNotice(loaded: Notice): void {
    notice = loaded;
    jar.setMode(notice.embed.mode, notice.embed.cookie_domain);
    jar.renew();
  }

  function learn(reply: Reply): void {
    latest = reply.state_token ?? latest;
    reference = reply.reference ?? reply.consent?.reference ?? reference;
    jar.store(reply.state_token, reply.credential);
  }

  function act(act: Act): void {
    if (!notice) return;
    const meant = act.action === "withdraw" ? asRefusal(act, notice, state) : act;
    take(keep(meant, notice, state, gpc, new Date()));
    if (act.action !== "withdraw") show();
  }

  function agree(layer: 1 | 2): void {
    if (!notice) return;
    const from = notice;
    const acts = (["agree", "acknowledge"] as const).map((action) =>
      keep({ action, layer }, from, state, gpc, new Date()),
    );
    take(...acts.filter(({ agreed }) => Object.keys(agreed).length));
    show();
  }

  /** Takes effect here at once, then goes to the service. */
  function take(...list: Kept[]): void {
    stage?.closeCentre();
    stage?.hideLayer();
    const sent = store(...list);
    offerReopen();
    if (notice) stage?.say(notice.texts.saved);
    void sent;
  }

  function store(...list: Kept[]): Promise<void> {
    for (const kept of list) {
      queue.add(kept);
      fresh.add(kept.answer.key);
    }
    refresh();
    tabs.tell();
    return flush();
  }

  /** Where the signal changes what is on record, that goes on record too. */
  function tellSignal(): void {
    if (!notice || signalled || !(newestToken() ?? jar.credential())) return;
    const off = rules.switchedOff(facts());
    if (!off) return;
    signalled = true;
    void store(keepSignal(off, notice, new Date()));
  }

  /** Agrees to the current versions for a form of the page, which goes on when patience ends. */
  async function agreeTo(kinds: string[], patience: AbortSignal): Promise<Fields> {
    const late = new Promise((go) => patience.addEventListener("abort", go));
    await Promise.race([settled, late]);
    const documents = notice?.documents.filter((one) => kinds.includes(one.kind)) ?? [];
    if (documents.length < kinds.length)
      console.warn(`consent: no version is known of each of: ${kinds.join(", ")}`);
    if (!notice || !documents.length) return {};
    const sent = store(keep({ action: "agree", documents }, notice, state, gpc, new Date()));
    await Promise.race([sent, late]);
    const agreed = documents.map((one) => `${one.kind}@${one.number}`).join(" ");
    return { consent_agreed: agreed, consent_reference: reference };
  }

  function flush(): Promise<void> {
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  }

  async function sendAll(): Promise<void> {
    for (let kept = queue.all()[0]; kept && notice; kept = queue.all()[0])
      if (!(await sendOne(kept))) return;
  }

  async function sendOne(kept: Kept): Promise<boolean> {
    const { key } = kept.answer;
    const late = !fresh.delete(key);
    const outcome = await client.record(kept, late);
    if (outcome.kind === "later") {
      fresh.clear();
      if (notice && !late) stage?.say(notice.texts.pending);
      return false;
    }
    if (outcome.kind === "stored") learn(outcome.reply);
    if (outcome.kind === "refused") drop(kept, outcome.detail);
    queue.remove(key);
    refresh();
    tabs.tell();
    if (outcome.kind === "superseded") await askAnew();
    return true;
  }

  /** An answer that is never recorded must not bring back what it switched off: ask again instead. */
  function drop(kept: Kept, detail: string): void {
    console.error(`consent: not recorded: ${detail}`);
    if (!Object.values(kept.chosen).includes(false)) return;
    jar.clearToken();
    latest = undefined;
  }

  async function askAnew(): Promise<void> {
    await load(client.notice());
    refresh();
    show();
  }

  async function load(
    source: Notice | Promise<Notice> = embed.inlined ?? client.notice(),
  ): Promise<void> {
    try {
      useNotice(await source);
    } catch (problem) {
      console.warn("consent: the notice could not be loaded, nothing new is allowed.", problem);
    }
  }

  /** Where the service sets the cookies, it took them back before this page hears of it. */
  function forget(): void {
    jar.clear();
    latest = reference = undefined;
    if (notice)
      sweep(
        notice,
        rules.choicesOf(notice).map((one) => one.key),
      );
  }

  /** Asks the service how the visitor stands; a change made elsewhere takes effect here. */
  async function ask(): Promise<void> {
    const reply = await client.me();
    if (reply) learn(reply);
    else forget();
  }

  async function comeBack(): Promise<void> {
    if (location.hash !== RETURNED) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    await ask().catch((problem) =>
      console.warn("consent: the state could not be renewed.", problem),
    );
    tabs.tell();
  }

  async function open(): Promise<void> {
    if (!notice) await load();
    if (!notice) return;
    refresh();
    if (!stage) show();
    stage?.openCentre(scene(notice));
    await flush();
    if (!reference && scene(notice).known) await ask().then(refresh, () => undefined);
    stage?.updateIdentity(scene(notice));
  }

  async function goToHistory(): Promise<void> {
    const address = await client.link(location.href.split("#")[0] ?? "").catch(() => undefined);
    if (!address) return console.warn("consent: the history could not be opened.");
    const page = new URL(address);
    if (notice) page.searchParams.set("lang", notice.locale);
    location.assign(page);
  }

  function withdraw(purposes?: string[]): void {
    const token = newestToken();
    if (!notice) {
      if (token) take(keepWithdrawal(token, purposes, new Date()));
    } else if (!purposes) act({ action: "withdraw" });
    else {
      const named = rules.choicesOf(notice).filter((one) => purposes.includes(one.key));
      const decisions = Object.fromEntries(named.map((one) => [one.key, false]));
      if (named.length) act({ action: "withdraw", decisions });
    }
  }

  async function start(): Promise<void> {
    await load();
    state = rules.resolve(facts());
    await comeBack();
    started = true;
    settle();
    refresh();
    tellSignal();
    show();
    addEventListener("hashchange", () => void comeBack().then(refresh));
    addEventListener("online", () => void flush());
    addEventListener("pageshow", (event) => {
      if (event.persisted) refresh();
    });
    void flush();
  }

  watchForms(agreeTo);

  return {
    start,
    open,
    withdraw,
    allows: (purpose) => rules.allows(state, purpose),
    values,
    reference: () => reference,
  };
}
