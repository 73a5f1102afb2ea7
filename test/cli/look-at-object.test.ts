import { expect, it } from "vitest";
import { lookAtEvent } from "../../cli/judge-event.ts";
import { control } from "../../controls/s3-object-carries-its-class/control.ts";
import type { AnyControl, Ports } from "../../shared/control.ts";
import type { ResourceRef } from "../../shared/types.ts";
import { objectRecord, START_MS } from "../support/events.ts";
import { policyWith } from "../support/stage.ts";

it("an event that names no version is explained by the current one, as the function would treat it", async () => {
  const asked: (string | undefined)[] = [];
  const objects = {
    tagging: {
      read: async ({ version }: ResourceRef) => {
        asked.push(version);
        return { kind: "present", state: { TagSet: [] }, version: "v2" };
      },
    },
    bucketTags: async () => [{ key: "data-residency", value: "eu-only" }],
  };
  const [looked] = await lookAtEvent(objectRecord("orders", "a.txt", { name: "PutObjectTagging" }), {
    controls: [control as AnyControl<unknown>],
    ports: { objects } as unknown as Ports,
    policy: policyWith({}),
    nowMs: START_MS,
  });
  expect(looked?.looks).toMatchObject([{ kind: "seen", signal: { resource: { version: "v2" } } }]);
  expect(asked).toEqual([undefined, "v2"]);
});
