/** Entry: reads the tag that loaded this file and starts. */
import { openApi } from "./api";
import { type Embed, readEmbed, transportOf } from "./embed";
import { openVisit, type Visit } from "./visit";
import { onAdded } from "./watch";

/** Where nothing can be kept, nothing is asked and nothing allowed. */
const CLOSED: Visit = {
  start: async () => {},
  open: async () => {},
  withdraw: () => {},
  allows: () => false,
  values: () => ({}),
  reference: () => undefined,
};

async function pageReady(): Promise<void> {
  if (document.prerendering)
    await new Promise((go) => document.addEventListener("prerenderingchange", go, { once: true }));
  if (document.body) return;
  await new Promise<void>((go) => {
    const observer = onAdded("body", () => {
      observer.disconnect();
      go();
    });
  });
}

function run(embed: Embed): void {
  const transport = transportOf(location);
  if (!transport)
    console.warn(
      "consent: this page is not on https, so no choice can be kept: everything is denied.",
    );
  let begin = (): void => {};
  const ready = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const api = openApi(() => visit, ready);
  const visit = transport ? openVisit(embed, transport === "secure", api.announce) : CLOSED;
  Object.assign(window, { Consent: api.consent });
  document.addEventListener("click", (event) => {
    const opener = event.target instanceof Element && event.target.closest("[data-consent-open]");
    if (!opener) return;
    event.preventDefault();
    void api.consent.open();
  });
  void pageReady()
    .then(visit.start)
    .catch((problem) => console.error("consent: everything is denied.", problem))
    .finally(begin);
}

const script = document.currentScript;
const embed =
  script instanceof HTMLScriptElement
    ? readEmbed(script, document.documentElement.lang)
    : undefined;
if ("Consent" in window)
  console.warn("consent: the banner is on this page twice; the second does nothing.");
else if (embed) run(embed);
else console.warn("consent: the script tag names no site.");
