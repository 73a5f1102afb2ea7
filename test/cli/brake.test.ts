import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { brake } from "../../cli/brake.ts";
import { HIDDEN } from "../../cli/redact.ts";
import { rollback } from "../../cli/rollback.ts";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { idOf, open as openStage, ROLE, rule, statusOf } from "../controls/replication-stage.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { BY_URL, deployDecide, operator, run, TABLE } from "../support/cli.ts";
import { START_MS } from "../support/events.ts";
import { lookAt, policyWith } from "../support/stage.ts";

const user = (name: string) => `arn:aws:iam::111122223333:user/${name}`;
let orders = 0;
/** Another reason each time: of one person, the same order in the same second is the same proof. */
const why = () => ["--reason", `replication of ledger ${++orders} must not stop`] as const;
const BRAKE = "cordon-brake-stays-off";
const ON = "the brake is on by ";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("cordon brake", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ tables: [{ name: "cordon" }] });
    const limits = { approvals: { by: [user("approver")] }, brake: { by: [user("operator"), user("on-call")] } };
    await deployDecide(sandbox, policyWith({ limits }));
  });
  afterAll(() => sandbox?.close());
  afterEach(() => {
    sandbox.faults.clear();
  });

  /** Somebody sits down at the desk, who may do no more than it takes to have the function do something. */
  const sit = (name = "operator", rights: readonly (readonly [string, string])[] = BY_URL) => {
    operator(sandbox, rights, name);
    vi.stubEnv("CORDON_STACK", "cordon");
    vi.stubEnv("CORDON_TABLE", "");
    sandbox.clearCalls();
  };
  const asked = () =>
    sandbox.calls.filter(({ functionName }) => functionName === undefined).map(({ operation }) => operation);
  const journal = () => lookAt(sandbox);
  const item = () =>
    journal()
      .items()
      .find(({ pk }) => pk === "BRAKE");
  const finding = () =>
    journal()
      .findings()
      .find(({ controlId }) => controlId === BRAKE);
  const evidence = () =>
    journal()
      .evidence()
      .filter(({ controlId }) => controlId === BRAKE);

  it("is put on and taken off at once, without a question and without reading the table", async () => {
    sit();
    const [option, reason] = why();
    const on = await run(brake, "on", option, reason);
    expect(on).toMatchObject({ code: 0, err: "" });
    expect(on.out).toBe(
      `Done: ${ON}${HIDDEN}: from the next event on nothing is contained; a person's rollback still is carried out.\n`,
    );
    expect(asked()).toEqual(["GetFunctionUrlConfig", "InvokeFunctionUrl", "GetCallerIdentity"]);
    expect(item()).toMatchObject({ on: true, by: user("operator"), reason });

    sit("on-call");
    const off = await run(brake, "off", "--reason", "the ledger is through", "--reveal");

    expect(off).toMatchObject({ code: 0, err: "" });
    expect(off.out).toContain(`Done: the brake is off by ${user("on-call")}: `);
    expect(item()).toMatchObject({ on: false, by: user("on-call"), reason: "the ledger is through" });
  });

  it("leaves a critical finding for as long as it is on, and evidence of who has switched it, how and why", async () => {
    sit();
    const before = evidence().length;
    const [option, reason] = why();
    await run(brake, "on", option, reason);
    const told = `switched on by ${user("operator")} (signed GetCallerIdentity): ${reason}`;
    expect(finding()).toMatchObject({
      status: "awaiting-approval",
      severity: "critical",
      title: "Cordon's brake is on: nothing is contained",
      resource: { account: "111122223333", region: "eu-central-1" },
      facts: { holds: false, found: `${user("operator")} put it on: ${reason}` },
      decision: { reasons: [expect.any(String), told] },
      principal: { arn: user("operator") },
    });

    sit("on-call");
    await run(brake, "off", "--reason", "the ledger is through");

    const over = `switched off by ${user("on-call")} (signed GetCallerIdentity): the ledger is through`;
    expect(finding()).toMatchObject({
      status: "resolved",
      facts: { holds: true },
      decision: { reasons: ["it is off", over] },
    });
    const [on, off, ...others] = evidence().slice(before);
    expect(on).toMatchObject({
      kind: "awaiting-approval",
      content: { decision: { reasons: expect.arrayContaining([told]) } },
    });
    expect(off).toMatchObject({
      kind: "resolved",
      content: { signal: { name: "Brake", principal: { arn: user("on-call") } } },
    });
    expect(others).toEqual([]);
  });

  it("goes on being the same matter when it is put on again, and is told anew; off is off", async () => {
    sit();
    await run(brake, "on", ...why());
    const { id, occurrence } = finding() ?? {};
    await run(brake, "on", "--reason", "and the archive");
    expect(finding()).toMatchObject({
      id,
      occurrence,
      status: "awaiting-approval",
      facts: { found: expect.stringContaining("and the archive") },
    });
    await run(brake, "off", "--reason", "the archive is through");
    const told = evidence().length;

    const { code, out } = await run(brake, "off", "--reason", "to be sure");

    expect([code, out]).toEqual([0, expect.stringContaining("Done: the brake is off")]);
    expect(evidence()).toHaveLength(told);
  });

  it("is for those whom policy names for it, and not for those who may approve", async () => {
    sit("approver");
    const before = item();
    const { code, out } = await run(brake, "on", ...why());
    expect(code).toBe(1);
    expect(out).toMatch(
      /^Refused: found arn:aws:iam::111122223333:user\/.*, expected one of those who may decide by policy/,
    );
    expect(item()).toEqual(before);
    expect((await run(brake, "on", ...why(), "--reveal")).out).toContain(user("on-call"));
  });

  it("says the same as JSON and nothing else on stdout", async () => {
    sit();
    const { code, out, err } = await run(brake, "on", ...why(), "--json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({
      isDryRun: false,
      outcome: "done",
      changes: [],
      result: { status: "observed", controlId: BRAKE, findingId: null },
    });
    expect(out).not.toContain(user("operator"));
    sit("approver");
    const refused = await run(brake, "off", ...why(), "--json");
    expect([refused.code, JSON.parse(refused.out)]).toEqual([1, expect.objectContaining({ outcome: "refused" })]);
  });

  it("says how to do it by hand when the function does not answer", async () => {
    sit();
    for (const kind of ["reset", "server-error"] as const) {
      sandbox.faults.inject({ operation: "InvokeFunctionUrl", kind });
      const { code, out, err } = await run(brake, "on", ...why());
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain("It may have been done all the same: ask again");
      expect(err).toContain("aws dynamodb put-item --table-name <table> --item '{");
    }
  });

  it("says how to do it by hand when Lambda itself does not answer", async () => {
    sit();
    sandbox.faults.inject({ operation: "GetFunctionUrlConfig", kind: "server-error", times: 20 });
    const { code, err } = await run(brake, "on", ...why());
    expect([code, err]).toEqual([2, expect.stringContaining("aws dynamodb put-item")]);
  });

  it("names the rights that whoever asks does not have, and a function that is not there", async () => {
    const [getUrl, byUrl, invoke] = BY_URL;
    for (const [right, said] of [
      [getUrl, "which takes lambda:GetFunctionUrlConfig"],
      [byUrl, "it takes lambda:InvokeFunctionUrl and lambda:InvokeFunction"],
      [invoke, "it takes lambda:InvokeFunctionUrl and lambda:InvokeFunction"],
    ] as const) {
      sit(
        "operator",
        BY_URL.filter((each) => each !== right),
      );
      const { code, err } = await run(brake, "on", ...why());
      expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    }
    sit("operator", [["lambda:GetFunctionUrlConfig", "*"]]);
    const { code, err } = await run(brake, "on", ...why(), "--stack", "cordon-prod");
    expect([code, err]).toEqual([2, expect.stringContaining('There is no function "cordon-prod-decide" with a URL')]);
  });
});

