import { beforeEach, describe, expect, test } from "vitest";
import { openQueue, supersede } from "../src/queue";
import { aKept } from "./samples";

beforeEach(() => localStorage.clear());
const keys = (list: { answer: { key: string } }[]) => list.map((kept) => kept.answer.key);

describe("the queue", () => {
  test("keeps the order, and survives the page", () => {
    const queue = openQueue("q");
    for (const key of ["a", "b"]) queue.add(aKept(key, { [key]: true }));
    expect(keys(openQueue("q").all())).toEqual(["a", "b"]);
    queue.remove("a");
    expect(keys(openQueue("q").all())).toEqual(["b"]);
  });
  test("drops what a later answer supersedes", () => {
    const queue = openQueue("q");
    queue.add(aKept("a", { analytics: true }));
    queue.add(aKept("b", { analytics: false }));
    expect(keys(queue.all())).toEqual(["b"]);
  });
  test("writes nothing before the first answer and leaves nothing after the last", () => {
    const queue = openQueue("q");
    expect([queue.all(), localStorage.length]).toEqual([[], 0]);
    queue.add(aKept("a", { analytics: true }));
    queue.remove("a");
    expect(localStorage.length).toBe(0);
  });
  test.each(["{", "null", "7", '[{"answer":{}}]', '{"length":1}'])("takes %s as empty", (text) => {
    localStorage.setItem("q", text);
    expect(openQueue("q").all()).toEqual([]);
  });
  test("works from memory where storage is refused", () => {
    const queue = openQueue("q", () => {
      throw new Error("denied");
    });
    queue.add(aKept("a", { analytics: true }));
    expect(keys(queue.all())).toEqual(["a"]);
    queue.remove("a");
    expect(queue.all()).toEqual([]);
  });
});

describe("a later answer", () => {
  test("takes kept grants of the same purposes out", () => {
    expect(supersede([aKept("a", { analytics: true })], aKept("b", { analytics: false }))).toEqual(
      [],
    );
  });
  test("leaves refusals and other purposes, as an answer of its own", () => {
    const kept = aKept("a", { analytics: true, marketing: true, video: false });
    const [left] = supersede([kept], aKept("b", { analytics: false }));
    expect(left?.chosen).toEqual({ marketing: true, video: false });
    expect(left?.answer).toMatchObject({
      action: "choose",
      decisions: { marketing: true, video: false },
    });
    expect(left?.answer.key).not.toBe("a");
  });
  test("leaves what it does not speak about untouched", () => {
    const list = [aKept("a", { analytics: false }), aKept("b", { video: true })];
    expect(supersede(list, aKept("c", { analytics: true }))).toEqual(list);
  });
  test("ends a kept agreement", () => {
    const kept = aKept("a", {}, { agreed: { terms: 2, rules: 1 } });
    const [left] = supersede([kept], aKept("b", {}, { agreed: { terms: 0 } }));
    expect(left?.agreed).toEqual({ rules: 1 });
    expect(left?.answer.documents).toEqual({ rules: 1 });
  });
});
