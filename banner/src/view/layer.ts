/** The first layer: the question itself. */
import { decideAll } from "../answers";
import { asksForPart, documentsToAsk, purposesToAsk, type Question } from "../state";
import type { LegalDocument, Purpose } from "../types";
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
function documentText(scene: Scene): HTMLElement[] {
  const { notice, state, base } = scene;
  const asked = documentsToAsk(notice, state);
  const item = (one: LegalDocument) =>
    h("li", {}, documentLink(one, base), ...changeLinks(scene, [one]));
  const listed = (["agree", "acknowledge"] as const).flatMap((accept) => {
    const items = asked.filter((one) => one.accept === accept).map(item);
    return items.length ? [h("p", {}, notice.texts[`${accept}_intro`]), h("ul", {}, ...items)] : [];
  });
  const linked = asked.map(({ kind }) => ({ document: kind }));
  return [...listed, controllerLine(notice, base, linked)];
}

/** What is asked again for part: the site's own text would speak about all of it. */
function partText(scene: Scene): HTMLElement[] {
  const { notice, state, base } = scene;
  const { asked_again, recipients } = notice.texts;
  const item = (one: Purpose) =>
    h(
      "li",
      {},
      h("strong", {}, one.name),
      `: ${one.description} `,
      one.recipients &&
        h("span", { class: "quiet" }, `${recipients}: ${one.recipients.join(", ")}`),
    );
  return [
    h("p", {}, asked_again),
    h("ul", {}, ...purposesToAsk(notice, state).map(item)),
    controllerLine(notice, base, [], changeLinks(scene, notice.documents)),
  ];
}

function choiceText(scene: Scene): (HTMLElement | false)[] {
  const { notice, state, base } = scene;
  const { body } = notice.texts;
  const asked = purposesToAsk(notice, state);
  if (asked.length && asksForPart(notice, state)) return partText(scene);
  const names = asked.map((one) => one.name).join(" · ");
  return [
    h("p", {}, ...segments(body, notice, base)),
    !!names && h("p", { class: "quiet" }, names),
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
  const { notice, state, optedOut } = scene;
  const { texts } = notice;
  const chooses = question === "choice";
  const plain = notice.model === "notice";
  const refuse = () => answerAll(scene, false, actions);
  const buttons = chooses
    ? [
        button(texts.accept, "main", () => answerAll(scene, true, actions)),
        button(texts.reject, "main", refuse),
        button(texts.choose, "plain", actions.open),
      ]
    : [button(agreeLabel(scene), "main", () => actions.agree(1))];
  if (!chooses && (!plain || state.withdrawable))
    buttons.push(
      button(texts.reopen, "plain", actions.open),
      button(texts.later, "plain", actions.later),
    );
  const modeless = notice.layout === "dialog" ? "dialog" : "region";
  const [title, words] =
    chooses || plain ? [texts.title, choiceText(scene)] : [texts.documents, documentText(scene)];
  return h(
    "section",
    {
      class: `layer ${notice.layout}`,
      role: modeless,
      "aria-label": title,
    },
    h(
      "div",
      { class: "text" },
      h("h2", {}, title),
      ...words,
      optedOut && h("p", { class: "badge" }, texts.opt_out_honoured),
    ),
    h("div", { class: "buttons" }, ...buttons),
    chooses && notice.close_refuses && closeButton(texts.close_refuses, refuse),
  );
}
