/** The preferences: everything about the site's purposes, and every choice. */
import { canWithdraw, documentsToAsk } from "../state";
import { button, h, link } from "./dom";
import { agreeAction } from "./layer";
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
  const possible = canWithdraw(state);
  if (!possible && !notice.withdrawal) return undefined;
  const withdraw = () => actions.act({ action: "withdraw", layer: 2 });
  return h(
    "section",
    { class: "withdraw" },
    notice.withdrawal ? h("p", {}, notice.withdrawal) : undefined,
    possible && button(notice.texts.withdraw, "plain", withdraw),
  );
}

function footer(scene: Scene, list: HTMLElement, actions: Actions): HTMLElement | undefined {
  const { notice, state } = scene;
  const { texts } = notice;
  if (notice.purposes.some((purpose) => purpose.choice))
    return h(
      "div",
      { class: "foot buttons" },
      button(texts.accept, "plain", () => actions.act({ action: "accept", layer: 2 })),
      button(texts.reject, "plain", () => actions.act({ action: "reject", layer: 2 })),
      button(texts.save, "main", () =>
        actions.act({ action: "choose", decisions: decisionsIn(list, notice), layer: 2 }),
      ),
    );
  if (!documentsToAsk(notice, state).length) return undefined;
  const agree = () => actions.act({ action: agreeAction(scene), layer: 2 });
  return h("div", { class: "foot buttons" }, button(texts.accept, "main", agree));
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
      h(
        "button",
        { type: "button", class: "close", "aria-label": texts.close, click: () => dialog.close() },
        h("span", { "aria-hidden": "true" }),
      ),
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
