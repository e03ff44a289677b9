/** Deletes what services left on this site: cookies, and keys in local and session storage. */
import type { Service } from "./types";

function matcher(patterns: string[]): (name: string) => boolean {
  return (name) =>
    patterns.some((one) =>
      one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : name === one,
    ) && !/^(__\w+-)?consent_/.test(name);
}

/** The whole, and what is left each time its first or last part is taken away. */
export function domainsOf(hostname: string): string[] {
  const labels = hostname.split(".");
  return labels.map((_, index) => labels.slice(index).join("."));
}

export function pathsOf(pathname: string): string[] {
  const parts = pathname.split("/");
  return parts.flatMap((_, index) => {
    const folder = parts.slice(0, index + 1).join("/");
    return [folder, `${folder}/`];
  });
}

function expire(name: string): void {
  const guard = location.protocol === "https:" ? "; Secure" : "";
  const domains = domainsOf(location.hostname).map((domain) => `; Domain=${domain}`);
  for (const domain of ["", ...domains])
    for (const path of pathsOf(location.pathname)) {
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API cannot delete every variant.
      document.cookie = `${name}=; Max-Age=0; Path=${path}${domain}${guard}`;
    }
}

export function sweep(services: Service[]): void {
  const isCookie = matcher(services.flatMap(({ cookies = [] }) => cookies.map((one) => one.name)));
  for (const pair of document.cookie.split("; ")) {
    const name = pair.split("=")[0] ?? "";
    if (isCookie(name)) expire(name);
  }
  const isKey = matcher(services.flatMap(({ storage = [] }) => storage));
  for (const place of ["localStorage", "sessionStorage"] as const)
    try {
      for (const key of Object.keys(window[place])) if (isKey(key)) window[place].removeItem(key);
    } catch {
      // The browser refuses storage, so there is nothing in it.
    }
}
