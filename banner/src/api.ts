/** `window.Consent`: what the page's own code may use. */
import type { StateValue } from "./types";
import type { Visit } from "./visit";

export interface Change {
  state: Record<string, StateValue>;
}

export interface ConsentApi {
  /** Resolves when the visitor's state is known, or known to be unknown. */
  readonly ready: Promise<void>;
  /** The code by which the visitor can name this consent, once the service has told it. */
  readonly reference: string | undefined;
  /** Opens the preferences. */
  open(): Promise<void>;
  /** May this purpose be pursued now? */
  get(purpose: string): boolean;
  state(): Record<string, StateValue>;
  /** Takes back the named purposes, or everything. */
  withdraw(purposes?: string[]): Promise<void>;
  /** Calls back after each change; returns the function that ends it. */
  on(event: "change", listener: (change: Change) => void): () => void;
}

export interface Api {
  consent: ConsentApi;
  /** Tells the listeners and the document. */
  announce(): void;
}

export function openApi(visit: () => Visit, ready: Promise<void>): Api {
  const listeners = new Set<(change: Change) => void>();
  const consent: ConsentApi = {
    ready,
    get reference() {
      return visit().reference();
    },
    open: () => ready.then(() => visit().open()),
    get: (purpose) => visit().allows(purpose),
    state: () => visit().values(),
    withdraw: (purposes) => ready.then(() => visit().withdraw(purposes)),
    on(event, listener) {
      if (event === "change") listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return {
    consent,
    announce() {
      const detail: Change = { state: visit().values() };
      for (const listener of listeners) listener(detail);
      document.dispatchEvent(new CustomEvent("consent:change", { bubbles: true, detail }));
    },
  };
}
