/** First-party cookies: the credential and the state token of one site. */
import { cookieNames } from "./embed";
import type { Mode } from "./types";

const LIFE = 34128000;

export function readCookies(name: string, from: string = document.cookie): string[] {
  return from
    .split("; ")
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}

export interface Jar {
  readonly mode: Mode | undefined;
  setMode(mode: Mode, domain?: string | null): void;
  tokens(): string[];
  credential(): string | undefined;
  /** Only in external mode: elsewhere the service sets both. */
  store(token?: string, credential?: string): void;
  renew(): void;
  clear(): void;
  clearToken(): void;
  clearCredential(): void;
}

export function openJar(key: string, secure: boolean): Jar {
  const credentialBase = `consent_${key}`;
  const tokenBase = `consent_state_${key}`;
  let mode: Mode | undefined;
  let domain: string | null | undefined;

  const read = (base: string) =>
    cookieNames(base, secure, mode).flatMap((name) => readCookies(name));
  const write = (base: string, value: string, life: number) => {
    for (const name of cookieNames(base, secure, mode)) {
      const scope = mode === "subdomain" && domain ? `; Domain=${domain}` : "";
      const guard = secure ? "; Secure" : "";
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in older browsers and asynchronous.
      document.cookie = `${name}=${value}; Path=/${scope}${guard}; SameSite=Lax; Max-Age=${life}`;
    }
  };
  const jar: Jar = {
    get mode() {
      return mode;
    },
    setMode(newMode, newDomain) {
      mode = newMode;
      domain = newDomain;
    },
    tokens: () => read(tokenBase),
    credential: () => read(credentialBase)[0],
    store(token, credential) {
      if (mode !== "external") return;
      if (token) write(tokenBase, token, LIFE);
      if (credential) write(credentialBase, credential, LIFE);
    },
    renew: () => jar.store(jar.tokens()[0], jar.credential()),
    clear() {
      jar.clearCredential();
      jar.clearToken();
    },
    clearToken() {
      if (read(tokenBase).length) write(tokenBase, "", 0);
    },
    clearCredential() {
      if (read(credentialBase).length) write(credentialBase, "", 0);
    },
  };
  return jar;
}
