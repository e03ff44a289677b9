/** Bits of the IAB's strings, as texts of 0 and 1. */

/** A whole number in a fixed width. */
export const int = (value: number, width: number): string => value.toString(2).padStart(width, "0");

export const flag = (value: boolean): string => (value ? "1" : "0");

/** A number of 1 or more as a sum of Fibonacci numbers, least first; two 1s in a row end it. */
export function fibonacci(value: number): string {
  const numbers = [1];
  for (let next = 2; next <= value; next = sum(numbers)) numbers.push(next);
  let rest = value;
  let bits = "1";
  for (const number of numbers.reverse()) {
    bits = flag(number <= rest) + bits;
    if (number <= rest) rest -= number;
  }
  return bits;
}

const sum = (numbers: number[]) => (numbers.at(-1) ?? 0) + (numbers.at(-2) ?? 1);

/** One bit for each number from 1 to `last`: is it among them? */
export function bitField(numbers: readonly number[], last: number): string {
  return Array.from({ length: last }, (_, index) => flag(numbers.includes(index + 1))).join("");
}

/** Sorted numbers as runs: first and last of each. */
export function runs(numbers: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const run = found.at(-1);
    if (run && number === run[1] + 1) run[1] = number;
    else found.push([number, number]);
  }
  return found;
}

export const ascending = (numbers: Iterable<number>): number[] =>
  [...new Set(numbers)].sort((one, other) => one - other);

/** Whole bytes in base64url, without padding. */
export function base64url(bits: string): string {
  const bytes = bits.match(/.{1,8}/g) ?? [];
  const text = bytes.map((byte) => String.fromCharCode(Number.parseInt(byte.padEnd(8, "0"), 2)));
  return btoa(text.join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
