import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { catalogue } from "../../controls/catalogue.ts";
import { CELL, loadWorld, type Sandbox, seedWorld, startSandbox } from "../../sandbox/index.ts";
import type { Result } from "../../shared/types.ts";
import { cloudTrailRecord, eventBridge, sqs } from "../support/events.ts";
import { policyFile } from "../support/policy-file.ts";
import { answerOf, type Cell, CONTAINS, HOME, openCell } from "./cell.ts";
import { osls, ROOT } from "./osls.ts";

const EVENTS = join(ROOT, "events");
const CONTROL = "s3-replication-stays-in-jurisdiction";
const KEYS = "revoke-stale-keys";
const WORLD = join(EVENTS, CONTROL, "world.json");
const STATUSES = [
  "compliant",
  "exempt",
  "observed",
  "awaiting-approval",
  "contained",
  "already-contained",
  "inconclusive",
  "refused",
  "failed",
  "ignored",
];
/** DESIGN, "Run from outside". */
const RESULT_MEMBERS = [
  "changes",
  "controlId",
  "decision",
  "findingId",
  "occurrence",
  "reasons",
  "resource",
  "status",
] as const;

function assertShape(result: Result): void {
  expect(Object.keys(result).sort()).toEqual(RESULT_MEMBERS);
  expect(STATUSES).toContain(result.status);
  expect(catalogue.map(({ id }) => id)).toContain(result.controlId);
  expect(Array.isArray(result.reasons) && Array.isArray(result.changes)).toBe(true);
  if (result.resource !== null)
    expect(Object.keys(result.resource).sort()).toEqual(["account", "arn", "region", "type"]);
}

async function samplePaths(): Promise<readonly string[]> {
  const files = await readdir(EVENTS, { recursive: true });
  return files.filter((file) => file.endsWith(".json") && !file.endsWith("world.json")).sort();
}

async function sample(path: string): Promise<unknown> {
  return JSON.parse(await readFile(join(EVENTS, path), "utf8"));
}

function rulesOf(sandbox: Sandbox): Record<string, string | undefined> {
  const rules = sandbox.bucket("orders-eu").replication?.Rules ?? [];
  return Object.fromEntries(rules.map(({ ID = "", Status }) => [ID, Status]));
}

describe("osls invoke local", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ region: HOME, tables: [{ name: CELL.table, stream: true }] });
    sandbox.createQueue(CELL.refusedQueue);
    sandbox.routing = false;
    seedWorld(sandbox, await loadWorld(WORLD));
  });
  afterAll(() => sandbox.close());

  it("contains the breach of the sample, and stdout is the answer alone", async () => {
    const { code, stdout, stderr } = await osls(
      ["invoke", "local", "-f", CONTAINS, "-p", `events/${CONTROL}/put-bucket-replication.json`],
      sandbox.environment(),
    );

    expect(code, stderr).toBe(0);
    const answer = JSON.parse(stdout) as { results: Result[] };
    expect(Object.keys(answer)).toEqual(["results"]);
    for (const result of answer.results) assertShape(result);
    expect(answer.results.find(({ status }) => status === "contained")).toMatchObject({
      findingId: expect.stringMatching(/^f-[0-9a-f]{20}$/),
      occurrence: 1,
      decision: "contain",
      resource: { arn: "arn:aws:s3:::orders-eu", account: "111122223333", region: HOME, type: "AWS::S3::Bucket" },
      changes: [{ path: "Rules[to-oregon].Status", before: "Enabled", after: "Disabled" }],
    });
    expect(rulesOf(sandbox)).toEqual({ "to-ireland": "Enabled", "to-oregon": "Disabled" });
    expect(stderr).toContain('"message":"handled"');
  });
});

describe("every sample event of the guard", async () => {
  const paths = (await samplePaths()).filter((path) => !path.startsWith(CONTROL));
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({}, ["guard-cell"]);
    cell.sandbox.routing = false;
  });
  afterAll(() => cell.close());

  it.each(paths)("%s ends in a documented status, and changes nothing", async (path) => {
    cell.sandbox.clearCalls();

    const answer = answerOf(await cell.sandbox.invoke("guard-cell", await sample(path)));

    for (const result of answer.results) assertShape(result);
    const changed = cell.sandbox.calls.filter(({ mutating, service }) => mutating && service !== "dynamodb");
    expect(changed.map(({ operation }) => operation)).toEqual([]);
  });
});

