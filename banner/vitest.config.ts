import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { BANNER_DIGEST: JSON.stringify("0".repeat(64)) },
  test: {
    environment: "happy-dom",
    environmentOptions: {
      happyDOM: {
        settings: { enableIframePageLoading: true, handleDisabledFileLoadingAsSuccess: true },
      },
    },
    include: ["test/**/*.test.ts"],
  },
});
