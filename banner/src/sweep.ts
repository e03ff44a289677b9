/** Deletes the cookies that a purpose's services left on this site. */
import type { Notice } from "./types";

export function cookiePatterns(notice: Notice, purposes: string[]): string[] {
  const services = notice.services.filter((service) => purposes.includes(service.purpose));
  return services.flatMap((service) => (service.cookies ?? []).map((cookie) => cookie.name));
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** The host itself and each parent domain a cookie may have been set for. */
export function domainsOf(hostname: string): string[] {
  if (/^[\d.]+$|:/.test(hostname)) return [];
  const labels = hostname.split(".");
  return labels.map((_, index) => labels.slice(index).join("."));
}

export function pathsOf(pathname: string): string[] {
  const parts = pathname.split("/").filter(Boolean);
  const folders = parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
  return ["/", ...folders.flatMap((folder) => [folder, `${folder}/`])];
}

function expire(name: string): void {
  const guard = location.protocol === "https:" ? "; Secure" : "";
  const domains = ["", ...domainsOf(location.hostname).map((domain) => `; Domain=${domain}`)];
  for (const domain of domains)
    for (const path of pathsOf(location.pathname)) {
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API cannot delete every variant.
      document.cookie = `${name}=; Max-Age=0; Path=${path}${domain}${guard}`;
    }
}

export function sweep(notice: Notice, purposes: string[], source: string = document.cookie): void {
  const patterns = cookiePatterns(notice, purposes);
  const names = new Set(source.split("; ").map((pair) => pair.split("=")[0] ?? ""));
  for (const name of names) {
    const own = /^(__Host-|__Secure-)?consent_/.test(name);
    if (name && !own && patterns.some((pattern) => matches(name, pattern))) expire(name);
  }
}