describe("every sample event of the replication control", async () => {
  const paths = (await samplePaths()).filter((path) => path.startsWith(CONTROL));

  it.each(paths)("%s ends in a documented status", async (path) => {
    const cell = await openCell({ maxConcurrency: 1 }, [CONTAINS]);
    onTestFinished(() => cell.close());
    cell.sandbox.routing = false;
    seedWorld(cell.sandbox, await loadWorld(WORLD));

    const answer = answerOf(await cell.sandbox.invoke(CONTAINS, await sample(path)));

    if (answer.results === undefined) expect(answer).toEqual({ batchItemFailures: [] });
    else {
      expect(answer.results).not.toEqual([]);
      for (const result of answer.results) assertShape(result);
    }
    const isFailedCall = path.includes("failed-call");
    expect(rulesOf(cell.sandbox)).toEqual({
      "to-ireland": "Enabled",
      "to-oregon": isFailedCall ? "Enabled" : "Disabled",
    });
    if (isFailedCall) expect(cell.sandbox.calls).toEqual([]);
  });
});

describe("every sample event about access keys", async () => {
  const paths = (await samplePaths()).filter((path) => path.startsWith("iam-"));
  const ENFORCE = { mode: "enforce" };
  const file = policyFile({
    controls: { "iam-access-key-is-rotated": ENFORCE, "iam-access-key-is-not-exposed": ENFORCE },
  });

  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({ maxConcurrency: 1 }, [KEYS]);
    cell.sandbox.routing = false;
    cell.sandbox.paceReports({ polls: 0 });
    cell.deploy(KEYS, { environment: { ...cell.environment, CORDON_STACK: "cordon-local", CORDON_POLICY: file } });
  });
  afterAll(() => cell.close());

  it.each(paths.map((path, index) => [path, index] as const))("%s ends in a documented status", async (path, index) => {
    // Each has a user of its own, and a look through the account is done anew, by a report that is made anew.
    const name = `ci-${index}`;
    const id = `AKIAIOSFODNN7EXAM${String(index).padStart(3, "0")}`;
    cell.sandbox.clock.advance(5 * 3_600_000);
    const createdAt = cell.sandbox.clock.now() - 200 * 86_400_000;
    const lastUsed = { at: createdAt, service: "s3", region: HOME };
    cell.sandbox.createUser({ name, createdAt, keys: [{ id, lastUsed }] });
    const text = JSON.stringify(await sample(path)).replaceAll("AKIAIOSFODNN7EXAMPLE", id);
    const event = JSON.parse(text.replaceAll(/user\/ci(?=")/g, `user/${name}`).replaceAll('"ci"', `"${name}"`));

    const { results } = answerOf(await cell.sandbox.invoke(KEYS, event));

    for (const result of results) assertShape(result);
    // One denied call is no burst: it is counted. What is about sessions and root leaves the user's key alone.
    const isAboutKey = path.startsWith("iam-access-key-") && !path.includes("denied-call");
    expect(results.map(({ status }) => status).includes("contained")).toBe(isAboutKey);
    expect(cell.sandbox.user(name).keys.map(({ status }) => status)).toEqual([isAboutKey ? "Inactive" : "Active"]);
  });
});

describe("bad input by hand", () => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await openCell({ maxConcurrency: 1 }, [CONTAINS]);
    cell.sandbox.routing = false;
  });
  beforeEach(async () => {
    seedWorld(cell.sandbox, await loadWorld(WORLD));
    cell.sandbox.clearCalls();
  });
  afterAll(() => cell.close());

  const padding = "x".repeat(255_000);
  const notUnderstood: readonly (readonly [string, unknown])[] = [
    ["unknown JSON", { hello: "world" }],
    ["an empty object", {}],
    ["null", null],
    ["a number", 42],
    ["text", "PutBucketReplication"],
    ["a list", [1, 2, 3]],
    ["an empty batch", { Records: [] }],
    ["256 KB of something else", { padding }],
    ["an EventBridge event without detail", { ...eventBridge(null), detail: null }],
    [
      "a CloudTrail record that names no bucket",
      { ...cloudTrailRecord("x"), requestParameters: null, resources: null },
    ],
  ];
  it.each(notUnderstood)(
    "%s is refused, with what was found and what was expected; nothing is called",
    async (_, event) => {
      const { results } = answerOf(await cell.sandbox.invoke(CONTAINS, event));

      expect(results.map(({ status }) => status)).toEqual(["refused"]);
      for (const result of results) assertShape(result);
      expect(results[0]?.reasons.join()).toContain("expected");
      expect(results[0]?.reasons.join().length).toBeLessThan(1_000);
      expect(cell.sandbox.calls).toEqual([]);
    },
  );

  it("an event of 256 KB about a breach gets it contained", async () => {
    const record = { ...cloudTrailRecord("orders-eu"), additionalEventData: { padding } };

    const { results } = answerOf(await cell.sandbox.invoke(CONTAINS, eventBridge(record)));

    expect(results.map(({ status }) => status)).toContain("contained");
    expect(rulesOf(cell.sandbox)).toMatchObject({ "to-oregon": "Disabled" });
  });
});

