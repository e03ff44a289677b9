/** Stands in for iframes that may not load yet, at their size, and offers to load them. */
import type { Act } from "../answers";
import type { Core } from "../core";
import { moveAddress } from "../gate";
import type { Purpose, Service } from "../types";
import { addStyle, button, type Child, h } from "../view/dom";
import type { Shown } from "../view/layer";
import { onChanged } from "../watch";
import { policyLink } from "./details";
import css from "./frames.css?inline";

const HELD = "iframe[data-consent][data-src]";
/** What decides about the room that an element takes in the page. */
const ROOM =
  "position inset float margin border width height min-width max-width min-height max-height aspect-ratio box-sizing vertical-align flex order align-self justify-self grid-area";
/** Pixels; a smaller iframe only measures or reports. */
const LEAST = 20;

interface Cover {
  box: HTMLElement;
  /** The iframe's own word on how it is displayed, in its style attribute. */
  display: string;
}

/** What an iframe needs; undefined where the notice does not have it. */
interface Needs {
  name: string;
  service: Service | undefined;
  purpose: Purpose | undefined;
}

function needsOf({ notice }: Shown, { dataset }: HTMLIFrameElement): Needs {
  const { consent, consentService: named, src = "" } = dataset;
  const service = notice.services.find(({ key }) => key === named);
  const purpose = notice.purposes.find(({ key }) => key === (service?.purpose ?? consent));
  if (!purpose || (named && !service))
    console.warn(
      `consent: the iframe for ${src} names a purpose "${consent}" or service "${named}" that the notice lacks: correct its attributes or site.yaml.`,
    );
  return { name: service?.name ?? purpose?.name ?? src, service, purpose };
}

/** Takes the room of an iframe, which is hidden by this, as the page's styles lay it down. */
function takeRoom({ style }: HTMLElement, iframe: HTMLIFrameElement): void {
  const wanted = getComputedStyle(iframe);
  style.display = wanted.display === "inline" ? "inline-block" : wanted.display;
  iframe.style.setProperty("display", "none", "important");
  // Of what is not displayed the styles tell lengths as they were written, percentages included.
  for (const name of ROOM.split(" ")) style.setProperty(name, wanted.getPropertyValue(name));
  style.borderColor = "#0000";
  if (wanted.width === "auto") style.width = "300px";
  if (wanted.height === "auto" && wanted.aspectRatio === "auto") style.height = "150px";
}

/** Is it there to be seen, and not only to be loaded? */
function isSeen(iframe: HTMLIFrameElement): boolean {
  const { display, width, height } = getComputedStyle(iframe);
  return display !== "none" && ![width, height].some((length) => Number.parseFloat(length) < LEAST);
}

export function watch(core: Core): void {
  const shown = core as Shown;
  const covers = new Map<HTMLIFrameElement, Cover>();

  function offers(iframe: HTMLIFrameElement, { name, service, purpose }: Needs): Child[] {
    const { texts, model } = shown.notice;
    if (!purpose?.choice) return [h("p", {}, name)];
    const named = (text: string) => text.replace("{service}", () => name);
    const note = h("p");
    const once = () => {
      // Nobody's to hold any more, on this page.
      iframe.removeAttribute("data-consent");
      moveAddress(iframe, "data-", "");
      refresh();
    };
    const about: Partial<Act> = service
      ? { services: { [service.key]: true } }
      : { decisions: { [purpose.key]: true } };
    const always = async () => {
      await core.act({ action: "choose", layer: 1, ...about });
      if (covers.has(iframe)) note.textContent = texts.pending;
    };
    // What takes a second act is allowed in the preferences, which ask for it.
    const isDoubtful = purpose.sale_or_sharing && (core.isOptedOut() || model === "opt-out");
    const lasting = isDoubtful
      ? button(texts.reopen, "", core.open)
      : button(named(texts.frame_always), "", always);
    return [
      h("p", {}, named(texts.frame_text)),
      h("div", {}, button(texts.frame_once, "", once), lasting),
      service && policyLink(service, texts),
      note,
    ];
  }

  function cover(iframe: HTMLIFrameElement): void {
    const { locale: lang, dir, style = "" } = shown.notice;
    const needs = needsOf(shown, iframe);
    const box = h("div", { class: "cm-frame", lang, dir });
    const shadow = box.attachShadow({ mode: "open" });
    const group = { class: "frame", role: "group", "aria-label": needs.name };
    addStyle(`${css}.frame{${style}}`, shadow);
    shadow.append(h("div", group, ...offers(iframe, needs)));
    covers.set(iframe, { box, display: iframe.style.display });
    takeRoom(box, iframe);
    iframe.before(box);
  }

  function uncover(iframe: HTMLIFrameElement, { box, display }: Cover): void {
    const isFocused = document.activeElement === box;
    covers.delete(iframe);
    box.remove();
    iframe.style.display = display;
    if (isFocused) iframe.focus({ preventScroll: true });
  }

  function refresh(): void {
    mend();
    // Without a notice there are no words either.
    if (!core.notice?.texts.frame_text) return;
    for (const iframe of document.querySelectorAll<HTMLIFrameElement>(HELD))
      if (!covers.has(iframe) && isSeen(iframe)) cover(iframe);
  }

  /** Follows what the page does to the iframes, or to what stands in for them. */
  function mend(): void {
    for (const [iframe, held] of covers)
      if (!iframe.isConnected || !iframe.matches(HELD)) uncover(iframe, held);
      else if (held.box.nextSibling !== iframe) iframe.before(held.box);
  }

  // The first frame waits for the page's style sheets, which lay down the room.
  const styled = new Promise(requestAnimationFrame);
  void Promise.all([core.whole(), styled]).then(
    () => {
      refresh();
      onChanged(HELD, refresh, mend);
      document.addEventListener("consent:change", refresh);
    },
    (problem) => console.warn("consent: no words for held iframes", problem),
  );
}
