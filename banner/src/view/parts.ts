/** Pieces of text that more than one surface shows. */
import type { LegalDocument, Notice, Segment } from "../types";
import { type Child, h, link } from "./dom";

export function documentLink(document: LegalDocument, base: string, label = document.title) {
  return link(base + document.url, label);
}

export function segments(list: Segment[], notice: Notice, base: string): Child[] {
  return list.map(({ text, document }) => {
    const target = notice.documents.find((one) => one.kind === document);
    return target ? documentLink(target, base, text) : text;
  });
}

/** Who asks, with the documents that the text above does not link to. */
export function controllerLine(
  { documents, texts, controller }: Notice,
  base: string,
  linked: Pick<Segment, "document">[],
  more: Child[] = [],
): HTMLElement {
  const rest = documents.filter(({ kind }) => !linked.some(({ document }) => document === kind));
  const links = rest.flatMap((document) => [" · ", documentLink(document, base)]);
  return h(
    "p",
    { class: "cm-quiet" },
    `${texts.controller}: ${controller.name}`,
    ...links,
    ...more,
  );
}
