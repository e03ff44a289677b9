/** Where the banner was embedded from, and what the page's address allows. */
import type { Notice } from "./types";

export interface Embed {
  base: string;
  key: string;
  lang: string;
  inlined?: Notice | undefined;
}

export function readEmbed(script: HTMLScriptElement, pageLang: string): Embed | undefined {
  const inlined = (script as { consentNotice?: Notice }).consentNotice;
  const [base = "", rest] = script.src.split(/\/(?:static|v1)\//);
  const { site: key = inlined?.site, lang = pageLang } = script.dataset;
  return rest && key ? { base, key, lang, inlined } : undefined;
}
