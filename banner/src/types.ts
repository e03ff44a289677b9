/** What the service says and what is told to it. */

export type Model = "opt-in" | "opt-out" | "notice";
export type Value = "granted" | "denied" | "not_subject";
export type Mode = "external" | "path" | "subdomain";

export interface Segment {
  text: string;
  document?: string;
}

export interface Controller {
  name: string;
  address?: string;
  email?: string;
  phone?: string;
}

/**
 * Members beyond those of eager code are there once the whole variant has been fetched. Absent are
 * also a `before_choice` of denied, an `accept` of inform, an `asked_since` of 1.
 */
export interface Purpose {
  key: string;
  name: string;
  description: string;
  legal_basis: string;
  choice?: boolean;
  before_choice?: "allowed" | "denied";
  asked_since?: number;
  sale_or_sharing?: boolean;
  data_categories?: string[];
  recipients?: string[];
  retention?: string;
  exemption?: string;
}

export interface Cookie {
  name: string;
  domain?: string;
  duration?: string;
  description?: string;
}

export interface Service {
  key: string;
  purpose: string;
  name: string;
  provider?: { name: string; address?: string; country?: string; policy_url?: string };
  description?: string;
  cookies?: Cookie[];
  /** Keys in local and session storage; a * at the end stands for anything. */
  storage?: string[];
  asked_since?: number;
}

export interface LegalDocument {
  kind: string;
  number: number;
  sha256: string;
  title: string;
  url: string;
  accept?: "inform" | "acknowledge" | "agree";
  asked_since?: number;
}

type PlainText =
  | "title"
  | "accept"
  | "reject"
  | "choose"
  | "save"
  | "close"
  | "reopen"
  | "preferences_title"
  | "preferences_intro"
  | "always_on"
  | "withdraw"
  | "saved"
  | "pending"
  | "services"
  | "cookies"
  | "cookie_name"
  | "cookie_domain"
  | "cookie_duration"
  | "cookie_purpose"
  | "provider"
  | "data_categories"
  | "recipients"
  | "retention"
  | "documents"
  | "policy_of_provider"
  | "reference"
  | "history"
  | "controller"
  | "opt_out_honoured"
  | "override_question"
  | "override_confirm"
  | "override_cancel"
  | "asked_again"
  | "what_changed"
  | "close_refuses"
  | "agree"
  | "acknowledge"
  | "agree_intro"
  | "acknowledge_intro"
  | "later"
  | "reload_needed"
  | "reload"
  | "receipt"
  | "frame_text"
  | "frame_once"
  | "frame_always"
  | "on"
  | "off"
  | "opt_in_question";

export type Texts = Record<PlainText, string> & { body: Segment[] };

export interface Notice {
  site: string;
  number: number;
  variant: string;
  locale: string;
  dir: "ltr" | "rtl";
  profile: string;
  model: Model;
  controller: Controller;
  purposes: Purpose[];
  services: Service[];
  documents: LegalDocument[];
  texts: Texts;
  layout: "bar" | "box" | "dialog";
  /** Declarations of custom properties. */
  style?: string;
  placement?: "first" | "last";
  /** When a grant opens what it allows: once the service has stored it, or at the click. */
  release?: "stored" | "click";
  signals?: Record<string, unknown>;
  /** Only what eager code needs; the rest is at the variant's own address. */
  brief?: boolean;
  withdrawal?: string;
  lifetime?: { quiet_days?: number };
  /** A control at the top closes the notice and refuses. */
  close_refuses?: boolean;
  embed: { mode: Mode; cookie_domain?: string | null };
}

/** A decision as the state token holds it: value, notice, expiry (0: never), 1 where it overrides a signal. */
export type TokenDecision = [value: Value, notice: number, until: number, override?: number];

export interface Token {
  v: 1;
  site: string;
  iat: number;
  purposes: Record<string, TokenDecision>;
  services: Record<string, TokenDecision>;
  documents: Record<string, [version: number, notice: number]>;
  /** When the visitor last refused something; 0: never. */
  objected?: number;
}

export type Action =
  | "accept"
  | "reject"
  | "choose"
  | "withdraw"
  | "acknowledge"
  | "agree"
  | "signal";

export interface Answer {
  action: Action;
  notice: number;
  variant?: string;
  locale?: string;
  decisions?: Record<string, boolean>;
  services?: Record<string, boolean>;
  documents?: Record<string, number>;
  method?: "banner" | "preferences";
  layer?: 1 | 2;
  banner?: string;
  signals?: { gpc: boolean; override?: boolean };
  key: string;
}

/** An answer that the service has not confirmed yet, with what it means for this browser. */
export interface Kept {
  answer: Answer;
  at: string;
  chosen: Record<string, boolean>;
  services?: Record<string, boolean> | undefined;
  /** Version agreed to by kind; 0 where an agreement ended. */
  agreed: Record<string, number>;
}

export interface Reply {
  state_token?: string;
  credential?: string;
  reference?: string;
  receipt?: string;
  consent?: { reference?: string };
}

export type StateValue = Value | "undecided";
