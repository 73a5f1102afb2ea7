import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { RecordedCall, ServiceName } from "./calls.ts";
import { ServiceError } from "./errors.ts";
import type { FaultSpec, Faults } from "./faults.ts";
import type { Decision } from "./iam/decide.ts";
import { describeRefusal } from "./iam/refusal.ts";
import {
  type CallContext,
  failure,
  type Operation,
  type Permission,
  type Service,
  type ServiceFailure,
  type TrailSubject,
  type WireRequest,
  type WireResponse,
} from "./operation.ts";
import type { Permissions } from "./permissions.ts";
import { ANONYMOUS, type Principal, type PrincipalRegistry } from "./principals.ts";
import { findSignatureProblem } from "./signatures.ts";

/** What the front needs of the account behind it. */
export interface Account {
  services: readonly Service[];
  principals: PrincipalRegistry;
  permissions: Permissions;
  faults: Faults;
  now(): number;
  createRequestId(): string;
  record(call: Omit<RecordedCall, "sequence">): RecordedCall;
  /** A call that CloudTrail writes down is over. */
  completed(operation: Operation, subject: TrailSubject, context: CallContext, error: ServiceFailure | undefined): void;
  /** Somebody known has signed a call to a service. */
  signed(principal: Principal, use: { at: number; service: ServiceName; region: string }): void;
  /** Kill a function container. */
  kill(container: string): void;
}

/** How a call ends: with an answer, with a dropped connection, or never. */
type Ending =
  | { kind: "answer"; response: WireResponse; error?: ServiceFailure }
  | { kind: "drop" }
  | { kind: "silence" };

/**
 * The HTTP side of the sandbox: reads requests, tells service, Region and caller from the credential scope of the
 * `Authorization` header, lets faults strike, checks permissions, records. Signatures are NOT verified, whoever knows an access
 * key id is its owner, but for operations that say so: GetCallerIdentity and function URLs, where identity is what is asked for.
 */
