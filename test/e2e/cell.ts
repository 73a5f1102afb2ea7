import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutBucketReplicationCommand, type ReplicationConfiguration } from "@aws-sdk/client-s3";
import { meta } from "../../controls/s3-replication-stays-in-jurisdiction/meta.ts";
import { functionDefinitions } from "../../deploy/functions.ts";
import {
  cellEnvironment,
  deployCell,
  type FunctionSpec,
  type InvocationResult,
  missingBundles,
  type Principal,
  type RecordedCall,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
  type Template,
} from "../../sandbox/index.ts";
import { findDecideUrl } from "../../shared/aws/decide-url.ts";
import { findingId } from "../../shared/ids.ts";
import type { Answer } from "../../shared/runtime/answer.ts";
import { s3BucketRef } from "../../shared/signals/s3-bucket-ref.ts";
import type { Result } from "../../shared/types.ts";
import { s3Client } from "../sandbox/clients.ts";
import { lookAt } from "../support/stage.ts";

export const HOME = "eu-central-1";
export const CONTAINS = "quarantine-replication";
export const OFFENDING_RULE = "to-oregon";

/** A cell in a sandbox: the built functions in their own processes, a folder of tickets, and a developer. */
export interface Cell {
  readonly sandbox: Sandbox;
  readonly tickets: string;
  readonly environment: Record<string, string>;
  readonly journal: ReturnType<typeof lookAt>;
  /** An EU-only bucket with versioning and two destinations of its own, and nothing replicated yet. */
  createSource(name: string): void;
  /** As the developer: replication of `bucket` to Ireland, and without a legal basis to Oregon. Returns the call as S3 saw it. */
  replicate(bucket: string): Promise<RecordedCall>;
  /** As somebody, the data protection officer unless said: a decision by the function's URL, signed and proved. Throws what the command line would tell. */
  decide(order: Readonly<Record<string, unknown>>, as?: Principal): Promise<Result>;
  /** Deploys a function anew, with what differs. */
  deploy(name: string, more?: Partial<FunctionSpec>): void;
  /** What the container's functions called since `clearCalls`, in order. */
  callsOf(functionName: string): readonly string[];
  findingOf(bucket: string): string;
  statusOf(bucket: string, rule: string): string | undefined;
  /** The names of the ticket files, which are findings' ids, and one's text. */
  ticketNames(): readonly string[];
  ticket(finding: string): string;
  close(): Promise<void>;
}

/** The guard looks at a hundred resources each quarter of an hour: where clocks leap, and it is not the matter, it is left out. */
export const WITHOUT_GUARD: readonly string[] = functionDefinitions
  .map(({ name }) => name)
  .filter((name) => name !== "guard-cell");

/** Without what looks of its own accord, whose looks at all that was contained before would come in between: where it is not the matter, and clocks leap. */
export const WITHOUT_LOOKS: readonly string[] = WITHOUT_GUARD.filter((name) => name !== "sweep");

