/** Where the banner was embedded from, and what the page's address allows. */
import type { Mode, Notice } from "./types";

export interface Embed {
  base: string;
  key: string;
  lang: string;
  inlined?: Notice;
}

const ADDRESS = /^([^?#]*)\/(?:static|v1\/sites\/([a-z][a-z0-9-]{0,31}))\//;
const KEY = /^[a-z][a-z0-9-]{0,31}$/;

export function readEmbed(script: HTMLScriptElement, pageLang: string): Embed | undefined {
  const [, base, keyInAddress] = ADDRESS.exec(script.src) ?? [];
  const key = script.dataset.site ?? keyInAddress;
  if (base === undefined || key === undefined || !KEY.test(key)) return undefined;
  const inlined = (script as { consentNotice?: Notice }).consentNotice;
  const embed = { base, key, lang: script.dataset.lang ?? pageLang };
  return inlined?.site === key ? { ...embed, inlined } : embed;
}

/** `secure` on https, `loopback` on plain http to this machine, else undefined: nothing may be kept there. */
export function transportOf(address: {
  protocol: string;
  hostname: string;
}): "secure" | "loopback" | undefined {
  if (address.protocol === "https:") return "secure";
  const loopback = /^(localhost|.+\.localhost|127\.0\.0\.1|\[::1\])$/.test(address.hostname);
  return address.protocol === "http:" && loopback ? "loopback" : undefined;
}

/** The names a cookie may have; only one where the mode is known. */
export function cookieNames(base: string, secure: boolean, mode?: Mode): string[] {
  if (!secure) return [base];
  if (!mode) return [`__Host-${base}`, `__Secure-${base}`];
  return [(mode === "subdomain" ? "__Secure-" : "__Host-") + base];
}

/** The address of a document or page of the service; undefined unless it is an http one. */
export function webAddress(address: string | undefined, base?: string): string | undefined {
  if (!address) return undefined;
  try {
    const url = base ? new URL(address.replace(/^\/+/, ""), `${base}/`) : new URL(address);
    return /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}
