import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, onTestFinished, vi } from "vitest";
import { stackResources } from "../../deploy/resources.ts";
import { type JobView, type Sandbox, type SandboxOptions, startSandbox, type Template } from "../../sandbox/index.ts";
import { bundleOptions } from "../../scripts/bundle-options.ts";
import { writeCompiled } from "../../shared/policy/compiled-file.ts";
import type { BackfillEngine } from "../../shared/policy/policy.ts";
import { operator } from "../support/cli.ts";
import { lookAt, policyWith } from "../support/stage.ts";

export const ACCOUNT = "111122223333";
export const FUNCTION = `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:cordon-tag-objects`;
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/cordon-backfill-eu-central-1`;
/** Objects of one invocation, with either engine. */
export const AT_ONCE = 3;
export const TAG = { key: "data-residency", value: "eu-only" };

const RUNS = `arn:aws:states:eu-central-1:${ACCOUNT}`;

type Right = readonly [action: string, resource: string];
/** What it takes with either engine. */
const BOTH: readonly Right[] = [
  ["lambda:GetFunctionConfiguration", FUNCTION],
  ["s3:ListBucket", "*"],
  ["s3:GetObject", "arn:aws:s3:::inventories*"],
];

/** All that docs/backfill.md says it takes. */
export const RIGHTS: Readonly<Record<BackfillEngine, readonly Right[]>> = {
  "batch-operations": [
    ...BOTH,
    ["s3:ListJobs", "*"],
    ["s3:CreateJob", "*"],
    ["iam:PassRole", ROLE],
    ["s3:DescribeJob", "*"],
    ["s3:UpdateJobStatus", "*"],
  ],
  "distributed-map": [
    ...BOTH,
    ["states:ListExecutions", `${RUNS}:stateMachine:cordon-backfill`],
    ["states:StartExecution", `${RUNS}:stateMachine:cordon-backfill`],
    ["states:DescribeExecution", `${RUNS}:execution:cordon-backfill:*`],
    ["states:ListMapRuns", `${RUNS}:execution:cordon-backfill:*`],
    ["states:DescribeMapRun", `${RUNS}:mapRun:cordon-backfill/*`],
    ["states:StopExecution", `${RUNS}:execution:cordon-backfill:*`],
  ],
};

const folders: string[] = [];
let bundle: Promise<string> | undefined;
let shared: Promise<Sandbox> | undefined;
let taken = 0;
afterAll(async () => {
  await (await shared)?.close();
  shared = undefined;
  bundle = undefined;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The function that tags objects, bundled once a file of tests: from source a container starts three times as slowly. */
async function bundled(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "cordon-tag-objects-"));
  folders.push(folder);
  const outfile = join(folder, "index.mjs");
  await build({ ...bundleOptions, minify: false, entryPoints: ["functions/tag-objects/handler.ts"], outfile });
  const { conditions: _, ...policy } = policyWith({ controls: { "s3-object-carries-its-class": { mode: "enforce" } } });
  writeFileSync(join(folder, "policy.json"), writeCompiled(policy));
  return outfile;
}

