import { expect, test } from "vitest";
import { readEmbed } from "../src/embed";

function tag(src: string, data: Record<string, string> = {}): HTMLScriptElement {
  const script = document.createElement("script");
  Object.defineProperty(script, "src", { value: src });
  Object.assign(script.dataset, data);
  return script;
}

test.each([
  ["https://cm.example/static/consent-banner.js", "https://cm.example"],
  ["https://shop.example/_cm/static/consent-banner.js", "https://shop.example/_cm"],
  ["https://cm.example/static/b/0123/a.js", "https://cm.example"],
  ["http://localhost:8000/v1/sites/shop/consent-banner.js", "http://localhost:8000"],
])("%s names its base address", (src, base) => {
  expect(readEmbed(tag(src, { site: "shop", lang: "de" }))).toMatchObject({
    ...{ base, key: "shop", lang: "de", inlined: undefined },
  });
});

test("a tag without a language leaves it to the page, and may have a nonce", () => {
  const script = tag("https://cm.example/static/consent-banner.js", { site: "shop" });
  script.nonce = "r4nd0m";
  expect(readEmbed(script)).toMatchObject({ lang: undefined, nonce: "r4nd0m" });
});

test("a script of a site brings its notice, which names the site", () => {
  const script = tag("https://cm.example/v1/sites/shop/consent-banner.js");
  const notice = { site: "shop" };
  Object.assign(script, { consentNotice: notice });
  expect(readEmbed(script)).toMatchObject({ key: "shop", inlined: notice });
});

test("a tag that names no site is none of ours", () => {
  expect(readEmbed(tag("https://cm.example/static/consent-banner.js"))).toBeUndefined();
  expect(readEmbed(tag("https://cm.example/elsewhere.js", { site: "shop" }))).toBeUndefined();
});
