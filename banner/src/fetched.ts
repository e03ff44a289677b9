/** For a script that came without a notice: gets it, or what allows to withdraw without it. */
import type { Jar } from "./cookies";
import type { Core } from "./core";
import type { Notice, Token } from "./types";

/** Stands in for a notice that cannot be had: without words nothing is shown, but the page can withdraw. */
function standIn(token: Token, { credential }: Jar): Notice {
  const entries = Object.entries(token.purposes);
  const purposes = entries.map(([key]) => ({ key, choice: true }));
  const numbers = [...entries, ...Object.entries(token.documents)].map(([, one]) => one[1]);
  const number = Math.max(1, ...numbers);
  // In the other modes the service keeps the credential from scripts.
  const embed = credential() ? { mode: "external" } : {};
  const none = { services: [], documents: [], texts: {} };
  return { number, purposes, ...none, embed } as unknown as Notice;
}

export async function fetchNotice({ client, embed }: Core): Promise<Notice> {
  const wanted = embed.lang ?? document.documentElement.lang;
  const lang = wanted && `?lang=${encodeURIComponent(wanted)}`;
  const { status, data } = await client.call(`/notice${lang}`, { credentials: "omit" });
  if (status !== 200 || !data.texts) throw new Error(`the service answered ${status}`);
  return data;
}

export async function fetchInto(core: Core): Promise<void> {
  try {
    core.notice ??= await fetchNotice(core);
  } catch (problem) {
    console.warn("consent: the notice could not be loaded, nothing new is allowed.", problem);
    const { token } = core.facts();
    if (token) core.notice = standIn(token, core.jar);
  }
}
