import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { jira } from "../../shared/ticketing/adapters/jira.ts";
import type { AdapterDefinition, Setting } from "../../shared/ticketing/tracker.ts";
import { adapterContract, trackerOf } from "./adapter-contract.ts";
import { type FakeJira, openJira } from "./fakes/jira.ts";
import { readingOf } from "./fakes/jira-document.ts";
import { faultOf, hasSpecification, mistakesOf } from "./fakes/jira-schema.ts";
import { POISON, someTicket } from "./some-ticket.ts";

if (!hasSpecification)
  console.log("Jira's description: SKIPPED, ../shared/specs/jira-cloud-v3-subset.json is not on this machine");
const BASIC = { email: "cordon@example.com", token: "only-for-tests-1" };
const OAUTH = { clientId: "5d2c1b3a7f8e4c6d", clientSecret: "only-for-tests-2" };
const RESOLUTION = { resolution: { name: "Resolution", required: true } };

adapterContract(jira, () => openJira(BASIC));

// Atlassian's gateway and token endpoint lie elsewhere: what goes there comes here.
let gateway = "";
const byGateway: AdapterDefinition = {
  ...jira,
  make: (route, ports) =>
    jira.make(route, {
      ...ports,
      send: (request) =>
        ports.send({ ...request, url: request.url.replace(/^https:\/\/(api|auth)\.atlassian\.com/, gateway) }),
    }),
};
adapterContract(byGateway, async () => {
  const vendor = await openJira(OAUTH);
  gateway = vendor.url;
  return vendor;
});

