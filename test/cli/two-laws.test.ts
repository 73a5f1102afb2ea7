import { describe, expect, it } from "vitest";
import { answersFor } from "../../cli/compliance.ts";
import { askedOf, readJournal } from "../../cli/findings-asked.ts";
import { placesOf } from "../../cli/where-places.ts";
import { catalogue } from "../../controls/catalogue.ts";
import type { JournalEntry, SeenResource } from "../../shared/journal/records.ts";
import { findingOf } from "../support/finding.ts";
import { policyWith } from "../support/stage.ts";

const classOf = (name: string, rank: number, region: string) => ({
  name,
  rank,
  residency: [region],
  recognisedBy: [{ tag: { key: "data-residency", value: name } }],
  setBy: { principals: ["arn:aws:iam::*:role/owner"], enforcement: "declared" },
});
const policy = policyWith({
  classifications: [classOf("eu-only", 50, "eu-central-1"), classOf("us-only", 60, "us-east-1")],
});
const { resource } = findingOf();
const seenWith = (classification: string): SeenResource => ({
  resource,
  classification,
  classSource: "tag",
  seenAt: "2026-03-01T09:00:00Z",
  sentTo: {},
});

describe("data under two laws, in the operator's answers", () => {
  it.each([
    ["the law that it keeps", "us-only+eu-only", ["eu-only"], "outside"],
    ["the law that it breaks", "us-only+eu-only", ["us-only"], "outside"],
    ["a law that policy has forgotten", "gone+eu-only", ["eu-only"], "unknown"],
    ["both where one is broken and one forgotten", "us-only+gone", ["gone"], "outside"],
    ["no other than one of its own", "eu-only", ["eu-only"], "inside"],
  ])("cordon where finds it by %s", (_, classification, asked, residency) => {
    const { held } = placesOf({ resources: [seenWith(classification)], leaks: [] }, asked, policy);
    expect(held).toMatchObject([{ classification, residency }]);
  });

  it.each([
    ["us-only+eu-only", "no", 'it lies in eu-central-1, and "us-only" has to stay in us-east-1'],
    ["gone+eu-only", "unknown", 'its class "gone" is not in policy eu-gdpr'],
  ])("cordon findings --resource answers for %s: %s", (classification, complies, why) => {
    const [answer] = answersFor({ resource: resource.name }, [seenWith(classification)], [], catalogue, policy);
    expect(answer?.complies).toBe(complies);
    expect(answer?.sentence).toContain(why);
  });

  it.each(["eu-only", "us-only"])("cordon findings --classification %s shows its findings", async (asked) => {
    const finding = findingOf({ classification: "us-only+eu-only" });
    const all = async function* (): AsyncGenerator<JournalEntry> {
      yield { kind: "finding", finding };
    };
    const { shown, classes } = await readJournal({ all } as never, askedOf({ classification: asked }));
    expect(shown).toEqual([finding]);
    expect([...classes].sort()).toEqual(["eu-only", "us-only"]);
  });
});