export function createFront(account: Account): Server {
  const server = createServer((request, response) => {
    void serve(account, request, response).catch((error: unknown) => {
      console.error("The sandbox failed on a request", error);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  return server;
}

async function serve(account: Account, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const request = await readRequest(incoming).catch(() => undefined);
  // The client went away before it had finished: nobody is left to answer.
  if (!request) return;
  const requestId = account.createRequestId();
  const scope = readScope(request.headers.authorization);
  const service = findService(account.services, request.path, scope);
  if (!service) {
    const code = scope ? "NotImplemented" : "MissingAuthenticationToken";
    const message = scope
      ? `The sandbox has no service ${scope.service}; it has ${[...new Set(account.services.map(({ name }) => name))].join(", ")}`
      : "The request has no Authorization header with a SigV4 credential scope";
    outgoing.writeHead(scope ? 501 : 403, { "content-type": "application/json", "x-amzn-requestid": requestId });
    outgoing.end(JSON.stringify({ __type: code, message }));
    return;
  }
  const ending = await handle(account, service, request, requestId, scope ?? UNSIGNED);
  if (ending.kind === "silence") return;
  if (ending.kind === "drop") {
    incoming.socket.destroy();
    return;
  }
  const { status, headers, body } = ending.response;
  const isStreamed = typeof body === "object" && "chunks" in body;
  const sizeBytes = isStreamed ? body.sizeBytes : Buffer.byteLength(body);
  outgoing.writeHead(status, {
    ...headers,
    // SDK clients correct their own clocks by this.
    date: new Date(account.now()).toUTCString(),
    "x-amz-request-id": requestId,
    "x-amzn-requestid": requestId,
    "x-amz-id-2": "sandbox",
    ...(request.method === "HEAD" || status === 204 ? {} : { "content-length": String(sizeBytes) }),
  });
  if (!isStreamed) outgoing.end(body);
  // A client that has read enough hangs up: that is no failure.
  else await pipeline(Readable.from(body.chunks()), outgoing).catch(() => outgoing.destroy());
}

/** The service that owns the path, or the one that the request is signed for. */
function findService(services: readonly Service[], path: string, scope: Scope | undefined): Service | undefined {
  return (
    services.find(({ owns }) => owns?.(path)) ?? services.find(({ name, owns }) => !owns && name === scope?.service)
  );
}

async function handle(
  account: Account,
  service: Service,
  request: WireRequest,
  requestId: string,
  scope: Scope,
): Promise<Ending> {
  const parsed = parse(service, request, scope.region);
  const operation = parsed.operation;
  const principal = operation?.isPublic ? ANONYMOUS : account.principals.byAccessKey(scope.accessKeyId);
  const call = account.record({
    at: account.now(),
    service: service.name,
    operation: operation?.name ?? (request.headers["x-amz-target"] || `${request.method} ${request.path}`),
    actions: operation?.actions ?? [],
    permissions: [],
    principal: principal?.arn ?? scope.accessKeyId,
    region: scope.region,
    resource: operation?.resource ?? "",
    requestId,
    input: operation?.input ?? {},
    status: 0,
    mutating: operation?.mutating ?? false,
    applied: false,
    ...(principal?.container ? { container: principal.container } : {}),
    ...(principal?.functionName ? { functionName: principal.functionName } : {}),
  });
  const refuse = (error: ServiceFailure): Ending => {
    const response = service.fail(error, requestId, request);
    call.status = response.status;
    call.errorCode = error.code;
    return { kind: "answer", response, error };
  };
  if (!principal) return refuse(service.unknownKey);
  if (principal.expiresAt !== undefined && principal.expiresAt <= account.now()) {
    return refuse(service.expired ?? EXPIRED);
  }
  if (principal !== ANONYMOUS)
    account.signed(principal, { at: account.now(), service: service.name, region: scope.region });
  if (!operation) return refuse(parsed.error);
  const { signature } = operation;
  const problem = signature && findSignatureProblem(request, principal, { ...signature, at: account.now() });
  if (signature && problem) return refuse(signature.refuse(problem));

  const fault = account.faults.take(operation.name, principal, operation.resource);
  if (fault) {
    call.fault = fault.kind;
    if (fault.delayMs) await sleep(fault.delayMs);
    const ending = strikeBefore(account, service, fault, principal);
    if (ending) return "code" in ending ? refuse(ending) : ending;
  }
  const userAgent = request.headers["user-agent"] ?? "";
  const at = account.now();
  const refusal = (permission: Permission) =>
    account.permissions.refusal(principal, permission, operation.resource, { region: scope.region, at });
  const allows = (permission: Permission) => refusal(permission) === undefined;
  const context: CallContext = { principal, region: scope.region, requestId, at, userAgent, allows };
  const check = (): void => {
    const needed = operation.permissions?.(context) ?? withoutResource(operation, principal);
    call.permissions = needed.map(({ action, resource, account: owner }) => ({ action, resource, account: owner }));
    call.actions = [...new Set(needed.map(({ action }) => action))];
    for (const permission of needed) {
      const decision = refusal(permission);
      if (decision !== undefined) throw accessDenied(service, principal, permission, decision, operation);
    }
  };
  const passed = execute(account, operation, context, call, check, refuse);
  const ending = await proceed(operation, context, call, passed, refuse);
  if (fault?.kind === "crash-after" || fault?.kind === "reset-after") {
    call.status = 0;
    if (fault.kind === "crash-after" && principal.container) account.kill(principal.container);
    return { kind: "drop" };
  }
  return ending;
}

function parse(
  service: Service,
  request: WireRequest,
  region: string,
): { operation: Operation; error?: never } | { operation?: never; error: ServiceFailure } {
  try {
    return { operation: service.parse(request, region) };
  } catch (error) {
    if (error instanceof ServiceError) return { error };
    return { error: failure("SerializationException", `The request could not be read: ${String(error)}`, 400) };
  }
}

function execute(
  account: Account,
  operation: Operation,
  context: CallContext,
  call: RecordedCall,
  check: () => void,
  refuse: (error: ServiceFailure) => Ending,
): Ending {
  const subject = operation.trail?.(context);
  const ending = ((): Ending => {
    try {
      operation.locate?.(context);
      check();
      const response = operation.execute(context);
      call.status = response.status;
      call.applied = operation.mutating;
      return { kind: "answer", response };
    } catch (error) {
      if (error instanceof ServiceError) return refuse(error);
      throw error;
    }
  })();
  const error = ending.kind === "answer" ? ending.error : undefined;
  // Whether a redirected call leaves a record, and in which Region, is not documented: none is made up.
  if (subject && error?.status !== 301) account.completed(operation, subject, context, error);
  return ending;
}

/** What takes longer than one go, if it was let pass. */
async function proceed(
  operation: Operation,
  context: CallContext,
  call: RecordedCall,
  passed: Ending,
  refuse: (error: ServiceFailure) => Ending,
): Promise<Ending> {
  if (operation.proceed === undefined || passed.kind !== "answer" || passed.error !== undefined) return passed;
  call.status = 0;
  try {
    const response = await operation.proceed(context);
    call.status = response.status;
    return { kind: "answer", response };
  } catch (error) {
    if (error instanceof ServiceError) return refuse(error);
    throw error;
  }
}

const EXPIRED = failure("ExpiredTokenException", "The security token included in the request is expired", 400);

/** Services that don't say what their calls are about are asked for on everything of the caller's account. */
function withoutResource({ actions }: Operation, { account }: Principal): Permission[] {
  return actions.map((action) => ({ action, resource: "*", account }));
}

function accessDenied(
  service: Service,
  principal: Principal,
  permission: Permission,
  decision: Exclude<Decision, "allowed">,
  operation: Operation,
): ServiceError {
  const { code, status } = service.accessDenied ?? { code: "AccessDenied", status: 403 };
  // S3 tells strangers nothing at all.
  const isStranger = service.name === "s3" && permission.account !== principal.account;
  return new ServiceError(
    code,
    isStranger ? "Access Denied" : describeRefusal(principal, permission, decision),
    status,
    { headers: operation.deniedHeaders?.() ?? {} },
  );
}

/** What a fault does before the call has had any effect; undefined when it lets the call through. */
function strikeBefore(
  account: Account,
  service: Service,
  fault: FaultSpec,
  principal: Principal,
): Ending | ServiceFailure | undefined {
  switch (fault.kind) {
    case "throttle":
      return service.throttled;
    case "server-error":
      return service.broken;
    case "error":
      return {
        ...failure(fault.errorCode ?? "InternalError", "The sandbox was told to refuse this call", fault.status ?? 400),
        members: fault.members ?? {},
      };
    case "timeout":
      return { kind: "silence" };
    case "reset":
      return { kind: "drop" };
    case "crash-before":
      if (principal.container) account.kill(principal.container);
      return { kind: "drop" };
    default:
      return undefined;
  }
}

interface Scope {
  accessKeyId: string;
  region: string;
  service: ServiceName | string;
}

const UNSIGNED: Scope = { accessKeyId: "", region: "", service: "" };

function readScope(authorization: string | undefined): Scope | undefined {
  const [, accessKeyId, region, service] =
    /Credential=([^/,\s]+)\/\d{8}\/([^/,\s]+)\/([^/,\s]+)\/aws4_request/.exec(authorization ?? "") ?? [];
  return accessKeyId && region && service ? { accessKeyId, region, service } : undefined;
}

async function readRequest(incoming: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const url = incoming.url ?? "/";
  const [path = "/", ...query] = url.split("?");
  const rawQuery = query.join("?");
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: incoming.method ?? "GET",
    path,
    query: new URLSearchParams(rawQuery),
    rawQuery,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks),
  };
}
