/** The preferences: everything about the site's purposes, and every choice. */
import { decideAll } from "../answers";
import type { Core } from "../core";
import { linkedBody } from "../linked";
import { choicesOf, documentsToAsk } from "../state";
import type { LegalDocument, Purpose } from "../types";
import { addStyle, button, type Child, h, link } from "../view/dom";
import type { Shown } from "../view/layer";
import { documentLink } from "../view/parts";
import css from "./centre.css?inline";
import { changeLinks } from "./changes";
import { askTwice, doubt } from "./confirm";
import { agreeLabel } from "./layers";
import { type Choices, purposeList } from "./purposes";
import { identity, isKnown } from "./receipt";

/** Puts the preferences away, then does what the visitor wants. */
type Do = (deed: () => unknown) => void;

const REOPEN = ".cm-reopen";

const styled = new WeakSet<ShadowRoot>();
/** What awaits the visitor's return to this window. */
let comeBack: (() => void) | undefined;

function documents(core: Shown, act: Do): Child {
  const { notice, state, embed } = core;
  const { texts } = notice;
  const item = (one: LegalDocument) => {
    const version = state.agreed[one.kind];
    const mark = version !== undefined && h("span", { class: "badge" }, `✓ ${version}`);
    return h("li", {}, documentLink(one, embed.base), " ", mark, ...changeLinks(core, [one]));
  };
  // Never in one act with choices.
  const asks = choicesOf(notice)[0] && documentsToAsk(notice, state)[0];
  return (
    !!notice.documents[0] &&
    h(
      "section",
      {},
      h("h3", {}, texts.documents),
      h("ul", { class: "documents" }, ...notice.documents.map(item)),
      asks && button(agreeLabel(core), "", () => act(() => core.agree(2))),
    )
  );
}

function controller({ notice }: Shown): HTMLElement {
  const { name, address, email, phone } = notice.controller;
  const reach = [
    email && h("bdi", {}, link(`mailto:${email}`, email)),
    phone && h("bdi", {}, link(`tel:${phone.replace(/[^+\d]/g, "")}`, phone)),
  ];
  return h(
    "section",
    {},
    h("h3", {}, notice.texts.controller),
    h("p", {}, [name, address].filter(Boolean).join(", ")),
    !!(email || phone) && h("p", { class: "reach" }, ...reach),
  );
}

function withdrawal(core: Shown, act: Do): Child {
  const { notice, state } = core;
  const withdraw = () => act(() => core.act({ action: "withdraw", layer: 2 }));
  return (
    (!!notice.withdrawal || state.withdrawable) &&
    h(
      "section",
      { class: "withdraw" },
      notice.withdrawal && h("p", {}, notice.withdrawal),
      state.withdrawable && button(notice.texts.withdraw, "", withdraw),
    )
  );
}

/**
 * Accepting everything leaves as it is what a signal stands against and what was allowed against it,
 * and asks once more for what the visitor has opted out of.
 */
function acceptAll(core: Shown, beside: Element, act: Do): void {
  const { notice, state } = core;
  const choices = choicesOf(notice);
  const question = (one: Purpose) => doubt(core, one, state.purposes[one.key]?.value === "denied");
  const doubtful = choices.filter(question);
  const off = doubtful.filter(({ key }) => !state.purposes[key]?.allowed);
  const accept = () => act(() => core.act({ action: "accept", layer: 2 }));
  const acceptRest = () => {
    const decisions = { ...decideAll(choices, true, false), ...decideAll(off, false, false) };
    act(() => core.act({ action: "choose", decisions, layer: 2 }));
  };
  const [asked] = off;
  if (core.isOptedOut() && off.length < doubtful.length) acceptRest();
  else if (core.isOptedOut() || !asked) accept();
  else
    askTwice(notice.texts, question(asked) ?? "", beside, (allowed) =>
      allowed ? accept() : acceptRest(),
    );
}

function footer(core: Shown, read: () => Choices, act: Do): HTMLElement {
  const { notice, state } = core;
  const { texts } = notice;
  const foot = h("div", { class: "foot buttons" });
  const save = () => {
    const { decisions, services } = read();
    const own = Object.keys(services)[0] ? { services } : {};
    act(() => core.act({ action: "choose", decisions, ...own, layer: 2 }));
  };
  if (choicesOf(notice)[0])
    foot.append(
      button(texts.accept, "", () => acceptAll(core, foot, act)),
      button(texts.reject, "", () => act(() => core.act({ action: "reject", layer: 2 }))),
      button(texts.save, "main", save),
    );
  else if (documentsToAsk(notice, state)[0])
    foot.append(button(agreeLabel(core), "main", () => act(() => core.agree(2))));
  return foot;
}

