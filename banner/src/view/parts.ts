/** Pieces of text that more than one surface shows. */
import { webAddress } from "../embed";
import type { LegalDocument, Notice, Segment } from "../types";
import { h, link } from "./dom";
import type { Scene } from "./scene";

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

/** Where a document has changed for this visitor: links to the pages that compare the versions. */
export function changeLinks({ notice, state, base }: Scene, documents: LegalDocument[]): Node[] {
  return documents.flatMap(({ kind, title }) => {
    const query = state.changes[kind];
    if (!query) return [];
    const page = `/sites/${notice.site}/documents/${kind}/diff?${query}&lang=${notice.locale}`;
    const label = `${notice.texts.what_changed}: ${title}`;
    return [document.createTextNode(" · "), link(webAddress(page, base), label)];
  });
}

/** Who asks, with the documents that the text above does not link to. */
export function controllerLine(
  notice: Notice,
  base: string,
  linked: Pick<Segment, "document">[],
  more: Node[] = [],
): HTMLElement {
  const rest = notice.documents.filter(
    (document) => !linked.some((segment) => segment.document === document.kind),
  );
  const links = rest.flatMap((document) => [" · ", documentLink(document, base)]);
  const name = `${notice.texts.controller}: ${notice.controller.name}`;
  return h("p", { class: "quiet" }, name, ...links, ...more);
}
