import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetBucketVersioningCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FaultKind, type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, dynamodbClient, failureOf, s3Client } from "./clients.ts";

let sandbox: Sandbox;
let s3: S3Client;
beforeEach(async () => {
  sandbox = await startSandbox({ tables: [{ name: "cordon" }] });
  s3 = s3Client(sandbox);
  sandbox.createBucket({ name: "home" });
});
afterEach(() => sandbox.close());

const enable = (client = s3) =>
  client.send(new PutBucketVersioningCommand({ Bucket: "home", VersioningConfiguration: { Status: "Enabled" } }));

// "TimeoutError" is the SDK's name for a connection that was dropped.
it.each<[FaultKind, string, boolean]>([
  ["throttle", "SlowDown", false],
  ["server-error", "InternalError", false],
  ["error", "OperationAborted", false],
  ["reset", "TimeoutError", false],
  ["crash-before", "TimeoutError", false],
  ["reset-after", "TimeoutError", true],
  ["crash-after", "TimeoutError", true],
])("%s ends the call with %s", async (kind, name, hasEffect) => {
  sandbox.faults.inject({ operation: "PutBucketVersioning", kind, errorCode: "OperationAborted", status: 409 });

  expect(await failureOf(enable())).toMatchObject({ name });

  expect(sandbox.bucket("home").versioning).toBe(hasEffect ? "Enabled" : undefined);
  expect(sandbox.calls).toMatchObject([{ fault: kind, applied: hasEffect }]);
  expect(sandbox.faults.pending).toBe(0);
});

it("strikes after the calls to skip, as often as told", async () => {
  sandbox.faults.inject({ operation: "PutBucketVersioning", kind: "throttle", skip: 1, times: 2 });

  const outcomes = [];
  for (let i = 0; i < 4; i++)
    outcomes.push(
      await enable().then(
        () => "done",
        (error: Error) => error.name,
      ),
    );

  expect(outcomes).toEqual(["done", "SlowDown", "SlowDown", "done"]);
});

it("strikes one principal only, and not when it was taken away", async () => {
  const other = sandbox.createPrincipal({ type: "AssumedRole", name: "other" });
  sandbox.faults.inject({ principal: other.arn, kind: "throttle", times: Number.POSITIVE_INFINITY });
  const remove = sandbox.faults.inject({ kind: "throttle" });
  remove();

  await enable();
  expect(await failureOf(enable(s3Client(sandbox, undefined, other)))).toMatchObject({ name: "SlowDown" });
});

it("leaves a call without an answer until the client gives up", async () => {
  sandbox.faults.inject({ operation: "GetBucketVersioning", kind: "timeout" });
  const impatient = new S3Client({
    ...clientConfig(sandbox),
    forcePathStyle: true,
    requestHandler: { requestTimeout: 100, throwOnRequestTimeout: true },
  });

  const error = await failureOf(impatient.send(new GetBucketVersioningCommand({ Bucket: "home" })));

  expect(error.name).toBe("TimeoutError");
  expect(sandbox.calls).toMatchObject([{ status: 0 }]);
});

it("is got over by a client that retries", async () => {
  sandbox.faults.inject({ kind: "throttle" });
  const patient = new S3Client({ ...clientConfig(sandbox), forcePathStyle: true, maxAttempts: 2 });

  await enable(patient);

  expect(sandbox.calls.map(({ status }) => status)).toEqual([503, 200]);
});

it("speaks DynamoDB's words to DynamoDB's clients", async () => {
  sandbox.faults.inject({ operation: "GetItem", kind: "throttle" });
  const get = () =>
    dynamodbClient(sandbox).send(new GetItemCommand({ TableName: "cordon", Key: { pk: { S: "a" }, sk: { S: "b" } } }));

  expect(await failureOf(get())).toMatchObject({ name: "ThrottlingException", $metadata: { httpStatusCode: 400 } });
  sandbox.deny({ action: "dynamodb:GetItem" });
  expect(await failureOf(get())).toMatchObject({ name: "AccessDeniedException" });
});
