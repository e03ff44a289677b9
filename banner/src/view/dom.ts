/** Builds elements without markup in strings. */

type Child = Node | string | false | undefined;
type Properties = Record<string, string | boolean | ((event: Event) => void) | undefined>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (typeof value === "string") element.setAttribute(name, value);
  }
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}

export function button(label: string, kind: string, press: () => void): HTMLButtonElement {
  return h("button", { type: "button", class: kind, click: press }, label);
}

export function closeButton(label: string, press: () => void): HTMLButtonElement {
  return h("button", {
    type: "button",
    class: "close",
    "aria-label": label,
    title: label,
    click: press,
  });
}

export function link(href: string | undefined, label: string): Node {
  if (!href) return document.createTextNode(label);
  return h("a", { href, target: "_blank", rel: "noopener" }, label);
}
