/** The preferences: everything about the site's purposes, and every choice. */
import { decideAll } from "../answers";
import { choicesOf, documentsToAsk } from "../state";
import { button, closeButton, h, link } from "./dom";
import { agreeLabel } from "./layer";
import { documentLink, segments } from "./parts";
import { decisionsIn, purposeList } from "./purposes";
import type { Actions, Scene } from "./scene";

function documentList(scene: Scene): HTMLElement | undefined {
  const { notice, state, base } = scene;
  if (!notice.documents.length) return undefined;
  const item = (one: (typeof notice.documents)[number]) => {
    const version = state.agreed[one.kind];
    const mark = version !== undefined && h("span", { class: "badge" }, `✓ ${version}`);
    return h("li", {}, documentLink(one, base), " ", mark);
  };
  return h(
    "section",
    {},
    h("h3", {}, notice.texts.documents),
    h("ul", { class: "documents" }, ...notice.documents.map(item)),
  );
}

function controllerBlock({ notice }: Scene): HTMLElement {
  const { name, address, email, phone } = notice.controller;
  return h(
    "section",
    {},
    h("h3", {}, notice.texts.controller),
    h("p", {}, [name, address].filter(Boolean).join(", ")),
    email || phone
      ? h(
          "p",
          { class: "reach" },
          email ? h("bdi", {}, link(`mailto:${email}`, email)) : undefined,
          phone ? h("bdi", {}, link(`tel:${phone.replace(/[^+\d]/g, "")}`, phone)) : undefined,
        )
      : undefined,
  );
}

export function identityBlock(scene: Scene, actions: Actions): HTMLElement {
  const { notice, reference, known } = scene;
  const { texts } = notice;
  return h(
    "section",
    { class: "identity" },
    reference ? h("h3", {}, texts.reference) : undefined,
    reference ? h("p", {}, h("code", { dir: "ltr" }, reference)) : undefined,
    known && button(texts.history, "text", actions.history),
  );
}

function withdrawBlock(scene: Scene, actions: Actions): HTMLElement | undefined {
  const { notice, state } = scene;
  const possible = state.withdrawable;
  if (!possible && !notice.withdrawal) return undefined;
  const withdraw = () => actions.act({ action: "withdraw", layer: 2 });
  return h(
    "section",
    { class: "withdraw" },
    notice.withdrawal ? h("p", {}, notice.withdrawal) : undefined,
    possible && button(notice.texts.withdraw, "plain", withdraw),
  );
}

/** Accepting everything does not take back what was allowed in a second act, against a signal. */
function acceptAll({ notice, state, optedOut }: Scene, actions: Actions): void {
  const confirmed = choicesOf(notice).filter(
    (one) => one.sale_or_sharing && state.purposes[one.key]?.allowed,
  );
  const decisions = {
    ...decideAll(choicesOf(notice), true, true),
    ...decideAll(confirmed, true, false),
  };
  const overrides = optedOut && confirmed.length > 0;
  actions.act(
    overrides ? { action: "choose", decisions, layer: 2 } : { action: "accept", layer: 2 },
  );
}

function footer(scene: Scene, list: HTMLElement, actions: Actions): HTMLElement | undefined {
  const { notice, state } = scene;
  const { texts } = notice;
  if (choicesOf(notice).length)
    return h(
      "div",
      { class: "foot buttons" },
      button(texts.accept, "plain", () => acceptAll(scene, actions)),
      button(texts.reject, "plain", () => actions.act({ action: "reject", layer: 2 })),
      button(texts.save, "main", () =>
        actions.act({ action: "choose", decisions: decisionsIn(list, notice), layer: 2 }),
      ),
    );
  if (!documentsToAsk(notice, state).length) return undefined;
  return h(
    "div",
    { class: "foot buttons" },
    button(agreeLabel(scene), "main", () => actions.agree(2)),
  );
}

export function preferences(scene: Scene, actions: Actions): HTMLDialogElement {
  const { notice, state, base, optedOut } = scene;
  const { texts } = notice;
  const list = purposeList(scene);
  const pending = Object.values(state.purposes).some((standing) => standing.pending);
  const intro =
    notice.model === "notice" ? segments(texts.body, notice, base) : [texts.preferences_intro];
  const dialog = h(
    "dialog",
    { class: "centre", "aria-labelledby": "centre-title" },
    h(
      "div",
      { class: "head" },
      h("h2", { id: "centre-title", tabindex: "-1" }, texts.preferences_title),
      closeButton(texts.close, () => dialog.close()),
    ),
    h(
      "div",
      { class: "scroll" },
      h("p", {}, ...intro),
      pending && h("p", { class: "badge" }, texts.pending),
      optedOut && h("p", { class: "badge" }, texts.opt_out_honoured),
      withdrawBlock(scene, actions),
      list,
      documentList(scene),
      controllerBlock(scene),
      identityBlock(scene, actions),
    ),
    footer(scene, list, actions),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
