/** What a visitor can show of their own record: its reference, its receipt, its history. */
import { button, h } from "../view/dom";
import type { Shown } from "../view/layer";

/** How long a browser may take to save a file. */
const WHILE = 60_000;

/** Can the service tell who this is? In all modes but `external` it keeps the credential to itself. */
export function isKnown({ jar }: Shown): boolean {
  return !!(jar.credential() ?? (jar.mode !== "external" && jar.tokens()[0]));
}

/** Saves the receipt, a signed text, as a file. */
function save({ receipt = "", reference }: Shown): void {
  const href = URL.createObjectURL(new Blob([receipt, "\n"], { type: "text/plain" }));
  h("a", { href, download: `consent-receipt-${reference}.txt` }).click();
  setTimeout(() => URL.revokeObjectURL(href), WHILE);
}

/** Goes to the page that the service has for this visitor, which leads back here. */
async function goToHistory({ client, jar, notice }: Shown): Promise<void> {
  const body = { return: location.href.split("#")[0], credential: jar.credential() };
  const { status, data } = await client.post("/consents/me/link", body);
  if (!data.url) throw new Error(`the service answered ${status}`);
  const page = new URL(data.url);
  page.searchParams.set("lang", notice.locale);
  location.assign(page);
}

export function identity(core: Shown): HTMLElement {
  const { notice, reference, receipt } = core;
  const { texts } = notice;
  const leave = () =>
    void goToHistory(core).catch((problem) =>
      console.warn("consent: the history could not be opened.", problem),
    );
  return h(
    "section",
    { class: "identity" },
    reference && h("h3", {}, texts.reference),
    reference && h("p", {}, h("code", { dir: "ltr" }, reference)),
    receipt && button(texts.receipt, "text receipt", () => save(core)),
    isKnown(core) && button(texts.history, "text history", leave),
  );
}
