/** The first layer: the question itself. */
import { documentsToAsk, type Question } from "../state";
import { button, h } from "./dom";
import { controllerLine, documentLink, segments } from "./parts";
import type { Actions, Scene } from "./scene";

export function agreeAction(scene: Scene): "agree" | "acknowledge" {
  const asked = documentsToAsk(scene.notice, scene.state);
  return asked.some((document) => document.accept === "agree") ? "agree" : "acknowledge";
}

/** Documents alone, on a site that also asks for choices, are listed instead of its text about choices. */
function text(scene: Scene, question: Question): (HTMLElement | undefined)[] {
  const { notice, state, base } = scene;
  const asked = documentsToAsk(notice, state);
  if (question === "documents" && notice.model !== "notice")
    return [
      h("h2", {}, notice.texts.documents),
      h("ul", {}, ...asked.map((one) => h("li", {}, documentLink(one, base)))),
      controllerLine(
        notice,
        base,
        asked.map((one) => ({ text: "", document: one.kind })),
      ),
    ];
  const { title, body } = notice.texts;
  const names = notice.purposes.filter((one) => one.choice).map((one) => one.name);
  return [
    h("h2", {}, title),
    h("p", {}, ...segments(body, notice, base)),
    names.length ? h("p", { class: "quiet" }, names.join(" · ")) : undefined,
    controllerLine(notice, base, body),
  ];
}

export function firstLayer(scene: Scene, question: Question, actions: Actions): HTMLElement {
  const { notice, optedOut } = scene;
  const { texts } = notice;
  const agree = () => actions.act({ action: agreeAction(scene), layer: 1 });
  const buttons =
    question === "choice"
      ? [
          button(texts.accept, "main", () => actions.act({ action: "accept", layer: 1 })),
          button(texts.reject, "main", () => actions.act({ action: "reject", layer: 1 })),
          button(texts.choose, "plain", actions.open),
        ]
      : [button(texts.accept, "main", agree)];
  const modeless = notice.layout === "dialog" ? "dialog" : "region";
  const words = text(scene, question);
  return h(
    "section",
    {
      class: `layer ${notice.layout} ${question}`,
      role: modeless,
      "aria-label": words[0]?.textContent ?? texts.title,
    },
    h(
      "div",
      { class: "text" },
      ...words,
      optedOut && h("p", { class: "badge" }, texts.opt_out_honoured),
    ),
    h("div", { class: "buttons" }, ...buttons),
  );
}
