import { PublishInput$ } from "@aws-sdk/client-sns";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sns } from "../../shared/ticketing/adapters/sns.ts";
import type { Ticket } from "../../shared/ticketing/ticket.ts";
import type { Setting } from "../../shared/ticketing/tracker.ts";
import { adapterContract, trackerOf } from "./adapter-contract.ts";
import { checkMessage, type FakeSns, HOME, openSns } from "./fakes/sns.ts";
import { POISON, someTicket } from "./some-ticket.ts";

adapterContract(sns, openSns);

let vendor: FakeSns;
beforeAll(async () => {
  vendor = await openSns();
});
afterAll(() => vendor.server.close());
afterEach(() => expect(vendor.server.mistakes.splice(0), "by the SDK's own schema").toEqual([]));
beforeEach(() => vendor.clear());

const tracker = (settings: Readonly<Record<string, Setting>> = {}) =>
  trackerOf(sns, { ...vendor, settings: { ...vendor.settings, ...settings } });
const last = () => vendor.sandbox.published.at(-1);
const failureOf = (ticket: Ticket, settings?: Readonly<Record<string, Setting>>) =>
  tracker(settings)
    .open(ticket)
    .then(
      () => undefined,
      (error) => error,
    );
/** What mail programs and telephones make links of. */
const LINK =
  /[a-z][a-z0-9+.-]*:\/\/|\bwww\.|\b(mailto|tel|data|javascript):|[\p{L}\p{N}]@[\p{L}\p{N}]|[\p{L}\p{N}]\.\p{L}{2}/iu;

