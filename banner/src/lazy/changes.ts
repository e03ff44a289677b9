/** What is new to a visitor who was here before. */
import type { Core } from "../core";
import type { LegalDocument } from "../types";
import { type Child, link } from "../view/dom";
import type { Shown } from "../view/layer";

/** Documents of which the visitor knows an earlier version: agreed to, or in force at the last answer. */
export function changesOf(core: Core): Record<string, string> {
  const { token } = core.facts();
  const changes: Record<string, string> = {};
  if (!core.notice || !token) return changes;
  const entries = [...Object.values(token.purposes), ...Object.values(token.documents)];
  const latest = Math.max(0, ...entries.map(([, number]) => number));
  for (const { kind, number, asked_since } of core.notice.documents) {
    const known = token.documents[kind]?.[0];
    if (known !== undefined && known < number) changes[kind] = `from=${known}&to=${number}`;
    else if (known === undefined && latest && latest < (asked_since ?? 1) && number > 1)
      changes[kind] = `to=${number}`;
  }
  return changes;
}

/** Where a document has changed for this visitor: links to the pages that compare the versions. */
export function changeLinks(core: Shown, documents: LegalDocument[]): Child[] {
  const { notice, embed } = core;
  const changes = changesOf(core);
  return documents.flatMap(({ kind, title }) => {
    const query = changes[kind];
    if (!query) return [];
    const page = `${embed.base}/sites/${notice.site}/documents/${kind}/diff?${query}`;
    const label = `${notice.texts.what_changed}: ${title}`;
    return [" · ", link(`${page}&lang=${notice.locale}`, label)];
  });
}
