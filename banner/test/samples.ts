import type { Kept, Notice, Purpose, Texts, Token, TokenDecision } from "../src/types";

export const NOW = 1_800_000_000;

const words = [
  ...["title", "accept", "reject", "choose", "save", "close", "reopen", "preferences_title"],
  ...["preferences_intro", "always_on", "withdraw", "saved", "pending", "services", "cookies"],
  ...["cookie_name", "cookie_domain", "cookie_duration", "cookie_purpose", "provider"],
  ...["data_categories", "recipients", "retention", "documents", "policy_of_provider"],
  ...["reference", "history", "controller", "opt_out_honoured", "override_question"],
  ...["override_confirm", "override_cancel", "asked_again", "what_changed", "close_refuses"],
  ...["agree", "acknowledge", "agree_intro", "acknowledge_intro", "later", "reload_needed"],
  ...["reload", "receipt", "frame_text", "frame_once", "frame_always", "on", "off"],
  ...["opt_in_question"],
];

export const texts = {
  ...Object.fromEntries(words.map((word) => [word, `text of ${word}`])),
  body: [{ text: "Read the " }, { text: "policy", document: "privacy-policy" }, { text: "." }],
} as unknown as Texts;

export function aPurpose(key: string, more: Partial<Purpose> = {}): Purpose {
  return {
    key,
    name: `Name of ${key}`,
    description: `About ${key}`,
    legal_basis: "consent",
    choice: true,
    before_choice: "denied",
    asked_since: 1,
    ...more,
  };
}

export function aNotice(more: Partial<Notice> = {}): Notice {
  return {
    site: "shop",
    number: 3,
    variant: "ab",
    locale: "en",
    dir: "ltr",
    profile: "eu-opt-in",
    model: "opt-in",
    controller: { name: "Linden & Oak" },
    purposes: [
      aPurpose("necessary", { choice: false, before_choice: "allowed" }),
      aPurpose("analytics"),
      aPurpose("marketing", { sale_or_sharing: true }),
    ],
    services: [
      {
        key: "tally",
        purpose: "analytics",
        name: "Tally",
        asked_since: 1,
        cookies: [{ name: "_tally" }, { name: "_ty*" }],
      },
    ],
    documents: [aDocument("privacy-policy"), aDocument("terms")],
    texts,
    layout: "bar",
    embed: { mode: "external" },
    ...more,
  };
}

export function aService(key: string, purpose: string): Notice["services"][number] {
  return { key, purpose, name: `Name of ${key}`, asked_since: 1 };
}

export function aDocument(kind: string, more: Partial<Notice["documents"][number]> = {}) {
  const url = `/sites/shop/documents/${kind}/2`;
  return {
    kind,
    number: 2,
    sha256: "cd",
    title: kind,
    url,
    accept: "inform" as const,
    asked_since: 1,
    ...more,
  };
}

export function aToken(purposes: Record<string, TokenDecision>, more: Partial<Token> = {}): Token {
  return { v: 1, site: "shop", iat: NOW, purposes, services: {}, documents: {}, ...more };
}

export function encode(token: object): string {
  const bytes = new TextEncoder().encode(JSON.stringify(token));
  const text = btoa(String.fromCharCode(...bytes));
  return `${text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}.k1.signature`;
}

export function aKept(
  key: string,
  chosen: Record<string, boolean>,
  more: Partial<Kept> = {},
): Kept {
  return {
    answer: { action: "choose", notice: 3, decisions: chosen, key },
    at: "2026-11-23T10:00:00.000Z",
    chosen,
    agreed: {},
    ...more,
  };
}
