/** Pieces of text that more than one surface shows. */
import type { LegalDocument, Notice, Segment } from "../types";
import { type Child, h, link } from "./dom";

export function documentLink(document: LegalDocument, base: string, label = document.title) {
  return link(base + document.url, label);
}

/** Who asks, with the documents that nothing above links to. */
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
