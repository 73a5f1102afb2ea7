import { asList, asObject, asText } from "../../signals/shapes.ts";
import { jsonOf } from "../http.ts";
import type { Ticket } from "../ticket.ts";
import {
  type AdapterDefinition,
  DeliveryError,
  type HttpAnswer,
  type Remote,
  type Tracker,
  type TrackerPorts,
  type TrackerRoute,
} from "../tracker.ts";
import { expectAnswer, githubSession } from "./github-session.ts";
import { bodyOf, commentOf, titleOf } from "./github-text.ts";

/** On every issue of Cordon's; made before the first, which proves the right to set labels. */
const LABEL = { name: "cordon", color: "b60205", description: "Opened and kept up to date by Cordon" };

interface Issue {
  readonly number: number;
  readonly url: string;
  readonly state: "open" | "closed";
  readonly labels: readonly string[];
}

/**
 * Issues by GitHub's REST API. A label carries the finding's id; issues are listed by it, not searched for, as the search index lags.
 *
 * @see https://docs.github.com/en/rest/issues/issues
 * @see https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
 * @see https://docs.github.com/en/rest/issues/sub-issues#add-sub-issue
 * @see https://docs.github.com/en/rest/issues/labels#create-a-label
 */
export const github: AdapterDefinition = {
  name: "github",
  url: {
    use: "optional",
    meaning: "of GitHub Enterprise: https://github.example.com/api/v3 or https://api.example.ghe.com",
  },
  secret: {
    token: "a fine-grained personal access token that may write issues of the repository; or, of a GitHub App:",
    appId: "the App's id or client id",
    installationId: "the id of its installation",
    privateKey: "its private key, PEM",
  },
  settings: {
    repository: { type: "text", isRequired: true, meaning: "where issues are opened, such as example/security" },
    labels: { type: "list", meaning: "more labels for new issues, such as [security]" },
    assignees: { type: "list", meaning: "whom new issues are assigned to, by login" },
  },
  example: { secret: { token: "token" }, settings: { repository: "example/security" } },
  make(route, ports) {
    const call = caller(route, ports);
    let isReady = false;
    return {
      // A list is no index, and still no promise.
      findLagMs: 10_000,
      async find(key) {
        const query = `labels=${labelOf(key)}&state=all&sort=created&direction=asc&per_page=100`;
        const found = asList(jsonOf(await call("list issues", "GET", `/issues?${query}`), "GitHub: list issues"));
        // Pull requests are listed, too.
        const first = found.find((each) => asObject(each)?.pull_request === undefined);
        return first === undefined ? undefined : remoteOf(issueIn(first));
      },
      async open(ticket) {
        if (!isReady) await call("make the label cordon", "POST", "/labels", LABEL, 422);
        isReady = true;
        const issue = issueIn(
          jsonOf(await call("open an issue", "POST", "/issues", newIssue(ticket, route)), "GitHub: open an issue"),
        );
        if (!issue.labels.includes(labelOf(ticket.key)))
          throw new DeliveryError(
            "never",
            `GitHub: issue ${issue.number} came without its label: the role write is needed`,
          );
        return remoteOf(issue);
      },
      change: (remote, ticket, change) => changeIssue(call, remote, ticket, change),
      linkToParent: (child, parent) => addSubIssue(call, child, parent),
    };
  },
};

async function changeIssue(
  call: Call,
  remote: Remote,
  ticket: Ticket,
  { kind, note }: Parameters<Tracker["change"]>[2],
) {
  if (!/^\d+$/.test(remote.id)) throw new DeliveryError("never", "GitHub: the ticket's id is no number");
  const path = `/issues/${remote.id}`;
  const gone = ticket.state === "exempt" ? "not_planned" : "completed";
  const turned = {
    update: {},
    resolve: { state: "closed", state_reason: gone },
    reopen: { state: "open", state_reason: "reopened" },
  }[kind];
  const text = { title: titleOf(ticket.title), body: bodyOf(ticket) };
  const issue = issueIn(
    jsonOf(await call("change an issue", "PATCH", path, { ...text, ...turned }), "GitHub: change an issue"),
  );
  // Last, as it is the only thing that is there twice when it is done twice.
  if (note !== undefined)
    await call("comment on an issue", "POST", `${path}/comments`, { body: commentOf(ticket, note) });
  return remoteOf(issue);
}

async function addSubIssue(call: Call, child: Remote, parent: Remote): Promise<void> {
  const [what, path] = ["add a sub-issue", `/issues/${encodeURIComponent(parent.id)}/sub_issues`];
  const issue = await call("read an issue", "GET", `/issues/${encodeURIComponent(child.id)}`);
  // An issue's id is not its number.
  const { id, parent_issue_url: above } = asObject(jsonOf(issue, "GitHub: read an issue")) ?? {};
  // It has one parent at most, and people's stays.
  if (typeof above === "string") return;
  const answer = await call(what, "POST", path, { sub_issue_id: id }, 422);
  if (answer.status !== 422) return;
  // One that is there already is refused.
  const listed = asList(
    jsonOf(await call("list sub-issues", "GET", `${path}?per_page=100`), "GitHub: list sub-issues"),
  );
  if (!listed.some((each) => asObject(each)?.id === id)) expectAnswer(answer, `GitHub: ${what}`, 0);
}

type Call = (
  what: string,
  method: "GET" | "POST" | "PATCH",
  path: string,
  body?: object,
  alsoGood?: number,
) => Promise<HttpAnswer>;

/** Requests about the route's repository. */
function caller(route: TrackerRoute, ports: TrackerPorts): Call {
  const ask = githubSession(route, ports);
  const repository = `${route.settings.repository ?? ""}`;
  return async (what, method, path, body, alsoGood) => {
    if (!/^[\w-][\w.-]*\/[\w.-]*[\w-][\w.-]*$/.test(repository))
      throw new DeliveryError("never", `GitHub: repository "${repository.slice(0, 100)}": expected owner/name`);
    const answer = await ask(method, `/repos/${repository}${path}`, body);
    return answer.status === alsoGood ? answer : expectAnswer(answer, `GitHub: ${what}`, ports.nowMs());
  };
}

function newIssue(ticket: Ticket, { settings }: TrackerRoute): object {
  const { labels, assignees } = settings;
  return {
    title: titleOf(ticket.title),
    body: bodyOf(ticket),
    labels: [LABEL.name, labelOf(ticket.key), `severity:${ticket.severity}`, ...textsIn(labels)],
    ...(assignees !== undefined && { assignees: textsIn(assignees) }),
  };
}

function labelOf(key: string): string {
  return `${LABEL.name}-${encodeURIComponent(key)}`;
}

function textsIn(setting: TrackerRoute["settings"][string] | undefined): readonly string[] {
  return Array.isArray(setting) ? setting : [];
}

function remoteOf({ number, url, state }: Issue): Remote {
  return { id: `${number}`, url, state: state === "closed" ? "resolved" : "open" };
}

/** @throws DeliveryError `later`: GitHub's answers have all of this */
function issueIn(value: unknown): Issue {
  const issue = asObject(value) ?? {};
  const { number, state } = issue;
  const url = asText(issue.html_url);
  if (!Number.isSafeInteger(number) || (state !== "open" && state !== "closed") || !URL.canParse(url ?? ""))
    throw new DeliveryError("later", "GitHub: the answer is no issue");
  const labels = asList(issue.labels).map((label) => asText(asObject(label)?.name) ?? asText(label) ?? "");
  return { number: number as number, url: url as string, state, labels };
}
