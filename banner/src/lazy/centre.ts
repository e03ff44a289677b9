import type { Core } from "../core";

export function open(core: Core): void {
  core.close();
}
