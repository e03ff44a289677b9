/** Answers that the service has not confirmed yet, kept across pages in the order they were given. */
import { newKey } from "./answers";
import type { Kept } from "./types";

function without<T>(from: Record<string, T>, names: string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));
}

/**
 * Takes out of kept answers the grants on which a later answer speaks. What is left of an answer is
 * another answer, so it gets a key of its own; refusals stay, they are facts.
 */
export function supersede(list: Kept[], later: Kept): Kept[] {
  return list.flatMap((kept) => {
    const grants = Object.keys(kept.chosen).filter(
      (purpose) => kept.chosen[purpose] && purpose in later.chosen,
    );
    const agreements = Object.keys(kept.agreed).filter(
      (kind) => kept.agreed[kind] && kind in later.agreed,
    );
    if (!grants.length && !agreements.length) return [kept];
    const chosen = without(kept.chosen, grants);
    const agreed = without(kept.agreed, agreements);
    if (!Object.keys(chosen).length && !Object.keys(agreed).length) return [];
    const answer = { ...kept.answer, key: newKey() };
    if (grants.length) Object.assign(answer, { action: "choose", decisions: chosen });
    if (agreements.length) answer.documents = agreed;
    return [{ ...kept, answer, chosen, agreed }];
  });
}

function isKept(value: Kept): boolean {
  return typeof value?.answer?.key === "string" && !!value.chosen && !!value.agreed;
}

export interface Queue {
  all(): Kept[];
  add(kept: Kept): void;
  remove(key: string): void;
}

/** Falls back to memory where the browser refuses storage. */
export function openQueue(name: string, storage: () => Storage = () => localStorage): Queue {
  let memory: Kept[] = [];
  const all = (): Kept[] => {
    try {
      const list = JSON.parse(storage().getItem(name) ?? "[]");
      return list.length ? list.filter(isKept) : memory;
    } catch {
      return memory;
    }
  };
  const save = (list: Kept[]) => {
    memory = [];
    try {
      if (list.length) storage().setItem(name, JSON.stringify(list));
      else storage().removeItem(name);
    } catch {
      memory = list;
    }
  };
  return {
    all,
    add: (kept) => save([...supersede(all(), kept), kept]),
    remove: (key) => save(all().filter((kept) => kept.answer.key !== key)),
  };
}