describe("a message on a topic", () => {
  it.each([
    ["contained", someTicket(), undefined],
    [
      "waiting",
      someTicket({
        title: "[NEEDS A DECISION] Bucket customer-records sends personal data to us-east-1",
        state: "open",
        isWaiting: true,
        version: 2,
        sections: [
          { heading: "What happened", lines: ["Rule to-us sends data to us-east-1"] },
          { heading: "What was done", lines: ["Nothing: a person has to decide."] },
          { heading: "How to decide", lines: ['cordon approve f-0123456789abcdef0123 --reason "..."'] },
        ],
      }),
      undefined,
    ],
    [
      "resolved",
      someTicket({ title: "[RESOLVED] Bucket customer-records", state: "resolved", version: 4 }),
      "The violation is gone.",
    ],
  ] as const)("reads well: %s", async (name, ticket, note) => {
    const remote = { id: ticket.key, state: "open" } as const;
    if (note === undefined) await tracker().open(ticket);
    else await tracker().change(remote, ticket, { kind: "resolve", note });
    const { subject, message } = last() ?? {};
    await expect(`${subject}\n\n${message}\n`).toMatchFileSnapshot(`__texts__/sns-${name}.txt`);
  });

  it("can be filtered by what it is about", async () => {
    await tracker().open(someTicket());

    expect(vendor.received().at(-1)?.MessageAttributes).toEqual({
      findingId: { Type: "String", Value: "f-0123456789abcdef0123" },
      change: { Type: "String", Value: "open" },
      severity: { Type: "String", Value: "high" },
      state: { Type: "String", Value: "contained" },
      control: { Type: "String", Value: "s3-replication-stays-in-jurisdiction" },
      account: { Type: "String", Value: "111122223333" },
      region: { Type: "String", Value: "eu-central-1" },
      waiting: { Type: "String", Value: "false" },
      version: { Type: "Number", Value: "3" },
    });
  });

  it("is the ticket's document where programs listen", async () => {
    await tracker({ message: "json" }).open(someTicket({ parent: "f-ffffffffffffffffffff" }));

    await expect(
      `${JSON.stringify(JSON.parse(vendor.received().at(-1)?.Message ?? ""), null, 2)}\n`,
    ).toMatchFileSnapshot("__texts__/sns-contained-document.txt");
    expect(Object.keys(vendor.received().at(-1)?.MessageAttributes ?? {})).toContain("severity");
  });

  it("is each protocol's own where both listen, and then can't be filtered by attributes", async () => {
    await tracker({ message: "each" }).open(someTicket());

    const { default: text, sms, ...documents } = last()?.perProtocol ?? {};
    expect(text).toContain("What was done");
    expect(sms).toBe("[CONTAINED] Bucket customer-records sends personal data to us-east-1 f-0123456789abcdef0123");
    expect(Object.keys(documents).sort()).toEqual(["http", "https", "lambda", "sqs"]);
    expect(JSON.parse(vendor.received().at(-1)?.Message ?? "")).toMatchObject({ finding: "f-0123456789abcdef0123" });
    expect(vendor.received().at(-1)).not.toHaveProperty("MessageAttributes");
  });

  it("is not sent for what is to be told to nobody", async () => {
    const remote = await tracker().open(someTicket());
    vendor.clear();

    expect(await tracker().change(remote, someTicket({ version: 4 }), { kind: "update" })).toEqual(remote);
    expect(vendor.kept()).toEqual([]);
  });

  it.each(POISON)("leads nowhere and breaks nothing, whatever things are called: %.40s", async (poison) => {
    const ticket = someTicket({
      title: `[CONTAINED] Bucket ${poison}`,
      sections: [{ heading: "What happened", lines: [`Rule ${poison} sends data`, `${poison}`] }],
      labels: { ...someTicket().labels, resource: `arn:aws:s3:::${poison}` },
    });
    for (const message of ["text", "json", "each"]) {
      await tracker({ message }).change({ id: ticket.key, state: "open" }, ticket, { kind: "update", note: poison });
      const { subject = "", message: sent = "", perProtocol } = last() ?? {};
      expect(subject).toMatch(/^[ -~]{1,99}$/);
      expect(subject).not.toMatch(LINK);
      const shown = message === "text" ? sent : (perProtocol?.default ?? "");
      expect(shown).not.toMatch(LINK);
      expect(perProtocol?.sms ?? "").not.toMatch(LINK);
      expect(shown.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      // What is a line of its own stays one.
      expect(shown.split("\n").filter((line) => line.startsWith("#"))).toEqual([]);
    }
  });

  it.each(["x", '"', "\\", "é", "漢", "😀"])("fits, however much there is to say in %s", async (letter) => {
    const line = letter.repeat(5_000);
    const ticket = someTicket({
      title: line,
      sections: Array.from({ length: 100 }, () => ({ heading: line, lines: [line, line] })),
      labels: { ...someTicket().labels, resource: line },
    });
    for (const message of ["text", "json", "each"]) await tracker({ message }).open(ticket);

    expect(last()?.perProtocol?.default).toContain("[... cut: cordon explain f-0123456789abcdef0123]");
  });
});

describe("a topic", () => {
  it("that is FIFO keeps a finding's messages in order, and the same one twice is one", async () => {
    const settings = { topic: `${HOME}:tickets.fifo` };
    const remote = await tracker(settings).open(someTicket());
    await tracker(settings).open(someTicket());
    await tracker(settings).change(remote, someTicket(), { kind: "resolve", note: "Gone." });

    expect(vendor.sandbox.published.slice(-2)).toMatchObject([
      { groupId: "f-0123456789abcdef0123", deduplicationId: "f-0123456789abcdef0123-3-open" },
      { groupId: "f-0123456789abcdef0123", deduplicationId: "f-0123456789abcdef0123-3-resolve" },
    ]);
  });

  it("may lie in another Region: that is where the call is made", async () => {
    await tracker({ topic: "arn:aws:sns:eu-west-1:111122223333:far" }).open(someTicket());

    expect(vendor.asked.at(-1)).toEqual(["111122223333", "eu-west-1"]);
    expect(last()?.topicArn).toBe("arn:aws:sns:eu-west-1:111122223333:far");
  });

  it("may be another account's, which lets the cell in by its policy", async () => {
    const topic = "arn:aws:sns:eu-central-1:444455556666:theirs";
    const deployed = (Statement: object[]) =>
      vendor.sandbox.deployTemplate(
        {
          Resources: {
            Topic: { Type: "AWS::SNS::Topic", Properties: { TopicName: "theirs" } },
            Policy: { Type: "AWS::SNS::TopicPolicy", Properties: { Topics: [topic], PolicyDocument: { Statement } } },
          },
        },
        { account: "444455556666" },
      );
    deployed([]);
    expect(await failureOf(someTicket(), { topic })).toMatchObject({ kind: "later", retryAfterMs: 1_800_000 });
    deployed([{ Effect: "Allow", Principal: { AWS: "111122223333" }, Action: "sns:Publish", Resource: topic }]);
    await tracker({ topic }).open(someTicket());

    expect(vendor.asked.at(-1)).toEqual(["111122223333", "eu-central-1"]);
    expect(last()?.topicArn).toBe(topic);
  });

  it.each([
    ["that is not there", "arn:aws:sns:eu-central-1:111122223333:gone", "Topic does not exist"],
    ["that is none", "tickets", "no ARN of a topic: tickets"],
    ["of another service", "arn:aws:sqs:eu-central-1:111122223333:tickets", "no ARN of a topic"],
  ])("%s is for people", async (_, topic, message) => {
    expect(await failureOf(someTicket(), { topic })).toMatchObject({
      kind: "never",
      message: expect.stringContaining(message),
    });
  });

  it("whose key is asked for too often is tried later", async () => {
    vendor.sandbox.faults.inject({ kind: "error", errorCode: "KMSThrottling", status: 400 });

    expect(await failureOf(someTicket())).toMatchObject({ name: "DeliveryError", kind: "later" });
  });

  it("is called by nobody outside AWS", async () => {
    const { aws: _, ...outside } = vendor;

    await expect(trackerOf(sns, outside).open(someTicket())).rejects.toMatchObject({ kind: "never" });
  });
});

describe("the SDK's schema of a message", () => {
  it("knows what is wrong", () => {
    const attribute = { DataType: "String", StringValue: "a" };
    const attributes = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, attribute]));
    const wrong = (more: object) => checkMessage(PublishInput$, { TopicArn: HOME, Message: "a", ...more });
    expect(wrong({ MessageAttributes: attributes(10) })).toEqual([]);
    expect(wrong({ MessageAttributes: attributes(11) })).toEqual(["/MessageAttributes must be at most 10"]);
    expect(wrong({ MessageAttributes: { a: "b" } })).toEqual(["/MessageAttributes/a must be an object"]);
    expect(wrong({ MessageAttributes: { a: { StringValue: "b" } } })).toEqual([
      "/MessageAttributes/a/DataType is missing",
    ]);
    expect(wrong({ Subjct: "a" })).toEqual(["/Subjct is no member"]);
    expect(wrong({ Message: {} })).toEqual(["/Message must not be object"]);
  });
});
