/** Entry: reads the tag that loaded this file and starts. */
import { openApi } from "./api";
import { readEmbed } from "./embed";
import { openVisit } from "./visit";

const script = document.currentScript;
// A page's element may have that name.
const embed = script instanceof HTMLScriptElement && readEmbed(script);

async function pageReady(): Promise<void> {
  if (document.prerendering)
    await new Promise((go) => document.addEventListener("prerenderingchange", go, { once: true }));
  // In a task of its own, so that the page is not kept waiting for both.
  do await new Promise((go) => setTimeout(go));
  while (!document.body);
}

if (window.siteConsent?.ready instanceof Promise)
  console.warn("consent: the banner is on this page twice");
else if (!embed) console.warn('consent: add data-site="KEY" to the script tag');
else {
  // On https, and on plain http to this machine.
  const keepable = isSecureContext;
  if (!keepable) console.warn("consent: use https; here all is denied");
  let begin = (): void => {};
  const started = new Promise<void>((go) => {
    begin = go;
  });
  const api = openApi(() => core, started);
  const core = openVisit(keepable ? embed : { ...embed, inlined: undefined }, api.announce);
  Object.assign(window, { siteConsent: api });
  document.addEventListener("click", (event) => {
    const opens = (event.target as Element).closest?.("[data-consent-open]");
    if (!opens || !core.notice) return;
    event.preventDefault();
    void api.open();
  });
  void (keepable ? pageReady().then(core.start) : Promise.resolve())
    .catch((problem) => console.error("consent: all is denied", problem))
    .then(() => {
      begin();
      api.announce("ready");
    });
}
