import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as z from "zod/mini";
import { formProblems } from "../shared/policy/language/form-problems.ts";
import { INSTANT, parseInstant } from "../shared/policy/language/instants.ts";
import { formatPolicyErrors, readYaml } from "../shared/policy/language/parse-policy.ts";
import { type Problem, unknownName } from "../shared/policy/language/problems.ts";
import type { PolicyInForce } from "../shared/policy/policy.ts";
import type { Decision } from "../shared/types.ts";
import { judgeEvent, triedControls } from "./judge-event.ts";
import { journalledIn, portsOf, type World, worldProblems, worldSchema } from "./world.ts";

/** Cases of a policy: given an event and a world, what is decided. `<policy>.cases.yaml` beside `<policy>.yaml`. */
const text = z.string().check(z.minLength(1, { error: "expected a text that is not empty" }));
const account = z.string().check(z.regex(/^\d{12}$/, { error: "expected an account id of 12 digits, in quotes" }));

/** A replication rule in few words; `replication` takes one as the S3 API has it. */
const replicates = z.strictObject({
  id: text,
  to: text,
  prefix: z.optional(text),
  tags: z.optional(z.record(text, z.string())),
  key: z.optional(text),
  account: z.optional(account),
  enabled: z.optional(z.boolean()),
});
const bucketShape = worldSchema._zod.def.shape.buckets._zod.def.element._zod.def.shape;
const bucket = z.strictObject({ ...bucketShape, replicates: z.optional(z.array(replicates)) });
const world = z.strictObject({ buckets: z.array(bucket) });
const expected = z.strictObject({
  decision: z.enum(["compliant", "exempt", "observe", "approve", "contain"]),
  /** The rule that decided. */
  rule: z.optional(text),
  /** The rule that gave the mode. */
  modeRule: z.optional(text),
  /** What one of the reasons contains. */
  because: z.optional(text),
});
const policyCase = z.strictObject({
  name: text,
  scenario: z.optional(text),
  event: z.union([z.strictObject({ call: text, bucket: text }), z.strictObject({ file: text })], {
    error: "expected { call, bucket } or { file }",
  }),
  at: z.optional(
    z.string().check(
      z.refine((time) => INSTANT.test(time) && parseInstant(time) !== undefined, {
        error: "expected a time with seconds and an offset, such as 2026-12-31T23:59:59Z",
      }),
    ),
  ),
  world: z.optional(world),
  expect: z.record(text, expected),
});

/** The form of a file of cases; what every case's world begins with stands once at its top. */
export const casesSchema = z.strictObject({
  world: z.optional(world),
  cases: z.array(policyCase).check(z.minLength(1, { error: "expected at least one case" })),
});

/** The schema of files of cases, for editors. Pure. */
export function casesJsonSchema(): object {
  return {
    title: "Cases of a Cordon residency policy",
    ...z.toJSONSchema(casesSchema, { reused: "inline", unrepresentable: "any" }),
  };
}

type CasesDocument = z.infer<typeof casesSchema>;
type CaseBucket = NonNullable<CasesDocument["world"]>["buckets"][number];
export type ExpectedDecision = z.infer<typeof expected>;

/** A case, ready to be tried. */
export interface PolicyCase {
  readonly name: string;
  readonly scenario: string;
  readonly event: unknown;
  readonly atMs: number;
  readonly world: World;
  /** By part. */
  readonly expect: Readonly<Record<string, ExpectedDecision>>;
}

/** Cases happen then unless they say otherwise: what they expect must not change with the day they are run on. */
const AT = "2026-06-01T12:00:00Z";
const ACCOUNT = "111122223333";

/** `policies/eu-gdpr.yaml` -> `policies/eu-gdpr.cases.yaml`. Pure. */
export function casesFileOf(policyFile: string): string {
  return join(dirname(policyFile), basename(policyFile).replace(/\.(ya?ml|json)$/, ".cases.yaml"));
}

/** Policies among files as `policies/*.yaml` names them: their cases lie beside them. Pure. */
export function withoutCases(files: readonly string[]): readonly string[] {
  return files.length === 1 ? files : files.filter((file) => !file.endsWith(".cases.yaml"));
}

/**
 * Reads a file of cases.
 *
 * @throws Error with every mistake as file:line:column
 */
export async function readCases(file: string): Promise<readonly PolicyCase[]> {
  const source = await readFile(file, "utf8").catch((error: Error) => {
    throw new Error(`the cases ${file} can't be read: ${error.message}`);
  });
  const read = readYaml(source, file);
  const refuse = (problems: readonly Problem[]): never => {
    throw new Error(`The cases are refused.\n${read.ok ? formatPolicyErrors(read.refused(problems).errors) : ""}`);
  };
  if (!read.ok) throw new Error(`The cases are refused.\n${formatPolicyErrors(read.errors)}`);
  const checked = casesSchema.safeParse(read.content, { reportInput: true });
  if (!checked.success) return refuse(formProblems(casesSchema, checked.error.issues));
  const { world: shared, cases } = checked.data;
  const problems = problemsIn(checked.data);
  if (problems.length > 0) refuse(problems);
  return Promise.all(
    cases.map(async ({ name, scenario = "", event, at = AT, world: own, expect }) => {
      const buckets = mergedBuckets(shared?.buckets ?? [], own?.buckets ?? []);
      return {
        name,
        scenario,
        event: await eventOf(event, buckets, dirname(file)),
        atMs: parseInstant(at) ?? Number.NaN,
        world: { buckets: buckets.map(withReplication) },
        expect,
      };
    }),
  );
}

