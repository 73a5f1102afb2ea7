import { GenerateCredentialReportCommand, IAMClient } from "@aws-sdk/client-iam";
import { expect, it, onTestFinished } from "vitest";
import { MemoryJournal } from "../../cli/memory-journal.ts";
import { control } from "../../controls/iam-root-has-no-access-key/control.ts";
import { type RootSeed, startSandbox } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import { handleSignal } from "../../shared/pipeline.ts";
import { rootKeysOnAws } from "../../shared/resources/root-keys-aws.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import { rootRef } from "../../shared/signals/iam-refs.ts";
import type { ResourceRef } from "../../shared/types.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { START_MS } from "../support/events.ts";
import { policyWith } from "../support/stage.ts";

const ROOT = rootRef("111122223333", "aws") as ResourceRef;
const KEYS = { keys: [{ id: "AKIAROOTROOTROOTROOT" }] };

async function rootStage(seed: RootSeed) {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  sandbox.routing = false;
  sandbox.seedRoot(seed);
  Object.assign(process.env, sandbox.environment());
  const clients = new AwsClients();
  let nowMs = START_MS;
  const advance = (ms: number) => {
    nowMs += ms;
  };
  const clock = { nowMs: () => nowMs, sleep: async (ms: number) => advance(ms) };
  const journal = new MemoryJournal();
  const cordon = {
    control,
    policy: policyWith({ controls: { [control.meta.id]: { mode: "enforce" } } }),
    clock,
    ports: { s3: s3BucketsOnAws(clients, clock), rootKeys: rootKeysOnAws(clients) },
    journal,
    ceiling: { mode: "enforce" as const, reason: "CORDON_MODE=enforce" },
  };
  return {
    sandbox,
    look: async () => {
      advance(60_000);
      const at = new Date(nowMs).toISOString();
      const signal = { id: at, source: "schedule", name: "Look", at, resource: ROOT } as const;
      const { results } = await handleSignal(signal, cordon, nowMs + 25_000);
      const finding = await journal.readFinding(results[0]?.findingId ?? "");
      return { results, finding };
    },
  };
}

it("root's keys are told as critical, with what to do, and nothing is attempted", async () => {
  const set = await rootStage(KEYS);
  const { results, finding } = await set.look();
  expect(results).toMatchObject([{ status: "awaiting-approval", decision: "approve" }]);
  expect(finding).toMatchObject({
    severity: "critical",
    title: "The root user of account 111122223333 has access keys",
    decision: { rule: "built-in:drift", explanation: { verdict: "for-a-person" } },
    facts: { remedy: expect.stringContaining("Sign in as the account's root user") },
  });
  expect(finding?.pending).toBeUndefined();
  expect(set.sandbox.calls.filter(({ service }) => service === "iam").map(({ operation }) => operation)).toEqual(
    expect.arrayContaining(["GetAccountSummary"]),
  );
  expect(set.sandbox.calls.filter(({ mutating }) => mutating)).toEqual([]);

  set.sandbox.seedRoot({ keys: [] });
  expect((await set.look()).finding).toMatchObject({ status: "resolved" });
});

it("a root user without keys is compliant", async () => {
  const { results } = await (await rootStage({})).look();
  expect(results).toMatchObject([{ status: "compliant" }]);
});

it("where the summary is refused the credential report tells, as it was made last", async () => {
  const set = await rootStage(KEYS);
  const iam = new IAMClient(clientConfig(set.sandbox));
  for (let asked = 0; asked < 3; asked++) await iam.send(new GenerateCredentialReportCommand({}));
  set.sandbox.deny({ action: "iam:GetAccountSummary" });
  expect((await set.look()).results).toMatchObject([{ status: "awaiting-approval" }]);
});

it("where neither can be read a person is told so", async () => {
  const set = await rootStage({});
  set.sandbox.deny({ action: "iam:GetAccountSummary" });
  set.sandbox.deny({ action: "iam:GetCredentialReport" });
  const { results, finding } = await set.look();
  expect(results).toMatchObject([{ status: "awaiting-approval" }]);
  expect(finding?.decision).toMatchObject({ rule: "built-in:unreadable" });
});
