/** One visit of one page, as its parts know it: what holds, and what can be done about it. */
import type { Act } from "./answers";
import type { Client } from "./client";
import type { Jar } from "./cookies";
import type { Embed } from "./embed";
import type { Allows, Gate } from "./gate";
import type { Queue } from "./queue";
import type { Signal } from "./signal";
import type { Facts, State } from "./state";
import type { Kept, Notice, Reply, StateValue } from "./types";
import type { Child } from "./view/dom";
import type { Stage } from "./view/stage";

export interface Core {
  readonly embed: Embed;
  readonly jar: Jar;
  readonly queue: Queue;
  readonly client: Client;
  readonly gate: Gate;
  /** Absent: it could not be had, so nothing is asked. */
  notice: Notice | undefined;
  state: State;
  /** What the banner has on this page; absent while it had nothing to show. */
  stage?: Stage;
  getStage(): Stage;
  /** The code by which the visitor can name this consent, and the proof of the latest act. */
  reference?: string | undefined;
  receipt?: string | undefined;
  start(): Promise<void>;
  /** Imports a lazy part by its short name. */
  load<Part>(name: string): Promise<Part>;
  allows: Allows;
  values(): Record<string, StateValue>;
  facts(): Facts;
  /** The rules, with what only some sites need of them; lazy parts have no other way to them. */
  resolve(facts: Facts): State;
  firstLayer(): HTMLElement;
  /** A signal switches purposes of this notice off. */
  isOptedOut(): boolean;
  /** Gets the whole variant where only its brief is here; rejects where it cannot be had. */
  whole(): Promise<void>;
  /** Makes this page and the site's other tabs follow what is stored and kept now. */
  update(): void;
  learn(reply: Reply): void;
  /** What the service no longer knows is forgotten here too. */
  forget(): void;
  /** Does what the visitor wants; resolves once it is on record, or kept for later. */
  act(act: Act): Promise<void>;
  /** Agrees to, or takes note of, documents: those of the kinds, else what is asked for. */
  agree(layer?: 1 | 2, kinds?: string[]): Promise<void>;
  /** Takes over answers that are already put into words. */
  take(...list: Kept[]): Promise<void>;
  /** Sends what is kept, one answer after the other, whoever calls. */
  send(): Promise<void>;
  open(): Promise<void>;
  /** Shows a layer that stays until it is closed. */
  hold(layer: HTMLElement): void;
  /** Puts such a layer away, or else the documents off for this page; nothing is stored. */
  close(): void;
}

/** What sections add that only some sites' scripts have. */
export interface Hooks {
  /** Gets the notice where none came with the script. */
  fetchInto?(core: Core): Promise<void>;
  /** Adds the control that closes and refuses. */
  addClose?(layer: HTMLElement, label: string, press: () => void): void;
  /** The site's own text with links in it, where it is to have them. */
  linkedBody?(notice: Notice, base: string): Child[] | undefined;
  agreements?(facts: Facts): Record<string, number>;
  hasOptedOut?(facts: Facts): boolean;
  isQuiet?(facts: Facts): boolean;
  /** Tells the tags of others what is allowed. */
  signal?(core: Core, signals: Record<string, Signal>): void;
}
