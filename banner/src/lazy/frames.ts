import type { Core } from "../core";

export function watch(core: Core): void {
  core.update();
}
