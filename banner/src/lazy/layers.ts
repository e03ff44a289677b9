/** First layers for who was here before: what is asked again, documents, what needs a reload. */
import { decideAll } from "../answers";
import type { Core } from "../core";
import { linkedBody } from "../linked";
import { asksForPart, documentsToAsk, purposesToAsk, type Question } from "../state";
import type { LegalDocument, Purpose } from "../types";
import { button, h } from "../view/dom";
import { layerOf, pair, type Shown } from "../view/layer";
import { controllerLine, documentLink } from "../view/parts";
import { changeLinks } from "./changes";

/** What is asked again for part: the site's own text would speak about all of it. */
function partText(core: Shown): HTMLElement[] {
  const { notice, state } = core;
  const { asked_again, recipients } = notice.texts;
  const item = ({ name, description, recipients: who = [] }: Purpose) =>
    h(
      "li",
      {},
      h("strong", {}, name),
      `: ${description} `,
      !!who.length && h("span", { class: "cm-quiet" }, `${recipients}: ${who.join(", ")}`),
    );
  return [h("p", {}, asked_again), h("ul", {}, ...purposesToAsk(notice, state).map(item))];
}

/** Speaks about what is asked only: what was decided before is neither renewed nor lost. */
function choiceLayer(core: Shown): HTMLElement {
  const { notice, state } = core;
  if (!asksForPart(notice, state)) {
    const layer = core.firstLayer();
    layer.lastElementChild?.append(...linksOf(core));
    return layer;
  }
  const answer = (accepted: boolean) => {
    const decisions = decideAll(purposesToAsk(notice, state), accepted, core.isOptedOut());
    void core.act({ action: "choose", decisions, layer: 1 });
  };
  const buttons = [
    ...pair(notice, answer),
    button(notice.texts.choose, "cm-plain cm-choose", core.open),
  ];
  const foot = controllerLine(notice, core.embed.base, [], linksOf(core));
  return layerOf(core, notice.texts.title, partText(core), buttons, foot);
}

const linksOf = (core: Shown) =>
  changeLinks(core, core.notice.documents).filter((one): one is Node | string => !!one);

/** Documents alone are listed, instead of the site's text about choices. */
function documentText(core: Shown): HTMLElement[] {
  const { notice, state, embed } = core;
  const asked = documentsToAsk(notice, state);
  const item = (one: LegalDocument) =>
    h("li", {}, documentLink(one, embed.base), ...changeLinks(core, [one]));
  const listed = (["agree", "acknowledge"] as const).flatMap((accept) => {
    const items = asked.filter((one) => one.accept === accept).map(item);
    return items.length ? [h("p", {}, notice.texts[`${accept}_intro`]), h("ul", {}, ...items)] : [];
  });
  return listed;
}

/** A plain notice has its own word for it. */
export function agreeLabel({ notice, state }: Shown): string {
  const { texts } = notice;
  if (notice.model === "notice") return texts.accept;
  const agrees = documentsToAsk(notice, state).some((one) => one.accept === "agree");
  return agrees ? texts.agree : texts.acknowledge;
}

function documentLayer(core: Shown): HTMLElement {
  const { notice, embed, state } = core;
  const { texts } = notice;
  const buttons = [
    button(agreeLabel(core), "cm-main cm-agree", () => core.agree(1)),
    button(texts.reopen, "cm-plain cm-choose", core.open),
    button(texts.later, "cm-plain", core.close),
  ];
  if (notice.model === "notice") {
    const foot = controllerLine(notice, embed.base, texts.body, linksOf(core));
    return layerOf(
      core,
      texts.title,
      [h("p", {}, ...(linkedBody(notice, embed.base) ?? []))],
      buttons,
      foot,
    );
  }
  const linked = documentsToAsk(notice, state).map(({ kind }) => ({ document: kind }));
  const foot = controllerLine(notice, embed.base, linked);
  return layerOf(core, texts.documents, documentText(core), buttons, foot);
}

export function layer(core: Shown, question: Question): HTMLElement {
  return question === "choice" ? choiceLayer(core) : documentLayer(core);
}

/** A script that has run cannot be stopped; whoever withdrew learns what ends it. */
export async function askToReload(core: Core): Promise<void> {
  await core.whole();
  const { texts } = (core as Shown).notice;
  core.hold(
    layerOf(
      core as Shown,
      texts.reopen,
      [h("p", {}, texts.reload_needed)],
      [
        button(texts.reload, "cm-main", () => location.reload()),
        button(texts.later, "cm-plain", core.close),
      ],
    ),
  );
}
