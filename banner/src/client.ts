/** Talks to the service. */
import type { Jar } from "./cookies";
import type { Embed } from "./embed";
import { soon } from "./watch";

export interface Response {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON from outside; every use of it is optional.
  data: any;
}

export interface Client {
  /** Rejects where the service cannot be reached. */
  call(path: string, options?: RequestInit): Promise<Response>;
  post(path: string, body: object, options?: RequestInit): Promise<Response>;
}

export function openClient({ base, key }: Embed, jar: Jar): Client {
  async function attempt(path: string, options?: RequestInit): Promise<Response> {
    const response = await fetch(`${base}/v1/sites/${key}${path}`, {
      credentials: jar.mode === "external" ? "omit" : "include",
      referrerPolicy: "strict-origin",
      ...options,
    });
    return { status: response.status, data: await response.json().catch(() => ({})) };
  }
  const call = (path: string, options?: RequestInit) => soon(attempt(path, options));
  return {
    call,
    post: (path, body, options) =>
      call(path, {
        method: "POST",
        keepalive: true,
        // A browser labels it plain text, and so sends it across origins without asking first.
        body: JSON.stringify(body),
        ...options,
      }),
  };
}
