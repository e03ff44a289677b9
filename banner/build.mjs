// Builds ../static/consent-banner.js. With --check it only compares the committed file with a fresh build.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.join(here, "../static/consent-banner.js");
const zeros = "0".repeat(64);

const styles = {
  name: "styles",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.css\?inline$/ }, (file) => ({
      path: path.join(file.resolveDir, file.path.replace("?inline", "")),
    }));
    onLoad({ filter: /\.css$/ }, async (file) => {
      const css = await readFile(file.path, "utf8");
      const { code } = await transform(css, { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: ["src/main.ts"],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    legalComments: "none",
    define: { BANNER_DIGEST: JSON.stringify(zeros) },
    plugins: [styles],
    write: false,
  });
  const code = outputFiles[0].text;
  if (code.split(zeros).length !== 2)
    throw new Error("the digest must stand in the code exactly once");
  return code.replace(zeros, createHash("sha256").update(code).digest("hex"));
}

const code = Buffer.from(await bundle());
if (process.argv.includes("--check")) {
  const committed = await readFile(target).catch(() => Buffer.alloc(0));
  if (!code.equals(committed)) {
    console.error(
      "static/consent-banner.js is not what its source builds to: npm run build, then commit it.",
    );
    process.exit(1);
  }
} else {
  await writeFile(target, code);
}
const sizes = `${code.length} bytes, gzip ${gzipSync(code, { level: 9 }).length}, brotli ${brotliCompressSync(code).length}`;
console.log(`consent-banner.js: ${sizes}`);
