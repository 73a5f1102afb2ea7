import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Guard } from "../../functions/guard-cell/guard.ts";
import { lookAround } from "../../functions/guard-cell/look-around.ts";
import { CordonError } from "../../shared/errors.ts";
import type { AccountRegion } from "../../shared/resources/account-coverage.ts";
import type { Reading } from "../../shared/resources/port.ts";
import type { ResourceRef } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";

const HOME = { account: "111122223333", region: "eu-central-1" };
const MEMBER = "444455556666";
const ROUND_MS = 900_000;

/** A guard that looks in no time unless told: its own resources, the places that were heard long ago, and where its rounds ended. */
function guardOf({
  own = 70,
  heard = [] as AccountRegion[],
  members = [] as string[],
  regions = none,
  deployedAtMs = 0,
} = {}) {
  let nowMs = START_MS;
  let next: AccountRegion | undefined;
  const refs = Array.from({ length: own }, (_, index): ResourceRef => {
    const arn = `arn:aws:events:${HOME.region}:${HOME.account}:rule/cordon-${index}`;
    return { type: "AWS::Events::Rule", arn, name: `cordon-${index}`, ...HOME };
  });
  const guard = {
    clock: { nowMs: () => nowMs, sleep: async () => {} },
    members,
    names: { home: HOME, partition: "aws", rules: [], accounts: undefined },
    heartbeats: { all: async () => heard.map((place) => ({ ...place, at: "2026-01-01T00:00:00Z" })) },
    rounds: {
      begin: async () => next,
      end: async (place: AccountRegion) => {
        next = place;
      },
      lastDeployment: async () => new Date(deployedAtMs).toISOString(),
    },
    troubles: { all: async () => [] },
    ports: { cell: { own: refs.map((ref) => ({ ref })) }, coverage: { regions, leave() {} } },
  } as unknown as Guard;
  const looked: string[] = [];
  const round = (number: number, lookMs = 0) => {
    nowMs = START_MS + number * ROUND_MS;
    const tick = { id: "t", at: new Date(nowMs).toISOString() };
    const handle = async ({ resource }: { resource: ResourceRef }) => {
      looked.push(resource.type === "AWS::::Account" ? resource.name : "own");
      nowMs += lookMs;
      return { results: [] };
    };
    return lookAround(guard, tick, handle, nowMs + 119_500);
  };
  return { guard, looked, round };
}
const none = async (_account: string): Promise<Reading<readonly string[]>> => ({ kind: "unreadable", reason: "shut" });
const listed = async (): Promise<Reading<readonly string[]>> => ({ kind: "present", state: [HOME.region] });

describe("a round of looks", () => {
  it("begins with Cordon's own, all of it, and comes to each of 1,700 places in turn", async () => {
    const heard = Array.from({ length: 1_700 }, (_, index) => ({
      account: String(Number(MEMBER) + Math.floor(index / 17)),
      region: `eu-west-${(index % 17) + 1}`,
    }));
    const { looked, round } = guardOf({ heard });
    const places = new Set<string>();
    // A look takes a second and a half, six at a time: about 450 in the time there is.
    for (let number = 0; number < 6; number++) {
      looked.splice(0);
      const { left, isOwnWhole } = await round(number, 250);
      expect(isOwnWhole).toBe(true);
      expect(left).toBeGreaterThan(0);
      expect(looked.slice(0, 70)).toEqual(Array.from({ length: 70 }, () => "own"));
      for (const place of looked.slice(70)) places.add(place);
    }
    for (const { account, region } of heard)
      expect(places.has(`${account}/${region}`), `${account} ${region}`).toBe(true);
  });

  it.each<readonly [string, number, typeof none]>([
    [
      "gets no answer",
      1,
      async (account) => {
        if (account === MEMBER) throw new CordonError("unavailable", "ListRegions: TooManyRequestsException");
        return listed();
      },
    ],
    ["is refused, which is a finding", 0, async (account) => (account === MEMBER ? none(account) : listed())],
  ])("goes on past an account whose list of Regions %s (counted: %i)", async (_, counted, regions) => {
    const { looked, round } = guardOf({ own: 2, members: [MEMBER, "777788889999"], regions });
    const { failures, isOwnWhole } = await round(0);
    expect(looked).toEqual([
      "own",
      "own",
      ...[HOME.account, MEMBER, "777788889999"].map((each) => `${each}/${HOME.region}`),
    ]);
    expect(failures.map(({ resource }) => resource)).toEqual(counted === 0 ? [] : [`the Regions of ${MEMBER}`]);
    expect(isOwnWhole).toBe(true);
  });

  it("is not whole when one of Cordon's own gave no answer, and ends in time when an answer never comes", async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { guard } = guardOf({ own: 1, regions: listed });
    const never = () => new Promise<never>(() => {});
    const ended = lookAround(guard, { id: "t", at: new Date(START_MS).toISOString() }, never, START_MS + 60_000);
    await vi.advanceTimersByTimeAsync(120_000);
    const { isOwnWhole, failures } = await ended;
    expect(isOwnWhole).toBe(false);
    expect(failures[0]?.reason).toContain("no answer");
  });

  it("passes Cordon's own over amidst a deployment, and is not whole then", async () => {
    const { looked, round } = guardOf({ own: 2, regions: listed, deployedAtMs: START_MS });
    const home = `${HOME.account}/${HOME.region}`;
    expect(await round(0)).toMatchObject({ isOwnWhole: false, left: 0, failures: [] });
    expect(looked).toEqual([home]);
    expect(await round(1)).toMatchObject({ isOwnWhole: true });
    expect(looked).toEqual([home, "own", "own", home]);
  });

  it("outlasts a mistake, which it hands back", async () => {
    const { guard } = guardOf({ own: 3, regions: listed });
    let looks = 0;
    const handle = async () => {
      looks++;
      throw new TypeError("a mistake");
    };
    const { mistake, isOwnWhole } = await lookAround(
      guard,
      { id: "t", at: "2026-03-01T09:00:00Z" },
      handle,
      START_MS + 60_000,
    );
    expect(mistake).toBeInstanceOf(TypeError);
    expect({ looks, isOwnWhole }).toEqual({ looks: 4, isOwnWhole: false });
  });
});