/** `limits` apply to every function deployed, such as one container at a time; `template` is another one than was packaged. */
export async function openCell(
  limits: Partial<FunctionSpec> = {},
  only?: readonly string[],
  account: SandboxOptions = {},
  template?: Template,
): Promise<Cell> {
  const missing = missingBundles();
  if (missing.length > 0) throw new Error(`not built: ${missing.join(", ")}; "npm test" builds first`);
  const tickets = mkdtempSync(join(tmpdir(), "cordon-e2e-"));
  const sandbox = await startSandbox({ region: HOME, ...account });
  const environment = cellEnvironment({ CORDON_TICKETS: `file:${tickets}`, POWERTOOLS_LOG_LEVEL: "ERROR" });
  if (template === undefined) deployCell(sandbox, environment, only);
  else sandbox.deployTemplate(template, { stackName: "cordon-local", environment, ...(only && { only }) });
  for (const { identifier } of sandbox.registry.list("AWS::Lambda::Function")) sandbox.redeploy(identifier, limits);
  const officer = sandbox.createPrincipal({ type: "IAMUser", name: "data-protection-officer" });
  const developer = s3Client(sandbox, HOME, sandbox.createPrincipal({ type: "IAMUser", name: "developer" }));

  return {
    sandbox,
    tickets,
    environment,
    journal: lookAt(sandbox),
    createSource(name) {
      sandbox.createBucket({ name, region: HOME, versioning: true, tags: { "data-residency": "eu-only" } });
      sandbox.createBucket({ name: `${name}-ireland`, region: "eu-west-1", versioning: true });
      sandbox.createBucket({ name: `${name}-oregon`, region: "us-west-2", versioning: true });
    },
    async replicate(Bucket) {
      const answer = await developer.send(
        new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration: replicationOf(Bucket) }),
      );
      const call = sandbox.calls.find(({ requestId }) => requestId === answer.$metadata.requestId);
      if (call === undefined) throw new Error("the sandbox has not recorded the developer's call");
      return call;
    },
    async decide(order, as = officer) {
      const sdk = { region: HOME, credentials: as.credentials, endpoint: sandbox.endpoint };
      const url = await findDecideUrl("cordon-decide", sdk);
      const answer = (await url.send(order, sandbox.clock.now())) as Answer;
      const [result] = answer.results;
      if (result === undefined) throw new Error(`no result: ${JSON.stringify(answer)}`);
      return result;
    },
    deploy: (name, more = {}) => sandbox.redeploy(name, { environment, ...limits, ...more }),
    callsOf: (functionName) =>
      sandbox.calls.filter((call) => call.functionName === functionName).map(({ operation }) => operation),
    findingOf(bucket) {
      const ref = s3BucketRef(bucket, sandbox.account, HOME);
      if (ref === undefined) throw new Error(`${bucket} is no bucket's name`);
      return findingId(meta.id, ref, OFFENDING_RULE);
    },
    statusOf: (bucket, rule) => sandbox.bucket(bucket).replication?.Rules?.find(({ ID }) => ID === rule)?.Status,
    ticketNames: () => readdirSync(tickets).sort(),
    ticket: (finding) => readFileSync(join(tickets, `${finding}.md`), "utf8"),
    async close() {
      developer.destroy();
      await sandbox.close();
      rmSync(tickets, { recursive: true, force: true });
    },
  };
}

/** One rule inside the jurisdiction, one out of it. */
export function replicationOf(bucket: string): ReplicationConfiguration {
  return {
    Role: "arn:aws:iam::111122223333:role/replication",
    Rules: [
      {
        ID: "to-ireland",
        Priority: 1,
        Status: "Enabled",
        Filter: { Prefix: "archive/" },
        DeleteMarkerReplication: { Status: "Enabled" },
        Destination: { Bucket: `arn:aws:s3:::${bucket}-ireland`, StorageClass: "STANDARD_IA" },
      },
      {
        ID: OFFENDING_RULE,
        Priority: 2,
        Status: "Enabled",
        Filter: { Prefix: "" },
        DeleteMarkerReplication: { Status: "Disabled" },
        Destination: { Bucket: `arn:aws:s3:::${bucket}-oregon` },
      },
    ],
  };
}

/** What a containment has to leave behind: the offending rule switched off, all else as it was. */
export function containedReplicationOf(bucket: string): ReplicationConfiguration {
  const { Role, Rules = [] } = replicationOf(bucket);
  return { Role, Rules: Rules.map((rule) => (rule.ID === OFFENDING_RULE ? { ...rule, Status: "Disabled" } : rule)) };
}

/** The answer of an invocation that went well. */
export function answerOf(invocation: InvocationResult): Answer & { batchItemFailures?: { itemIdentifier: string }[] } {
  if (!invocation.ok) throw new Error(`${invocation.error.type}: ${invocation.error.message}`);
  return invocation.result as Answer;
}
