/** What a surface needs to know, and what it may ask for. */
import type { Act } from "../answers";
import type { State } from "../state";
import type { Notice } from "../types";

export interface Scene {
  base: string;
  notice: Notice;
  state: State;
  /** A signal switches purposes of this notice off. */
  optedOut: boolean;
  /** The service knows this visitor. */
  known: boolean;
  reference: string | undefined;
}

export interface Actions {
  act(act: Act): void;
  /** Agrees to, or takes note of, what is asked for: one act for each of both. */
  agree(layer: 1 | 2): void;
  open(): void;
  /** Puts the documents off; nothing is stored. */
  later(): void;
  history(): void;
}
