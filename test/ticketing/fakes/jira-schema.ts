import { existsSync, readFileSync } from "node:fs";
import type { Heard } from "../fake-server.ts";
import { type Check, checkBy, checkByExcerpt } from "./request-schema.ts";

type Json = Readonly<Record<string, unknown>>;

/** Of Atlassian's published description (Apache-2.0): it lies beside the project, and is no part of it. Without it a request is held to its document's schema only. */
const SPECIFICATION = new URL("../../../../shared/specs/jira-cloud-v3-subset.json", import.meta.url);
export const hasSpecification = existsSync(SPECIFICATION);

interface Operation {
  readonly method: string;
  readonly pattern: RegExp;
  readonly query: readonly string[];
  /** Members of the body: the description lets others pass, and Jira does nothing about them. */
  readonly members: readonly string[];
  readonly check: Check;
}

/** The description has the search that was removed. @see https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/#api-rest-api-3-search-jql-post */
const SEARCH: Operation = {
  method: "POST",
  pattern: /^\/search\/jql$/,
  query: [],
  members: ["expand", "fields", "fieldsByKeys", "jql", "maxResults", "nextPageToken", "properties", "reconcileIssues"],
  check: (body) => {
    const { jql, maxResults = 50, fields = [], properties = [] } = body as Json;
    const isTexts = (list: unknown, most: number) =>
      Array.isArray(list) && list.length <= most && list.every((each) => typeof each === "string");
    return [
      ...(typeof jql === "string" && jql !== "" ? [] : ["/jql must be a bounded query"]),
      ...(Number.isInteger(maxResults) && Number(maxResults) <= 5_000 ? [] : ["/maxResults must be at most 5000"]),
      ...(isTexts(fields, 5_000) ? [] : ["/fields must be texts"]),
      ...(isTexts(properties, 5) ? [] : ["/properties must be at most 5 texts"]),
    ];
  },
};
let known: readonly Operation[] | undefined;

/** The schema of Atlassian's documents, as far as tickets need it: see excerpt-adf-schema.ts. */
const checkDocument = checkByExcerpt("adf-schema.json", "doc_node");

/** The first fault of a document; undefined for one that Jira takes, without a link, a mention, a card or a picture in it: those aren't in the excerpt. */
export function faultOf(document: unknown): string | undefined {
  return checkDocument(document)[0];
}

/** What a request to the REST API has wrong by Atlassian's published schemas. */
export function mistakesOf({ method, path, body }: Heard): readonly string[] {
  const { pathname, searchParams } = new URL(path, "http://site");
  const [, resource] = /^(?:\/ex\/jira\/[^/]+)?\/rest\/api\/3(\/.*)$/.exec(pathname) ?? [];
  if (resource === undefined) return [];
  const sent: Json | undefined = body === "" ? undefined : JSON.parse(body);
  known ??= [SEARCH, ...readOperations()];
  const operation = known.find((each) => each.method === method && each.pattern.test(resource));
  if (operation === undefined && hasSpecification) return ["no such operation"];
  return [
    ...(operation === undefined ? [] : mistakesIn(operation, searchParams, sent)),
    ...[(sent?.fields as Json | undefined)?.description, resource.endsWith("/comment") ? sent?.body : undefined]
      .filter((document) => document !== undefined)
      .flatMap((document) => checkDocument(document).map((mistake) => `document: ${mistake}`)),
  ];
}

function mistakesIn({ query, members, check }: Operation, given: URLSearchParams, sent: Json | undefined) {
  const unknown = (names: Iterable<string>, all: readonly string[]) => [...names].filter((name) => !all.includes(name));
  return [
    ...unknown(given.keys(), query).map((name) => `unknown parameter ${name}`),
    ...unknown(Object.keys(sent ?? {}), members).map((name) => `unknown member ${name}`),
    ...(sent === undefined ? [] : check(sent)),
  ];
}

/** Jira's operations by their path after the version. */
function readOperations(): readonly Operation[] {
  if (!hasSpecification) return [];
  const { paths, components } = JSON.parse(readFileSync(SPECIFICATION, "utf8"));
  return Object.entries<Json>(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const { parameters = [], requestBody } = operation as {
        readonly parameters?: readonly { readonly name: string; readonly in: string }[];
        readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: { $ref?: string } }>> };
      };
      const { $ref = "" } = requestBody?.content["application/json"]?.schema ?? {};
      return {
        method: method.toUpperCase(),
        pattern: new RegExp(`^${path.replace("/rest/api/3", "").replace(/\{\w+\}/g, "[^/]+")}$`),
        query: parameters.filter((each) => each.in === "query").map(({ name }) => name),
        members: Object.keys(components.schemas[$ref.split("/").at(-1) ?? ""]?.properties ?? {}),
        check: $ref === "" ? () => [] : checkBy(SPECIFICATION, $ref),
      };
    }),
  );
}