describe("issues", () => {
  let vendor: FakeJira;
  beforeAll(async () => {
    vendor = await openJira(BASIC);
  });
  afterAll(() => vendor.server.close());
  afterEach(() => expect(vendor.server.mistakes.splice(0), "by Atlassian's published schemas").toEqual([]));
  beforeEach(() => {
    vendor.clear();
    vendor.server.heard.length = 0;
  });
  const make = (more: Readonly<Record<string, Setting>> = {}) =>
    trackerOf(jira, { ...vendor, settings: { ...vendor.settings, ...more } });
  const fields = () => vendor.issues[0]?.fields ?? {};
  const resolve = (more: Readonly<Record<string, Setting>> = {}) =>
    make(more).change({ id: "10000", state: "open" }, someTicket({ state: "resolved" }), {
      kind: "resolve",
      note: "Gone.",
    });

  it("carry the finding's id as a label and as an entity property, and are opened by one request", async () => {
    const remote = await make({ labels: ["eu"] }).open(someTicket());
    expect(remote.url).toBe(`${vendor.url}/browse/SEC-1`);
    expect(fields().labels).toEqual(["cordon-f-0123456789abcdef0123", "cordon", "eu"]);
    expect(vendor.issues[0]?.properties).toEqual({ cordon: { finding: "f-0123456789abcdef0123", route: "route" } });
    expect(vendor.server.heard).toHaveLength(1);
  });

  it("keep fields with placeholders up to date, and leave others to people", async () => {
    const tracker = make({
      issueType: "10001",
      priorities: { high: "Highest" },
      fields: {
        customfield_10010: "{account}",
        customfield_10011: '{"value":"{severity} {title}"}',
        customfield_10012: '{"value":"Cordon"}',
      },
    });
    const remote = await tracker.open(someTicket({ title: '"}]' }));
    expect(fields()).toMatchObject({
      priority: { name: "Highest" },
      customfield_10010: "111122223333",
      customfield_10011: { value: 'high "}]' },
      customfield_10012: { value: "Cordon" },
    });
    Object.assign(fields(), { customfield_10012: "ours", priority: { name: "Low" }, labels: ["ours"] });
    await tracker.change(remote, someTicket({ severity: "low", title: "t" }), { kind: "update" });
    expect(fields()).toMatchObject({
      customfield_10011: { value: "low t" },
      customfield_10012: "ours",
      priority: { name: "Low" },
      labels: ["ours"],
    });
  });

  it("are not confused with a clone, which has the label, but not the property", async () => {
    await make().open(someTicket());
    const [first] = vendor.issues;
    if (first) vendor.issues.unshift({ ...first, id: "9999", key: "SEC-0", properties: {} });
    expect(await make().find?.(someTicket().key)).toMatchObject({ id: "10000" });
  });

  it("are found in the state that they are in, whatever the index knows, and not when they are gone", async () => {
    await make().open(someTicket());
    await resolve();
    expect(await make().find?.(someTicket().key)).toMatchObject({ state: "resolved" });
  });

  it("are not found for as long as the search lags: whoever opens again has to wait", async () => {
    vendor.lag?.(2);
    await make().open(someTicket());
    expect(await make().find?.(someTicket().key)).toBeUndefined();
    expect(await make().find?.(someTicket().key)).toBeUndefined();
    expect(await make().find?.(someTicket().key)).toMatchObject({ id: "10000" });
  });

  it.each([
    ["of the category Done", {}, "Done"],
    ["of the status that the route names", { resolvedStatus: "won't do" }, "Won't Do"],
  ])("are resolved by a transition to a status %s", async (_, settings, status) => {
    await make().open(someTicket());
    vendor.transitions = [
      { id: "5", name: "Start", to: "In Progress", from: "To Do" },
      { id: "6", name: "Finish", to: "Done" },
      { id: "7", name: "Give up", to: "Won't Do" },
    ];
    await resolve(settings);
    expect(vendor.issues[0]?.status).toBe(status);
  });

  it("are reopened to To Do, or to In Progress where no way leads there", async () => {
    const remote = await make().open(someTicket());
    await resolve();
    vendor.transitions = [{ id: "8", name: "Reopen", to: "In Review" }];
    await make().change({ ...remote, state: "resolved" }, someTicket(), { kind: "reopen", note: "Again." });
    expect(vendor.issues[0]?.status).toBe("In Review");
  });

  it("say which fields a transition asks for, and give those that the route has", async () => {
    await make().open(someTicket());
    vendor.transitions = [{ id: "9", name: "Finish", to: "Done", fields: RESOLUTION }];
    await expect(resolve()).rejects.toMatchObject({
      kind: "never",
      message: expect.stringContaining(
        '"Finish" asks for Resolution (resolution): give it in the route\'s resolveFields',
      ),
    });
    await resolve({ resolveFields: { resolution: '{"name":"Done"}', customfield_1: "not on this screen" } });
    expect(vendor.issues[0]?.status).toBe("Done");
    expect(fields().resolution).toEqual({ name: "Done" });
  });

  it("take a transition that asks for nothing rather than one that does, and one with a default as one that doesn't", async () => {
    await make().open(someTicket());
    vendor.transitions = [
      { id: "9", name: "Finish", to: "Done", fields: RESOLUTION },
      {
        id: "10",
        name: "Drop",
        to: "Won't Do",
        fields: { resolution: { ...RESOLUTION.resolution, hasDefaultValue: true } },
      },
    ];
    await resolve();
    expect(vendor.issues[0]?.status).toBe("Won't Do");
  });

  it("say what ways there are, where none leads on", async () => {
    await make().open(someTicket());
    vendor.transitions = [{ id: "5", name: "Start", to: "In Progress" }];
    await expect(resolve()).rejects.toMatchObject({
      kind: "never",
      message: expect.stringContaining(
        'no transition leads to a status of category done; the workflow and the account\'s rights have "Start" to "In Progress"',
      ),
    });
  });

  it("that people have done already are commented on, though their workflow locks their text", async () => {
    const remote = await make().open(someTicket());
    await resolve();
    vendor.locked.add("Done");
    await resolve();
    expect(vendor.issues[0]?.comments).toHaveLength(2);
    await make().change({ ...remote, state: "resolved" }, someTicket(), { kind: "reopen", note: "Again." });
    expect(vendor.issues[0]?.status).toBe("To Do");
  });

  it("take one request for an update, one more for a note, and three more where the status changes", async () => {
    const remote = await make().open(someTicket());
    const count = async (doing: () => Promise<unknown>) => {
      vendor.server.heard.length = 0;
      await doing();
      return vendor.server.heard.length;
    };
    expect(await count(() => make().change(remote, someTicket(), { kind: "update" }))).toBe(1);
    expect(await count(() => make().change(remote, someTicket(), { kind: "update", note: "Again." }))).toBe(2);
    expect(await count(() => resolve())).toBe(5);
  });

  it("are tried again later where an answer lacks what it must have, or somebody else changes them", async () => {
    for (const failure of [
      { status: 201, body: { id: "10000" } },
      { status: 201, body: { id: "10000", key: "https://attacker.example" } },
      { status: 200, body: "<html>" },
      { status: 409, body: {} },
    ]) {
      vendor.server.failNext(failure);
      await expect(make().open(someTicket())).rejects.toMatchObject({ kind: "later" });
    }
  });

  it("are not opened with OAuth where the site's id is missing, nor with half a secret", async () => {
    const opening = (secret: Record<string, string>) =>
      trackerOf(jira, vendor, { credentials: async () => secret }).open(someTicket());
    await expect(opening(OAUTH)).rejects.toMatchObject({ kind: "never", message: expect.stringContaining("cloudId") });
    await expect(opening({ email: "a@example.com" })).rejects.toMatchObject({ kind: "later", retryAfterMs: 1_800_000 });
  });

  it("keep how to undo it, however long the plan before it is", async () => {
    const long = { heading: "The plan", lines: Array.from({ length: 4_000 }, (_, at) => `- step ${at}`) };
    const [first, ...rest] = someTicket().sections;
    const ticket = someTicket({ sections: first === undefined ? [] : [first, long, ...rest] });
    const remote = await make().open(ticket);
    await make().change(remote, ticket, { kind: "update", note: "x\n".repeat(20_000) });
    expect(readingOf(fields().description)).toContain("[... cut: cordon explain f-0123456789abcdef0123]");
    expect(readingOf(fields().description)).toContain("cordon rollback f-0123456789abcdef0123");
  });

  it.each(POISON)("hold no node or mark but text, and no address, of a stranger's: %.40s", async (poison) => {
    const ticket = someTicket({
      title: poison,
      sections: [{ heading: poison, lines: [poison, `- ${poison}`, `  ${poison}`, `cordon ${poison}`] }],
      labels: { ...someTicket().labels, resource: poison },
    });
    const tracker = make({ fields: { customfield_10010: '{"value":"{resource}"}' } });
    const remote = await tracker.open(ticket);
    await tracker.change(remote, ticket, { kind: "resolve", note: poison });
    const [issue] = vendor.issues;
    const { customfield_10010: field, description, summary } = fields();
    for (const document of [description, ...(issue?.comments ?? [])]) expect(faultOf(document)).toBeUndefined();
    expect(Object.keys(field as object)).toEqual(["value"]);
    const all = [summary, readingOf(description), ...(issue?.comments ?? []).map(readingOf), JSON.stringify(field)];
    for (const text of all) expect(text).not.toMatch(/:\/\/|www\.|mailto:|(?!\n)\p{Cc}|\p{Cf}|\p{Cs}/iu);
  });

  it("read like this", async () => {
    const told = (at: number) => {
      const kept = vendor.kept()[at];
      return `${kept?.title}\n${kept?.text}\n`;
    };
    await make().open(someTicket());
    await expect(told(0)).toMatchFileSnapshot("__texts__/jira-contained.txt");
    await expect(`${JSON.stringify(fields(), undefined, 2)}\n`).toMatchFileSnapshot(
      "__texts__/jira-contained-request.txt",
    );
    await make().change(
      { id: "10000", state: "open" },
      someTicket({ state: "resolved", title: "[RESOLVED] Bucket customer-records" }),
      { kind: "resolve", note: "The violation is gone: seen by a look at 2026-11-27T09:00:00.000Z." },
    );
    await expect(told(0)).toMatchFileSnapshot("__texts__/jira-resolved.txt");
    await make().open(
      someTicket({
        title: "[NEEDS A DECISION] Bucket customer-records sends personal data to us-east-1",
        state: "open",
        isWaiting: true,
        sections: [
          { heading: "What happened", lines: ["Rule to-us sends data to us-east-1"] },
          { heading: "Why it matters", lines: ["A rule copies every new object.", "- us-east-1 is outside eu"] },
          { heading: "What was done", lines: ["Nothing: a person has to decide.", "Who may decide: within 72 hours."] },
          { heading: "How to decide", lines: ["cordon approve f-0123456789abcdef0123"] },
        ],
      }),
    );
    await expect(told(1)).toMatchFileSnapshot("__texts__/jira-waiting.txt");
  });
});

