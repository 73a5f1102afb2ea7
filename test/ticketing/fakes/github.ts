import { createVerify, generateKeyPairSync } from "node:crypto";
import type { FakeVendor } from "../adapter-contract.ts";
import { type Heard, openFakeServer, type Said } from "../fake-server.ts";
import { mistakesOf } from "./github-schema.ts";

export const TOKEN = "github_pat_for_tests";
export const REPOSITORY = "example/security";
export const NOW_MS = Date.parse("2026-11-27T09:00:00Z");
const ID = "4711";
const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2_048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
export const APP = { appId: "Iv23liAppForTests", installationId: ID, privateKey };

export interface FakeIssue {
  readonly number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  state_reason: string | null;
  readonly labels: { readonly name: string }[];
  readonly assignees: readonly { readonly login: string }[];
  readonly comments: string[];
  /** The number of the issue above it. */
  parent?: number;
  readonly isPull?: boolean;
}

export interface FakeGithub extends FakeVendor {
  readonly issues: FakeIssue[];
  /** Whether the account has no right to set labels: they are dropped without a word. */
  mayLabel: boolean;
}

/** Issues as GitHub documents them: https://docs.github.com/en/rest/issues. By a token, or by installation tokens of an App. */
export async function openFakeGithub(as: "token" | "app" = "token"): Promise<FakeGithub> {
  const issues: FakeIssue[] = [];
  const labels = new Set<string>();
  const tokens = new Set<string>();
  const server = await openFakeServer((request) => {
    if (request.headers["user-agent"] === undefined)
      return { status: 403, body: "Request forbidden by administrative rules." };
    if (request.path === `/app/installations/${ID}/access_tokens`) return installationToken(request);
    const bearer = `${request.headers.authorization}`.slice("Bearer ".length);
    if (as === "token" ? bearer !== TOKEN : !tokens.has(bearer)) return problem(401, "Bad credentials");
    const { pathname, searchParams } = new URL(request.path, "http://github");
    const [, path] = new RegExp(`^/repos/${REPOSITORY}(/.*)$`).exec(pathname) ?? [];
    if (path === undefined) return problem(404, "Not Found");
    const given = request.body === "" ? {} : JSON.parse(request.body);
    const number = Number(/^\/issues\/(\d+)/.exec(path)?.[1]);
    const issue = issues.find((each) => each.number === number);
    if (request.method === "POST" && path === "/labels") return newLabel(given);
    if (request.method === "GET" && path === "/issues") return { status: 200, body: listed(searchParams).map(shown) };
    if (request.method === "POST" && path === "/issues") return newIssue(given);
    if (issue === undefined) return problem(404, "Not Found");
    if (/\/sub_issues$/.test(path)) return request.method === "GET" ? subIssues(issue) : addSubIssue(issue, given);
    if (request.method === "GET") return { status: 200, body: shown(issue) };
    if (request.method === "PATCH") return changed(issue, given);
    return comment(issue, given);
  }, mistakesOf);
  const vendor: FakeGithub = {
    server,
    url: server.url,
    settings: { repository: REPOSITORY },
    secret: as === "token" ? { token: TOKEN } : APP,
    issues,
    mayLabel: true,
    calm: as === "token" ? ["none"] : ["none", "none"],
    ...(as === "app" && { expireTokens: () => tokens.clear() }),
    kept: () =>
      issues.map(({ title, body, state, labels: of, comments }) => ({
        key:
          of
            .map(({ name }) => /^cordon-([fg]-[0-9a-f]{20}(?:-\d+)?)$/.exec(name)?.[1])
            .find((key) => key !== undefined) ?? "",
        state: state === "open" ? ("open" as const) : ("resolved" as const),
        title,
        text: [title, body, ...comments].join("\n"),
        notes: comments,
      })),
    linked: () => {
      const keys = vendor.kept().map(({ key }) => key);
      return issues.flatMap(({ number, parent }) =>
        parent === undefined ? [] : [[keys[number - 1] ?? "", keys[parent - 1] ?? ""] as const],
      );
    },
    clear() {
      issues.splice(0);
      for (const each of [labels, tokens]) each.clear();
      vendor.mayLabel = true;
    },
  };
  return vendor;

  function installationToken({ headers }: Heard): Said {
    if (as === "token" || !isApp(`${headers.authorization}`))
      return problem(401, "A JSON web token could not be decoded");
    const token = `ghs_${tokens.size}_${issues.length}_for_tests`;
    tokens.add(token);
    return { status: 201, body: { token, expires_at: new Date(NOW_MS + 3_600_000).toISOString() } };
  }

  function subIssues({ number }: FakeIssue): Said {
    const below = issues.filter(({ parent }) => parent === number);
    return { status: 200, body: below.map(shown) };
  }

  function addSubIssue(parent: FakeIssue, { sub_issue_id }: Record<string, unknown>): Said {
    const child = issues.find(({ number }) => idOf(number) === sub_issue_id);
    if (child === undefined) return problem(404, "The provided sub-issue does not exist");
    if (child.parent !== undefined)
      return problem(422, "Issue may not contain duplicate sub-issues and Sub issue may only have one parent");
    child.parent = parent.number;
    return { status: 201, body: shown(parent) };
  }

  function newLabel({ name }: { readonly name: string }): Said {
    if (!vendor.mayLabel) return problem(403, "Resource not accessible by personal access token");
    if (labels.has(name)) return invalid([{ resource: "Label", code: "already_exists", field: "name" }]);
    labels.add(name);
    return { status: 201, body: { name } };
  }

  function newIssue(given: Record<string, never>): Said {
    const wrong = tooLong(given);
    if (wrong !== undefined) return wrong;
    const names: readonly string[] = vendor.mayLabel ? (given.labels ?? []) : [];
    const issue: FakeIssue = {
      number: issues.length + 1,
      title: given.title ?? "",
      body: given.body ?? "",
      state: "open",
      state_reason: null,
      labels: names.map((name) => ({ name })),
      assignees: ((given.assignees ?? []) as readonly string[]).map((login) => ({ login })),
      comments: [],
    };
    issues.push(issue);
    return { status: 201, body: shown(issue) };
  }

  function listed(query: URLSearchParams): readonly FakeIssue[] {
    const names = (query.get("labels") ?? "").split(",").filter((name) => name !== "");
    const state = query.get("state") ?? "open";
    const found = issues.filter(
      (issue) =>
        names.every((name) => issue.labels.some((label) => label.name === name)) &&
        (state === "all" || issue.state === state),
    );
    return query.get("direction") === "asc" ? found : found.toReversed();
  }
}

