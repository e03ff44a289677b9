/** Types of `window.siteConsent`, for pages written in TypeScript. */

/** How the visitor stands: `undecided` where nothing valid has been said. */
export type StateValue = "granted" | "denied" | "not_subject" | "undecided";

export type ConsentState = Record<string, StateValue>;

export interface SiteConsent {
  /** Resolves when the visitor's state is known, or known to be unknown. */
  readonly ready: Promise<ConsentState>;
  readonly state: ConsentState;
  /** The code by which the visitor can name this consent, once the service has told it. */
  readonly reference: string | undefined;
  /** May this purpose be pursued now? */
  granted(purpose: string): boolean;
  /** Calls back after each change; returns what ends that. */
  onChange(listener: (state: ConsentState) => void): () => void;
  /** Opens the preferences. */
  open(): Promise<void>;
  /** These resolve once the answer is on record, or kept to be sent later. */
  accept(): Promise<void>;
  reject(): Promise<void>;
  choose(decisions: Record<string, boolean>, services?: Record<string, boolean>): Promise<void>;
  /** Takes back the named purposes, or everything. */
  withdraw(purposes?: string[]): Promise<void>;
  /** Agrees to the current versions of documents: those named, or all that ask for it. */
  agree(kinds?: string[]): Promise<void>;
  /** Links this visitor to the user whom the site's backend asserts. */
  identify(assertion: string): Promise<void>;
}

declare global {
  interface Window {
    readonly siteConsent: SiteConsent;
  }
  interface DocumentEventMap {
    "consent:ready": CustomEvent<{ state: ConsentState }>;
    "consent:change": CustomEvent<{ state: ConsentState }>;
    "consent:open": CustomEvent<{ state: ConsentState }>;
  }
}
