import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { Accounts } from "../../shared/aws/accounts.ts";
import type { Cordon } from "../../shared/cordon.ts";
import { CordonError, type CordonErrorKind } from "../../shared/errors.ts";
import type { ReplicationConfiguration } from "../../shared/resources/s3-buckets.ts";
import type { Answer } from "../../shared/runtime/answer.ts";
import { controlHandler } from "../../shared/runtime/handler.ts";
import { cloudTrailRecord, eventBridge, lambdaContext, START_MS, sqs } from "../support/events.ts";

const FOREIGN = "999900001111";

/** A function that has no access to anything: a touch of journal or ports fails the test by its own message. */
function untouchable(kind: CordonErrorKind, learned: (string | undefined)[] = []) {
  const refused: { readonly record: SQSRecord; readonly reason: string }[] = [];
  const touched = (name: string) =>
    new Proxy({}, { get: (_, property) => () => Promise.reject(new Error(`${name}.${String(property)} was called`)) });
  const accounts = {
    learnOwn: (arn: string | undefined) => void learned.push(arn),
    credentialsFor: async (account: string) => {
      throw new CordonError(kind, `found ${account}; expected another`);
    },
  };
  const cordon = {
    control,
    clock: { nowMs: () => START_MS, sleep: async () => {} },
    journal: touched("journal"),
    ports: { s3: touched("s3") },
  } as unknown as Cordon<ReplicationConfiguration | null>;
  const messages = {
    refuse: async (record: SQSRecord, reason: string) => void refused.push({ record, reason }),
    postpone: async () => {},
    acknowledge: async () => {},
  };
  const handler = controlHandler("test", control, async () => ({
    cordon,
    messages,
    accounts: accounts as unknown as Accounts,
  }));
  return {
    refused,
    send: async (event: unknown) => (await handler(event, lambdaContext())) as Answer & SQSBatchResponse,
  };
}

const foreignEvent = eventBridge(cloudTrailRecord("their-data", { account: FOREIGN }));

describe("an event of an account that is not served", () => {
  it("goes to the refused queue with what was found and expected, untouched by journal or S3", async () => {
    const { send, refused } = untouchable("foreign-account");

    const answer = await send(sqs(foreignEvent));

    expect(answer.batchItemFailures).toEqual([]);
    expect(refused.map(({ reason }) => reason)).toEqual([`found ${FOREIGN}; expected another`]);
    expect(JSON.parse(refused[0]?.record.body ?? "")).toEqual(foreignEvent);
  });

  it("is told as refused when it was sent by hand", async () => {
    const { results } = await untouchable("foreign-account").send(foreignEvent);

    expect(results).toMatchObject([
      {
        status: "refused",
        decision: null,
        resource: { account: FOREIGN, arn: "arn:aws:s3:::their-data" },
        reasons: [`found ${FOREIGN}; expected another`],
      },
    ]);
  });
});

describe("an account whose credentials can't be had now", () => {
  it("has its event delivered again, and nothing refused", async () => {
    const { send, refused } = untouchable("unavailable");

    expect((await send(sqs(foreignEvent))).batchItemFailures).toEqual([{ itemIdentifier: "message-1" }]);
    expect(refused).toEqual([]);
  });
});

describe("a function", () => {
  it("learns its own account from the ARN it was invoked by", async () => {
    const learned: (string | undefined)[] = [];

    await untouchable("foreign-account", learned).send(foreignEvent);

    expect(learned).toEqual(["arn:aws:lambda:eu-central-1:111122223333:function:cordon-quarantine-replication"]);
  });
});
