import { expect, test } from "vitest";
import { inForceWords } from "./in_force";

test.each([
  [{ replicas: 3, of: 3, afterMs: 12 }, "In force on 3 of 3 replicas after 12 ms."],
  [{ replicas: 1, of: 1, afterMs: 8 }, "In force on 1 of 1 replica after 8 ms."],
  [
    { replicas: 2, of: 3, afterMs: 2000 },
    "In force on 2 of 3 replicas after 2.0 s; the others take it as soon as they hear of it.",
  ],
  [{ replicas: 0, of: 0, afterMs: 0 }, "Saved. No replica is alive now; the first that starts takes it."],
  [undefined, "Saved; nothing had to change on the replicas."],
])("%j is told as %s", (inForce, words) => expect(inForceWords(inForce)).toBe(words));
