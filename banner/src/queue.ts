/** Answers that the service has not confirmed yet, kept across pages in the order they were given. */
import type { Kept } from "./types";

const isKept = (value: Kept) => value?.answer?.key && value.chosen && value.agreed;

export interface Queue {
  all(): Kept[];
  save(list: Kept[]): void;
}

/** Falls back to memory where the browser refuses storage. */
export function openQueue(name: string): Queue {
  let memory: Kept[] = [];
  return {
    all() {
      try {
        const list = JSON.parse(localStorage.getItem(name) ?? "[]");
        return list.length ? list.filter(isKept) : memory;
      } catch {
        return memory;
      }
    },
    save(list) {
      memory = [];
      try {
        if (list.length) localStorage.setItem(name, JSON.stringify(list));
        else localStorage.removeItem(name);
      } catch {
        memory = list;
      }
    },
  };
}
