import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import type { JournalEntry } from "../../shared/journal/records.ts";
import { recordsInTable } from "../../shared/journal/records-aws.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { findingOf } from "../support/finding.ts";

const CONTROL = "s3-replication-stays-in-jurisdiction";
const resource = {
  type: "AWS::S3::Bucket",
  arn: "arn:aws:s3:::orders-eu",
  name: "orders-eu",
  account: "111122223333",
  region: "eu-central-1",
};

let sandbox: Sandbox;
let client: DynamoDBClient;
beforeEach(async () => {
  sandbox = await startSandbox({ tables: [{ name: "cordon" }] });
  client = new DynamoDBClient(clientConfig(sandbox));
});
afterEach(() => sandbox.close());

const put = (pk: string, item: Record<string, unknown>) =>
  client.send(new PutItemCommand({ TableName: "cordon", Item: marshall({ pk, sk: "x", ...item }) }));
const list = async <Each>(each: AsyncIterable<Each>): Promise<Each[]> => {
  const found: Each[] = [];
  for await (const one of each) found.push(one);
  return found;
};

describe("the journal's records", () => {
  const seen = {
    entity: "resource",
    resource,
    classification: "pii",
    classSource: "tag",
    seenAt: "2026-03-01T09:00:00Z",
  };

  it("are findings and resources, and nothing else of the table", async () => {
    await put("FINDING#1", { entity: "finding", record: findingOf() });
    await put("RESOURCE#1", {
      ...seen,
      [`sentTo#${CONTROL}`]: ["us-west-2"],
      "sentTo#retired": ["us-east-1"],
      byControl: {},
    });
    await put("RESOURCE#2", { entity: "resource", resource: { ...resource, name: "own" } });
    await put("RUN#1", { entity: "run", content: "x" });
    const records = recordsInTable(client, "cordon", [CONTROL]);

    expect(await list(records.findings())).toEqual([findingOf()]);
    const resources = await list(records.resources());
    expect(resources).toHaveLength(2);
    const { entity: _, ...told } = seen;
    expect(resources).toContainEqual({ ...told, sentTo: { [CONTROL]: ["us-west-2"] } });
    expect(resources).toContainEqual({ resource: { ...resource, name: "own" }, sentTo: {} });
    const kinds = (await list<JournalEntry>(records.all())).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(["finding", "resource", "resource"]);
  });

  it("are read page by page, consistently, with the filter and no more than is needed", async () => {
    const bulk = "x".repeat(390_000);
    for (let index = 0; index < 7; index++) await put(`RUN#${index}`, { entity: "run", content: bulk });
    for (let index = 0; index < 5; index++) await put(`RESOURCE#${index}`, { ...seen, ownRequests: [bulk] });
    sandbox.clearCalls();
    const pages: number[] = [];

    const found = await list(recordsInTable(client, "cordon", [CONTROL], (read) => pages.push(read)).resources());

    expect(found).toHaveLength(5);
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.at(-1)).toBe(12);
    expect(sandbox.calls.map(({ operation }) => operation)).toEqual(pages.map(() => "Scan"));
    for (const { input } of sandbox.calls) {
      expect(input).toMatchObject({ ConsistentRead: true, FilterExpression: "#n0 IN (:k0)" });
      const names = Object.values(input.ExpressionAttributeNames as object);
      expect(names).not.toContain("record");
      expect(names).not.toContain("ownRequests");
    }
  });

  it("that can't be read are told as what they are, half of them being no answer", async () => {
    const records = (table: string) => list(recordsInTable(client, table, []).findings());
    await expect(records("cordn")).rejects.toMatchObject({
      kind: "misconfigured",
      message: expect.stringContaining('no table "cordn"'),
    });
    const allow = sandbox.deny({ action: "dynamodb:Scan" });
    await expect(records("cordon")).rejects.toMatchObject({
      kind: "denied",
      message: expect.stringContaining("dynamodb:Scan"),
    });
    allow();
    for (let index = 0; index < 7; index++)
      await put(`F#${index}`, { entity: "finding", record: findingOf({ why: "x".repeat(390_000) }) });
    sandbox.faults.inject({ operation: "Scan", kind: "throttle", skip: 1 });
    await expect(records("cordon")).rejects.toMatchObject({ kind: "unavailable" });
  });
});