function changed(issue: FakeIssue, given: Record<string, never>): Said {
  const wrong = tooLong(given);
  if (wrong !== undefined) return wrong;
  const { title = issue.title, body = issue.body, state = issue.state, state_reason } = given;
  // Ignored unless the state changes.
  const reason = state === issue.state ? issue.state_reason : (state_reason ?? null);
  Object.assign(issue, { title, body, state, state_reason: reason });
  return { status: 200, body: shown(issue) };
}

function comment(issue: FakeIssue, given: Record<string, never>): Said {
  const wrong = tooLong(given);
  if (wrong !== undefined) return wrong;
  issue.comments.push(given.body ?? "");
  return { status: 201, body: { id: issue.comments.length, body: given.body } };
}

/** Ids run over all of GitHub. */
function idOf(number: number): number {
  return 1_000_000 + number;
}

function shown({ number, isPull, comments, parent, ...issue }: FakeIssue): object {
  const html_url = `https://github.com/${REPOSITORY}/${isPull ? "pull" : "issues"}/${number}`;
  return {
    id: idOf(number),
    number,
    html_url,
    parent_issue_url: parent === undefined ? null : `https://api.github.com/repos/${REPOSITORY}/issues/${parent}`,
    ...issue,
    comments: comments.length,
    ...(isPull && { pull_request: { html_url } }),
  };
}

function tooLong({ title = "", body = "" }: { readonly title?: string; readonly body?: string }): Said | undefined {
  const wrong =
    [...title].length > 256
      ? (["title", 256] as const)
      : [...body].length > 65_536
        ? (["body", 65_536] as const)
        : undefined;
  if (wrong === undefined) return undefined;
  const [field, most] = wrong;
  return invalid([
    { resource: "Issue", code: "custom", field, message: `${field} is too long (maximum is ${most} characters)` },
  ]);
}

function invalid(errors: readonly object[]): Said {
  return {
    status: 422,
    body: { message: "Validation Failed", errors, documentation_url: "https://docs.github.com/rest", status: "422" },
  };
}

function problem(status: number, message: string): Said {
  return { status, body: { message, documentation_url: "https://docs.github.com/rest", status: `${status}` } };
}

/** Whether a JSON Web Token is the App's, of now, and for ten minutes at most. */
function isApp(authorization: string): boolean {
  const [head = "", claims = "", signature = ""] = authorization.slice("Bearer ".length).split(".");
  const isSigned = createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(publicKey, signature, "base64url");
  if (!isSigned) return false;
  const { iat, exp, iss } = JSON.parse(Buffer.from(claims, "base64url").toString());
  const { alg } = JSON.parse(Buffer.from(head, "base64url").toString());
  const nowS = NOW_MS / 1_000;
  return alg === "RS256" && iss === APP.appId && iat <= nowS && exp > nowS && exp <= nowS + 600;
}
