/** One visit of one page: what is known, and what follows from it. */
import { asRefusal, keep } from "./answers";
import { openClient } from "./client";
import { openJar } from "./cookies";
import type { Core } from "./core";
import type { Embed } from "./embed";
import { watchForms } from "./forms";
import { openGate } from "./gate";
import { openQueue } from "./queue";
import * as rules from "./state";
import { sweep } from "./sweep";
import { openTabs } from "./tabs";
import type { Token } from "./types";
import { h } from "./view/dom";
import { firstLayer, type Shown } from "./view/layer";
import { openStage } from "./view/stage";
import { idle, soon } from "./watch";

const DAY = 86400;
/** Longer than this no part is waited for. */
const PATIENCE = 8000;
const gpc = navigator.globalPrivacyControl === true;

export function openVisit(embed: Embed, announce: (event: string) => void): Core {
  const jar = openJar(embed);
  const client = openClient(embed, jar);
  const queue = openQueue(`consent_queue_${embed.key}`);
  const tabs = openTabs(`consent_${embed.key}`, () => refresh());
  const allows = (purpose = "", service?: string) => rules.allows(core.state, purpose, service);
  const gate = openGate(
    allows,
    () => core.stage?.mend(),
    () => {
      if (hasFrames) return;
      hasFrames = true;
      void load<typeof import("./lazy/frames")>("f").then((part) => part.watch(core), warn);
    },
    embed.nonce,
  );
  /** Answers given on this page that have not been tried yet. */
  const fresh = new Set<string>();
  let latest: string | undefined;
  /** What was read last. */
  let facts: rules.Facts;
  let sending = Promise.resolve();
  let layers: typeof import("./lazy/layers") | undefined;
  /** Something stands in for iframes that wait. */
  let hasFrames = false;
  let isCounted = false;
  /** The visitor has put the documents off, on this page. */
  let isPostponed = false;
  /** There is a layer that stays until it is closed, because it asks nothing. */
  let isHeld = false;
  let known = "";

  const load = <Part>(name: string): Promise<Part> =>
    soon(import(`${embed.base}/static/b/${KIT}/${name}.js`), PATIENCE);
  const records = () => load<typeof import("./lazy/records")>("r");
  const warn = (problem: unknown) => console.warn("consent: a part failed", problem);

  function newestToken(): Token | undefined {
    const tokens = [...jar.tokens(), latest].flatMap(
      (raw) => rules.parseToken(raw, embed.key) ?? [],
    );
    // The newest: a browser that refuses cookies still has the one of this page.
    return tokens.sort((one, other) => other.iat - one.iat)[0];
  }

  const values = () =>
    Object.fromEntries(Object.entries(core.state.purposes).map(([key, one]) => [key, one.value]));

  /** Makes the page follow what is stored and kept now. */
  function refresh(): void {
    facts = core.facts();
    core.state = rules.resolve(facts);
    HOOKS.signal?.(core, SIGNALS);
    const runsOn = gate.update();
    if (facts.token || facts.kept[0]) clean();
    if (runsOn)
      void load<typeof import("./lazy/layers")>("l")
        .then((part) => part.askToReload(core))
        .catch(warn);
    show();
    const before = known;
    known = JSON.stringify([values(), core.state.services]);
    if (before && before !== known) announce("change");
  }

  /** Deletes what services that are not allowed have left here. */
  function clean(): void {
    sweep(core.notice?.services.filter(({ purpose, key }) => !allows(purpose, key)) ?? []);
  }

  function offerReopen(): void {
    const { notice, stage, state } = core as Shown;
    const { reopen, opt_out_honoured } = notice.texts;
    const isOwn = document.querySelector("[data-consent-open]");
    const told = core.isOptedOut() && h("small", {}, opt_out_honoured);
    const kind = `cm-reopen cm-${notice.model}`;
    if (isOwn || !(rules.choicesOf(notice)[0] || state.withdrawable)) stage?.rest();
    else
      core
        .getStage()
        .rest(h("button", { type: "button", class: kind, click: core.open }, reopen, told));
  }

  function ask(layer: HTMLElement): void {
    const { number, variant } = (core as Shown).notice;
    core.getStage().ask(layer);
    if (isCounted) return;
    isCounted = true;
    const body = { notice: number, variant };
    // Not while the page is still being drawn.
    setTimeout(
      () => client.post("/impressions", body, { credentials: "omit" }).catch(() => {}),
      300,
    );
  }

  /** Asks what is open, and nothing else. */
  function show(): void {
    const { notice, state } = core;
    if (!notice?.texts.reopen || isHeld) return;
    const question = rules.whatToAsk(notice, state);
    const comesBack =
      question === "choice"
        ? facts.token || rules.asksForPart(notice, state)
        : notice.model !== "notice" || state.withdrawable;
    if (!question || (isPostponed && question === "documents")) offerReopen();
    else if (!comesBack) ask(core.firstLayer());
    else if (layers) ask(layers.layer(core as Shown, question));
    else
      void Promise.all([load<typeof layers>("l"), core.whole()]).then(([part]) => {
        layers = part;
        show();
      }, warn);
  }

  /** Sends what is kept, and keeps it where the service cannot be had; all but the plain case is looked after by a part of its own. */
  async function flush(): Promise<void> {
    const [kept] = queue.all();
    if (!kept || !core.notice) return;
    const { key } = kept.answer;
    if (fresh.delete(key)) {
      const { status, data } = await client
        .post("/consents", { ...kept.answer, credential: jar.credential() })
        .catch(() => ({ status: 503, data: {} }));
      if (status < 300) {
        core.learn(data);
        queue.save(queue.all().filter(({ answer }) => answer.key !== key));
        core.update();
        await flush();
      } else if (status < 429) await (await records()).recover(core);
    } else await (await records()).recover(core);
  }

  /** From the page that the service has for the visitor's choices, which may have changed there. */
  const isBack = () => location.hash === "#consent-refresh";

  /** Looks after what the service has to hear, or knows better. */
  async function catchUp(): Promise<void> {
    jar.store(jar.tokens()[0], jar.credential());
    const { token, kept, now } = core.facts();
    const isNews = kept[0] || (token && (gpc || now - token.iat > DAY));
    if (isNews || isBack())
      await records()
        .then((part) => part.catchUp(core))
        .catch(warn);
  }

  const core: Core = {
    embed,
    jar,
    queue,
    client,
    gate,
    notice: embed.inlined,
    state: rules.resolve({ kept: [], gpc, now: 0 }),
    load,
    values,
    allows,
    resolve: rules.resolve,
    firstLayer: () => firstLayer(core as Shown),

    getStage: () => (core.stage ??= openStage((core as Shown).notice)),

    facts: () => ({
      notice: core.notice,
      token: newestToken(),
      kept: queue.all(),
      gpc,
      now: Date.now() / 1000,
    }),

    isOptedOut: () => gpc && !!core.notice?.purposes.some((one) => one.sale_or_sharing),

    async whole() {
      if (core.notice?.brief) {
        const path = `/notice/${core.notice.variant}.json`;
        const { data } = await client.call(path, { credentials: "omit" });
        core.notice = { ...core.notice, ...data, brief: false };
      }
    },

    update() {
      refresh();
      tabs.tell();
    },

    learn(reply) {
      latest = reply.state_token ?? latest;
      core.reference = reply.reference ?? reply.consent?.reference ?? core.reference;
      core.receipt = reply.receipt ?? core.receipt;
      jar.store(reply.state_token, reply.credential);
    },

    forget() {
      jar.put("", "");
      core.reference = core.receipt = latest = undefined;
      core.update();
      clean();
    },

    async act(act) {
      const { notice, state } = core;
      if (notice) await core.take(keep(asRefusal(act, notice, state), notice, state, gpc));
    },

    async agree(layer, kinds) {
      const { notice, state } = core;
      if (!notice) return;
      const asked = kinds
        ? notice.documents.filter(({ kind }) => kinds.includes(kind))
        : rules.documentsToAsk(notice, state);
      const acts = (["agree", "acknowledge"] as const).flatMap((action) => {
        const documents = asked.filter(({ accept }) => (kinds ? "agree" : accept) === action);
        return documents[0] ? keep({ action, layer, documents }, notice, state, gpc) : [];
      });
      await core.take(...acts);
    },

    take(...list) {
      for (const { answer } of list) fresh.add(answer.key);
      queue.save([...queue.all(), ...list]);
      isHeld = false;
      core.update();
      if (core.notice) core.getStage().say(core.notice.texts.saved);
      return core.send();
    },

    send() {
      sending = sending.then(flush).catch(warn);
      return sending;
    },

    async open() {
      if (!core.notice?.texts.reopen) return;
      announce("open");
      try {
        const [part] = await Promise.all([load<typeof import("./lazy/centre")>("c"), core.whole()]);
        part.open(core);
      } catch (problem) {
        warn(problem);
        core.hold(firstLayer(core as Shown, true));
      }
    },

    hold(layer) {
      isHeld = true;
      core.getStage().ask(layer);
    },

    close() {
      if (isHeld) isHeld = false;
      else isPostponed = true;
      show();
    },

    async start() {
      watchForms(async (form) => (await records()).agreeBy(core, form));
      await HOOKS.fetchInto?.(core);
      const { notice } = core;
      if (notice) jar.setMode(notice.embed);
      if (isBack()) await catchUp();
      refresh();
      addEventListener("online", core.send);
      addEventListener("hashchange", catchUp);
      addEventListener("pageshow", (event) => event.persisted && refresh());
      idle(catchUp);
    },
  };
  return core;
}
