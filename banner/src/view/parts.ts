/** Pieces of text that more than one surface shows. */
import { webAddress } from "../embed";
import type { LegalDocument, Notice, Segment } from "../types";
import { h, link } from "./dom";

export function documentLink(document: LegalDocument, base: string, label = document.title): Node {
  return link(webAddress(document.url, base), label);
}

export function segments(list: Segment[], notice: Notice, base: string): Node[] {
  return list.map((segment) => {
    const target = notice.documents.find((one) => one.kind === segment.document);
    return target
      ? documentLink(target, base, segment.text)
      : document.createTextNode(segment.text);
  });
}

export function controllerLine(notice: Notice): HTMLElement {
  return h("p", { class: "quiet" }, `${notice.texts.controller}: ${notice.controller.name}`);
}