describe("arguments that switch nothing", () => {
  it.each<[string, readonly string[], string]>([
    ["nothing", why(), "SWITCH"],
    ["another word", ["of", ...why()], 'found "of", expected on or off'],
    ["another case", ["ON", ...why()], 'found "ON", expected on or off'],
    ["both", ["on", "off", ...why()], "found off besides; expected 1 argument"],
    ["no reason", ["on"], "--reason"],
    ["an empty reason", ["off", "--reason", "  "], "--reason: found 0 characters, expected 1 to 500"],
    ["a reason as long as a book", ["on", "--reason", "x".repeat(501)], "--reason: found 501 characters"],
    ["a dry run", ["on", ...why(), "--dry-run"], "found --dry-run, which this command does not have"],
    ["a finding", ["on", ...why(), "--finding=f-0"], "found --finding=f-0, which this command does not have"],
    ["no stack", ["on", ...why()], "CORDON_STACK is not set: expected the name of the cell's stack"],
  ])("are %s: exit code 2, and nobody is asked", async (_, words, said) => {
    vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    vi.stubEnv("AWS_REGION", "eu-central-1");
    vi.stubEnv("CORDON_STACK", said.startsWith("CORDON_STACK") ? "" : "cordon");
    const { code, out, err } = await run(brake, ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });
});

describe("the brake", () => {
  const [ID, EAST] = [idOf("to-us"), idOf("to-east")];
  /** One containment, the deployed function, and somebody who may switch the brake and roll back. */
  const open = async () => {
    const set = await openStage([rule("to-us", "us-copy")], {
      policy: { limits: { approvals: { by: [user("operator")] } } },
    });
    set.advance(Date.now() - START_MS);
    await set.container().results(set.event());
    await deployDecide(set.sandbox, set.policy);
    const sit = () => {
      operator(set.sandbox, [...BY_URL, ["dynamodb:GetItem", TABLE]]);
      vi.stubEnv("CORDON_STACK", "cordon");
    };
    /** The developer sends the data elsewhere, too. */
    const add = async () => {
      const rules = set.configuration()?.Rules ?? [];
      await set.configure({ Role: ROLE, Rules: [...rules, rule("to-east", "us-east-copy")] });
    };
    return { ...set, sit, add };
  };

  it("holds from the next event on what would be changed, and no person's rollback; off, it goes on", async () => {
    const set = await open();
    set.sit();
    expect((await run(brake, "on", ...why())).code).toBe(0);
    expect((await run(rollback, ID, ...why(), "--yes")).code).toBe(0);
    expect(set.status()).toEqual({ "to-us": "Enabled" });
    await set.add();

    const held = await set.container().results(set.event());

    expect(statusOf(held, "to-east")).toBe("observed");
    expect(set.status()).toEqual({ "to-us": "Enabled", "to-east": "Enabled" });
    expect(set.journal.finding(EAST)).toMatchObject({
      decision: { reasons: expect.arrayContaining([expect.stringContaining('held to "observe" by the brake')]) },
      holds: [{ limit: "brake" }],
    });
    set.sit();
    expect((await run(brake, "off", ...why())).code).toBe(0);
    const freed = await set.container().results(set.event());

    expect(statusOf(freed, "to-east")).toBe("contained");
    expect(set.status()).toEqual({ "to-us": "Enabled", "to-east": "Disabled" });
  });

  it("is the item of the table that the command tells one to put there by hand", async () => {
    const set = await open();
    set.sit();
    set.sandbox.faults.inject({ operation: "InvokeFunctionUrl", kind: "reset" });
    const { err } = await run(brake, "on", ...why());
    const Item = JSON.parse(/--item '(.*)'/.exec(err)?.[1] ?? "");
    const byHand = new DynamoDBClient(clientConfig(set.sandbox));
    await byHand.send(new PutItemCommand({ TableName: "cordon", Item }));
    await set.add();

    expect(statusOf(await set.container().results(set.event()), "to-east")).toBe("observed");

    expect(set.status()).toMatchObject({ "to-east": "Enabled" });
    // The function takes off what a hand has put on.
    set.sit();
    expect((await run(brake, "off", ...why())).code).toBe(0);
    expect(statusOf(await set.container().results(set.event()), "to-east")).toBe("contained");
  });
});
