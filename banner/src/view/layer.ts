/** The first layer: the question itself. */
import { decideAll } from "../answers";
import { asksForPart, documentsToAsk, purposesToAsk, type Question } from "../state";
import { button, closeButton, h } from "./dom";
import { changeLinks, controllerLine, documentLink, segments } from "./parts";
import type { Actions, Scene } from "./scene";

/** A plain notice has its own word for it. */
export function agreeLabel({ notice, state }: Scene): string {
  const { texts } = notice;
  if (notice.model === "notice") return texts.accept;
  const agrees = documentsToAsk(notice, state).some((one) => one.accept === "agree");
  return agrees ? texts.agree : texts.acknowledge;
}

/** Documents alone, on a site that also asks for choices, are listed instead of its text about choices. */
function documentText(scene: Scene): (HTMLElement | undefined)[] {
  const { notice, state, base } = scene;
  const asked = documentsToAsk(notice, state);
  const item = (one: (typeof asked)[number]) =>
    h("li", {}, documentLink(one, base), ...changeLinks(scene, [one]));
  const linked = asked.map((one) => ({ text: "", document: one.kind }));
  return [
    h("h2", {}, notice.texts.documents),
    h("ul", {}, ...asked.map(item)),
    controllerLine(notice, base, linked),
  ];
}

function choiceText(scene: Scene): (HTMLElement | undefined)[] {
  const { notice, state, base } = scene;
  const { title, body, asked_again } = notice.texts;
  const asked = purposesToAsk(notice, state);
  const names = asked.map((one) => one.name).join(" · ");
  const purposes = names ? h("p", { class: "quiet" }, names) : undefined;
  const text = h("p", {}, ...segments(body, notice, base));
  const partly = asked.length > 0 && asksForPart(notice, state);
  return [
    h("h2", {}, title),
    ...(partly ? [h("p", {}, h("strong", {}, asked_again)), purposes, text] : [text, purposes]),
    controllerLine(notice, base, body, changeLinks(scene, notice.documents)),
  ];
}

/** Speaks about what is asked only: what was decided before is neither renewed nor lost. */
function answerAll(scene: Scene, accepted: boolean, actions: Actions): void {
  const { notice, state, optedOut } = scene;
  const decisions = decideAll(purposesToAsk(notice, state), accepted, optedOut);
  const action = accepted ? "accept" : "reject";
  actions.act(
    asksForPart(notice, state) ? { action: "choose", decisions, layer: 1 } : { action, layer: 1 },
  );
}

export function firstLayer(scene: Scene, question: Question, actions: Actions): HTMLElement {
  const { notice, optedOut } = scene;
  const { texts } = notice;
  const chooses = question === "choice";
  const refuse = () => answerAll(scene, false, actions);
  const buttons = chooses
    ? [
        button(texts.accept, "main", () => answerAll(scene, true, actions)),
        button(texts.reject, "main", refuse),
        button(texts.choose, "plain", actions.open),
      ]
    : [button(agreeLabel(scene), "main", () => actions.agree(1))];
  const modeless = notice.layout === "dialog" ? "dialog" : "region";
  const words = chooses || notice.model === "notice" ? choiceText(scene) : documentText(scene);
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
    chooses && notice.close_refuses && closeButton(texts.close_refuses, refuse),
  );
}