/** What lies between heading and footer. */
function content(core: Shown, list: HTMLElement, act: Do): Child[] {
  const { notice, state, embed } = core;
  const { texts } = notice;
  const pending = Object.values(state.purposes).some((standing) => standing.pending);
  const intro =
    notice.model === "notice" ? (linkedBody(notice, embed.base) ?? []) : [texts.preferences_intro];
  return [
    h("p", {}, ...intro),
    pending && h("p", { class: "badge" }, texts.pending),
    core.isOptedOut() && h("p", { class: "badge" }, texts.opt_out_honoured),
    withdrawal(core, act),
    list,
    documents(core, act),
    controller(core),
    identity(core),
  ];
}

/** After a choice: the control that opened this is back in another form, or the page has the focus. */
function giveFocusBack({ stage }: Core, opener: Element | null): void {
  if (document.activeElement !== document.body || !stage) return;
  const again = opener?.matches(REOPEN) && stage.shadow.host.querySelector<HTMLElement>(REOPEN);
  if (again) again.focus({ preventScroll: true });
  else stage.focusPage();
}

/** Asks the service how the visitor stands, now where that is not known, and when they come back. */
function keepPace(core: Shown, learnt: () => void): void {
  const ask = async () => {
    if (!isKnown(core)) return;
    await (await core.load<typeof import("./records")>("r")).ask(core);
    learnt();
  };
  const tryTo = () => void ask().catch(() => {});
  if (!core.reference || !core.receipt) tryTo();
  if (comeBack) removeEventListener("focus", comeBack);
  comeBack = tryTo;
  // Choices may have been changed in another window, on the page that the service has for them.
  addEventListener("focus", comeBack, { once: true });
}

/** Closes on a press beside the dialog; one that selects text may end there and does not count. */
function closeOnBackdrop(dialog: HTMLElement, close: () => void): void {
  let pressed: EventTarget | null = null;
  dialog.addEventListener("mousedown", ({ target }) => {
    pressed = target;
  });
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog && pressed === dialog) close();
  });
}

/** The heading beside the icon for opting out is the one that the law words (11 CCR 7015). */
function headOf({ notice }: Shown, close: () => void): [head: HTMLElement, heading: HTMLElement] {
  const { texts, model } = notice;
  const title = model === "opt-out" ? texts.reopen : texts.preferences_title;
  const heading = h("h2", { id: "title", class: `cm-${model}`, tabindex: "-1" }, title);
  const cross = button("", "close", close);
  cross.ariaLabel = texts.close;
  return [h("div", { class: "head" }, heading, cross), heading];
}

export function open(core: Core): void {
  const shown = core as Shown;
  const { shadow } = core.getStage();
  if (shadow.querySelector(".centre")) return;
  if (!styled.has(shadow)) addStyle(css, shadow);
  styled.add(shadow);
  const opener = document.activeElement as HTMLElement | null;
  const ended = new AbortController();
  const { signal } = ended;
  const close = () => {
    ended.abort();
    dialog.close();
    dialog.remove();
    opener?.focus({ preventScroll: true });
  };
  const act: Do = (deed) => {
    close();
    void deed();
    giveFocusBack(core, opener);
  };
  const [head, heading] = headOf(shown, close);
  const dialog = h("dialog", { class: "centre", "aria-labelledby": heading.id }, head);
  let isTouched = false;
  /** Shows how things are, unless the visitor is at work on it. */
  const draw = () => {
    if (isTouched) return;
    const { list, read } = purposeList(shown);
    for (const outdated of [...dialog.children].slice(1)) outdated.remove();
    const scroll = h("div", { class: "scroll" }, ...content(shown, list, act));
    dialog.append(scroll, footer(shown, read, act));
  };
  draw();
  for (const event of ["focusin", "change"])
    dialog.addEventListener(event, ({ target }) => {
      isTouched ||= target !== heading;
    });
  document.addEventListener("consent:change", draw, { signal });
  dialog.addEventListener("close", close, { signal });
  closeOnBackdrop(dialog, close);
  shadow.append(dialog);
  dialog.showModal();
  heading.focus();
  keepPace(shown, () => dialog.querySelector(".identity")?.replaceWith(identity(shown)));
}