/** Of the stack what a job has to do with: the function and the job, in the roles they have in it. */
function resources(Variables: Readonly<Record<string, string>>): Record<string, unknown> {
  const all = stackResources("cordon");
  const names = [
    "Table",
    "RefusedQueue",
    "TagObjectsQueue",
    "TagObjectsDeadQueue",
    "TagObjectsRole",
    "BackfillRole",
    "BackfillMapRole",
    "BackfillMap",
  ];
  const Properties = {
    FunctionName: "cordon-tag-objects",
    Role: { "Fn::GetAtt": ["TagObjectsRole", "Arn"] },
    Handler: "index.handler",
    Timeout: 30,
    MemorySize: 1_024,
    Environment: { Variables },
  };
  const deployed = JSON.stringify(Object.fromEntries(names.map((name) => [name, all[name]])));
  return {
    // Small batches: as much is seen of them with fewer objects.
    ...JSON.parse(deployed.replaceAll(/(MaxItemsPerBatch\\":)\d+/g, `$1${AT_ONCE}`)),
    TagObjects: { Type: "AWS::Lambda::Function", Properties },
  };
}

interface StageOptions extends SandboxOptions {
  /** The function's CORDON_MODE. */
  readonly mode?: string;
  /** More of the function's environment. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** An account with the function, and the engines with their roles as the stack has them. */
async function openAccount({ mode = "enforce", settings = {}, ...options }: StageOptions): Promise<Sandbox> {
  bundle ??= bundled();
  const file = await bundle;
  const sandbox = await startSandbox({ tasksPerInvocation: AT_ONCE, ...options });
  const environment = {
    CORDON_TABLE: "cordon",
    CORDON_STACK: "cordon",
    CORDON_MODE: mode,
    CORDON_POLICY: await policyOf(),
    POWERTOOLS_LOG_LEVEL: "SILENT",
    ...settings,
  };
  sandbox.deployTemplate({ Resources: resources(environment) } as Template, { bundleOf: () => file });
  return sandbox;
}

/** An account of the test's own, with a bucket of EU-only data, and somebody at the command line. */
export async function open(options: StageOptions = {}) {
  const sandbox = await openAccount(options);
  onTestFinished(() => sandbox.close());
  return takePlace(sandbox, "orders", await policyOf());
}

/** A bucket of the test's own, in the account of all tests of the file: its function's container is warm. */
export async function take() {
  shared ??= openAccount({});
  const sandbox = await shared;
  taken += 1;
  sandbox.faults.clear();
  return takePlace(sandbox, `orders-${taken}`, await policyOf());
}

/** Compiled, so that no command has to parse one. */
async function policyOf(): Promise<string> {
  bundle ??= bundled();
  return join(await bundle, "../policy.json");
}

function takePlace(sandbox: Sandbox, bucket: string, policy: string) {
  const reports = `reports-of-${bucket}`;
  sandbox.createBucket({ name: bucket, tags: { [TAG.key]: TAG.value } });
  sandbox.createBucket({ name: reports });
  const before = { "batch-operations": sandbox.jobs.length, "distributed-map": sandbox.executions.length };
  /** Somebody sits down at the command line, who may do what `rights` say. */
  const sit = (rights: readonly Right[] = [...RIGHTS["batch-operations"], ...RIGHTS["distributed-map"]]) => {
    operator(sandbox, rights);
    vi.stubEnv("CORDON_STACK", "cordon");
    vi.stubEnv("CORDON_POLICY", policy);
    sandbox.clearCalls();
  };
  sit();
  const fill = (count: number, { prefix = "2026/", tags = {} } = {}) => {
    for (let n = 0; n < count; n++) {
      const key = `${prefix}order ${n}.csv`;
      sandbox.createObject({ bucket, key, body: "id,total\n1,2\n", tags });
    }
  };
  const tagged = () => sandbox.objects(bucket).filter(({ tags }) => tags[TAG.key] === TAG.value).length;
  /** Calls made at the command line. */
  const asked = () =>
    sandbox.calls.filter(({ functionName }) => functionName === undefined).map(({ operation }) => operation);
  /** The jobs of an engine since the test began, in the words of S3. */
  const jobs = (engine: BackfillEngine): readonly SeenJob[] =>
    engine === "batch-operations"
      ? sandbox.jobs.slice(before[engine])
      : sandbox.executions.slice(before[engine]).map(({ arn, status, items, permissions }) => ({
          ...{ id: arn, permissions, status: IN_WORDS_OF_S3[status] },
          ...{ total: items.total, succeeded: items.succeeded, failed: items.failed },
        }));
  return { sandbox, bucket, reports, sit, fill, tagged, asked, jobs, journal: lookAt(sandbox) };
}

type SeenJob = Pick<JobView, "id" | "total" | "succeeded" | "failed" | "permissions"> & { readonly status: string };
const IN_WORDS_OF_S3 = { RUNNING: "Active", SUCCEEDED: "Complete", FAILED: "Failed", ABORTED: "Cancelled" } as const;
