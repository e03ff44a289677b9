/** The first layer: the question itself. */
import type { Core } from "../core";
import { purposesToAsk } from "../state";
import type { Notice } from "../types";
import { button, type Child, h } from "./dom";
import { controllerLine } from "./parts";

/** A visit whose notice is known, as it is wherever something is shown. */
export type Shown = Core & { notice: Notice };

/** What every layer has: a heading, words, buttons, and perhaps a line below. */
export function layerOf(
  core: Shown,
  title: string,
  words: Child[],
  buttons: HTMLElement[],
  foot?: Child,
): HTMLElement {
  const badge =
    core.isOptedOut() && h("p", { class: "cm-badge" }, core.notice.texts.opt_out_honoured);
  return h(
    "section",
    { class: "cm-layer" },
    h("div", { class: "cm-text" }, h("h2", { tabindex: "-1" }, title), ...words, badge),
    h("div", { class: "cm-buttons" }, ...buttons),
    foot,
  );
}

/** Accept and refuse are alike in all but their words. */
export function pair({ texts }: Notice, answer: (accepted: boolean) => void): HTMLElement[] {
  return [
    button(texts.accept, "cm-main cm-accept", () => answer(true)),
    button(texts.reject, "cm-main cm-reject", () => answer(false)),
  ];
}

/** `instead`: of preferences that could not be loaded; then it says how things are, too. */
export function firstLayer(core: Shown, instead?: boolean): HTMLElement {
  const { notice, state, embed, allows } = core;
  const { texts, model, purposes } = notice;
  const marked = purposes.map(({ key, name }) => `${name}: ${allows(key) ? texts.on : texts.off}`);
  const names = instead ? marked : purposesToAsk(notice, state).map(({ name }) => name);
  const linked = HOOKS.linkedBody?.(notice, embed.base);
  const foot = controllerLine(notice, embed.base, linked ? texts.body : []);
  const words = [
    h("p", {}, ...(linked ?? texts.body.map(({ text }) => text))),
    h("p", { class: "cm-quiet" }, names.join(" · ")),
  ];
  const refusal = instead ? "withdraw" : "reject";
  const answer = (accepted: boolean) =>
    void core.act({ action: accepted ? "accept" : refusal, layer: 1 });
  const last = instead
    ? button(texts.close, "cm-plain", core.close)
    : button(texts.choose, "cm-plain cm-choose", core.open);
  const buttons =
    model === "notice"
      ? [button(texts.accept, "cm-main cm-accept", () => core.agree(1))]
      : [...pair(notice, answer), last];
  const layer = layerOf(core, texts.title, words, buttons, foot);
  if (notice.close_refuses) HOOKS.addClose?.(layer, texts.close_refuses, () => answer(false));
  return layer;
}
