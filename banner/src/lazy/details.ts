/** What the preferences tell about services: who provides them, and what they keep in the browser. */
import type { Cookie, Notice, Service, Texts } from "../types";
import { type Child, h, link } from "../view/dom";

/** Names and values; what has no value is left out. */
export function facts(pairs: [string, string | undefined][]): Child {
  const known = pairs.filter(([, value]) => value);
  return (
    !!known[0] &&
    h("dl", {}, ...known.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))
  );
}

/** The roles keep it a table for assistive technology where the style lays it out as a list. */
function cookieTable(cookies: Cookie[], texts: Texts): HTMLElement {
  const { cookie_name, cookie_domain, cookie_duration, cookie_purpose } = texts;
  const heads = [cookie_name, cookie_domain, cookie_duration, cookie_purpose];
  const cells = ({ name, domain, duration, description }: Cookie) =>
    [name, domain, duration, description].map((value, index) =>
      h("td", { role: "cell", "data-head": heads[index] }, value && h("bdi", {}, value)),
    );
  const columns = heads.map((head) => h("th", { role: "columnheader", scope: "col" }, head));
  const rows = cookies.map((cookie) => h("tr", { role: "row" }, ...cells(cookie)));
  return h(
    "table",
    { role: "table", "aria-label": texts.cookies },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...columns)),
    h("tbody", { role: "rowgroup" }, ...rows),
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

/** The link to a provider's policy, if that is a web address. */
export function policyLink({ provider }: Service, texts: Texts): Child {
  const address = provider?.policy_url;
  return !!address && /^https?:/i.test(address) && link(address, texts.policy_of_provider);
}

export function serviceFacts(service: Service, { texts, locale }: Notice): Child[] {
  const { provider, description, cookies = [], storage = [] } = service;
  const country = countryName(provider?.country, locale);
  const origin = [provider?.name, provider?.address, country].filter(Boolean).join(", ");
  const policy = policyLink(service, texts);
  const kept = [...cookies, ...storage.map((name) => ({ name }))];
  return [
    description && h("p", {}, description),
    facts([[texts.provider, origin]]),
    policy && h("p", {}, policy),
    !!kept[0] && cookieTable(kept, texts),
  ];
}