const mistakes = (method: string, path: string, body?: object) =>
  mistakesOf({ method, path: `/rest/api/3${path}`, headers: {}, body: body ? JSON.stringify(body) : "" }).join("\n");
const documentOf = (...content: readonly object[]) => ({ type: "doc", version: 1, content });
const paragraphOf = (...content: readonly object[]) => ({ type: "paragraph", content });
const text = { type: "text", text: "a" };

describe("the schema of Jira's documents", () => {
  const LINK = { type: "link", attrs: { href: "https://attacker.example" } };

  it("takes what is right", () => {
    const list = { type: "bulletList", content: [{ type: "listItem", content: [paragraphOf(text)] }] };
    const heading = { type: "heading", attrs: { level: 3 }, content: [text] };
    const code = { type: "codeBlock", content: [text] };
    const words = paragraphOf({ ...text, marks: [{ type: "code" }] }, { type: "hardBreak" }, text);
    expect(faultOf(documentOf(heading, words, list, code))).toBeUndefined();
  });

  it.each([
    ["an empty text", paragraphOf({ type: "text", text: "" }), "/content/0/content/0/text"],
    ["a heading of level 7", { type: "heading", attrs: { level: 7 }, content: [text] }, "/content/0/attrs/level"],
    ["a list of nothing", { type: "bulletList", content: [] }, "/content/0/content"],
    [
      "a mark in code",
      { type: "codeBlock", content: [{ ...text, marks: [{ type: "code" }] }] },
      "/content/0/content/0/marks",
    ],
    ["text outside a paragraph", text, "/content/0"],
    ["a member that there is not", paragraphOf({ ...text, colour: "red" }), "colour"],
    ["a link", paragraphOf({ ...text, marks: [LINK] }), "/content/0/content/0/marks"],
    ["a mention", paragraphOf({ type: "mention", attrs: { id: "a" } }), "/content/0/content/0"],
    ["a card", { type: "blockCard", attrs: { url: "https://attacker.example" } }, "/content/0"],
  ])("knows %s", (_, node, where) => {
    expect(faultOf(documentOf(node))).toContain(where);
    expect(mistakes("PUT", "/issue/1", { fields: { description: documentOf(node) } })).toContain(where);
    expect(mistakes("POST", "/issue/1/comment", { body: documentOf(node) })).toContain(where);
  });

  it("knows what is no document, and a search that is not bounded", () => {
    expect(mistakes("POST", "/issue/1/comment", { body: "a text" })).toContain("must be object");
    expect(mistakes("POST", "/search/jql", { jql: "", maxResults: 10 })).toContain("/jql");
    expect(mistakes("POST", "/search/jql", { jql: "a", properties: Array(6).fill("a") })).toContain("/properties");
    expect(mistakes("POST", "/search/jql", { jql: "a", startAt: 0 })).toContain("startAt");
  });
});

