/** The second act: what runs against an earlier opt-out, or against a signal, is asked for once more. */
import type { Purpose, Texts } from "../types";
import { button, h } from "../view/dom";
import type { Shown } from "../view/layer";

/**
 * The question before a purpose is allowed; undefined where one act is enough. A signal stands
 * against sales (11 CCR 7025(c)), and so does an earlier opt-out (11 CCR 7028).
 */
export function doubt(core: Shown, purpose: Purpose, refused: boolean): string | undefined {
  const { texts, model } = core.notice;
  if (!purpose.sale_or_sharing) return undefined;
  if (core.isOptedOut()) return texts.override_question;
  return model === "opt-out" && refused ? texts.opt_in_question : undefined;
}

/** Asks above the preferences, beside what raised the question; not answered by who closes it. */
export function askTwice(
  texts: Texts,
  question: string,
  beside: Element,
  answered: (allowed: boolean) => void,
): void {
  const close = (allowed?: boolean) => {
    dialog.close();
    dialog.remove();
    if (allowed !== undefined) answered(allowed);
  };
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-label": question, cancel: () => close() },
    h("p", {}, question),
    h(
      "div",
      { class: "buttons" },
      button(texts.override_confirm, "", () => close(true)),
      button(texts.override_cancel, "", () => close(false)),
    ),
  );
  beside.after(dialog);
  dialog.showModal();
}
