import { marked } from "marked";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { github } from "../../shared/ticketing/adapters/github.ts";
import { bodyOf, commentOf, titleOf } from "../../shared/ticketing/adapters/github-text.ts";
import type { Setting } from "../../shared/ticketing/tracker.ts";
import { adapterContract, trackerOf } from "./adapter-contract.ts";
import { APP, type FakeGithub, NOW_MS, openFakeGithub, REPOSITORY, TOKEN } from "./fakes/github.ts";
import { mistakesOf } from "./fakes/github-schema.ts";
import { POISON, someTicket } from "./some-ticket.ts";
import { TEXT_CASES } from "./texts.ts";

const KEY = someTicket().key;

describe("by a token", () => adapterContract(github, () => openFakeGithub("token")));
describe("as an App", () => adapterContract(github, () => openFakeGithub("app")));

describe("an issue", () => {
  let vendor: FakeGithub;
  beforeAll(async () => {
    vendor = await openFakeGithub();
  });
  afterAll(() => vendor.server.close());
  beforeEach(() => {
    vendor.clear();
    vendor.server.heard.length = 0;
  });
  afterEach(() => expect(vendor.server.mistakes.splice(0), "by GitHub's published description").toEqual([]));
  const made = (settings: Readonly<Record<string, Setting>> = {}) =>
    trackerOf(github, { ...vendor, settings: { ...vendor.settings, ...settings } });
  const heard = () =>
    vendor.server.heard.map(({ method, path }) => `${method} ${path.replace(`/repos/${REPOSITORY}`, "")}`);
  const only = () => {
    expect(vendor.issues).toHaveLength(1);
    return vendor.issues[0] as FakeGithub["issues"][number];
  };

  it.each(TEXT_CASES)("reads well: $title", async ({ title: name, ticket, change }) => {
    const remote = await made().open(ticket);
    if (change !== undefined) await made().change(remote, ticket, change);
    const { title, labels, body, comments } = only();
    const head = `${title}\n[${labels.map((label) => label.name).join("] [")}]\n`;
    const texts = [head, body, ...comments.map((comment) => `--- comment ---\n${comment}`), ""];
    await expect(texts.join("\n\n")).toMatchFileSnapshot(`__texts__/github-${name}.txt`);
  });

  it("has the labels and people that the policy names, and says where it can be read", async () => {
    const remote = await made({ labels: ["security"], assignees: ["octocat"] }).open(someTicket());
    expect(only().labels.map(({ name }) => name)).toEqual(["cordon", `cordon-${KEY}`, "severity:high", "security"]);
    expect(only().assignees).toEqual([{ login: "octocat" }]);
    expect(remote).toEqual({ id: "1", url: `https://github.com/${REPOSITORY}/issues/1`, state: "open" });
  });

  it("takes one request to open, one to find, one to bring up to date and one more for a note", async () => {
    const tracker = made();
    const remote = await tracker.open(someTicket());
    await tracker.open(someTicket({ key: "f-fffffffffffffffffff0" }));
    await tracker.find?.(KEY);
    await tracker.change(remote, someTicket(), { kind: "update" });
    await tracker.change(remote, someTicket(), { kind: "resolve", note: "Gone." });
    expect(heard()).toEqual([
      "POST /labels",
      "POST /issues",
      "POST /issues",
      `GET /issues?labels=cordon-${KEY}&state=all&sort=created&direction=asc&per_page=100`,
      "PATCH /issues/1",
      "PATCH /issues/1",
      "POST /issues/1/comments",
    ]);
  });

  it("says by what version of the API it speaks, and who asks", async () => {
    await made().open(someTicket());
    expect(vendor.server.heard[1]?.headers).toMatchObject({
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
      "user-agent": "Cordon",
      authorization: `Bearer ${TOKEN}`,
    });
  });

  it.each([
    ["resolved", "completed"],
    ["exempt", "not_planned"],
  ] as const)("of what is %s is closed as %s, and opened again as reopened", async (state, reason) => {
    const tracker = made();
    let remote = await tracker.open(someTicket());
    remote = await tracker.change(remote, someTicket({ state }), { kind: "resolve", note: "Gone." });
    expect(only()).toMatchObject({ state: "closed", state_reason: reason });
    remote = await tracker.change(remote, someTicket(), { kind: "reopen", note: "Again." });
    expect(only()).toMatchObject({ state: "open", state_reason: "reopened" });
  });

  it("keeps the labels that people have put on it", async () => {
    const remote = await made().open(someTicket());
    only().labels.push({ name: "triaged" });
    await made().change(remote, someTicket(), { kind: "update", note: "News." });
    expect(only().labels).toContainEqual({ name: "triaged" });
  });

  it("that a person has closed stays closed until it is to be opened again", async () => {
    const remote = await made().open(someTicket());
    only().state = "closed";
    expect(await made().change(remote, someTicket(), { kind: "update" })).toMatchObject({ state: "resolved" });
  });

  it("is found among pull requests with its label, the oldest of several", async () => {
    const tracker = made();
    await tracker.open(someTicket());
    await tracker.open(someTicket());
    vendor.issues.unshift({ ...only0(), number: 9, isPull: true });
    expect(await tracker.find?.(KEY)).toMatchObject({ id: "1" });
  });
  const only0 = () => vendor.issues[0] as FakeGithub["issues"][number];

  it("is not opened by who may not set labels: it would not be found again", async () => {
    vendor.mayLabel = false;
    await expect(made().open(someTicket())).rejects.toMatchObject({ kind: "later", retryAfterMs: 1_800_000 });
    expect(vendor.issues).toEqual([]);
  });

  it("that came without its label is told to people", async () => {
    const tracker = made();
    await tracker.open(someTicket());
    vendor.mayLabel = false;
    await expect(tracker.open(someTicket({ key: "f-fffffffffffffffffff0" }))).rejects.toMatchObject({
      kind: "never",
      message: "GitHub: issue 2 came without its label: the role write is needed",
    });
  });

  const epochS = `${NOW_MS / 1_000 + 90}`;
  it.each([
    ["an hour's requests are spent", 403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": epochS }, "", 90_000],
    ["they are, told by 429", 429, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": epochS }, "", 90_000],
    ["the reset is in the past", 403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" }, "", 0],
    ["GitHub says how long", 403, { "retry-after": "30", "x-ratelimit-remaining": "12" }, "", 30_000],
    ["it came too fast, and nothing is said", 403, {}, "You have exceeded a secondary rate limit.", 60_000],
    ["nothing is left and nothing is said", 403, { "x-ratelimit-remaining": "0" }, "", 60_000],
  ] as const)("waits when %s", async (_, status, headers, message, retryAfterMs) => {
    vendor.server.failNext({ status, headers, body: { message } });
    await expect(made().open(someTicket())).rejects.toMatchObject({ kind: "later", retryAfterMs });
  });

  it.each([
    "<html>",
    "[]",
    "{}",
    '{"number":1,"state":"open"}',
    '{"number":"1","state":"open","html_url":"https://a.example"}',
  ])("is not taken for opened by an answer of %s", async (body) => {
    vendor.server.failNext("none", { status: 201, body });
    await expect(made().open(someTicket())).rejects.toMatchObject({ name: "DeliveryError", kind: "later" });
  });

  it.each(["", "example", "example/..", "../security", "a/b/c", "example/security?x", "https://github.com/a/b"])(
    "is never sent to what is no repository: %s",
    async (repository) => {
      await expect(made({ repository }).open(someTicket())).rejects.toMatchObject({ kind: "never" });
      expect(vendor.server.heard).toEqual([]);
    },
  );

  it("is sent with the token of now when the one at hand is refused", async () => {
    const credentials = async (isStale?: boolean) => ({ token: isStale ? TOKEN : "exchanged" });
    await trackerOf(github, vendor, { credentials }).open(someTicket());
    expect(vendor.issues).toHaveLength(1);
  });

  it.each([{}, { appId: "1" }, { ...APP, installationId: "1/../2" }, { ...APP, privateKey: "no key at all" }])(
    "is not sent without credentials, and none is told: %#",
    async (secret: Readonly<Record<string, string>>) => {
      const tracker = trackerOf(github, vendor, { credentials: async () => secret });
      const error = await tracker.open(someTicket()).catch((thrown) => thrown);
      expect(error).toMatchObject({ name: "DeliveryError", kind: "later", retryAfterMs: 1_800_000 });
      expect(error.message).not.toMatch(/no key at all|1\/\.\.\/2|BEGIN/);
      expect(vendor.server.heard).toEqual([]);
    },
  );
});

describe("an App's tokens", () => {
  let vendor: FakeGithub;
  beforeAll(async () => {
    vendor = await openFakeGithub("app");
  });
  afterAll(() => vendor.server.close());
  beforeEach(() => {
    vendor.clear();
    vendor.server.heard.length = 0;
  });
  const asked = () => vendor.server.heard.filter(({ path }) => path.startsWith("/app/"));

  it("are for the issues of the one repository, kept for their hour, and asked for again at its end", async () => {
    let nowMs = NOW_MS;
    const tracker = trackerOf(github, vendor, { nowMs: () => nowMs });
    const remote = await tracker.open(someTicket());
    nowMs += 3_500_000;
    await tracker.change(remote, someTicket(), { kind: "update" });
    expect(asked()).toHaveLength(1);
    expect(JSON.parse(asked()[0]?.body ?? "")).toEqual({
      permissions: { issues: "write" },
      repositories: ["security"],
    });
    nowMs += 60_000;
    await tracker.change(remote, someTicket(), { kind: "update" }).catch(() => "the fake's clock stands still");
    expect(asked().length).toBeGreaterThan(1);
    expect(vendor.server.mistakes).toEqual([]);
  });

  it.each(["{}", "ghs_secret", '{"token":"ghs_secret"}'])("are not told when the answer is wrong: %s", async (body) => {
    vendor.server.failNext({ status: 201, body });
    const error = await trackerOf(github, vendor)
      .open(someTicket())
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: "later" });
    expect(error.message).not.toContain("ghs_secret");
  });
});

describe("strangers' words", () => {
  const FURTHER = [
    "@octocat",
    "fixes #1",
    "GH-7 gh-7",
    "a/b#1",
    "a5c3785ed8d6a35868bc169f07e40e889087fd2e",
    "a5c3785",
    "JIRA-12 ABC-1",
    "aa-gh-1",
    "user@5c3785ed8d",
    "- @octocat",
    "1. one",
    "1) one",
    "===",
    "---",
    "# heading",
    "> quote",
    "    code",
    "| a | b |",
    "a www.attacker.example",
    "http://a.example",
    "ftp://a.example",
    "&#64;octocat",
    "<!-- ",
    "</details>",
    "[x]: https://a.example",
    "[^1]",
    "$x$",
    "````\n@octocat\n````",
    "~~~~",
    "`````````` @octocat",
    "@octocat ````",
    "\\@octocat",
    ":tada:",
    "[ ] task",
    "- [x] task",
    "!",
    "",
    " ",
    "Rule https[:]//a",
  ];

  /** What GitHub would make of a text: Markdown first, then references in all that is not code. */
  const rendered = (markdown: string) => {
    const html = marked.parse(markdown, { gfm: true, breaks: true, async: false });
    const text = html
      .replace(/<pre>[\s\S]*?<\/pre>|<code>[\s\S]*?<\/code>/g, "")
      .replace(/<\/?(h3|p|ul|li|strong|em|br)>/g, "");
    return { html, text: text.replaceAll("&quot;", '"').replaceAll("&#39;", "'") };
  };
  const expectHarmless = (markdown: string) => {
    const { text } = rendered(markdown);
    expect(text).not.toMatch(/[<>&@#[\]`|]|:\/\/|www\.|\bgh-\d|[A-Z]-\d|\b[0-9a-f]{7,40}\b/i);
  };

  it.each([...POISON, ...FURTHER])("are words and nothing else where GitHub shows them: %.40s", (poison) => {
    const lines = ["Before.", poison, `Rule ${poison} sends data`, `- ${poison}`, "After."];
    const ticket = someTicket({
      sections: [
        { heading: poison, lines },
        { heading: "Next", lines: ["Words."] },
      ],
    });
    expectHarmless(bodyOf(ticket).replace(/^### Next$/m, ""));
    expect(rendered(bodyOf(ticket)).html).toContain("<h3>Next</h3>\n<p>Words.</p>");
    expectHarmless(commentOf(ticket, `Rule ${poison}\n${poison}`));
    expect(titleOf(`[CONTAINED] ${poison}`)).not.toMatch(/`|#\d|\bgh-\d|:\/\/|www\.|(?<!\[)@\w/i);
    expect(titleOf(`[CONTAINED] ${poison}`).length).toBeLessThanOrEqual(256);
  });

  it("have room below GitHub's limit, and a sign where they are cut", () => {
    for (const line of ["x".repeat(2_000), "````", "", "Words.", "- a"]) {
      const lines = Array.from({ length: 6_000 }, (_, index) => (index % 2 === 0 ? line : "Words in between."));
      const body = bodyOf(someTicket({ sections: [{ heading: "What happened", lines }] }));
      expect(body.length).toBeLessThan(65_536);
      expect(body).toContain(`cordon explain ${KEY}`);
    }
  });

  it("are told as they are: lines of words as text, all others as code", () => {
    const { html } = rendered(bodyOf(someTicket()));
    expect(html).toContain("<p>Rule to-us sends data to us-east-1</p>");
    expect(html).toContain(
      '<pre><code class="language-text">Rules[to-us].Status\n  - &quot;Enabled&quot;\n  + &quot;Disabled&quot;\n',
    );
  });
});

describe("GitHub's published description", () => {
  const post = (path: string, body: object) =>
    mistakesOf({ method: "POST", path: `/repos/a/b${path}`, headers: {}, body: JSON.stringify(body) });

  it("knows what is wrong, so that its silence says something", () => {
    expect(post("/issues", { title: "a", labels: ["b"] })).toEqual([]);
    expect(post("/issues", { body: "a" })[0]).toContain("title");
    expect(post("/issues", { title: "a", colour: "red" })[0]).toContain("colour");
    expect(post("/elsewhere", {})[0]).toContain("no such operation");
    const closed = JSON.stringify({ state: "closed", state_reason: "finished" });
    expect(mistakesOf({ method: "PATCH", path: "/repos/a/b/issues/1", headers: {}, body: closed })[0]).toContain(
      "state_reason",
    );
    expect(mistakesOf({ method: "GET", path: "/repos/a/b/issues?state=gone", headers: {}, body: "" })[0]).toContain(
      "state=gone",
    );
  });
});
