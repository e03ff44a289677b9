/** What the IAB's interfaces on a page have in common. */
import type { Core } from "../core";
import type { Notice } from "../types";

/** What these parts need to know of a visit. */
export type Visit = Pick<Core, "allows" | "stage" | "facts"> & { readonly notice: Notice };

/** Calls back at each change of what is allowed, and when the visitor is asked, or asks. */
export function follow({ stage }: Visit, changed: () => void, shown: () => void): void {
  document.addEventListener("consent:change", changed);
  document.addEventListener("consent:open", shown);
  if (stage?.asks()) shown();
}

type Call = (...args: never[]) => unknown;

/** Takes a global function over from the head stub and answers what it has queued. */
export function takeOver(name: string, answer: Call): void {
  const page = window as unknown as Record<string, Call | undefined>;
  // Called with nothing, the stub hands out what it was asked so far.
  const queued = (page[name]?.() ?? []) as Iterable<ArrayLike<never>>;
  page[name] = answer;
  for (const args of queued) answer(...Array.from(args));
}

/** Keeps callbacks under numbers that count from 1. */
export function listeners<Callback>() {
  const kept = new Map<number, Callback>();
  let last = 0;
  return {
    add(callback: Callback): number {
      last += 1;
      kept.set(last, callback);
      return last;
    },
    remove: (id: unknown): boolean => kept.delete(id as number),
    all: () => [...kept],
  };
}
