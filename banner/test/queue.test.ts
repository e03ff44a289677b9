import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openQueue } from "../src/queue";
import { aKept } from "./samples";

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

const keys = (queue: ReturnType<typeof openQueue>) => queue.all().map((kept) => kept.answer.key);
const list = [aKept("a", { analytics: true }), aKept("b", { analytics: false })];

test("answers keep their order, and survive the page", () => {
  openQueue("q").save(list);
  expect(keys(openQueue("q"))).toEqual(["a", "b"]);
});

test("nothing is written before the first answer, nothing is left after the last", () => {
  const queue = openQueue("q");
  expect([queue.all(), localStorage.length]).toEqual([[], 0]);
  queue.save(list);
  queue.save([]);
  expect([queue.all(), localStorage.length]).toEqual([[], 0]);
});

test.each(["{", "null", "7", '[{"answer":{}}]', '{"length":1}'])("%s counts as empty", (text) => {
  localStorage.setItem("q", text);
  expect(openQueue("q").all()).toEqual([]);
});

test("where storage is refused memory has to do, for this page", () => {
  const refuse = () => {
    throw new Error("denied");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse, removeItem: refuse });
  const queue = openQueue("q");
  queue.save(list);
  expect(keys(queue)).toEqual(["a", "b"]);
  queue.save([]);
  expect([queue.all(), openQueue("q").all()]).toEqual([[], []]);
});

test("where storage is full memory has to do", () => {
  vi.stubGlobal("localStorage", {
    getItem: () => null,
    setItem: () => {
      throw new Error("quota");
    },
  });
  const queue = openQueue("q");
  queue.save(list);
  expect(keys(queue)).toEqual(["a", "b"]);
});