describe.skipIf(!hasSpecification)(
  `Jira's published description${hasSpecification ? "" : " (skipped: ../shared/specs is absent)"}`,
  () => {
    it("takes what is right", () => {
      const properties = [{ key: "cordon", value: { finding: "f" } }];
      expect(mistakes("POST", "/issue", { fields: { summary: "a" }, properties })).toBe("");
      expect(mistakes("POST", "/issue/1/transitions", { transition: { id: "1" }, fields: {} })).toBe("");
      expect(mistakes("GET", "/issue/1/transitions?expand=transitions.fields")).toBe("");
    });

    it.each([
      ["fields that are a list", "POST", "/issue", { fields: ["a"] }, "/fields must be object"],
      ["a property that is a text", "POST", "/issue", { fields: {}, properties: ["cordon"] }, "/properties/0"],
      ["a property's own member", "POST", "/issue", { fields: {}, properties: [{ name: "a", value: 1 }] }, "name"],
      ["a transition that is a text", "POST", "/issue/1/transitions", { transition: "31" }, "/transition"],
      [
        "a transition's id that is a number",
        "POST",
        "/issue/1/transitions",
        { transition: { id: 31 } },
        "/transition/id",
      ],
      ["a member beside the fields", "PUT", "/issue/1", { fields: {}, labels: ["a"] }, "unknown member labels"],
      ["a comment's member", "POST", "/issue/1/comment", { body: documentOf(), text: "a" }, "unknown member text"],
      ["a parameter", "GET", "/issue/1?field=status", undefined, "unknown parameter field"],
      ["an operation", "POST", "/issue/1/notes", {}, "no such operation"],
    ])("knows what is wrong: %s", (_, method, path, body, expected) => {
      expect(mistakes(method, path, body)).toContain(expected);
    });
  },
);
