// Builds the head stub, ../static/b/h.js: a template with sections, in which the service replaces CONFIG.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));

/** The stub's text. Sections stand between comments, which a minifier keeps where they are legal ones. */
export async function buildHead() {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: ["src/head.ts"],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2021",
    legalComments: "inline",
    charset: "utf8",
    tsconfigRaw: {},
    write: false,
  });
  return outputFiles[0].text
    .replace(/\s*\/\*! \{(\w+) \*\/\s*/g, "/*{$1*/")
    .replace(/\s*\/\*! \} \*\/\s*/g, "/*}*/")
    .trim();
}
