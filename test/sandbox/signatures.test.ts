import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Principal, type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { clientConfig, failureOf, type SignedRequest, send, signRequest } from "./clients.ts";

const FORM = "Action=GetCallerIdentity&Version=2011-06-15";
const MINUTE_MS = 60_000;

let sandbox: Sandbox;
let operator: Principal;
beforeEach(async () => {
  sandbox = await startSandbox({ startAt: Date.parse("2030-01-01T00:00:00Z") });
  operator = sandbox.createPrincipal({ type: "AssumedRole", name: "operator", sessionName: "ann" });
});
afterEach(() => sandbox.close());

/** A request to STS as an operator signs it, with a header that says what it is for. */
const signed = (
  more: Partial<SignedRequest> = {},
  options: { principal?: Principal; at?: number; service?: string } = {},
) =>
  signRequest(
    sandbox,
    {
      method: "POST",
      url: `${sandbox.endpoint}/`,
      headers: { "content-type": "application/x-www-form-urlencoded", "x-purpose": "decide f-1" },
      body: FORM,
      ...more,
    },
    { service: "sts", principal: operator, ...options },
  );
const answerOf = async (request: SignedRequest) => {
  const { status, text } = await send(request);
  const [, code] = /<Code>(.*)<\/Code>/.exec(text) ?? [];
  const [, message] = /<Message>(.*)<\/Message>/s.exec(text) ?? [];
  const [, arn] = /<Arn>(.*)<\/Arn>/.exec(text) ?? [];
  return { status, ...(code ? { code, message } : { arn }) };
};
const MISMATCH = {
  status: 403,
  code: "SignatureDoesNotMatch",
  message: expect.stringMatching(/^The request signature/),
};

describe("who signed", () => {
  it("is told to the SDK's client, for a user and for a session", async () => {
    for (const principal of [undefined, operator]) {
      const sts = new STSClient(clientConfig(sandbox, undefined, principal));
      const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
      expect(Arn).toBe(principal?.arn ?? "arn:aws:iam::111122223333:user/sandbox-admin");
    }
  });

  it.each(["POST", "GET"])(
    "is told to whoever passes on a request by %s that somebody else has signed",
    async (method) => {
      const get = { method, url: `${sandbox.endpoint}/?${FORM}`, body: undefined };
      const request = await signed(method === "GET" ? get : {});

      expect(await answerOf(request)).toEqual({ status: 200, arn: operator.arn });
      expect(sandbox.calls).toMatchObject([{ operation: "GetCallerIdentity", principal: operator.arn, status: 200 }]);
    },
  );

  it("may have signed a path and query that need encoding", async () => {
    const request = await signed({ url: `${sandbox.endpoint}/a%20b//c/?z=1&a=%C3%A4%2F*&a=1&e=` });

    expect(await answerOf(request)).toMatchObject({ status: 200 });
  });

  it("is not asked of others' calls", async () => {
    const request = await signed({ method: "HEAD", body: undefined }, { service: "s3" });

    expect(await send({ ...request, url: `${request.url}changed` })).toMatchObject({ status: 404 });
  });
});

describe("a signature is refused", () => {
  const change = (headers: Record<string, string>) => async (request: SignedRequest) => ({
    ...request,
    headers: { ...request.headers, ...headers },
  });

  it.each<[string, (request: SignedRequest) => Promise<SignedRequest>]>([
    ["a signed header was changed", change({ "x-purpose": "decide f-2" })],
    ["the body was changed", async (request) => ({ ...request, body: FORM.split("&").reverse().join("&") })],
    ["the path was changed", async (request) => ({ ...request, url: `${request.url}other` })],
    ["a query was added", async (request) => ({ ...request, url: `${request.url}?x=1` })],
    ["the date was changed", change({ "x-amz-date": "20300101T000100Z" })],
    [
      "a signed header was taken out of the list",
      async (request) =>
        change({ authorization: (request.headers.authorization ?? "").replace(";x-purpose", "") })(request),
    ],
  ])("when %s", async (_name, tamper) => {
    expect(await answerOf(await tamper(await signed()))).toEqual(MISMATCH);
    expect(sandbox.calls).toMatchObject([{ status: 403, errorCode: "SignatureDoesNotMatch" }]);
  });

  it("when it was made with another secret", async () => {
    const { accessKeyId, ...others } = operator.credentials;
    const forged = { ...operator, credentials: { ...others, accessKeyId, secretAccessKey: "guessed" } };
    const sts = new STSClient({ ...clientConfig(sandbox), credentials: forged.credentials });

    expect(await failureOf(sts.send(new GetCallerIdentityCommand({})))).toMatchObject({
      name: "SignatureDoesNotMatch",
      $metadata: { httpStatusCode: 403 },
    });
  });

  it.each([undefined, "another"])("when the session token is %s", async (sessionToken) => {
    const { accessKeyId, secretAccessKey } = operator.credentials;
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    const sts = new STSClient({ ...clientConfig(sandbox), credentials });

    expect(await failureOf(sts.send(new GetCallerIdentityCommand({})))).toMatchObject({
      name: "InvalidClientTokenId",
      $metadata: { httpStatusCode: 403 },
    });
  });

  it.each([
    [
      "too old",
      -6,
      /^Signature expired: 20291231T2354\d\dZ is now earlier than 20291231T2355\d\dZ \(20300101T0000\d\dZ - 5 min\.\)$/,
    ],
    ["not yet current", 6, /^Signature not yet current: /],
  ])("when it is %s", async (_name, minutes, message) => {
    const request = await signed({}, { at: sandbox.clock.now() + minutes * MINUTE_MS });

    expect(await answerOf(request)).toEqual({
      status: 403,
      code: "SignatureDoesNotMatch",
      message: expect.stringMatching(message),
    });
  });

  it("once it has become too old, not before", async () => {
    const request = await signed();
    sandbox.clock.advance(4 * MINUTE_MS);
    expect(await answerOf(request)).toMatchObject({ status: 200 });

    sandbox.clock.advance(2 * MINUTE_MS);

    expect(await answerOf(request)).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
  });

  it("when it has no date, leaves out the host, or is none", async () => {
    const request = await signed();
    const { "x-amz-date": _, ...dateless } = request.headers;
    const { authorization = "" } = request.headers;
    const incomplete = [
      dateless,
      { ...request.headers, authorization: authorization.replace("host;", "") },
      { ...request.headers, authorization: authorization.replace(/, Signature=.*/, "") },
    ];

    for (const headers of incomplete) {
      expect(await answerOf({ ...request, headers })).toMatchObject({ status: 403, code: "IncompleteSignature" });
    }
  });
});
