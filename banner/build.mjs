// Builds ../static/consent-banner.js and its lazy parts in ../static/b. With --check it only compares the committed files with a fresh build.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { minify } from "terser";
import { buildHead } from "./head.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.join(here, "../static");
const digestZeros = "0".repeat(64);
const kitZeros = "0".repeat(32);
/** Style sheets that only some sites need. */
const layouts = ["bar", "box", "dialog", "close", "optout"];
const signals = ["google", "uet", "clarity", "meta", "matomo", "data_layer"];
const parts = { c: "centre", f: "frames", l: "layers", r: "records", g: "gpp", t: "tcf" };

const minifyStyle = async (file) =>
  (await transform(await readFile(file, "utf8"), { loader: "css", minify: true })).code
    .trim()
    .replaceAll(": ", ":");

const styles = {
  name: "styles",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.css\?inline$/ }, (file) => ({
      path: path.join(file.resolveDir, file.path.replace("?inline", "")),
    }));
    onLoad({ filter: /\.css$/ }, async (file) => ({
      contents: await minifyStyle(file.path),
      loader: "text",
    }));
  },
};

async function bundle(input, format) {
  const { outputFiles } = await build({
    ...(typeof input === "string" ? { entryPoints: [input] } : { stdin: input }),
    absWorkingDir: here,
    bundle: true,
    minify: true,
    format,
    target: "es2021",
    legalComments: "none",
    charset: "utf8",
    plugins: [styles],
    write: false,
  });
  const { code } = await minify(outputFiles[0].text, {
    ecma: 2021,
    module: format === "esm",
    // What makes the compressed file smallest, not the plain one.
    compress: {
      ...{ passes: 3, join_vars: false, comparisons: false },
      ...{ pure_getters: true, unsafe_arrows: true, unsafe_methods: true },
    },
    mangle: { properties: { regex: internal, keep_quoted: true } },
    nameCache,
    format: { wrap_iife: true },
  });
  return code;
}

/** What the server leaves out where a site does not need it. */
const section = (name, text) => `/*{${name}*/${text}/*}*/`;

/** Properties of our own, which neither the service nor the page nor the browser knows. */
const internal =
  /^(stage|getStage|learn|forget|isOptedOut|whole|take|asked|asks|rest|mend|focusPage|shadow|gate|jar|queue|client|withdrawable|setMode|tokens|hold|facts|allows|update|call|post|hasOptedOut|isQuiet|addClose|base|kept|firstLayer|announce|agreements|linkedBody|inlined|allowed)$/;
const nameCache = {};

/** Sections beside layouts and signals: what a hook of the core does. */
const hooks = {
  fetch: { from: "fetched", members: ["fetchInto"] },
  signal: { from: "signalling", members: ["signal"] },
  close: { from: "closing", members: ["addClose"] },
  links: { from: "linked", members: ["linkedBody"] },
  agreements: { from: "agreements", members: ["agreements"] },
  objections: { from: "objections", members: ["hasOptedOut", "isQuiet"] },
};

const statement = (contents) => bundle({ contents, resolveDir: here, loader: "ts" }, "iife");

async function eager() {
  let [css, modules] = ["", ""];
  for (const name of layouts) {
    const text = await minifyStyle(path.join(here, `src/view/${name}.css`));
    css += section(name, `${name}:${JSON.stringify(text)},`);
  }
  for (const name of signals) {
    const source = `import { signal } from "./src/signals/${name}"; SIGNALS.${name} = signal;`;
    modules += section(name, await statement(source));
  }
  for (const [name, { from, members }] of Object.entries(hooks)) {
    const lines = members.map((member) => `HOOKS.${member} = it.${member};`);
    const source = `import * as it from "./src/${from}"; ${lines.join(" ")}`;
    modules += section(name, await statement(source));
  }
  const core = await bundle("src/main.ts", "esm");
  return `(()=>{var BANNER_DIGEST="${digestZeros}",KIT="${kitZeros}",LAYOUTS={${css}},SIGNALS={},HOOKS={};${modules}${core}})();\n`;
}

/** All files by name; the eager one carries the digest of them all, and that of itself. */
async function buildAll() {
  const files = new Map();
  for (const [name, source] of Object.entries(parts)) {
    const text = await bundle(`src/lazy/${source}.ts`, "esm");
    const word = /\b(BANNER_DIGEST|KIT|LAYOUTS|SIGNALS|HOOKS)\b/.exec(text);
    if (word) throw new Error(`src/lazy/${source}.ts: only eager code has ${word[0]}`);
    files.set(`b/${name}.js`, `${text}\n`);
  }
  files.set("b/h.js", `${await buildHead()}\n`);
  const code = await eager();
  const kit = createHash("sha256");
  for (const name of [...files.keys()].sort()) {
    const text = files.get(name);
    kit.update(`${name.slice(2)}\0${Buffer.byteLength(text)}\0${text}`);
  }
  kit.update(code);
  const named = code.replace(`"${kitZeros}"`, `"${kit.digest("hex").slice(0, 32)}"`);
  const digest = createHash("sha256").update(named).digest("hex");
  return files.set("consent-banner.js", named.replace(digestZeros, digest));
}

async function committed() {
  const names = await readdir(path.join(target, "b")).catch(() => []);
  const paths = [...names.map((name) => `b/${name}`), "consent-banner.js"];
  const read = async (name) => [
    name,
    await readFile(path.join(target, name), "utf8").catch(() => ""),
  ];
  return new Map(await Promise.all(paths.map(read)));
}

const files = await buildAll();
if (process.argv.includes("--check")) {
  const found = await committed();
  const names = new Set([...files.keys(), ...found.keys()]);
  const differing = [...names].filter((name) => files.get(name) !== found.get(name));
  if (differing.length) {
    console.error(`static/: not what the source builds to: ${differing.join(", ")}`);
    console.error("Run `npm run build` in banner/, then commit it.");
    process.exit(1);
  }
} else {
  await rm(path.join(target, "b"), { recursive: true, force: true });
  await mkdir(path.join(target, "b"));
  for (const [name, text] of files) await writeFile(path.join(target, name), text);
}
for (const [name, text] of files) {
  const [gzip, brotli] = [gzipSync(text, { level: 9 }), brotliCompressSync(text)];
  console.log(
    `${name}: ${Buffer.byteLength(text)} bytes, gzip ${gzip.length}, brotli ${brotli.length}`,
  );
}
