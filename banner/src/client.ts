/** Talks to the service. */
import type { Jar } from "./cookies";
import type { Embed } from "./embed";
import type { Kept, Notice, Reply } from "./types";

export type Outcome =
  | { kind: "stored"; reply: Reply }
  | { kind: "later" }
  | { kind: "superseded" }
  | { kind: "refused"; detail: string };

interface Response {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON from outside; every use of it is optional.
  data: any;
}

export interface Client {
  notice(): Promise<Notice>;
  record(kept: Kept, late: boolean): Promise<Outcome>;
  /** The visitor as the service knows it; undefined where it knows none (any more). */
  me(): Promise<Reply | undefined>;
  link(returnTo: string): Promise<string | undefined>;
  /** Counts a showing, without saying whose; that it is lost does not matter. */
  shown(notice: Notice): void;
}

const WAIT = 15000;

export function openClient(
  embed: Embed,
  jar: Jar,
  send: typeof fetch = fetch.bind(window),
): Client {
  const site = `${embed.base}/v1/sites/${embed.key}`;

  async function call(path: string, options: RequestInit = {}): Promise<Response> {
    const response = await send(site + path, {
      credentials: jar.mode === "path" || jar.mode === "subdomain" ? "include" : "omit",
      referrerPolicy: "strict-origin",
      signal: AbortSignal.timeout?.(WAIT) ?? null,
      ...options,
    });
    return { status: response.status, data: await response.json().catch(() => ({})) };
  }

  const post = (path: string, body: object, options: RequestInit = {}) =>
    call(path, {
      method: "POST",
      keepalive: true,
      // Plain text: a browser sends it across origins without asking first.
      headers: { "Content-Type": "text/plain;charset=UTF-8" },
      body: JSON.stringify(body),
      ...options,
    });
  const postAs = (path: string, body: object) =>
    post(path, { ...body, credential: jar.credential() });

  async function postAnswer(kept: Kept, late: boolean): Promise<Response> {
    const times = late ? { occurred_at: kept.at, sent_at: new Date().toISOString() } : {};
    const attempt = () => postAs("/consents", { ...kept.answer, ...times });
    const response = await attempt();
    if (response.status !== 401 || response.data.code !== "credential_refused") return response;
    jar.clearCredential();
    return attempt();
  }

  return {
    async notice() {
      const lang = embed.lang ? `?lang=${encodeURIComponent(embed.lang)}` : "";
      const { status, data } = await call(`/notice${lang}`, { credentials: "omit" });
      if (status !== 200) throw new Error(`the service answered ${status}`);
      return data;
    },

    async record(kept, late) {
      try {
        let response = await postAnswer(kept, late);
        const superseded = response.data.code === "notice_superseded";
        // The first attempt, without times, may have arrived although its reply was lost.
        if (response.status === 409 && late && !superseded)
          response = await postAnswer(kept, false);
        const { status, data } = response;
        if (status < 300) return { kind: "stored", reply: data };
        if (status >= 500 || status === 429) return { kind: "later" };
        if (superseded) return { kind: "superseded" };
        return { kind: "refused", detail: data.detail ?? data.title ?? String(status) };
      } catch {
        return { kind: "later" };
      }
    },

    async me() {
      const credential = jar.credential();
      const headers = credential ? { Authorization: `Consent ${credential}` } : undefined;
      const { status, data } = await call("/consents/me", headers ? { headers } : {});
      if (status === 200) return data;
      if (status === 401 || status === 404) return undefined;
      throw new Error(`the service answered ${status}`);
    },

    async link(returnTo) {
      const { data } = await postAs("/consents/me/link", { return: returnTo });
      return data.url;
    },

    shown({ number, variant }) {
      const body = { notice: number, variant };
      void post("/impressions", body, { credentials: "omit" }).catch(() => undefined);
    },
  };
}
