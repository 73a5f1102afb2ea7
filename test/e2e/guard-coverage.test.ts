import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DeleteRoleCommand, DeleteRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { meta } from "../../controls/account-region-stays-covered/meta.ts";
import { stackResources } from "../../deploy/resources.ts";
import { parseStack } from "../../deploy/stack.ts";
import {
  CELL,
  cellEnvironment,
  packagedTemplate,
  readTemplate,
  type Sandbox,
  type StackResource,
  startSandbox,
  type Template,
} from "../../sandbox/index.ts";
import { accountRegionRef } from "../../shared/deployment/account-region.ts";
import { findingId } from "../../shared/ids.ts";
import { clientConfig } from "../sandbox/clients.ts";
import { lookAt } from "../support/stage.ts";
import { HOME } from "./cell.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MEMBER = "444455556666";
const AWAY = "eu-north-1";
const MINUTE_MS = 60_000;
const SETTINGS = {
  CORDON_MEMBER_ROLE: "cordon-member",
  CORDON_EXTERNAL_ID: "the-cell-of-these-tests",
  CORDON_ACCOUNTS: MEMBER,
};

let sandbox: Sandbox;
let tickets: string;
const generated = (name: string) => readTemplate(join(ROOT, "deploy", name));

/** The packaged cell with the resources it has when it serves a member. */
function cellWithMember(): Template {
  const packaged = packagedTemplate();
  const { CORDON_MEMBER_ROLE: memberRole, CORDON_EXTERNAL_ID: externalId, CORDON_ACCOUNTS: accounts } = SETTINGS;
  const resources = stackResources(parseStack({ name: CELL.table, memberRole, externalId, accounts }));
  return { ...packaged, Resources: { ...packaged.Resources, ...(resources as Template["Resources"]) } };
}

const idOf = (account: string, region: string, part: string) => {
  const ref = accountRegionRef({ account, region }, "aws");
  if (ref === undefined) throw new Error("no account and Region");
  return findingId(meta.id, ref, part);
};
const finding = (account: string, region: string, part: string) => lookAt(sandbox).finding(idOf(account, region, part));
const pass = async (minutes: number) => {
  sandbox.clock.advance(minutes * MINUTE_MS);
  await sandbox.settle();
};

const rule = (account: string, region: string, name: string): StackResource => {
  const rules = sandbox.registry.list("AWS::Events::Rule", { account, region });
  const found = rules.find(({ identifier }) => identifier.endsWith(`/${name}`));
  if (found === undefined) throw new Error(`no rule ${name} in ${account} ${region}`);
  return found;
};
const setState = (resource: StackResource, State: string) => {
  resource.properties.State = State;
  sandbox.registry.changed(resource);
};

/** The command line in a process of its own, as a role that members let in. */
async function cordonWith(
  settings: Record<string, string>,
  ...words: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const operator = sandbox.createPrincipal({ type: "AssumedRole", name: "cordon-operator", sessionName: "by-hand" });
  const env = { ...process.env, ...sandbox.environment(operator), ...SETTINGS, CORDON_STACK: "cordon", ...settings };
  const child = spawn(process.execPath, ["cli/main.ts", ...words], { cwd: ROOT, env });
  let out = "";
  let err = "";
  child.stdout.on("data", (text) => (out += text));
  child.stderr.on("data", (text) => (err += text));
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, out, err };
}

const cordon = (...words: string[]) => cordonWith({}, ...words);

beforeAll(async () => {
  tickets = mkdtempSync(join(tmpdir(), "cordon-coverage-"));
  sandbox = await startSandbox({ region: HOME });
  const environment = cellEnvironment({
    ...SETTINGS,
    CORDON_TICKETS: `file:${tickets}`,
    POWERTOOLS_LOG_LEVEL: "ERROR",
  });
  const { outputs } = sandbox.deployTemplate(cellWithMember(), { environment, only: ["guard-cell", "open-tickets"] });
  for (const region of [AWAY, "us-east-1"]) {
    const parameters = { CellBusArn: String(outputs.EventBusArn) };
    sandbox.deployTemplate(generated("forwarder.yml"), { account: MEMBER, region, parameters });
    sandbox.seedRecorder({ account: MEMBER, region });
  }
  const parameters = { CellAccountId: sandbox.account, ExternalId: SETTINGS.CORDON_EXTERNAL_ID };
  sandbox.deployTemplate(generated("member-role.yml"), { account: MEMBER, region: HOME, parameters });
  for (const account of [MEMBER, sandbox.account]) sandbox.seedTrail({ account });
  sandbox.seedRecorder();
  await pass(16);
  await pass(15);
}, 60_000);
afterAll(async () => {
  await sandbox.close();
  rmSync(tickets, { recursive: true, force: true });
});