function problemsIn({ world: shared, cases }: CasesDocument): readonly Problem[] {
  const common = shared?.buckets ?? [];
  return [
    ...worldProblems({ buckets: common.map(withReplication) }, ["world"]),
    ...cases.flatMap(({ name, event, world: own }, index) => {
      const at = ["cases", index];
      const buckets = own?.buckets ?? [];
      const names = mergedBuckets(common, buckets).map((each) => each.name);
      const isKnown = !("bucket" in event) || names.includes(event.bucket);
      return [
        ...worldProblems({ buckets: buckets.map(withReplication) }, [...at, "world"]),
        ...(isKnown ? [] : [{ path: [...at, "event", "bucket"], message: unknownName("bucket", event.bucket, names) }]),
        ...(cases.findIndex((other) => other.name === name) < index
          ? [{ path: [...at, "name"], message: `the name "${name}" is taken already; expected one of its own` }]
          : []),
      ];
    }),
  ];
}

/** A case's own bucket takes the place of the shared one of its name. */
function mergedBuckets(shared: readonly CaseBucket[], own: readonly CaseBucket[]): readonly CaseBucket[] {
  return [...shared.filter(({ name }) => !own.some((each) => each.name === name)), ...own];
}

function withReplication({ replicates: rules, ...plain }: CaseBucket): World["buckets"][number] {
  if (rules === undefined) return plain;
  const Rules = rules.map(({ id, to, prefix = "", tags = {}, key, account: Account, enabled = true }, index) => ({
    ID: id,
    Priority: index + 1,
    Status: enabled ? ("Enabled" as const) : ("Disabled" as const),
    Filter: { And: { Prefix: prefix, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) } },
    DeleteMarkerReplication: { Status: "Disabled" },
    Destination: {
      Bucket: `arn:aws:s3:::${to}`,
      ...(Account !== undefined && { Account }),
      ...(key !== undefined && { EncryptionConfiguration: { ReplicaKmsKeyID: key } }),
    },
  }));
  return { ...plain, replication: { Role: `arn:aws:iam::${ACCOUNT}:role/replication`, Rules } };
}

/** The record that CloudTrail would tell of such a call, or what a file beside the cases holds. */
async function eventOf(
  event: CasesDocument["cases"][number]["event"],
  buckets: readonly CaseBucket[],
  folder: string,
): Promise<unknown> {
  if ("file" in event) {
    const file = join(folder, event.file);
    try {
      return JSON.parse(await readFile(file, "utf8"));
    } catch (error) {
      throw new Error(`the event ${file} can't be read as JSON: ${(error as Error).message}`);
    }
  }
  const bucketOf = buckets.find(({ name }) => name === event.bucket);
  return {
    eventVersion: "1.11",
    eventSource: "s3.amazonaws.com",
    eventName: event.call,
    eventID: "00000000-0000-4000-8000-000000000000",
    eventTime: AT,
    awsRegion: bucketOf?.region,
    recipientAccountId: bucketOf?.account ?? ACCOUNT,
    requestParameters: { bucketName: event.bucket },
  };
}

/** What was decided of one part. */
export interface DecidedPart {
  readonly part: string;
  readonly decision: Decision;
}

/** Decides a case by a policy, as the deployed functions would. Reads nothing but the case's world. */
export async function decideCase(each: PolicyCase, policy: PolicyInForce): Promise<readonly DecidedPart[] | string> {
  const outcomes = await judgeEvent(each.event, {
    controls: triedControls,
    ports: portsOf(each.world),
    policy,
    nowMs: each.atMs,
    journalled: (resource, control, asked) => journalledIn(each.world, resource, control, asked),
  });
  const all = outcomes.flatMap((ofControl) => ofControl.outcomes);
  const judged = all.filter((outcome) => outcome.kind === "judged");
  if (judged.length === 0)
    return all.map((outcome) => ("reason" in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind)).join("; ");
  return judged.flatMap((outcome) => outcome.judged.map(({ finding, decision }) => ({ part: finding.part, decision })));
}

/** How a case came out: what is not as expected, in words; nothing when all is. Pure. */
export function differencesOf(
  expect: PolicyCase["expect"],
  decided: readonly DecidedPart[] | string,
): readonly string[] {
  if (typeof decided === "string") return [`nothing was decided: ${decided}`];
  const parts = new Map(decided.map(({ part, decision }) => [part, decision]));
  const missing = Object.keys(expect).filter((part) => !parts.has(part));
  return [
    ...missing.map(
      (part) => `${part}: expected a finding, found none; there is ${[...parts.keys()].join(", ") || "nothing"}`,
    ),
    ...decided.flatMap(({ part, decision }) => {
      const wanted = Object.hasOwn(expect, part) ? expect[part] : undefined;
      if (wanted === undefined) return [`${part}: found ${decision.kind} by ${decision.rule}, expected nothing of it`];
      return differencesIn(part, wanted, decision);
    }),
  ];
}

function differencesIn(
  part: string,
  wanted: ExpectedDecision,
  { kind, rule, reasons, explanation }: Decision,
): readonly string[] {
  const why = `; ${reasons.join("; ")}`;
  const { modeRule = "none" } = explanation;
  return [
    ...(wanted.decision === kind ? [] : [`${part}: expected ${wanted.decision}, found ${kind} by ${rule}${why}`]),
    ...(wanted.rule === undefined || wanted.rule === rule
      ? []
      : [`${part}: expected the rule ${wanted.rule}, found ${rule}${why}`]),
    ...(wanted.modeRule === undefined || wanted.modeRule === modeRule
      ? []
      : [`${part}: expected the mode by ${wanted.modeRule}, found ${modeRule}`]),
    ...(wanted.because === undefined || reasons.some((reason) => reason.includes(wanted.because ?? ""))
      ? []
      : [`${part}: expected a reason with "${wanted.because}", found ${reasons.join("; ")}`]),
  ];
}
