/** For profiles under which a control at the top closes the notice and refuses (Garante, 10 June 2021). */
import { button } from "./view/dom";

export function addClose(layer: HTMLElement, label: string, press: () => void): void {
  const control = button("", "cm-close", press);
  control.ariaLabel = control.title = label;
  layer.append(control);
}
