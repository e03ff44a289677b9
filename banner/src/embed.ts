/** Where the banner was embedded from, and what the page's address allows. */
import type { Notice } from "./types";

export interface Embed {
  base: string;
  key: string;
  /** What the tag asks for, whatever the page's language is. */
  lang?: string | undefined;
  inlined?: Notice | undefined;
  /** Where the page's policy asks for one, what the banner releases has to have it as well. */
  nonce?: string;
}

export function readEmbed(script: HTMLScriptElement): Embed | undefined {
  const inlined = (script as { consentNotice?: Notice }).consentNotice;
  const [base = "", rest] = script.src.split(/\/(?:static|v1)\//);
  const { site: key = inlined?.site, lang } = script.dataset;
  return rest && key ? { base, key, lang, inlined, nonce: script.nonce } : undefined;
}
