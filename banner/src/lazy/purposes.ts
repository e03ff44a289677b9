/** The rows of the preferences: one for each purpose, with its services, each with its own switch. */
import type { Purpose, Service } from "../types";
import { h } from "../view/dom";
import type { Shown } from "../view/layer";
import { askTwice, doubt } from "./confirm";
import { facts, serviceFacts } from "./details";

/** What the switches stand for. */
export interface Choices {
  decisions: Record<string, boolean>;
  /** Services that differ from their purpose, or did. */
  services: Record<string, boolean>;
}

/** Adds what one switch stands for. */
type Tell = (choices: Choices) => void;

/** What the purpose's switch tells the switches of its services. */
const SET = "set";

/** What was said about a service by itself, kept answers included; undefined: it follows its purpose. */
function ownWord(core: Shown, { key }: Service): boolean | undefined {
  const kept = core.facts().kept.flatMap(({ services }) => services?.[key] ?? []);
  return kept.at(-1) ?? core.state.services[key];
}

/** A switch that, before it goes on, asks what there is to ask. */
function toggle(
  core: Shown,
  properties: Record<string, string | boolean>,
  on: boolean,
  question: () => string | undefined,
  changed: () => void,
): HTMLInputElement {
  function change(): void {
    const asked = input.checked && question();
    if (asked) {
      input.checked = false;
      // Beside the label: inside, each press of it would work the switch.
      askTwice(core.notice.texts, asked, input.parentElement ?? input, (allowed) => {
        input.checked = allowed;
        changed();
      });
    }
    changed();
  }
  const input = h("input", { type: "checkbox", role: "switch", ...properties, change });
  input.checked = on;
  return input;
}

function label(name: string, input: HTMLInputElement, note?: string | false): HTMLElement {
  const badge = note && h("span", { class: "badge" }, note);
  return h("label", {}, h("span", { class: "name" }, name), badge, input);
}

/** Goes with the switch of its purpose, save where the visitor has refused this service by itself. */
function serviceSwitch(
  core: Shown,
  service: Service,
  purpose: Purpose,
  main: HTMLInputElement,
  tells: Tell[],
): HTMLInputElement {
  const { key } = service;
  const own = ownWord(core, service);
  let isRefused = own === false;
  const input = toggle(
    core,
    { name: `service ${key}` },
    own ?? main.checked,
    () => (main.checked && own !== false ? undefined : doubt(core, purpose, true)),
    () => {
      isRefused = main.checked && !input.checked;
    },
  );
  function restrict(): void {
    // A signal stands against the purpose, so it is the purpose that has to be asked about.
    input.disabled = !main.checked && !!purpose.sale_or_sharing && core.isOptedOut();
  }
  main.addEventListener(SET, () => {
    input.checked = main.checked && !isRefused;
    restrict();
  });
  restrict();
  tells.push(({ services }) => {
    const isNews = own !== undefined && own !== input.checked;
    if (isNews || input.checked !== main.checked) services[key] = input.checked;
  });
  return input;
}

function mainSwitch(core: Shown, purpose: Purpose, tells: Tell[]): HTMLInputElement {
  const { key, choice } = purpose;
  const { allowed, pending, value } = core.state.purposes[key] ?? {};
  const main = toggle(
    core,
    { name: key, disabled: !choice, "aria-describedby": `about-${key}` },
    // As things are: what is pending as it was chosen, what is undecided as it is treated.
    !!(pending || allowed),
    () => doubt(core, purpose, value === "denied"),
    () => main.dispatchEvent(new Event(SET)),
  );
  if (choice) tells.push(({ decisions }) => Object.assign(decisions, { [key]: main.checked }));
  return main;
}

function row(core: Shown, purpose: Purpose, tells: Tell[]): HTMLElement {
  const { notice } = core;
  const { texts } = notice;
  const { key, choice } = purpose;
  const main = mainSwitch(core, purpose, tells);
  const isObjected = core.isOptedOut() && purpose.sale_or_sharing && !main.checked;
  const note = choice ? isObjected && texts.opt_out_honoured : main.checked && texts.always_on;
  const services = notice.services.filter((service) => service.purpose === key);
  const items = services.map((service) => {
    const title = choice
      ? label(service.name, serviceSwitch(core, service, purpose, main, tells))
      : h("h3", {}, service.name);
    return h("div", { class: "service" }, title, ...serviceFacts(service, notice));
  });
  return h(
    "li",
    { class: "purpose" },
    label(purpose.name, main, note),
    h("p", { id: `about-${key}` }, purpose.description),
    purpose.exemption && h("p", { class: "quiet" }, purpose.exemption),
    facts([
      [texts.data_categories, purpose.data_categories?.join(", ")],
      [texts.recipients, purpose.recipients?.join(", ")],
      [texts.retention, purpose.retention],
    ]),
    !!items[0] &&
      h("details", {}, h("summary", {}, `${texts.services} (${items.length})`), ...items),
  );
}

/** The list, and what reads its switches. */
export function purposeList(core: Shown): { list: HTMLElement; read(): Choices } {
  const tells: Tell[] = [];
  const rows = core.notice.purposes.map((purpose) => row(core, purpose, tells));
  return {
    list: h("ul", { class: "purposes" }, ...rows),
    read() {
      const choices: Choices = { decisions: {}, services: {} };
      for (const tell of tells) tell(choices);
      return choices;
    },
  };
}
