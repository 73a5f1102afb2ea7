import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Principal, type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { findDecideUrl } from "../../shared/aws/decide-url.ts";
import { stsEndpoint, stsIn } from "../../shared/aws/sts.ts";
import {
  IDENTITY_BODY,
  IDENTITY_TYPE,
  ORDER_HEADER,
  orderHash,
  PROOF_LASTS_MS,
  proveAws,
} from "../../shared/decisions/prove-aws.ts";
import { clientConfig, dynamodbClient, send, signRequest } from "../sandbox/clients.ts";
import { BY_URL, deployDecide } from "../support/cli.ts";
import { policyWith } from "../support/stage.ts";

const DECIDE = "arn:aws:lambda:eu-central-1:111122223333:function:cordon-decide";
const NOW_MS = Date.parse("2026-03-01T09:00:00Z");
const ORDER = { action: "approve", findingId: "f-0123456789abcdef0123", reason: "the contract is in place" };
const ALICE = "arn:aws:iam::111122223333:user/alice";
/** What the SDK's signer covers, besides what has to be. */
const SIGNED = ["content-type", "host", "x-amz-content-sha256", "x-amz-date", ORDER_HEADER];

/** As much as a signer hands over. The signature itself is for STS to judge. */
function headersFor(order: unknown, more: Readonly<Record<string, unknown>> = {}, signed: readonly string[] = SIGNED) {
  const scope = "AKIAEXAMPLE/20260301/eu-central-1/sts/aws4_request";
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${signed.join(";")}, Signature=${"ab".repeat(32)}`,
    "x-amz-date": basic(NOW_MS),
    "x-amz-content-sha256": "cd".repeat(32),
    [ORDER_HEADER]: orderHash(DECIDE, order),
    ...more,
  };
}

function basic(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

const identity = (arn: string) =>
  `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>AIDA</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
const refusal = (code: string, message: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

/** STS as it answers, and what it was asked. */
function sts(body = identity(ALICE), status = 200) {
  const asked: { headers: Readonly<Record<string, string>>; body: string }[] = [];
  const ask = async (headers: Readonly<Record<string, string>>, body_: string) => {
    asked.push({ headers, body: body_ });
    return { status, body };
  };
  return { ask, asked };
}

const EXPECTED = { order: ORDER as unknown, functionArn: DECIDE, nowMs: NOW_MS };
const prove = (headers: unknown, { ask }: Pick<ReturnType<typeof sts>, "ask"> = sts(), more = {}) =>
  proveAws({ kind: "aws", headers }, { ...EXPECTED, ...more }, ask);

describe("a signed call of GetCallerIdentity", () => {
  it("proves its signer to be who STS says", async () => {
    const answering = sts();

    const proved = await prove(headersFor(ORDER), answering);

    expect(proved).toEqual({
      ok: true,
      caller: { arn: ALICE },
      how: "signed GetCallerIdentity",
      once: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(answering.asked).toEqual([
      { headers: { ...headersFor(ORDER), "content-type": IDENTITY_TYPE }, body: IDENTITY_BODY },
    ]);
  });

  it.each(["content-type", "host", "x-amz-date", ORDER_HEADER])(
    "proves nothing when %s is not signed",
    async (name) => {
      const answering = sts();
      const signed = SIGNED.filter((each) => each !== name);
      const proved = await prove(headersFor(ORDER, {}, signed), answering);
      expect(proved).toEqual({ ok: false, reason: `the proof's signature does not cover ${name}` });
      expect(answering.asked).toEqual([]);
    },
  );

  it.each<[string, string]>([
    ["no names at all", ""],
    ["the names in another case", SIGNED.join(";").toUpperCase()],
    ["the names separated by commas", SIGNED.join(",")],
    ["names that only begin so", SIGNED.map((name) => `${name}s`).join(";")],
  ])("proves nothing with %s in SignedHeaders", async (_, names) => {
    const answering = sts();
    const proved = await prove(headersFor(ORDER, {}, [names]), answering);
    expect(proved).toMatchObject({ ok: false, reason: expect.stringContaining("does not cover") });
    expect(answering.asked).toEqual([]);
  });

  // What STS makes of such a header is its own to say.
  it.each<[string, string, string]>([
    ["another parameter's name ends in it", "SignedHeaders=", `XSignedHeaders=${SIGNED.join(";")}, SignedHeaders=`],
    ["the credential holds it", "Credential=", `Credential=SignedHeaders=${SIGNED.join(";")},Credential=`],
    ["it stands there twice", "SignedHeaders=", `SignedHeaders=${SIGNED.join(";")}, SignedHeaders=`],
  ])("proves nothing when it is not plain what SignedHeaders says: %s", async (_, from, to) => {
    const { authorization } = headersFor(ORDER, {}, ["host", "x-amz-date"]);
    const answering = sts();
    const proved = await prove(headersFor(ORDER, { authorization: authorization.replace(from, to) }), answering);
    expect(proved).toMatchObject({ ok: false });
    expect(answering.asked).toEqual([]);
  });

  it.each<[string, Partial<typeof EXPECTED>]>([
    ["another finding", { order: { ...ORDER, findingId: "f-ffffffffffffffffffff" } }],
    ["another action", { order: { ...ORDER, action: "reject" } }],
    ["another reason", { order: { ...ORDER, reason: `${ORDER.reason}.` } }],
    ["a member more", { order: { ...ORDER, plan: "0123456789ab" } }],
    ["no order", { order: undefined }],
    ["the function of another cell", { functionArn: DECIDE.replace("cordon", "cordon-prod") }],
    ["the same function in another Region", { functionArn: DECIDE.replace("eu-central-1", "eu-west-1") }],
    ["the same function in another account", { functionArn: DECIDE.replace("111122223333", "444455556666") }],
  ])("is good for its own order and function, and for nothing else: %s", async (_, more) => {
    const answering = sts();
    const proved = await prove(headersFor(ORDER), answering, more);
    expect(proved).toMatchObject({
      ok: false,
      reason: expect.stringContaining("signed for another order, or for another function than arn:aws:lambda:"),
    });
    expect(answering.asked).toEqual([]);
  });

  it("is about what the order says, in whatever order it says it", async () => {
    const { action, findingId, reason } = ORDER;
    expect(await prove(headersFor({ reason, findingId, action }))).toMatchObject({ ok: true });
  });

  it.each([0, PROOF_LASTS_MS, -PROOF_LASTS_MS])("holds when it was signed %i ms ago", async (ageMs) => {
    expect(PROOF_LASTS_MS).toBe(120_000);
    expect(await prove(headersFor(ORDER, { "x-amz-date": basic(NOW_MS - ageMs) }))).toMatchObject({ ok: true });
  });

  it.each<[string, unknown]>([
    ["a second too long ago", basic(NOW_MS - PROOF_LASTS_MS - 1000)],
    ["a second too far ahead", basic(NOW_MS + PROOF_LASTS_MS + 1000)],
    ["a year ago", basic(NOW_MS - 365 * 86_400_000)],
    ["no time", undefined],
    ["a time of another form", "2026-03-01T09:00:00Z"],
    ["a time with something after it", `${basic(NOW_MS)}\n`],
    ["a time that there is not", "20260301T256000Z"],
    ["a number", NOW_MS],
    ["a list of the right time", [basic(NOW_MS)]],
  ])("does not hold when it was signed at %s", async (_, date) => {
    const answering = sts();
    const proved = await prove(headersFor(ORDER, { "x-amz-date": date }), answering);
    expect(proved).toMatchObject({
      ok: false,
      reason: expect.stringContaining("expected within 120 seconds of 2026-03-01T09:00:00.000Z"),
    });
    expect(answering.asked).toEqual([]);
  });

  it.each<[string, readonly [string, number], string]>([
    [
      "a wrong signature",
      [refusal("SignatureDoesNotMatch", "It is &lt;not&gt; what was calculated"), 403],
      "(SignatureDoesNotMatch: It is <not> what was calculated)",
    ],
    [
      "a key that nobody has",
      [refusal("InvalidClientTokenId", "The security token is invalid"), 403],
      "(InvalidClientTokenId: The security token is invalid)",
    ],
    ["an answer without words", ["", 403], "(status 403)"],
    ["an answer that is no XML", ['{"Error":{"Code":"AccessDenied"}}', 403], "(status 403)"],
    ["a refusal that names an ARN all the same", [identity(ALICE), 403], "(status 403)"],
    ["an answer that names nobody", ["<GetCallerIdentityResponse/>", 200], "(status 200)"],
  ])("proves nothing when STS answers with %s", async (_, [body, status], said) => {
    const proved = await prove(headersFor(ORDER), sts(body, status));
    expect(proved).toEqual({ ok: false, reason: `STS does not know the signature ${said}` });
  });

  it.each([
    ["a&amp;b", "a&b"],
    ["a&lt;b&gt;c", "a<b>c"],
    ["a&quot;b&apos;c", "a\"b'c"],
    // Once: what stands there is the text "&lt;".
    ["a&amp;lt;b", "a&lt;b"],
    ["Jürgen+x=y,z.@-", "Jürgen+x=y,z.@-"],
  ])("takes the ARN as it is meant, %s as %s", async (escaped, name) => {
    const arn = "arn:aws:sts::111122223333:federated-user/";
    expect(await prove(headersFor(ORDER), sts(identity(arn + escaped)))).toMatchObject({ caller: { arn: arn + name } });
  });

  it("hands STS what a signature takes, and nothing else that somebody sends along", async () => {
    const answering = sts();
    const others = {
      host: "sts.evil.example.org",
      "content-type": "text/plain",
      "x-amz-target": "AssumeRole",
      "x-forwarded-for": "192.0.2.7",
      cookie: "a=b",
      Authorization: "in another case",
      "x-amz-security-token": "a-session-token",
    };
    expect(await prove(headersFor(ORDER, others), answering)).toMatchObject({ ok: true });
    expect(answering.asked.map(({ headers }) => headers)).toEqual([
      { ...headersFor(ORDER), "x-amz-security-token": "a-session-token", "content-type": IDENTITY_TYPE },
    ]);
  });

  it.each<[string, unknown, boolean]>([
    ["as long as any is", "t".repeat(16_384), true],
    ["too long to be one", "t".repeat(16_385), false],
    ["empty", "", false],
    ["a list", ["t"], false],
    ["an object", { t: "t" }, false],
  ])("hands over a header that is %s, or leaves it out", async (_, token, isHandedOver) => {
    const answering = sts();
    await prove(headersFor(ORDER, { "x-amz-security-token": token }), answering);
    expect(answering.asked).toHaveLength(1);
    expect(Object.hasOwn(answering.asked[0]?.headers ?? {}, "x-amz-security-token")).toBe(isHandedOver);
  });

  it("asks nobody when the authorization is too long to be one", async () => {
    const answering = sts();
    const { authorization } = headersFor(ORDER);
    const proved = await prove(headersFor(ORDER, { authorization: authorization.padEnd(16_385, "0") }), answering);
    expect(proved).toMatchObject({ ok: false, reason: expect.stringContaining("does not cover content-type, host") });
    expect(answering.asked).toEqual([]);
  });

  it("refuses whatever is no proof, and asks nobody", async () => {
    const answering = sts();
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (headers) => {
        expect(await prove(headers, answering)).toMatchObject({ ok: false });
      }),
      { numRuns: 200 },
    );
    expect(answering.asked).toEqual([]);
  });

  it("is the same proof when it comes again, and another when it is signed again", async () => {
    const onceOf = async (signature: string) => {
      const authorization = headersFor(ORDER).authorization.replace(/Signature=.*/, `Signature=${signature}`);
      const proved = await prove(headersFor(ORDER, { authorization }));
      return proved.ok ? proved.once : undefined;
    };
    const [one, again, other] = await Promise.all(["a", "a", "b"].map((digit) => onceOf(digit.repeat(64))));
    expect(one).toBe(again);
    expect(one).not.toBe(other);
  });

  // The signature covers nothing of the header that it is in.
  it.each<[string, (authorization: string) => string]>([
    ["without spaces", (authorization) => authorization.replaceAll(", ", ",")],
    ["with a space more", (authorization) => authorization.replaceAll(", ", ",  ")],
    ["with a parameter more", (authorization) => `${authorization}, Note=again`],
  ])("is the same proof when the header is written otherwise: %s", async (_, rewrite) => {
    const { authorization } = headersFor(ORDER);
    const [one, other] = await Promise.all([
      prove(headersFor(ORDER)),
      prove(headersFor(ORDER, { authorization: rewrite(authorization) })),
    ]);
    if (other.ok) expect(other.once).toBe(one.ok && one.once);
    else expect(other.reason).toContain("does not cover");
  });
});

describe("the STS that is asked", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ["eu-central-1", {}, "https://sts.eu-central-1.amazonaws.com/"],
    ["us-east-1", {}, "https://sts.us-east-1.amazonaws.com/"],
    ["cn-north-1", {}, "https://sts.cn-north-1.amazonaws.com.cn/"],
    ["eu-central-1", { AWS_ENDPOINT_URL: "http://127.0.0.1:4566/x?y" }, "http://127.0.0.1:4566/"],
    [
      "eu-central-1",
      { AWS_ENDPOINT_URL: "http://127.0.0.1:4566", AWS_ENDPOINT_URL_STS: "http://127.0.0.1:4567" },
      "http://127.0.0.1:4567/",
    ],
  ])("is that of the Region %s, with %j", async (region, env, url) => {
    vi.stubEnv("AWS_ENDPOINT_URL", "");
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    expect((await stsEndpoint(region)).href).toBe(url);
  });

  /** Answers everything with a status, or drops the connection. */
  const answering = async (status: number | "drops") => {
    const server = createServer((request, response) => {
      if (status === "drops") request.socket.destroy();
      else response.writeHead(status, { location: "http://127.0.0.1:1/" }).end(identity(ALICE));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    vi.stubEnv("AWS_ENDPOINT_URL_STS", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return prove(headersFor(ORDER), { ask: stsIn("eu-central-1") });
  };

  it.each<500 | 503 | 301 | 307 | "drops">([500, 503, 301, 307, "drops"])(
    "gave no answer when it answers %s: asking again may help, and nothing is proved",
    async (status) => {
      await expect(answering(status)).rejects.toMatchObject({
        name: "CordonError",
        kind: "unavailable",
        retry: true,
        message: expect.stringContaining("STS gave no answer (GetCallerIdentity)"),
      });
    },
  );

  it.each([200, 400, 403])("is believed when it answers %i", async (status) => {
    expect(await answering(status)).toMatchObject({ ok: status === 200 });
  });

  it.each(["a\nb", "á€"])("is not asked with the token %j, which no header can carry", async (token) => {
    const asking = prove(headersFor(ORDER, { "x-amz-security-token": token }), { ask: stsIn("eu-central-1") });
    expect(await asking).toMatchObject({ ok: false });
  });
});

describe("an order that is sent to the deployed function", () => {
  const OFFICER = "arn:aws:iam::111122223333:user/officer";
  /** Two of a second have to differ: the same signed in the same second is the same proof. */
  const brakeOn = (reason: string) => ({ action: "brake-on", reason });
  let sandbox: Sandbox;
  let officer: Principal;
  let other: Principal;
  beforeAll(async () => {
    sandbox = await startSandbox({ tables: [{ name: "cordon" }] });
    officer = person("officer");
    other = person("other");
    await deployDecide(sandbox, policyWith({ limits: { approvals: { by: [OFFICER] } } }));
  });
  afterAll(() => sandbox?.close());
  afterEach(async () => {
    sandbox.faults.clear();
    sandbox.clearCalls();
  });

  const person = (name: string, rights: readonly (readonly [string, string])[] = BY_URL) => {
    const Statement = rights.map(([Action, Resource]) => ({ Effect: "Allow" as const, Action, Resource }));
    return sandbox.createPrincipal({ type: "IAMUser", name, policies: () => [{ Statement }] });
  };
  const urlFor = (who: Principal) => findDecideUrl("cordon-decide", clientConfig(sandbox, undefined, who));
  const byUrl = async (order: unknown, who = officer) =>
    (await (await urlFor(who)).send(order, Date.now())) as { readonly results: readonly unknown[] };
  /** A proof by itself: signed for an order, and in nobody's hands yet. */
  const proofOf = async (order: unknown, who = officer) => ({
    kind: "aws",
    headers: await signedIdentity({ [ORDER_HEADER]: orderHash(DECIDE, order) }, who),
  });
  const signedIdentity = async (more: Readonly<Record<string, string>> = {}, who = officer) => {
    const headers = { "content-type": IDENTITY_TYPE, ...more };
    const request = { method: "POST", url: `${sandbox.endpoint}/`, headers, body: IDENTITY_BODY };
    return (await signRequest(sandbox, request, { service: "sts", principal: who })).headers;
  };
  const invoked = async (event: unknown) => {
    const answer = await sandbox.invoke("cordon-decide", event);
    if (!answer.ok) throw new Error(answer.error.message);
    return (answer.result as { readonly results: readonly unknown[] }).results[0];
  };
  const brake = async () => {
    const Key = { pk: { S: "BRAKE" }, sk: { S: "BRAKE" } };
    const { Item } = await dynamodbClient(sandbox).send(new GetItemCommand({ TableName: "cordon", Key }));
    return Item === undefined ? undefined : { isOn: Item.on?.BOOL, by: Item.by?.S };
  };
  const refused = (reason: string) =>
    expect.objectContaining({ status: "refused", reasons: [expect.stringContaining(reason)], changes: [] });

  it("is carried out in the name of whoever signed it, once, however often it comes", async () => {
    const order = brakeOn("a contract was misread");
    expect(await byUrl(order)).toMatchObject({
      results: [{ status: "observed", reasons: [expect.stringContaining(`the brake is on by ${OFFICER}`)] }],
    });
    expect(await brake()).toEqual({ isOn: true, by: OFFICER });
    // The function makes the call that the person signed; neither learns the other's secrets.
    const calls = sandbox.calls.filter(({ service }) => service === "sts" || service === "lambda");
    expect(calls.map(({ operation, principal }) => [operation, principal])).toEqual([
      ["GetFunctionUrlConfig", OFFICER],
      ["InvokeFunctionUrl", OFFICER],
      ["GetCallerIdentity", OFFICER],
    ]);
    const overheard = JSON.parse(String(sandbox.calls.find(({ input }) => input.Body)?.input.Body));
    await byUrl({ action: "brake-off", reason: "over" });

    const answers = [await invoked(overheard), await invoked(overheard)];

    expect(answers).toEqual([refused("used already: sign a new one"), refused("used already: sign a new one")]);
    expect(await brake()).toMatchObject({ isOn: false });
  });

  it("is not carried out again by whoever writes an overheard proof otherwise", async () => {
    const order = brakeOn("overheard");
    const proof = await proofOf(order);
    expect(await invoked({ order, proof })).toMatchObject({ status: "observed" });
    const authorization = proof.headers.authorization?.replaceAll(", ", ",") ?? "";
    const again = { kind: "aws", headers: { ...proof.headers, authorization } };
    expect(await invoked({ order, proof: again })).toMatchObject({ status: "refused" });
  });

  // Whoever was once given a signature of the kind, for another purpose, could decide with it.
  it("is not carried out on a signature that does not cover it", async () => {
    const order = brakeOn("signed for something else");
    const signed = await signedIdentity();
    const authorization = signed.authorization?.replace(
      "Credential=",
      `XSignedHeaders=${SIGNED.join(";")}, Credential=`,
    );
    const forged = { ...signed, authorization, [ORDER_HEADER]: orderHash(DECIDE, order) };
    expect(await invoked({ order, proof: { kind: "aws", headers: forged } })).toMatchObject({
      status: "refused",
    });
  });

  it("is refused when it has been changed on the way", async () => {
    const order = brakeOn("changed on the way");
    const proof = await proofOf(order);
    expect(await invoked({ order: { ...order, action: "brake-off" }, proof })).toEqual(
      refused("signed for another order, or for another function"),
    );
    // Nothing was used up: it is still good for what it was signed for.
    expect(await invoked({ order, proof })).toMatchObject({ status: "observed" });
  });

  it("is refused when its proof is somebody else's than the request's", async () => {
    const order = brakeOn("in another's name");
    const body = JSON.stringify({ order, proof: await proofOf(order) });
    const url = `${sandbox.endpoint}/lambda-url/111122223333/eu-central-1/cordon-decide/`;
    const request = { method: "POST", url, headers: { "content-type": "application/json" }, body };

    const { status, text } = await send(await signRequest(sandbox, request, { service: "lambda", principal: other }));

    expect(status).toBe(200);
    expect(JSON.parse(text).results).toEqual([
      refused("the request and its proof are not from one and the same principal"),
    ]);
  });

  it("is refused from an account that the cell does not serve, whatever somebody is called there", async () => {
    const order = brakeOn("from elsewhere");
    const stranger = sandbox.createPrincipal({ type: "IAMUser", name: "officer", account: "444455556666" });
    expect(await invoked({ order, proof: await proofOf(order, stranger) })).toEqual(
      refused("the proof is of account 444455556666: expected the cell's own, or one of CORDON_ACCOUNTS"),
    );
  });

  it("is refused with STS's own words when the signature is not that key's", async () => {
    const order = brakeOn("another's key");
    const { headers } = await proofOf(order);
    const stolen = headers.authorization?.replace(/AKIA\w+/, other.credentials.accessKeyId);
    const proof = { kind: "aws", headers: { ...headers, authorization: stolen } };
    expect(await invoked({ order, proof })).toEqual(refused("STS does not know the signature (SignatureDoesNot"));
  });

  it("is neither done nor used up while STS gives no answer", async () => {
    const order = brakeOn("while STS is out");
    const proof = await proofOf(order);
    sandbox.faults.inject({ operation: "GetCallerIdentity", kind: "server-error" });
    expect(await invoked({ order, proof })).toMatchObject({
      status: "failed",
      reasons: [expect.stringMatching(/STS gave no answer .*; ask again$/)],
    });
    expect(await invoked({ order, proof })).toMatchObject({ status: "observed" });
  });

  it("is to be asked again when STS is busy", async () => {
    const order = brakeOn("while STS is busy");
    sandbox.faults.inject({ operation: "GetCallerIdentity", kind: "throttle" });
    expect(await invoked({ order, proof: await proofOf(order) })).toMatchObject({
      status: "failed",
      reasons: [expect.stringMatching(/; ask again$/)],
    });
  });

  it("is not done for somebody who is not among those who may, however well he signs", async () => {
    const order = brakeOn("well signed");
    expect(await byUrl(order, other)).toEqual({
      results: [refused("found arn:aws:iam::111122223333:user/other, expected one of those who may decide by policy")],
    });
  });

  it("is done for nobody by a bare invocation, whoever it says to be from", async () => {
    const order = brakeOn("not signed at all");
    const claimed = { requestContext: { authorizer: { iam: { userArn: OFFICER } } }, body: JSON.stringify(order) };
    for (const event of [order, { ...order, approver: OFFICER }, claimed])
      expect(await invoked(event)).toEqual(refused("who asks is not proved"));
  });

  it("does not reach the function from those whom AWS does not let, who are told what it takes", async () => {
    const order = brakeOn("from a stranger");
    const [, , invoke] = BY_URL;
    const barred = person(
      "barred",
      BY_URL.filter((right) => right !== invoke),
    );
    await expect(byUrl(order, barred)).rejects.toMatchObject({
      kind: "denied",
      message: expect.stringContaining(`it takes lambda:InvokeFunctionUrl and lambda:InvokeFunction on ${DECIDE}`),
    });
    await expect(urlFor(person("stranger", []))).rejects.toMatchObject({
      kind: "denied",
      message: expect.stringContaining("which takes lambda:GetFunctionUrlConfig"),
    });
  });

  it("names a function that is not there, and one that gives no answer", async () => {
    const order = brakeOn("into the void");
    const missing = findDecideUrl("cordon-prod-decide", clientConfig(sandbox));
    await expect(missing).rejects.toMatchObject({ kind: "misconfigured" });
    sandbox.faults.inject({ operation: "InvokeFunctionUrl", kind: "reset" });
    await expect(byUrl(order)).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("gave no usable answer"),
    });
  });
});
