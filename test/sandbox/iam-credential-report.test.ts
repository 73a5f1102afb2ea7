import {
  GenerateCredentialReportCommand,
  GetAccountSummaryCommand,
  GetCredentialReportCommand,
  IAMClient,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf } from "./clients.ts";

const NOW = Date.parse("2030-06-01T00:00:00Z");
const DAY_MS = 86_400_000;
const HEADER =
  "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
  "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
  "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
  "cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

let sandbox: Sandbox;
let iam: IAMClient;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: NOW, schedule: { serial: true } });
  iam = new IAMClient(clientConfig(sandbox));
});
afterEach(() => sandbox.close());

const generate = async () => (await iam.send(new GenerateCredentialReportCommand({}))).State;
const get = () => iam.send(new GetCredentialReportCommand({}));
const lines = async () =>
  Buffer.from((await get()).Content ?? [])
    .toString("utf8")
    .split("\n");
const complete = async () => {
  await generate();
  sandbox.clock.advance(10_000);
  return lines();
};

it("is begun, in progress, and complete", async () => {
  expect(await failureOf(get())).toMatchObject({
    name: "CredentialReportNotPresentException",
    $metadata: { httpStatusCode: 410 },
  });
  expect([await generate(), await generate(), await generate()]).toEqual(["STARTED", "INPROGRESS", "COMPLETE"]);
  expect(await get()).toMatchObject({ ReportFormat: "text/csv", GeneratedTime: new Date(NOW) });
  expect(sandbox.calls[0]).toMatchObject({ permissions: [{ action: "iam:GetCredentialReport", resource: "*" }] });
  expect(sandbox.events).toEqual([]);
});

it("takes as many polls, or as long, as it is told to", async () => {
  sandbox.paceReports({ polls: 3, takesMs: 60_000 });
  await generate();
  expect(await failureOf(get())).toMatchObject({
    name: "CredentialReportNotReadyException",
    $metadata: { httpStatusCode: 404 },
  });
  expect([await generate(), await generate(), await generate()]).toEqual(["INPROGRESS", "INPROGRESS", "COMPLETE"]);
  sandbox.clock.advance(5 * 3_600_000);
  await generate();
  sandbox.clock.advance(60_000);
  expect(await generate()).toBe("COMPLETE");
});

it("is given again for four hours as it was, and then begun anew", async () => {
  sandbox.createUser({ name: "ann", keys: [{ id: "AKIAANNANNANNANNANN1" }] });
  const before = await complete();
  await iam.send(
    new UpdateAccessKeyCommand({ UserName: "ann", AccessKeyId: "AKIAANNANNANNANNANN1", Status: "Inactive" }),
  );
  sandbox.clock.advance(3 * 3_600_000);
  expect(await generate()).toBe("COMPLETE");
  expect(await lines()).toEqual(before);
  sandbox.clock.advance(2 * 3_600_000);
  expect(await failureOf(get())).toMatchObject({
    name: "CredentialReportExpiredException",
    $metadata: { httpStatusCode: 410 },
  });
  const after = await complete();
  expect(before[2]).toContain(",true,2030-06-01T00:00:00Z,N/A,");
  expect(after[2]).toContain(",false,2030-06-01T00:00:10Z,N/A,");
});

it("shows passwords, MFA and keys by their ids, but not the ids, the root user first", async () => {
  const createdAt = NOW - 500 * DAY_MS;
  sandbox.createUser({ name: "zoe", createdAt });
  sandbox.createUser({
    name: "Ann",
    path: "/team/",
    createdAt,
    mfa: true,
    hasPassword: true,
    keys: [
      { id: "AKIAZZZZZZZZZZZZZZZZ", createdAt: NOW - 200 * DAY_MS, lastUsed: { at: NOW - DAY_MS, service: "s3" } },
      { id: "AKIAAAAAAAAAAAAAAAAA", createdAt: NOW - 20 * DAY_MS, status: "Inactive" },
    ],
  });
  sandbox.createUser({ name: "bob,jr", createdAt, passwordLastUsed: NOW - DAY_MS });
  sandbox.seedRoot({
    createdAt,
    mfa: false,
    keys: [{ createdAt, lastUsed: { at: NOW - DAY_MS, service: "iam", region: "us-east-1" } }],
  });

  const NO_KEY = "false,N/A,N/A,N/A,N/A";
  const CERTIFICATES = "false,N/A,false,N/A";
  const created = "2029-01-17T00:00:00Z";
  const yesterday = "2030-05-31T00:00:00Z";
  const text = await complete();
  expect(text).toEqual([
    HEADER,
    `<root_account>,arn:aws:iam::111122223333:root,${created},true,no_information,not_supported,not_supported,false,true,${created},${yesterday},us-east-1,iam,${NO_KEY},${CERTIFICATES}`,
    `Ann,arn:aws:iam::111122223333:user/team/Ann,${created},true,no_information,${created},N/A,true,false,2030-05-12T00:00:00Z,N/A,N/A,N/A,true,2029-11-13T00:00:00Z,${yesterday},N/A,s3,${CERTIFICATES}`,
    `"bob,jr","arn:aws:iam::111122223333:user/bob,jr",${created},true,${yesterday},${created},N/A,false,${NO_KEY},${NO_KEY},${CERTIFICATES}`,
    `zoe,arn:aws:iam::111122223333:user/zoe,${created},false,N/A,N/A,N/A,false,${NO_KEY},${NO_KEY},${CERTIFICATES}`,
  ]);
  expect(text.join("\n")).not.toContain("AKIA");
});

it("is not asked for what a summary tells at once: root's keys, MFA and password, and how many users there are", async () => {
  const summary = async () => (await iam.send(new GetAccountSummaryCommand({}))).SummaryMap;
  expect(await summary()).toEqual({
    AccountAccessKeysPresent: 0,
    AccountMFAEnabled: 1,
    AccountPasswordPresent: 1,
    Users: 0,
  });
  sandbox.createUser({ name: "ann" });
  sandbox.seedRoot({ keys: [{ status: "Inactive" }], mfa: false });
  expect(await summary()).toMatchObject({ AccountAccessKeysPresent: 1, AccountMFAEnabled: 0, Users: 1 });
});
