import { describe, expect, it } from "vitest";
import { catalogue } from "../../cli/catalogue.ts";
import { catalogue as controls } from "../../controls/catalogue.ts";
import { presets } from "../../shared/jurisdictions/presets.ts";
import { run } from "../support/cli.ts";

describe("cordon catalogue", () => {
  it("names every control with its severity, what it is about and what it cites", async () => {
    const { code, out, err } = await run(catalogue);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.split("\n")[0]).toMatch(/^CONTROL +SEVERITY +RESOURCE +MODE +FRAMEWORKS +TITLE$/);
    for (const { id, title, severity } of controls)
      expect(out).toMatch(new RegExp(`^${id} +${severity} .*GDPR.*${title}$`, "m"));
  });

  it("tells all of one: what it hears, reads, writes, can be told and cites", async () => {
    const { code, out } = await run(catalogue, "s3-replication-stays-in-jurisdiction");
    expect(code).toBe(0);
    for (const part of [
      "s3.amazonaws.com: PutBucketReplication",
      "AWS Config: AWS::S3::Bucket",
      "s3:GetReplicationConfiguration",
      "s3:PutReplicationConfiguration",
      "iam:PassRole to s3.amazonaws.com",
      "destinationAccounts (accounts): ",
      "GDPR Art. 44",
      "Mode without policy's say\n  observe",
    ])
      expect(out).toContain(part);
    expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(120);
  });

  it("says of one that only tells that it writes nothing", async () => {
    const { out } = await run(catalogue, "cordon-cell-stays-deployed");
    expect(out).toContain("nothing: it only tells");
    expect(out).toContain("of Cordon's own");
  });

  it("tells jurisdictions with their Regions and Local Zones", async () => {
    const { code, out } = await run(catalogue, "--jurisdictions");
    expect(code).toBe(0);
    for (const [name, { title }] of presets) expect(out).toContain(`${name}  ${title}\n`);
    expect(out).toMatch(/^eu {2}European Union\n {2}Regions +eu-central-1 eu-north-1/);
    expect(out).toMatch(/Local Zones +eu-central-1-ath-1/);
    const text = out.slice(out.indexOf("us  United States"), out.indexOf("za  South"));
    expect(text).toContain("us-east-1-bos-1");
    expect(text).not.toMatch(/us-east-1-bue-1|us-east-1-qro-1/);
  });

  it("says the same as JSON, and nothing else", async () => {
    const all = JSON.parse((await run(catalogue, "--json")).out);
    expect(all.controls.map(({ id }: { id: string }) => id)).toEqual(controls.map(({ id }) => id));
    expect(JSON.parse((await run(catalogue, "s3-replication-stays-in-jurisdiction", "--json")).out)).toMatchObject({
      id: "s3-replication-stays-in-jurisdiction",
      parameters: { destinationAccounts: { type: "accounts" } },
    });
    const { jurisdictions } = JSON.parse((await run(catalogue, "--jurisdictions", "--json")).out);
    expect(jurisdictions.find(({ name }: { name: string }) => name === "ch")).toEqual({
      name: "ch",
      title: "Switzerland",
      countries: ["CH"],
      regions: ["eu-central-2"],
      localZones: [],
    });
  });

  it.each([
    [["s3-replication-stays-in-jurisdicton"], 'did you mean "s3-replication-stays-in-jurisdiction"?'],
    [["something-else"], "expected one of: account-region-stays-covered"],
    [["cordon-cell-stays-deployed", "--jurisdictions"], "expected one of them"],
  ])("refuses %j", async (words, said) => {
    const { code, out, err } = await run(catalogue, ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });
});
