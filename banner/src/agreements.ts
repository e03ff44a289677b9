/** For notices with documents that visitors are asked to agree to, or to take note of. */
import type { Facts } from "./state";

/** Returns the version of each document that the visitor agreed to under a notice that still counts. */
export function agreements({ notice, token, kept }: Facts): Record<string, number> {
  const agreed: Record<string, number> = {};
  const hear = (kind: string, version: number, number: number) => {
    const since = notice?.documents.find((document) => document.kind === kind)?.asked_since ?? 0;
    if (!version) delete agreed[kind];
    else if (number >= since) agreed[kind] = version;
  };
  for (const [kind, [version, number]] of Object.entries(token?.documents ?? {}))
    hear(kind, version, number);
  for (const { answer, agreed } of kept)
    for (const [kind, version] of Object.entries(agreed)) hear(kind, version, answer.notice);
  return agreed;
}
