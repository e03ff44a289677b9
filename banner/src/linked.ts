/** For plain notices: their text has its links in it. */
import type { Notice } from "./types";
import type { Child } from "./view/dom";
import { documentLink } from "./view/parts";

/**
 * Where there is something to refuse, links follow the buttons, which are then reached first; so
 * there is no such text for other notices.
 */
export function linkedBody({ texts, model, documents }: Notice, base: string): Child[] | undefined {
  if (model !== "notice") return undefined;
  return texts.body.map(({ text, document }) => {
    const target = documents.find((one) => one.kind === document);
    return target ? documentLink(target, base, text) : text;
  });
}
