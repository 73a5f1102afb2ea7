import { DeleteBucketReplicationCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { s3Client } from "../sandbox/clients.ts";
import type { FakeVendor } from "../ticketing/adapter-contract.ts";
import { openJira } from "../ticketing/fakes/jira.ts";
import { openFakeReceiver } from "../ticketing/fakes/webhook.ts";
import { type Cell, openCell } from "./cell.ts";
import { type SomeRoute, ticketPolicyFile } from "./ticket-routes.ts";

const FUNCTIONS = ["quarantine-replication", "open-tickets", "deliver-tickets"];
const QUIET_MINUTES = 60;

let cell: Cell;
let jira: FakeVendor;
let receiver: FakeVendor;

/** Deploys functions with a policy that has two routes, and says more of tickets. */
function deployRoutes(functions: readonly string[], prefix: string, rules: object = {}): void {
  const [jiraRoute, webhookRoute] = (["jira", "webhook"] as const).map((adapter): SomeRoute => {
    const { url, settings } = adapter === "jira" ? jira : receiver;
    return { id: `${prefix}-${adapter}`, adapter, at: url, settings, secret: `cordon/tickets/${adapter}` };
  }) as [SomeRoute, SomeRoute];
  const routes = [jiraRoute, { ...webhookRoute, severities: ["critical", "high"] } satisfies SomeRoute];
  const CORDON_POLICY = ticketPolicyFile(routes, { quietMinutes: QUIET_MINUTES, ...rules });
  const environment = { ...cell.environment, CORDON_STACK: "cordon", CORDON_POLICY };
  for (const name of functions) cell.deploy(name, { environment });
}

beforeAll(async () => {
  [jira, receiver] = await Promise.all([
    openJira({ email: "cordon@example.com", token: "a-token-for-tests-0123456789" }),
    openFakeReceiver(),
  ]);
  cell = await openCell({}, FUNCTIONS);
  deployRoutes(FUNCTIONS, "the");
  for (const [name, vendor] of [
    ["jira", jira],
    ["webhook", receiver],
  ] as const)
    cell.sandbox.seedSecret(`cordon/tickets/${name}`, JSON.stringify(vendor.secret));
});
afterAll(async () => {
  await cell.close();
  await Promise.all([jira.server.close(), receiver.server.close()]);
});
beforeEach(() => {
  jira.clear();
  receiver.clear();
  cell.sandbox.clearCalls();
});

async function violate(bucket: string): Promise<string> {
  cell.createSource(bucket);
  await cell.replicate(bucket);
  await cell.sandbox.settle();
  return cell.findingOf(bucket);
}

/** As an administrator: the buckets replicate no more. */
async function setRight(...buckets: readonly string[]): Promise<void> {
  const admin = s3Client(cell.sandbox);
  for (const Bucket of buckets) await admin.send(new DeleteBucketReplicationCommand({ Bucket }));
  admin.destroy();
  await cell.sandbox.settle();
}

describe("a contained violation", () => {
  it("is told at each route that policy names, and nothing of it waits any more (N1)", async () => {
    const finding = await violate("told-everywhere");
    for (const vendor of [jira, receiver])
      expect(vendor.kept()).toMatchObject([
        { key: finding, state: "open", title: expect.stringContaining("[CONTAINED]") },
      ]);
    expect(cell.journal.items().filter(({ outbox }) => String(outbox).startsWith("tickets#"))).toEqual([]);
  });

  it("is told by a tracker that was down, while the other has it long since; containment does not wait (N4)", async () => {
    jira.server.failNext(...Array.from({ length: 8 }, () => ({ status: 503, body: {} })));
    const finding = await violate("told-late");
    expect(cell.statusOf("told-late", "to-oregon")).toBe("Disabled");
    expect(receiver.kept()).toMatchObject([{ key: finding }]);
    for (let minutes = 0; minutes < 120 && jira.kept().length === 0; minutes += 5) {
      await cell.sandbox.clock.advance(5 * 60_000);
      await cell.sandbox.settle();
    }
    expect(jira.kept()).toMatchObject([{ key: finding, state: "open" }]);
  });

  it("that a tracker will never take is put aside with the reason, for people", async () => {
    jira.server.failNext({ status: 400, body: { errorMessages: ["no such project"], errors: {} } });
    await violate("told-never");
    const refused = cell.sandbox.queues["cordon-refused"] ?? [];
    expect(JSON.stringify(refused)).toContain("no such project");
    expect(receiver.kept()).toHaveLength(1);
  });

  it("is resolved, with the evidence, once the resource is compliant again (N3)", async () => {
    const finding = await violate("told-over");
    await setRight("told-over");
    for (const vendor of [jira, receiver]) {
      expect(vendor.kept()).toMatchObject([{ key: finding, state: "resolved" }]);
      expect(vendor.kept()[0]?.notes.at(-1)).toMatch(/evidence: \S+/);
    }
  });

  it("is told in the same ticket when it comes again: counted once its quiet time is over, at once where the ticket was resolved (N2)", async () => {
    const finding = await violate("told-again");
    // Tickets of the tests before are gone: what is told of those findings is told anew.
    const of = (vendor: FakeVendor) => vendor.kept().filter(({ key }) => key.startsWith(finding));
    cell.sandbox.clock.advance(60_000);
    await cell.replicate("told-again");
    await cell.sandbox.settle();
    cell.sandbox.clock.advance(QUIET_MINUTES * 60_000);
    await cell.sandbox.settle();
    for (const vendor of [jira, receiver]) {
      expect(of(vendor)).toMatchObject([{ key: finding, state: "open" }]);
      expect(of(vendor)[0]?.notes.at(-1)).toMatch(/occurrence 2, last seen \d{4}-/);
    }
    await setRight("told-again");
    await cell.replicate("told-again");
    await cell.sandbox.settle();
    for (const vendor of [jira, receiver]) {
      expect(of(vendor)).toMatchObject([{ key: finding, state: "open" }]);
      expect(of(vendor)[0]?.notes.at(-1)).toContain("occurrence 3");
    }
  });

  it("puts each route's messages into its tracker's inbox as a group of their own, so that SQS serves them fairly", async () => {
    cell.sandbox.clearCalls();
    await violate("in-groups");
    const sent = cell.sandbox.calls
      .filter(({ operation, resource }) => operation === "SendMessageBatch" && resource.includes("-tickets-"))
      .flatMap(({ resource, input }) =>
        (input as { Entries: { MessageBody: string; MessageGroupId: string }[] }).Entries.map((entry) => [
          resource,
          entry.MessageGroupId,
          JSON.parse(entry.MessageBody).route,
        ]),
      );
    const routes = (["jira", "webhook"] as const).map((adapter) => [`cordon-tickets-${adapter}`, adapter] as const);
    for (const [queue, adapter] of routes)
      expect(sent).toContainEqual([queue, expect.stringContaining(adapter), expect.stringContaining(adapter)]);
    for (const [, group, route] of sent) expect(group).toBe(route);
  });

  it("tells nobody its credentials: not in the environment, not in logs", async () => {
    await violate("told-in-secret");
    const known = [...Object.values(jira.secret), ...Object.values(receiver.secret)];
    const seen = JSON.stringify([cell.sandbox.logs, cell.environment, cell.journal.items()]);
    for (const secret of known) expect(seen).not.toContain(secret);
  });
});

describe("more violations from one cause than policy wants tickets of", () => {
  beforeAll(() => {
    const storm = { count: 2, windowMinutes: 60 };
    deployRoutes(["open-tickets", "deliver-tickets"], "burst", { storm });
  });

  it("are told by one more, at each route, which the others are linked to, and which is resolved when they are (N7)", async () => {
    const buckets = [1, 2, 3, 4, 5].map((number) => `burst-${number}`);
    for (const bucket of buckets) cell.createSource(bucket);
    await Promise.all(buckets.map((bucket) => cell.replicate(bucket)));
    await cell.sandbox.drain();
    const findings = buckets.map((bucket) => cell.findingOf(bucket));
    for (const vendor of [jira, receiver]) {
      const [group, ...others] = vendor.kept().filter(({ key }) => !findings.includes(key));
      expect({ tickets: vendor.kept().length, groups: [group?.key, ...others] }).toEqual({
        tickets: 3,
        groups: [expect.stringMatching(/^g-/)],
      });
      expect(group).toMatchObject({ state: "open", title: expect.stringContaining("[MANY AT ONCE]") });
      expect(group?.text).toContain("3 findings came at once from one cause");
    }
    const group = jira.kept().find(({ key }) => key.startsWith("g-"))?.key;
    const own = jira.kept().filter(({ key }) => key !== group);
    expect([...(jira.linked?.() ?? [])].sort()).toEqual(own.map(({ key }) => [key, group]).sort());
    await setRight(...buckets);
    await cell.sandbox.drain();
    for (const vendor of [jira, receiver])
      expect(vendor.kept().map(({ state }) => state)).toEqual(["resolved", "resolved", "resolved"]);
  });
});
