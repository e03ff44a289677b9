/** First-party cookies: the credential and the state token of one site. */
import type { Embed } from "./embed";
import type { Mode, Notice } from "./types";

const LIFE = 34128000;

export interface Jar {
  readonly mode: Mode | undefined;
  setMode(embed: Notice["embed"]): void;
  tokens(): string[];
  credential(): string | undefined;
  /** Writes what is given; what is empty is deleted. */
  put(token?: string, credential?: string): void;
  /** The same in external mode; elsewhere the service sets both. */
  store(token?: string, credential?: string): void;
}

export function openJar({ key }: Embed, secure = location.protocol === "https:"): Jar {
  const credential = `consent_${key}`;
  const token = `consent_state_${key}`;
  let scope = "";

  /** The names a cookie may have; only one where the mode is known. */
  function names(base: string): string[] {
    if (!secure) return [base];
    if (!jar.mode) return [`__Host-${base}`, `__Secure-${base}`];
    return [(jar.mode === "subdomain" ? "__Secure-" : "__Host-") + base];
  }
  const read = (base: string) =>
    names(base).flatMap((name) =>
      document.cookie
        .split("; ")
        .filter((pair) => pair.startsWith(`${name}=`))
        .map((pair) => pair.slice(name.length + 1)),
    );
  function write(base: string, value?: string): void {
    if (value === undefined) return;
    const guard = secure ? "; Secure" : "";
    const end = `Path=/${scope}${guard}; SameSite=Lax; Max-Age=${value ? LIFE : 0}`;
    for (const name of names(base)) {
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in older browsers and asynchronous.
      document.cookie = `${name}=${value}; ${end}`;
    }
  }
  const jar = {
    mode: undefined as Mode | undefined,
    setMode({ mode, cookie_domain }: Notice["embed"]) {
      jar.mode = mode;
      scope = mode === "subdomain" && cookie_domain ? `; Domain=${cookie_domain}` : "";
    },
    tokens: () => read(token),
    credential: () => read(credential)[0],
    put(newToken?: string, newCredential?: string) {
      write(token, newToken);
      write(credential, newCredential);
    },
    store(newToken?: string, newCredential?: string) {
      if (jar.mode === "external") jar.put(newToken, newCredential);
    },
  };
  return jar;
}