describe("accounts and Regions (S13, S14)", () => {
  it("that have everything are no findings, and those that lack something are", () => {
    for (const part of ["trail", "forwarder", "role", "recorder"]) {
      // A look before the first heartbeat may have found it silent.
      expect(finding(MEMBER, AWAY, part)?.status ?? "resolved", part).toBe("resolved");
      expect(finding(sandbox.account, HOME, part), part).toBeUndefined();
    }
    expect(finding(MEMBER, "eu-west-1", "forwarder")).toMatchObject({
      status: "awaiting-approval",
      severity: "critical",
    });
    expect(finding(MEMBER, "eu-west-1", "trail")).toBeUndefined();
  });

  it("are told by the command line in the same words", async () => {
    const { code, out, err } = await cordon("coverage", "--json", "--account", MEMBER);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    const report = JSON.parse(out);
    const row = (region: string) => report.places.find((each: { region: string }) => each.region === region);
    expect(row(AWAY).parts.map(({ state }: { state: string }) => state)).toEqual(["fine", "fine", "fine", "fine"]);
    const recorded = finding(MEMBER, "eu-west-1", "forwarder")?.facts;
    expect(row("eu-west-1").parts[1]).toMatchObject({ part: "forwarder", state: "gap" });
    expect(recorded).toMatchObject({ found: row("eu-west-1").parts[1].found });

    const text = await cordon("coverage", "--account", MEMBER, "--region", AWAY);
    expect(text).toMatchObject({ code: 0, err: "" });
    expect(text.out).toMatch(/444455556666 +eu-north-1 +yes +yes +yes +yes +\d+ min ago/);
    expect(text.out).toContain(`Settings (as deployed): CORDON_ACCOUNTS=${MEMBER} CORDON_MEMBER_ROLE=cordon-member`);
    expect(text.out).not.toContain(SETTINGS.CORDON_EXTERNAL_ID);
    expect(text.out).not.toContain("\u001b");
  }, 20_000);

  it("are not told of with other settings than the guard has", async () => {
    const { code, out, err } = await cordonWith({ CORDON_ACCOUNTS: "" }, "coverage");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("CORDON_ACCOUNTS: found other values here than cordon-guard-cell has");
  }, 20_000);

  it("a Region that is enabled is found without anything", async () => {
    expect(finding(MEMBER, "ap-southeast-3", "forwarder")).toBeUndefined();
    sandbox.enableRegion(MEMBER, "ap-southeast-3");
    await pass(15);
    expect(finding(MEMBER, "ap-southeast-3", "forwarder")).toMatchObject({
      status: "awaiting-approval",
      facts: { found: "it was never heard; rule cordon-heartbeat: there is none" },
    });
  }, 20_000);

  it("a forwarder that falls silent is told after 45 minutes, and resolved when it is heard again", async () => {
    const heartbeat = rule(MEMBER, AWAY, "cordon-heartbeat");
    const look = rule(sandbox.account, HOME, "cordon-guard-cell-schedule");
    // Without a call, and so without an event: as when a service fails.
    const { Targets } = heartbeat.properties;
    heartbeat.properties.Targets = [{ Id: "cell", Arn: `arn:aws:sqs:${AWAY}:${MEMBER}:nowhere` }];
    sandbox.registry.changed(heartbeat);
    // One look at the end is enough for this test.
    setState(look, "DISABLED");
    await pass(46);
    setState(look, "ENABLED");
    await pass(16);
    expect(finding(MEMBER, AWAY, "forwarder")).toMatchObject({
      status: "awaiting-approval",
      facts: {
        found: expect.stringMatching(/^last heard .*; rule cordon-heartbeat: its target is not the cell's bus$/),
      },
    });

    heartbeat.properties.Targets = Targets;
    sandbox.registry.changed(heartbeat);
    await pass(16);
    expect(finding(MEMBER, AWAY, "forwarder")?.status).toBe("resolved");
  }, 40_000);

  it("a forwarder whose role may no longer send is told at once by name, while its heartbeat is still young", async () => {
    const mallory = sandbox.createPrincipal({ type: "IAMUser", name: "mallory", account: MEMBER });
    const iam = new IAMClient(clientConfig(sandbox, "us-east-1", mallory));
    await iam.send(new DeleteRolePolicyCommand({ RoleName: `cordon-forwarder-${AWAY}`, PolicyName: "send" }));
    iam.destroy();
    await sandbox.drain();
    expect(finding(MEMBER, AWAY, "forwarder")).toMatchObject({
      status: "awaiting-approval",
      principal: { arn: expect.stringContaining("user/mallory") },
      facts: { found: `role cordon-forwarder-${AWAY}: Policies differs` },
    });
  }, 20_000);

  it("a member role that somebody deletes is told at once by name, and hides nothing else", async () => {
    const mallory = sandbox.createPrincipal({ type: "IAMUser", name: "mallory", account: MEMBER });
    const iam = new IAMClient(clientConfig(sandbox, "us-east-1", mallory));
    await iam.send(new DeleteRolePolicyCommand({ RoleName: "cordon-member", PolicyName: "controls" }));
    await iam.send(new DeleteRoleCommand({ RoleName: "cordon-member" }));
    iam.destroy();
    await sandbox.drain();

    const told = finding(MEMBER, "us-east-1", "role");
    expect(told).toMatchObject({
      status: "awaiting-approval",
      severity: "critical",
      principal: { arn: expect.stringContaining("user/mallory") },
    });
    expect(readFileSync(join(tickets, `${told?.id}.md`), "utf8")).toContain("user/mallory");
    expect(finding(MEMBER, "eu-west-1", "recorder")?.status).toBe("awaiting-approval");
  }, 20_000);
});