describe("bad settings", () => {
  let cell: Cell;
  let folder: string;
  const event = eventBridge(cloudTrailRecord("orders-eu"));
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "cordon-policy-"));
    cell = await openCell({ maxConcurrency: 1 }, [CONTAINS]);
    cell.sandbox.routing = false;
    seedWorld(cell.sandbox, await loadWorld(WORLD));
  });
  beforeEach(() => cell.sandbox.clearCalls());
  afterAll(async () => {
    await cell.close();
    await rm(folder, { recursive: true, force: true });
  });

  const invoke = (environment: Record<string, string>) => {
    cell.deploy(CONTAINS, { environment: { POWERTOOLS_LOG_LEVEL: "SILENT", ...environment } });
    return cell.sandbox.invoke(CONTAINS, event);
  };
  const assertNothingDone = () => {
    expect(cell.sandbox.calls).toEqual([]);
    expect(rulesOf(cell.sandbox)).toEqual({ "to-ireland": "Enabled", "to-oregon": "Enabled" });
  };

  it("every missing environment variable is named at once", async () => {
    const outcome = await invoke({ AWS_REGION: "" });

    expect(outcome).toMatchObject({ ok: false, error: { type: "CordonError" } });
    for (const name of ["CORDON_TABLE", "CORDON_MODE", "AWS_REGION"]) {
      expect(outcome).toMatchObject({ error: { message: expect.stringContaining(`${name} is missing: expected`) } });
    }
    assertNothingDone();
  });

  it("an unknown mode is refused and never taken for another", async () => {
    const outcome = await invoke({ CORDON_TABLE: CELL.table, CORDON_MODE: "Enforce!" });

    expect(outcome).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/CORDON_MODE is "Enforce!": expected observe, approve, enforce/) },
    });
    assertNothingDone();
  });

  const policies: readonly (readonly [string, string, RegExp])[] = [
    ["is no YAML", "version: 1\nname: [unclosed\n", /policy\.yaml:\d+:\d+: .* must .*\]/],
    ["lacks most of it", "version: 1\n", /policy\.yaml:\d+:\d+: .*expected/],
    ["has a key twice", "version: 1\nversion: 1\n", /policy\.yaml:2:1: .*must be unique/],
    ["has a wrong type", "version: one\nname: x\n", /policy\.yaml:1:\d+.*expected/],
    ["is empty", "", /policy\.yaml:\d+:\d+: .*expected/],
  ];
  it.each(policies)(
    "a policy that %s is refused with file, line, column and what was expected",
    async (title, text, expected) => {
      const file = join(folder, title.replaceAll(" ", "-"), "policy.yaml");
      await mkdir(join(file, ".."), { recursive: true });
      await writeFile(file, text);

      const outcome = await invoke({ ...cell.environment, CORDON_POLICY: file });

      expect(outcome).toMatchObject({ ok: false, error: { message: expect.stringMatching(expected) } });
      assertNothingDone();
    },
  );

  it("a policy file that is not there is named", async () => {
    const outcome = await invoke({ ...cell.environment, CORDON_POLICY: "/nowhere/policy.yaml" });

    expect(outcome).toMatchObject({ ok: false, error: { message: expect.stringContaining("/nowhere/policy.yaml") } });
    assertNothingDone();
  });

  it("an endpoint that nobody listens on is a clear failure with nothing half done", async () => {
    const environment = { ...cell.environment, POWERTOOLS_LOG_LEVEL: "SILENT", AWS_ENDPOINT_URL: await closedPort() };
    cell.deploy(CONTAINS, { environment });

    const direct = answerOf(await cell.sandbox.invoke(CONTAINS, event));
    const batch = answerOf(await cell.sandbox.invoke(CONTAINS, sqs(event)));

    expect(direct.results.map(({ status }) => status)).toEqual(["failed"]);
    expect(direct.results[0]?.reasons.join()).toMatch(/no usable answer.*(GetBucketReplication|GetBucketTagging)/);
    expect(direct.results[0]?.reasons.join()).toContain("ECONNREFUSED");
    expect(batch.batchItemFailures).toEqual([{ itemIdentifier: "message-1" }]);
    assertNothingDone();
  });
});

/** The address of a port that was free a moment ago. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}
