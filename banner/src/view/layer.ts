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
function body(scene: Scene, question: Question): HTMLElement {
  const { notice, state, base } = scene;
  if (question === "choice" || notice.model === "notice")
    return h("p", {}, ...segments(notice.texts.body, notice, base));
  const items = documentsToAsk(notice, state).map((one) => h("li", {}, documentLink(one, base)));
  return h("ul", {}, ...items);
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
  const title = question === "choice" || notice.model === "notice" ? texts.title : texts.documents;
  const modeless = notice.layout === "dialog" ? "dialog" : "region";
  return h(
    "section",
    { class: `layer ${notice.layout} ${question}`, role: modeless, "aria-label": title },
    h(
      "div",
      { class: "text" },
      h("h2", {}, title),
      body(scene, question),
      controllerLine(notice),
      optedOut && h("p", { class: "badge" }, texts.opt_out_honoured),
    ),
    h("div", { class: "buttons" }, ...buttons),
  );
}
