/** Turns the theme of a site into custom properties; nothing that is not plainly a colour or a length gets in. */

const COLOUR = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;
const LENGTH = /^(?:0|\d{1,2}(?:\.\d{1,2})?(?:px|em|rem))$/;
const RULES: Record<string, RegExp> = { accent: COLOUR, on_accent: COLOUR, radius: LENGTH };

function luminance(colour: string): number {
  const digits = colour.length === 4 ? colour.slice(1).replace(/./g, "$&$&") : colour.slice(1);
  const weights = [0.2126, 0.7152, 0.0722];
  return weights.reduce((sum, weight, index) => {
    const channel = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16) / 255;
    return (
      sum + weight * (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4)
    );
  }, 0);
}

export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

export function themeRule(theme: Record<string, string> = {}): string {
  const values = { ...theme };
  for (const [name, value] of Object.entries(values))
    if (!RULES[name]?.test(value)) delete values[name];
  const { accent, on_accent: ink } = values;
  if (accent && !(ink && contrast(accent, ink) >= 4.5))
    values.on_accent = contrast(accent, "#ffffff") >= 4.5 ? "#ffffff" : "#000000";
  if (!accent) delete values.on_accent;
  const lines = Object.entries(values).map(
    ([name, value]) => `--cm-${name.replace("_", "-")}:${value}`,
  );
  return lines.length ? `:host{${lines.join(";")}}` : "";
}
