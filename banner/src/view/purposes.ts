/** The rows of the preferences: one for each purpose, with its services and their cookies. */
import { webAddress } from "../embed";
import { choicesOf, type Standing } from "../state";
import type { Cookie, Notice, Purpose, Service, Texts } from "../types";
import { button, h, link } from "./dom";
import type { Scene } from "./scene";

function facts(pairs: [string, string | undefined][]): HTMLElement | undefined {
  const known = pairs.filter(([, value]) => value);
  if (!known.length) return undefined;
  return h("dl", {}, ...known.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

// The roles keep it a table for assistive technology where the style lays it out as a list.
function cookieTable(cookies: Cookie[], texts: Texts): HTMLElement {
  const heads = [
    texts.cookie_name,
    texts.cookie_domain,
    texts.cookie_duration,
    texts.cookie_purpose,
  ];
  const cells = (cookie: Cookie) =>
    [cookie.name, cookie.domain, cookie.duration, cookie.description].map((value, index) =>
      h("td", { role: "cell", "data-head": heads[index] }, value && h("bdi", {}, value)),
    );
  return h(
    "table",
    { role: "table", "aria-label": texts.cookies },
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        ...heads.map((head) => h("th", { role: "columnheader", scope: "col" }, head)),
      ),
    ),
    h(
      "tbody",
      { role: "rowgroup" },
      ...cookies.map((cookie) => h("tr", { role: "row" }, ...cells(cookie))),
    ),
  );
}

/** The name of a country; its code where the browser has no names. */
function countryName(code: string | undefined, locale: string): string | undefined {
  try {
    return code && new Intl.DisplayNames([locale], { type: "region" }).of(code);
  } catch {
    return code;
  }
}

function serviceItem(service: Service, { texts, locale }: Notice): HTMLElement {
  const { provider, cookies } = service;
  const country = countryName(provider?.country, locale);
  const origin = provider && [provider.name, provider.address, country].filter(Boolean).join(", ");
  const policy = webAddress(provider?.policy_url);
  return h(
    "div",
    { class: "service" },
    h("h3", {}, service.name),
    service.description ? h("p", {}, service.description) : undefined,
    facts([[texts.provider, origin]]),
    policy ? h("p", {}, link(policy, texts.policy_of_provider)) : undefined,
    cookies?.length ? cookieTable(cookies, texts) : undefined,
  );
}

/** Shows how things are: what is pending as it was chosen, what is undecided as it is treated. */
function isOn(standing: Standing | undefined): boolean {
  return !!standing && (standing.pending || standing.allowed);
}

/** Allowing what a signal stands against takes a second act: without it the switch stays off. */
function askAgain(input: HTMLInputElement, texts: Texts): void {
  const close = (allowed: boolean) => {
    input.checked = allowed;
    dialog.close();
    dialog.remove();
    input.focus();
  };
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-label": texts.override_question, cancel: () => close(false) },
    h("p", {}, texts.override_question),
    h(
      "div",
      { class: "buttons" },
      button(texts.override_confirm, "plain", () => close(true)),
      button(texts.override_cancel, "plain", () => close(false)),
    ),
  );
  input.checked = false;
  // Beside the label: inside, each press of it would work the switch.
  input.closest("label")?.after(dialog);
  dialog.showModal();
}

function head(purpose: Purpose, scene: Scene): HTMLElement {
  const { texts } = scene.notice;
  const standing = scene.state.purposes[purpose.key];
  const locked = !purpose.choice;
  const signal = scene.optedOut && !!purpose.sale_or_sharing;
  const on = isOn(standing);
  const note = locked ? on && texts.always_on : signal && !on && texts.opt_out_honoured;
  const input = h("input", {
    type: "checkbox",
    role: "switch",
    name: purpose.key,
    disabled: locked,
    "aria-describedby": `about-${purpose.key}`,
    change: () => signal && input.checked && askAgain(input, texts),
  });
  input.checked = on;
  return h(
    "label",
    {},
    h("span", { class: "name" }, purpose.name),
    note && h("span", { class: "badge" }, note),
    input,
  );
}

function row(purpose: Purpose, scene: Scene): HTMLElement {
  const { notice } = scene;
  const { texts } = notice;
  const services = notice.services.filter((service) => service.purpose === purpose.key);
  return h(
    "li",
    { class: "purpose" },
    head(purpose, scene),
    h("p", { id: `about-${purpose.key}` }, purpose.description),
    purpose.exemption ? h("p", { class: "quiet" }, purpose.exemption) : undefined,
    facts([
      [texts.data_categories, purpose.data_categories?.join(", ")],
      [texts.recipients, purpose.recipients?.join(", ")],
      [texts.retention, purpose.retention],
    ]),
    services.length > 0 &&
      h(
        "details",
        {},
        h("summary", {}, `${texts.services} (${services.length})`),
        ...services.map((service) => serviceItem(service, notice)),
      ),
  );
}

export function purposeList(scene: Scene): HTMLElement {
  return h("ul", { class: "purposes" }, ...scene.notice.purposes.map((one) => row(one, scene)));
}

/** Every purpose that the visitor decides about, said explicitly. */
export function decisionsIn(list: ParentNode, notice: Notice): Record<string, boolean> {
  const isChecked = (key: string) =>
    list.querySelector<HTMLInputElement>(`input[name="${CSS.escape(key)}"]`)?.checked ?? false;
  return Object.fromEntries(
    choicesOf(notice).map((purpose) => [purpose.key, isChecked(purpose.key)]),
  );
}
