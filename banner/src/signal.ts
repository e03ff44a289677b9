/** What a signal is: it tells tags of others what is allowed, in the words that they know. */

/** May this purpose be pursued? Nothing is mapped to `undefined`, so it is denied. */
export type Allowed = (purpose: string | undefined) => boolean;

/**
 * Called with `first` before anything is released, and then once per act; `config` is what the
 * variant's `signals` hold under the signal's name.
 */
// biome-ignore lint/suspicious/noExplicitAny: each signal has a shape of its own, made by the service.
export type Signal = (config: any, allowed: Allowed, first: boolean) => void;

export type Word = "granted" | "denied";

export const wordOf = (allowed: boolean): Word => (allowed ? "granted" : "denied");

/** Queues that tags read once they have loaded. */
export interface Queues {
  dataLayer?: unknown[];
  uetq?: unknown[];
  _paq?: unknown[];
  clarity?: ((...args: unknown[]) => void) & { q?: unknown[] };
  fbq?: (...args: unknown[]) => void;
}

export const queues = window as unknown as Queues;
