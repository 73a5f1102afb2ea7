import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type DeliverySchedule, startSandbox } from "../../sandbox/index.ts";

const RECORDER = fileURLToPath(new URL("./functions/recorder.ts", import.meta.url));
const EVENTS = 6;

/** Two functions that call for each event, as a seed delivers them: their calls, and what they print. */
async function run(
  seed: number,
  schedule: DeliverySchedule,
): Promise<{ calls: string[]; got: string[]; left: number }> {
  const sandbox = await startSandbox({ startAt: Date.parse("2030-01-01T00:00:00Z"), seed, schedule });
  try {
    for (const name of ["one", "two"]) {
      sandbox.deploy({
        name,
        bundle: RECORDER,
        environment: { CALLS: "1" },
        timeoutMs: 10_000,
        batchSize: 3,
        patterns: [{ source: ["test"] }],
      });
    }
    for (let i = 0; i < EVENTS; i++) {
      sandbox.putEvent({
        version: "0",
        id: `${i}`,
        "detail-type": "Test",
        source: "test",
        account: "111122223333",
        time: "2030-01-01T00:00:00Z",
        region: "eu-central-1",
        resources: [],
        detail: { name: `e${i}` },
      });
    }
    await sandbox.drain();
    return {
      calls: sandbox.calls.map(({ at, requestId, functionName, operation, resource, container }) =>
        JSON.stringify({ at, requestId, functionName, operation, resource, container }),
      ),
      got: sandbox.logs.filter((line) => line.includes("got")),
      left: Object.values(sandbox.queues).flat().length,
    };
  } finally {
    await sandbox.close();
  }
}

const everything: DeliverySchedule = { duplicates: 0.3, reorder: true, delayMs: [0, 5000], serial: true };

it("the same seed gives exactly the same calls, ids and times included; another seed another order", async () => {
  const [one, again, ...others] = [
    await run(1, everything),
    await run(1, everything),
    await run(2, everything),
    await run(3, everything),
  ];

  expect(again).toEqual(one);
  const orders = [one, ...others].map(({ got }) => got.join("|"));
  expect(new Set(orders).size).toBe(3);
  for (const { left } of [one, ...others]) expect(left).toBe(0);
});

it("every event arrives at least once, some of them more often", async () => {
  const { got } = await run(1, everything);

  const arrivals = got.flatMap((line) => {
    const [, name, names = ""] = /^(\w+) \| got (.*)$/.exec(line) ?? [];
    return names.split(" ").map((event) => `${name} ${event}`);
  });
  expect(new Set(arrivals).size).toBe(2 * EVENTS);
  expect(arrivals.length).toBeGreaterThan(2 * EVENTS);
});

it("without a schedule each event arrives once, in order", async () => {
  const { got } = await run(1, { serial: true });

  for (const name of ["one", "two"]) {
    const own = got.filter((line) => line.startsWith(name)).flatMap((line) => line.replace(/^.* got /, "").split(" "));
    expect(own).toEqual(["e0", "e1", "e2", "e3", "e4", "e5"]);
  }
});
