/** Builds elements without markup in strings. */

export type Child = Node | string | false | undefined;
type Properties = Record<string, string | boolean | ((event: Event) => void) | undefined>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value || value === "") element.setAttribute(name, value === true ? "" : value);
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}

export function button(label: string, kind: string, press: () => void): HTMLButtonElement {
  return h("button", { type: "button", class: kind, click: press }, label);
}

export function link(href: string, label: string): HTMLAnchorElement {
  return h("a", { href, target: "_blank", rel: "noopener" }, label);
}

/** A style sheet from text, which a policy without inline styles lets pass. */
export function addStyle(text: string, ...roots: (Document | ShadowRoot)[]): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    for (const root of roots) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  } catch {
    for (const root of roots) (root.querySelector("head") ?? root).append(h("style", {}, text));
  }
}
