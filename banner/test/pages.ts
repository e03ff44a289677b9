/** Pages with the banner's core on them, and a service that answers as it is told to. */
import { vi } from "vitest";
import type { Core } from "../src/core";
import type { Kept, Notice, Token } from "../src/types";
import type { Shown } from "../src/view/layer";
import { aNotice, encode } from "./samples";

export interface Given {
  /** What comes with the script; null: nothing. */
  notice?: Notice | null;
  token?: Token;
  kept?: Kept[];
  gpc?: boolean;
  credential?: string;
}

export interface Request {
  method: string;
  path: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent.
  body: any;
  options: RequestInit;
}

type Answer = [status: number, data?: object] | "lost";

export interface Page {
  core: Shown;
  /** What was asked of the service, showings left out. */
  requests: Request[];
  announced: string[];
  /** Sets what the service answers to the next requests for a path, one each. */
  answers(path: string, ...list: (Answer | Promise<Answer>)[]): void;
}

const observers: MutationObserver[] = [];
vi.stubGlobal(
  "MutationObserver",
  class extends MutationObserver {
    constructor(callback: MutationCallback) {
      super(callback);
      observers.push(this);
    }
  },
);
type Listening = [type: string, listener: EventListener, options?: AddEventListenerOptions];
const listened: Listening[] = [];
const listen = globalThis.addEventListener.bind(globalThis) as (...given: Listening) => void;
Object.assign(globalThis, {
  addEventListener(...given: Listening) {
    listened.push(given);
    listen(...given);
  },
});

/** Ends what a page does and forgets what it kept. */
export async function leavePage(): Promise<void> {
  await settle();
  dispatchEvent(new Event("pagehide"));
  for (const observer of observers.splice(0)) observer.disconnect();
  for (const [type, listener, options] of listened.splice(0))
    removeEventListener(type, listener, options);
  for (const pair of document.cookie.split("; ")) keep(pair.split("=")[0] ?? "", "");
  localStorage.clear();
  sessionStorage.clear();
  document.body.replaceChildren();
  document.documentElement.style.cssText = "";
  history.replaceState(null, "", "/");
}

export function keep(name: string, value: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: as the banner does it.
  document.cookie = `${name}=${value}; Path=/; Max-Age=${value ? 1000 : -1}`;
}

/** Lets all happen that follows from what has been answered by now. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((go) => setTimeout(go));
    await vi.dynamicImportSettled();
  }
}

export function page({
  notice = aNotice(),
  token,
  kept,
  gpc,
  credential,
}: Given = {}): Promise<Page> {
  if (token) keep("consent_state_shop", encode(token));
  if (credential) keep("consent_shop", credential);
  if (kept) localStorage.setItem("consent_queue_shop", JSON.stringify(kept));
  Object.defineProperty(navigator, "globalPrivacyControl", { value: gpc, configurable: true });
  const requests: Request[] = [];
  const announced: string[] = [];
  const queued = new Map<string, (Answer | Promise<Answer>)[]>();

  async function send(url: string, options: RequestInit = {}): Promise<Response> {
    const path = url.replace("/cm/v1/sites/shop", "");
    const body = options.body ? JSON.parse(String(options.body)) : undefined;
    const isShowing = path === "/impressions";
    if (!isShowing) requests.push({ method: options.method ?? "GET", path, body, options });
    const answer = await (queued.get(path)?.shift() ?? [isShowing ? 204 : 500]);
    if (answer === "lost") throw new TypeError("offline");
    const [status, data] = answer;
    return new Response(data && JSON.stringify(data), { status });
  }
  vi.stubGlobal("fetch", send);
  return open(notice, announced).then((core) => ({
    core,
    requests,
    announced,
    answers: (path, ...list) => void queued.set(path, list),
  }));
}

/** Every page runs the code anew. */
async function open(notice: Notice | null, announced: string[]): Promise<Shown> {
  vi.resetModules();
  const { openVisit } = await import("../src/visit");
  const embed = { base: "/cm", key: "shop", lang: "en", inlined: notice ?? undefined };
  const core: Core = openVisit(embed, (event) => void announced.push(event));
  return core as Shown;
}

export const root = (): Element | null => document.querySelector("#cm-root");
export const layer = (): Element | null => document.querySelector("#cm-root .cm-layer");

/** Labels of buttons; sample texts are named after what they are for. */
export const labels = (within: ParentNode | null): string[] =>
  [...(within?.querySelectorAll("button") ?? [])].map((one) =>
    (one.textContent ?? "").replace("text of ", ""),
  );

export function press(label: string, within: ParentNode = document): void {
  const found = [...within.querySelectorAll("button")].find(
    (one) => one.textContent === `text of ${label}`,
  );
  if (!found) throw new Error(`there is no button ${label}, but ${labels(within)}`);
  found.click();
}
