import path from "node:path";
import { defineConfig } from "vitest/config";

const parts: Record<string, string> = { c: "centre", f: "frames", l: "layers", r: "records" };

/** Imports a lazy part from its source, by the address that the service has for it. */
const lazy = {
  name: "lazy",
  resolveId(address: string) {
    const [, name = ""] = /\/static\/b\/\w+\/(\w)\.js$/.exec(address) ?? [];
    return parts[name] && path.join(import.meta.dirname, `src/lazy/${parts[name]}.ts`);
  },
};

export default defineConfig({
  plugins: [lazy],
  test: {
    environment: "happy-dom",
    environmentOptions: {
      happyDOM: {
        settings: { enableIframePageLoading: true, handleDisabledFileLoadingAsSuccess: true },
      },
    },
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
  },
});
