import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, onTestFinished, vi } from "vitest";
import { stackResources } from "../../deploy/resources.ts";
import { type SandboxOptions, startSandbox, type Template } from "../../sandbox/index.ts";
import { bundleOptions } from "../../scripts/bundle-options.ts";
import { writeCompiled } from "../../shared/policy/compiled-file.ts";
import { operator } from "../support/cli.ts";
import { lookAt, policyWith } from "../support/stage.ts";

export const ACCOUNT = "111122223333";
export const FUNCTION = `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:cordon-tag-objects`;
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/cordon-backfill-eu-central-1`;
export const TAG = { key: "data-residency", value: "eu-only" };

/** All that docs/backfill.md says it takes. */
export const RIGHTS: readonly (readonly [action: string, resource: string])[] = [
  ["lambda:GetFunctionConfiguration", FUNCTION],
  ["s3:ListBucket", "*"],
  ["s3:GetObject", "arn:aws:s3:::inventories/*"],
  ["s3:ListJobs", "*"],
  ["s3:CreateJob", "*"],
  ["iam:PassRole", ROLE],
  ["s3:DescribeJob", "*"],
  ["s3:UpdateJobStatus", "*"],
];

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
let bundle: Promise<string> | undefined;

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
  const names = ["Table", "RefusedQueue", "TagObjectsQueue", "TagObjectsDeadQueue", "TagObjectsRole", "BackfillRole"];
  const Properties = {
    FunctionName: "cordon-tag-objects",
    Role: { "Fn::GetAtt": ["TagObjectsRole", "Arn"] },
    Handler: "index.handler",
    Timeout: 30,
    MemorySize: 1_024,
    Environment: { Variables },
  };
  return {
    ...Object.fromEntries(names.map((name) => [name, all[name]])),
    TagObjects: { Type: "AWS::Lambda::Function", Properties },
  };
}

interface StageOptions extends SandboxOptions {
  /** The function's CORDON_MODE. */
  readonly mode?: string;
  /** More of the function's environment. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** An account with the function, the job's role as the stack has it, a bucket of EU-only data, and somebody at the command line. */
export async function open({ mode = "enforce", settings = {}, ...options }: StageOptions = {}) {
  bundle ??= bundled();
  const file = await bundle;
  const sandbox = await startSandbox(options);
  onTestFinished(() => sandbox.close());
  const environment = {
    CORDON_TABLE: "cordon",
    CORDON_STACK: "cordon",
    CORDON_MODE: mode,
    CORDON_POLICY: join(file, "../policy.json"),
    POWERTOOLS_LOG_LEVEL: "SILENT",
    ...settings,
  };
  sandbox.deployTemplate({ Resources: resources(environment) } as Template, { bundleOf: () => file });
  sandbox.createBucket({ name: "orders", tags: { [TAG.key]: TAG.value } });
  sandbox.createBucket({ name: "reports" });
  /** Somebody sits down at the command line, who may do what `rights` say. */
  const sit = (rights = RIGHTS) => {
    operator(sandbox, rights);
    vi.stubEnv("CORDON_STACK", "cordon");
    sandbox.clearCalls();
  };
  sit();
  const fill = (count: number, { prefix = "2026/", tags = {} } = {}) => {
    for (let n = 0; n < count; n++) {
      const key = `${prefix}order ${n}.csv`;
      sandbox.createObject({ bucket: "orders", key, body: "id,total\n1,2\n", tags });
    }
  };
  const tagged = () => sandbox.objects("orders").filter(({ tags }) => tags[TAG.key] === TAG.value).length;
  /** Calls made at the command line. */
  const asked = () =>
    sandbox.calls.filter(({ functionName }) => functionName === undefined).map(({ operation }) => operation);
  return { sandbox, sit, fill, tagged, asked, journal: lookAt(sandbox) };
}
